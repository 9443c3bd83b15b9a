"""What a call gives: read from the source, at the lines where the call graph says that one is."""

import re
from collections.abc import Iterator

from msgspec import Struct
from tree_sitter import Node, Tree

from aura.syntax.file import File
from aura.syntax.naming import WITH_DOLLARS, find_word
from aura.syntax.parsing import parse

CALLS = frozenset(
    {
        "call", "call_expression", "new_expression", "method_invocation", "object_creation_expression",
        "explicit_constructor_invocation",
    }
)  # fmt: skip
CALLED = ("function", "constructor", "name", "type")
_SPREAD = frozenset({"list_splat", "spread_element", "variadic_argument"})
_GENERIC = re.compile(r"(?:::)?(?:<[^()]*>|\[[^()]*\])\s*\Z")
_NAMES = re.compile(r"[\w$]+")
_OWN = frozenset({"super", "this", "self", "Self"})


class Given(Struct, frozen=True):
    """One call as it is written.

    `name` is the last part of what is called, `of` the part before it, and `path` says that `::` is between
    them. `spread` and `keyword_spread`: it gives further arguments that only running it would tell. `used`:
    something is done with its result. `lines` are those where it and its arguments begin.
    """

    name: str
    of: str = ""
    path: bool = False
    positional: int = 0
    keywords: tuple[str, ...] = ()
    spread: bool = False
    keyword_spread: bool = False
    awaited: bool = False
    used: bool = True
    lines: tuple[int, ...] = ()


class Calling:
    """The calls of one file; it is parsed when first asked."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._tree: Tree | None = None
        self._is_parsed = False
        self._lines: list[bytes] = []
        self._found: dict[int, list[Given]] = {}

    def names(self, line: int, names: frozenset[str]) -> bool:
        """Tell whether a line, or a call that begins there, says one of these names."""
        self._lines = self._lines or self._file.source.split(b"\n")
        text = b"".join(self._lines[line - 1 : line]).decode("utf-8", "replace")
        words = set(_NAMES.findall(text))
        if not names.isdisjoint(words):
            return True
        given = self.at(line, names)
        return given is not None and given.name in names

    def at(self, line: int, names: frozenset[str]) -> Given | None:
        """Return the call, at a line, of what has one of these names, or the only call there.

        Of several the one that gives least: it is the one to worry about.
        """
        found = self._at(line - 1)
        if named := [given for given in found if given.name in names]:
            return min(named, key=lambda given: (given.spread, given.positional + len(given.keywords)))
        own = [given for given in found if given.name in _OWN]
        return own[0] if len(own) == 1 else found[0] if len(found) == 1 else None

    @property
    def source(self) -> bytes:
        return self._file.source

    @property
    def root(self) -> Node | None:
        """The tree of the file; None where it cannot be parsed."""
        if not self._is_parsed:
            self._is_parsed = True
            language = self._file.language
            self._tree = parse(self._file.source, language) if language else None
        return self._tree.root_node if self._tree is not None else None

    def _at(self, row: int) -> list[Given]:
        known = self._found.get(row)
        if known is None:
            nodes = _calls(root, row) if (root := self.root) is not None else ()
            known = self._found[row] = [given for node in nodes if (given := self._given(node, row))]
        return known

    def line_of(self, name: str) -> int:
        """Return the line where a name is first met in the file, or 1."""
        source = self._file.source
        return source.count(b"\n", 0, max(find_word(source, name.encode(), WITH_DOLLARS), 0)) + 1

    def _text(self, node: Node) -> str:
        return self._file.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def _given(self, node: Node, row: int) -> Given | None:
        called = next(filter(None, map(node.child_by_field_name, CALLED)), None)
        if called is None or row not in (node.start_point.row, called.end_point.row):
            return None
        text = _GENERIC.sub("", self._text(called))
        parts = _NAMES.findall(text)
        if not parts or text.endswith(")"):
            return None
        holder = node.child_by_field_name("object")
        of = _NAMES.findall(self._text(holder)) if holder is not None else parts[:-1]
        outer = node.parent
        awaited = outer is not None and outer.type in ("await", "await_expression")
        if awaited and outer is not None:
            outer = outer.parent
        arguments = node.child_by_field_name("arguments")
        positional, keywords, spread, keyword_spread = self._arguments(arguments)
        begun = [node, *(arguments.named_children if arguments is not None else ())]
        return Given(
            name=parts[-1],
            of=of[-1] if of else "",
            path="::" in text,
            positional=positional,
            keywords=keywords,
            spread=spread,
            keyword_spread=keyword_spread,
            awaited=awaited,
            used=outer is None or outer.type != "expression_statement",
            lines=tuple(dict.fromkeys(each.start_point.row + 1 for each in begun)),
        )

    def _arguments(self, node: Node | None) -> tuple[int, tuple[str, ...], bool, bool]:
        """Return how many are given by place, which by name, and whether there may be more of either."""
        if node is None:
            return 0, (), False, False
        if node.type == "generator_expression":
            return 1, (), False, False
        if node.type == "template_string":
            return 1, (), True, False
        positional, keywords, spread, keyword_spread = 0, [], False, False
        for child in node.named_children:
            if child.is_extra or child.type.endswith("comment"):
                continue
            name = child.child_by_field_name("name") if child.type == "keyword_argument" else None
            if name is not None:
                keywords.append(self._text(name))
            elif child.type in _SPREAD:
                spread = True
            elif child.type == "dictionary_splat":
                keyword_spread = True
            else:
                positional += 1
        if node.type == "argument_list" and positional == 1 and self._file.table.language == "go":
            # A call that gives back several values may be all arguments of another.
            spread |= node.named_children[0].type == "call_expression"
        return positional, tuple(keywords), spread, keyword_spread


def _calls(node: Node, row: int) -> Iterator[Node]:
    """Yield the calls that a row has a part of."""
    if node.type in CALLS:
        yield node
    for child in node.named_children:
        if child.start_point.row <= row <= child.end_point.row:
            yield from _calls(child, row)
