"""C, and what C++ shares with it.

A prototype is a `function` of its own. A typedef that names an anonymous struct, or one with the same tag, is
that struct. Enumerators of an anonymous enum are constants.
"""

import re
from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter, ParameterKind


def _grammar() -> object:
    import tree_sitter_c

    return tree_sitter_c.language()


# How a declarator may wrap its name: `.` a pointer, array or initializer, `p` parentheses, `r` a reference.
# Each step and each branch costs time when the query is compiled; wildcards cost the least.
_LINKS = {".": "(_ declarator: {})", "p": "(parenthesized_declarator {})", "r": "(reference_declarator {})"}
_PLAIN = ("", ".", "..", "...")
_CHAINS = (*_PLAIN, ".p.", "..p.", ".p..", "..p..")
_TYPES = (
    ("struct_specifier", "struct"),
    ("union_specifier", "struct"),
    ("enum_specifier", "enum"),
    ("class_specifier", "class"),
)


def _chained(leaves: Iterable[str], chains: Iterable[str]) -> str:
    """Return one flat alternation (tree-sitter loses matches of nested ones) of leaves in chains."""
    found = []
    for chain in chains:
        for pattern in leaves:
            for link in reversed(chain):
                pattern = _LINKS[link].format(pattern)
            found.append(pattern)
    return "[" + "\n".join(found) + "]"


def _variables(node: str, role: str, kinds: Iterable[str], chains: Iterable[str]) -> str:
    """Return the patterns of declarations whose type may hold a body."""
    leaves = [f"({kind}) @name" for kind in kinds]
    name = _chained(leaves, _PLAIN)
    lines = [f"({node} type: (_ !body) declarator: {_chained(leaves, chains)}) @{role}"]
    for first in (f". (_) @{role} type: ", ". type: "):
        lines.append(f"({node} {first}(_ !name body: (_)) @{role} . declarator: {name} @{role})")
    lines.append(f"({node} type: (_ body: (_)) declarator: {name} @{role})")
    return "\n".join(lines)


def _typedefs(types: Iterable[tuple[str, str]]) -> str:
    leaves = ("(type_identifier) @name", "(primitive_type) @name")
    name = _chained(leaves[:1], _PLAIN[:3])
    lines = [
        f"(type_definition type: (_ !body) declarator: {_chained(leaves, _CHAINS)}) @type",
        f"(type_definition type: (_ name: (_) @tag body: (_)) declarator: {name} @type "
        "(#not-eq? @tag @name))",
    ]
    for node, kind in types:
        begin = f'(type_definition "typedef" @{kind} type: ({node}'
        lines += [
            f"{begin} name: (_) @name body: (_)) @{kind} . declarator: (type_identifier) @{kind} @alias "
            "(#eq? @name @alias))",
            f"{begin} name: (_) @name body: (_)) @{kind})",
            f"{begin} !name body: (_)) @{kind} . declarator: (type_identifier) @{kind} @name)",
        ]
    lines += [
        f'(type_definition "typedef" @type type: (_ !name body: (_)) @type . declarator: {name} @type)',
        f"(type_definition type: (_ !name body: (_)) declarator: {name} @type)",
    ]
    return "\n".join(lines)


def query(*, classes: bool) -> str:
    """Return the patterns that C and C++ share."""
    types = _TYPES if classes else _TYPES[:3]
    names = ("identifier", "qualified_identifier") if classes else ("identifier",)
    chains = (*_CHAINS, "r", ".r") if classes else _CHAINS
    leaf = "(function_declarator declarator: {} parameters: (_) @parameters)"
    bare = leaf.format("(parenthesized_declarator (identifier) @name)")
    if classes:
        function = _chained([leaf.format("(_) @name")], ("", ".", "..", ".p.", "r", ".r"))
        only = '(#match? @name "^[^()]+$|operator")'
    else:
        # An unknown macro behind the parameters makes one function of another, hence the depth.
        function = _chained([leaf.format("(identifier) @name")], (*_PLAIN, ".p."))
        only = ""
    leftover = leaf.format("(identifier) @name")
    local = f"(declaration declarator: {function}) @constant"
    patterns = [
        # In a function a prototype is local, and in C++ often no prototype at all: `lock guard(mutex);`.
        f"((compound_statement {local}) {only})",
        f"((compound_statement (_ {local})) {only})",
        f"((case_statement {local}) {only})",
        f"((function_definition declarator: {function}) @function @result {only})",
        f"((declaration declarator: {function}) @function @result {only})",
        f"(function_definition declarator: {bare}) @function @result",
        f"(declaration declarator: {bare}) @function @result",
        "(preproc_function_def name: (_) @name parameters: (_) @parameters) @function",
        "(preproc_def name: (_) @name) @constant",
        "(enumerator name: (_) @name) @constant",
    ]
    if not classes:
        # What an unknown macro behind the parameters leaves.
        patterns.append(f"(ERROR type: (_) @function . {leftover} @function)")
        patterns.append(
            f"(ERROR type: (_) @function . (pointer_declarator declarator: {leftover}) @function)"
        )
    else:
        patterns.append(f"((field_declaration declarator: {function}) @method @result {only})")
    patterns += [
        _variables("declaration", "constant", names, chains),
        _variables("field_declaration", "field", ("field_identifier",), chains),
        _typedefs(types),
        "[(attribute_specifier) (ms_declspec_modifier)] @decorator",
        "(attribute_declaration (attribute) @decorator)",
    ]
    for node, kind in types:
        for holder in ("declaration", "field_declaration"):
            patterns.append(f"({holder} . (_) @{kind} type: ({node} name: (_) @name body: (_)) @{kind})")
        patterns.append(f"({node} name: (_) @name body: (_)) @{kind}")
    return "\n".join(patterns)


def _inner(declarator: Node) -> Node | None:
    """Return what a declarator wraps."""
    found = declarator.child_by_field_name("declarator")
    if found is None and declarator.type in ("parenthesized_declarator", "reference_declarator"):
        found = next((n for n in declarator.named_children if n.type.endswith(_DECLARATORS)), None)
    return found


_DECLARATORS = ("declarator", "identifier", "name")


def _without(node: Node, hole: Node | None, source: bytes) -> str:
    """Return the text of a node without that of one inside it, with white space collapsed."""
    if hole is None:
        return text(node, source) or ""
    before = source[node.start_byte : hole.start_byte].decode("utf-8", "replace")
    after = source[hole.end_byte : node.end_byte].decode("utf-8", "replace")
    joined = f"{before} {after}" if before[-1:].isalnum() and after[:1].isalnum() else before + after
    return " ".join(joined.split())


def read_result(node: Node, source: bytes) -> str | None:
    """Return the type of what a function returns, put together from around its declarator."""
    kind = node.child_by_field_name("type")
    declarator = node.child_by_field_name("declarator")
    if kind is None or declarator is None:
        return None
    qualifiers = [text(n, source) or "" for n in node.children if n.type == "type_qualifier"]
    words = [q for q in qualifiers if q in ("const", "volatile")] + [text(kind, source) or ""]
    function, below = None, declarator
    while True:
        if below.type == "function_declarator":
            function = below
        further = _inner(below)
        if further is None:
            break
        below = further
    if function is not None:
        trailing = next((n for n in function.children if n.type == "trailing_return_type"), None)
        if trailing is not None:
            return (text(trailing, source) or "").removeprefix("->").strip()
        around = _without(declarator, function, source)
        words += [around] if around else []
    return " ".join(words)


def read_parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    """Read a parameter list or that of a macro; `(void)` has none."""
    found = []
    for child in node.children:
        if child.type in ("...", "variadic_parameter"):
            found.append(Parameter("...", "variadic"))
        elif child.is_named and not child.is_extra and not child.is_error:
            parameter = _parameter(child, source)
            if parameter:
                found.append(parameter)
    return tuple(found)


def _parameter(node: Node, source: bytes) -> Parameter | None:
    if not node.type.endswith("parameter_declaration"):
        return Parameter(text(node, source) or "_")
    name = node.child_by_field_name("declarator")
    while name is not None and (below := _name_in(name)) is not None:
        name = below
    if name is None or not name.type.endswith("identifier"):
        name = None
    default = text(node.child_by_field_name("default_value"), source)
    annotation = _without(node, name, source)
    if name is None and annotation == "void":
        return None
    if default is not None:
        annotation = annotation.removesuffix(default).rstrip().removesuffix("=").rstrip()
    kind: ParameterKind = "variadic" if node.type.startswith("variadic") else "positional"
    return Parameter(text(name, source) or "_", kind, annotation, default)


def _name_in(declarator: Node) -> Node | None:
    if declarator.type == "variadic_declarator":
        return next((n for n in declarator.named_children if n.type == "identifier"), None)
    return _inner(declarator)


_COMMENTS = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ENUMERATOR = re.compile(rb"[A-Za-z_]\w*\s*(?:\[\[.*?\]\]\s*)?(?:=[^;]*)?,?\Z", re.DOTALL)
_BARE = re.compile(
    rb"(?!(?:struct|union|enum|class)\b)[*&]*\s*(?:[A-Za-z_]\w*\s*(?:(?:[\[{=,;]|:(?!:)).*)?|\([*&].*)\Z",
    re.DOTALL,
)
_BARE_FUNCTION = re.compile(
    rb"[*&]*\s*[A-Za-z_]\w*\s*\((?!\s*[*&])[^(){}]*(?:\([^(){}]*\)[^(){}]*)*\)\s*[,;]?\Z"
)


def wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    """Complete what shares a declaration with others, and put members in a type."""
    code = _COMMENTS.sub(b"", content).strip()
    complete = code.endswith((b";", b"}") if kind in ("function", "method", "constructor") else b";")
    before, after = b"", b"" if complete else b";"
    if code.startswith(b"#"):
        after = b"\n"
    elif kind in ("constant", "field") and _ENUMERATOR.match(code) and container in (None, "enum"):
        return b"enum _ {\n", b"\n};"
    elif kind in ("struct", "enum", "class"):
        after = b" _;" if code.endswith(b"}") else after
    elif code.endswith((b",", b"*", b"&")):
        after = b" _;"
    if kind in ("constant", "field", "type") and _BARE.match(code):
        before = b"typedef int " if kind == "type" else b"int "
    elif kind in ("function", "method") and _BARE_FUNCTION.match(code):
        before = b"int "
    if kind in ("field", "method", "constructor") and container is not None:
        return b"struct _ {\n" + before, after + b"\n};"
    return before, after


MODIFIERS = frozenset(
    {
        "static", "extern", "inline", "register", "constexpr", "thread_local", "_Thread_local", "_Noreturn",
        "__inline", "__inline__", "__forceinline",
    }
)  # fmt: skip

LANGUAGE = Language(
    name="c",
    version=1,
    grammar=_grammar,
    query=query(classes=False),
    comment=(b"//",),
    block_comment=(b"/*", b"*/"),
    parameters=read_parameters,
    result=read_result,
    modifiers=MODIFIERS,
    wrapper=wrapper,
    bodies=("body", "value", "preproc_arg"),
    strings=frozenset(),
)
