"""The token streams of one entity, read from its own text and nothing else.

Both sides of a comparison are parsed as slices, so that equal text gives equal streams wherever it stands.
A stream holds the leaves of the slice's tree and, around the leaves of each inner node, its type. What only
groups or lays out (parentheses, quotes, trailing commas, semicolons, indentation) leaves no trace, while a
dedent, an operator's operands or a statement that ends earlier shows in the structure.
"""

import re
from bisect import bisect_right
from operator import itemgetter

from msgspec import Struct
from tree_sitter import Node

from aura.syntax.language import SCRIPTS, Language
from aura.syntax.naming import name_each_other
from aura.syntax.parsing import definitions, parse
from aura.syntax.remarks import is_directive, words_of_comment
from aura.syntax.shared import Run, shared_runs
from aura.syntax.slices import Slice, Text

NAME = b"\x00name"
MAX_SLICE = 256 * 1024
DEPTH = 8
"""How deep in its slice a definition may stand, what is put around it included."""
OPEN, CLOSE = b"\x01", b"\x02"

_Stream = tuple[bytes, ...]
_start = itemgetter(0)


class Tokens(Struct, frozen=True):
    """Comments and docstrings; what comes before the body, the own name masked; the body, the same."""

    doc: _Stream
    signature: _Stream
    body: _Stream


def read_tokens(part: Slice, language: Language) -> Tokens:
    """Return the token streams of a slice; where it is over the budget, its lines are its body."""
    text = Text(part, language)
    tree = parse(text.content, language) if len(text.content) <= MAX_SLICE else None
    if tree is None:
        return Tokens((), (), tuple(text.content.splitlines()))
    return _Reader(text, part, language).read(tree.root_node)


class Difference(Struct, frozen=True):
    """Which streams of two entities differ."""

    doc: bool
    signature: bool
    body: bool


def difference(old: Slice, new: Slice, language: Language) -> Difference:
    """Tell which streams of two slices differ, without a look at the subtrees that both have alike.

    A node in a run that both texts share stands for all that is in it, as in incremental parsing, so that the
    cost is that of the two parses and of what changed.
    """
    texts = Text(old, language), Text(new, language)
    trees = [parse(text.content, language) if len(text.content) <= MAX_SLICE else None for text in texts]
    found = Difference(False, False, True)
    if None in trees:
        return found
    # Where a line came and another went, equal lines in the same places need not be the same.
    surely, likely = (shared_runs(texts[0].content, texts[1].content, lines=lines) for lines in (False, True))
    attempts = [likely, surely] if likely != surely else [surely]
    if name_each_other(old.name, texts[0].content, new.name, texts[1].content):
        # What one of them calls by this name is itself, and what the other calls is not.
        attempts = [([], [])]
    if _squeezed(texts[0].content) == _squeezed(texts[1].content):
        # Brackets around what both share make it one node here and several there.
        attempts.append(([], []))
    for runs in attempts:
        streams = []
        for tree, text, part, own in zip(trees, texts, (old, new), runs, strict=True):
            assert tree is not None
            reader = _Reader(text, part, language)
            reader.runs = own
            streams.append(reader.read(tree.root_node))
        a, b = streams
        found = Difference(a.doc != b.doc, a.signature != b.signature, a.body != b.body)
        if not (found.doc or found.signature or found.body):
            break
    return found


def _squeezed(content: bytes) -> bytes:
    """Leave out all that mere layout may add or take away."""
    return content.translate(None, _LAYOUT)


class _Reader:
    def __init__(self, text: Text, part: Slice, language: Language) -> None:
        self.text, self.part, self.language = text, part, language
        self.name = part.name.encode()
        self.name_start = -1
        self.body_start, self.body_end = (0, len(text.content))
        self.doc: list[bytes] = []
        self.signature: list[bytes] = []
        self.body: list[bytes] = []
        self.runs: list[Run] = []
        self.grouping = language.parentheses | _ALONE
        self.flat = frozenset(language.same) | frozenset(language.same.values())

    def read(self, root: Node) -> Tokens:
        if self.part.kind != "statements":
            self._locate(root)
        stack: list[Node | tuple[list[bytes], bytes]] = [root]
        while stack:
            item = stack.pop()
            if isinstance(item, tuple):
                item[0].append(item[1])
                continue
            self._visit(item, stack)
        return Tokens(tuple(self.doc), tuple(self.signature), tuple(self.body))

    def _locate(self, root: Node) -> None:
        """Find the definition in the slice, its name and where its body begins."""
        best: tuple[int, int, int] | None = None
        content = self.text.content
        found, _ = definitions(root, content, self.language, (0, len(content)), DEPTH)
        for pattern, captures in found:
            kind, nodes = next(iter(captures.items()))
            name = captures.get("name")
            if name is None or kind in ("scope", "extension", "section") or not self._inside(name[0]):
                continue
            nodes = next((n for k, n in captures.items() if k not in _PARTS), nodes)
            rank = (nodes[0].start_byte, -nodes[-1].end_byte, pattern)
            if best is None or rank < best:
                best = rank
                self.name_start = name[0].start_byte
                body = next(filter(None, (self._body(node, 4) for node in nodes)), None)
                self.body_start, self.body_end = body or (len(content),) * 2

    def _inside(self, node: Node) -> bool:
        return node.start_byte >= self.text.start and node.end_byte <= self.text.end

    def _body(self, node: Node, depth: int) -> tuple[int, int] | None:
        """Return where the body of a definition or the value of a constant is, `depth` nodes in at most."""
        never = _NO_BODIES.get(self.part.kind, frozenset())
        for label in self.language.bodies:
            if label in never:
                continue
            found = node.child_by_field_name(label)
            found = found or next((c for c in node.named_children if c.type == label), None)
            if label == "=":
                sign = next((c for c in node.children if c.type == label), None)
                found = sign and sign.next_named_sibling
            if found is not None and found.type not in _PAYLOADS:
                return found.start_byte, (node if label in _FIRST else found).end_byte
        for child in node.named_children if depth else ():
            if "parameter" not in child.type:
                deeper = self._body(child, depth - 1)
                if deeper is not None:
                    return deeper
        return None

    def _visit(self, node: Node, stack: list[Node | tuple[list[bytes], bytes]]) -> None:
        start, end = node.start_byte, node.end_byte
        if end <= self.text.start or start >= self.text.end or (start, end) in self.text.fillers:
            return
        kind, language = node.type, self.language
        run = bisect_right(self.runs, start, key=_start) - 1
        alike = run >= 0 and end <= self.runs[run][1]
        if "comment" in kind or kind == "hash_bang_line":
            # Where a comment stands is no part of the code, so one that both have leaves no trace.
            if not alike:
                self._comment(self.text.content[start:end])
            return
        stream = self.body if self.body_start <= start < self.body_end else self.signature
        documented = language.docstrings and kind in ("block", "module")
        # A block of which both have all but the docstring is none of what they share.
        if alike and not documented:
            origin = self.runs[run][0]
            stream.append(b"\x03%d %d %d %d" % (run, node.kind_id, start - origin, end - origin))
            return
        if kind in language.strings:
            self._string(node, stream, stack)
            return
        children = node.children
        if not children:
            self._leaf(node, kind, stream)
            return
        if documented:
            children = self._without_docstring(children)
        whole = start >= self.text.start and end <= self.text.end
        if kind in _ALONE and children[0].type in _LEADERS:
            children = children[1:]
        if kind == "token_tree" and self._is_plain(node):
            kind = "arguments"
        grouping = kind in self.grouping and (
            len(children) == 1 if kind in _ALONE else not self._chained(node)
        )
        if kind in _BARE and self._is_bare(node, kind, children):
            grouping = True
            inner = children[1] if kind == "block" else node
            children = inner.children if inner.type == "expression_statement" else [inner]
        if whole and not grouping and kind not in _TRANSPARENT:
            label = language.same.get(kind, kind).encode()
            stream.append(OPEN + label)
            stack.append((stream, CLOSE))
        if _DISPENSABLE.search(self.text.content, start, end):
            children = self._kept(kind, children)
        if grouping or kind in self.flat:
            children = [child for child in children if child.type not in _BRACKETS]
        if kind in _MAKING and children[-1].type == "arguments" and children[-1].child_count == 2:
            children = children[:-1]
        stack.extend(reversed(children))
        if kind == "pair" and language.name in SCRIPTS and children[0].type == "string":
            self._key(children[0], stream, stack)

    def _key(self, node: Node, stream: list[bytes], stack: list[Node | tuple[list[bytes], bytes]]) -> None:
        """Read the key of a property that needs no quotes as if it had none."""
        found = _PLAIN_KEY.fullmatch(self.text.content[node.start_byte : node.end_byte])
        if found:
            stack[-1] = stream, NAME if found[1] == self.name else found[1]

    def _is_bare(self, node: Node, kind: str, children: list[Node]) -> bool:
        """Tell whether a Rust block or statement stands for the only expression in it."""
        if self.language.name != "rust":
            return False
        if kind == "expression_statement":
            return children[0].type == "return_expression"
        if len(children) != 3 or node.parent is None or node.parent.type not in _ARMS:
            return False
        inner = children[1]
        if inner.type == "expression_statement":
            return inner.child_count == 1
        return inner.is_named and not inner.is_extra and not inner.type.endswith(("_item", "_declaration"))

    def _kept(self, kind: str, children: list[Node]) -> list[Node]:
        """Leave out semicolons and commas that separate nothing."""
        in_for = "for_" in kind and (self.language.name != "bash" or kind == "c_style_for_statement")
        kept: list[Node] = []
        for child in children:
            what = child.type
            if what in _CLOSERS and (
                kind not in _COMMA_COUNTS or (kind == "subscript" and sum(c.type == "," for c in kept) > 1)
            ):
                last = _last_code(kept)
                hole = last > 0 and kept[last - 1].type == ","
                if last >= 0 and kept[last].type == "," and not hole:
                    del kept[last]
            if what == "empty_statement" or what == "line_continuation" or (what == ";" and not in_for):
                continue
            kept.append(child)
        if kept and kept[-1].type == "," and kind not in _COMMA_COUNTS:
            kept.pop()
        return kept

    def _leaf(self, node: Node, kind: str, stream: list[bytes]) -> None:
        content = self.text.content[node.start_byte : node.end_byte]
        if kind == "," and node.start_byte == self.text.comma:
            return
        if kind in ("string_start", "string_end"):
            content = content.rstrip(b"\"'").lower().replace(b"u", b"") + b'"'
        elif kind.startswith("#") or kind == "preproc_directive":
            content = content.replace(b" ", b"").replace(b"\t", b"")
        elif kind == "preproc_arg":
            content = b" ".join(_MACRO_TOKEN.findall(content.replace(b"\\\n", b" ")))
        elif kind in _NUMBERS:
            content = (b"0" if content[:1] == b"." else b"") + content.lower()
        if kind in self.language.loose:
            content = re.sub(rb"\s*\n\s*", b"\n", content).strip(b"\n").replace(b"\n", b" ")
        if not content or (kind == "\n" or content.isspace()):
            return
        stream.append(NAME if node.start_byte == self.name_start or content == self.name else content)

    def _string(self, node: Node, stream: list[bytes], stack: list[Node | tuple[list[bytes], bytes]]) -> None:
        content = self.text.content[node.start_byte : node.end_byte]
        found = _QUOTED.fullmatch(content)
        if any(
            c.is_named and c.type not in _PLAIN and not c.type.startswith("string_") for c in node.children
        ):
            stream.append(OPEN + node.type.encode())
            stack.append((stream, CLOSE))
            stack.extend(reversed(node.children))
        elif found is None:
            stream.append(content)
        else:
            prefix, inside = found[1].lower().replace(b"u", b""), found[3]
            if self.language.literal_quotes and _MEANT.search(inside):
                stream.append(content)
                return
            if b"r" not in prefix:
                inside = _ESCAPED.sub(lambda m: m[1] if m[1] in b"'\"" else m[0], inside)
            stream.append(NAME if inside == self.name else prefix + b'"' + inside + b'"')

    def _without_docstring(self, children: list[Node]) -> list[Node]:
        for position, child in enumerate(children):
            if child.is_extra:
                continue
            if (
                child.type == "expression_statement"
                and child.child_count == 1
                and child.children[0].type in ("string", "concatenated_string")
                and child.start_byte >= self.text.start
            ):
                self._document(self.text.content[child.start_byte : child.end_byte])
                return children[:position] + children[position + 1 :]
            break
        return children

    def _chained(self, node: Node) -> bool:
        """Parentheses that end an optional chain count: `(a?.b).c` is not `a?.b.c`."""
        if b"?." not in self.text.content[node.start_byte : node.end_byte]:
            return False
        return node.parent is not None and node.parent.type in _CHAINING

    def _is_plain(self, node: Node) -> bool:
        """Tell whether a token tree is that of an attribute or of a macro that minds no last comma."""
        parent = node.parent
        if parent is None or parent.type == "attribute":
            return parent is not None
        name = parent.child_by_field_name("macro")
        return name is not None and self.text.content[name.start_byte : name.end_byte] in _PLAIN_MACROS

    def _comment(self, comment: bytes) -> None:
        if is_directive(comment):
            self.body.append(b" ".join(comment.split()))
        else:
            self._document(comment)

    def _document(self, comment: bytes) -> None:
        words = words_of_comment(comment)
        if words:
            self.doc.append(words)


def _last_code(nodes: list[Node]) -> int:
    """Return the index of the last node that is no comment, or -1."""
    last = len(nodes) - 1
    while last >= 0 and nodes[last].is_extra:
        last -= 1
    return last


_PARTS = frozenset({"name", "parameters", "result", "receiver"})
# What is no body of an entity of some kind: a function's default, the type of a variable.
_NO_BODIES = dict.fromkeys(("function", "method", "constructor"), frozenset({"value", "right", "type", "="}))
_NO_BODIES |= dict.fromkeys(("constant", "field"), frozenset({"type"}))
_PAYLOADS = frozenset({"ordered_field_declaration_list"})
# Bodies that go on behind the first node of this type.
_FIRST = frozenset({"field_initializer_list", "macro_rule"})
_TRANSPARENT = frozenset(
    {
        "program", "module", "source_file", "translation_unit", "compilation_unit",
        "type", "type_parameter",
    }
)  # fmt: skip
_MAKING = frozenset({"new_expression", "object_creation_expression"})
_NUMBERS = frozenset({"number", "integer", "float"})
# Where one expression may be in braces or not, as a formatter likes it.
_BARE = frozenset({"block", "expression_statement"})
_ARMS = frozenset({"match_arm", "closure_expression"})
_PLAIN_KEY = re.compile(rb"[\"']([A-Za-z_$][\w$]*)[\"']")
_LAYOUT = b" \t\r\n\\()[]{},;'\""
# What is the same as the only node in it; a sign may lead what it else stands between.
_ALONE = frozenset({"union_type", "intersection_type", "required_parameter"})
_PLAIN_MACROS = frozenset(
    {
        b"assert", b"assert_eq", b"assert_ne", b"debug_assert", b"debug_assert_eq", b"dbg", b"eprint",
        b"eprintln", b"format", b"matches", b"panic", b"print", b"println", b"todo", b"unreachable", b"vec",
        b"write", b"writeln",
    }
)  # fmt: skip
_CHAINING = frozenset({"member_expression", "subscript_expression", "call_expression"})
_LEADERS = frozenset({"|", "&"})
_BRACKETS = frozenset({"(", ")"})
_CLOSERS = frozenset({")", "]", "}", ">"})
_COMMA_COUNTS = frozenset({"subscript", "token_tree"})
_PLAIN = frozenset({"escape_sequence"})
_DISPENSABLE = re.compile(rb"[,;\\]")
_QUOTED = re.compile(rb"""([A-Za-z]*)(\"\"\"|'''|"|')(.*)\2""", re.DOTALL)
_MACRO_TOKEN = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\w+|[-+*/%&|^<>=!#]+|[^\w\s]")
# What single quotes, in some languages, keep as it is.
_MEANT = re.compile(rb"[\\$#\"']")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
