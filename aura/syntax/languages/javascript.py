"""JavaScript, and what TypeScript shares with it."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import Rule, reader, text
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


_read = reader(
    {
        "assignment_pattern": Rule(name="left", default="right"),
        "rest_pattern": Rule("variadic"),
    }
)


def read_parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    if node.type == "formal_parameters":
        return _read(node, source)
    return (Parameter(text(node, source) or "_"),)


def split_name(name: str) -> tuple[str, str]:
    """Read `exports.f` as f, `Foo.prototype.bar` as bar of Foo, `'a-b'` as a-b."""
    if name[:1] in "'\"`[":
        return "", _LAYOUT.sub("", " ".join(name.split()).strip("'\"`[], ").replace("'", '"'))
    parts = [" ".join(part.split()) for part in name.split(".")]
    if parts == ["module", "exports"]:
        return "", "exports"
    while len(parts) > 1 and parts[0] in ("module", "exports", "this", "window", "globalThis"):
        parts.pop(0)
    return ".".join(part for part in parts[:-1] if part != "prototype"), parts[-1]


_LAYOUT = re.compile(r"(?<=[,(\[{]) | (?=[)\]}])|,(?= ?[)\]}])")
_COMMENTS = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_DECLARED = re.compile(rb"\s*(?:export|declare|const|let|var)\b|\s*[\w$]+\s*\.")
_ASSIGNED = re.compile(rb"\s*[\w$]+\s*\.")


def wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if kind == "constant" and not _DECLARED.match(_COMMENTS.sub(b"", content)):
        return b"var ", b" _" if _COMMENTS.sub(b"", content).rstrip().endswith(b",") else b""
    if kind not in ("method", "constructor", "field"):
        return b"", b""
    if container == "class":
        return b"class _ {", b"}"
    return (b"", b"") if _ASSIGNED.match(_COMMENTS.sub(b"", content)) else (b"({", b"})")


_QUERY = """
    (function_declaration name: (_) @name parameters: (_) @parameters RESULT) @function
    (generator_function_declaration name: (_) @name parameters: (_) @parameters RESULT) @function
    (function_expression name: (_) @name parameters: (_) @parameters RESULT) @function
    (class_declaration name: (_) @name) @class
    (return_statement (class name: (_) @name) @class)
    (export_statement (class name: (_) @name) @class)
    (method_definition name: (_) @name parameters: (_) @parameters RESULT) @method
    (pair key: (_) @name value: FUNCTION) @method

    (lexical_declaration . (variable_declarator name: (identifier) @name value: FUNCTION) END) @function
    (variable_declaration . (variable_declarator name: (identifier) @name value: FUNCTION) END) @function
    (variable_declarator name: (identifier) @name value: FUNCTION) @function
    (lexical_declaration . (variable_declarator name: (identifier) @name value: CHAIN) END) @function
    (variable_declaration . (variable_declarator name: (identifier) @name value: CHAIN) END) @function
    (lexical_declaration . (variable_declarator name: (identifier) @name value: (class)) END) @class
    (variable_declaration . (variable_declarator name: (identifier) @name value: (class)) END) @class
    (TOP (lexical_declaration . (variable_declarator name: (identifier) @name value: (object)) END) @object)
    (TOP (variable_declaration . (variable_declarator name: (identifier) @name value: (object)) END) @object)
    (TOP (lexical_declaration . (variable_declarator name: (identifier) @name) END) @constant)
    (TOP (variable_declaration . (variable_declarator name: (identifier) @name) END) @constant)
    (TOP (lexical_declaration (variable_declarator name: (identifier) @name) @constant))
    (TOP (variable_declaration (variable_declarator name: (identifier) @name) @constant))

    (expression_statement (assignment_expression
      left: [(identifier) (member_expression)] @name right: [FUNCTION CHAIN]) OTHER) @function
    (expression_statement (assignment_expression left: (_) @name right: NAMELESS) EXPORTS) @function
    (expression_statement (assignment_expression left: (_) @name right: (assignment_expression
      right: NAMELESS)) EXPORTS) @function
    (expression_statement (assignment_expression left: (_) @left right: NAMED) LEFT) @function
    (expression_statement (assignment_expression left: (_) @left right: (assignment_expression
      right: NAMED)) LEFT) @function
    (expression_statement (assignment_expression
      left: [(identifier) (member_expression)] @name right: (class)) OTHER) @class
    (expression_statement (assignment_expression left: (_) @name right: (class !name)) EXPORTS) @class
    (expression_statement (assignment_expression left: (_) @left right: (class name: (_) @name)) LEFT) @class
    (program (expression_statement (assignment_expression
      left: [(identifier) (member_expression)] @name right: (object))) @object)

    (export_statement declaration: [(function_declaration) (generator_function_declaration)
      (class_declaration)]) @wrap
    (export_statement declaration: (lexical_declaration . (variable_declarator) END)) @wrap
    (export_statement declaration: (variable_declaration . (variable_declarator) END)) @wrap
    (export_statement value: [(function_expression) (class)]) @wrap
    (decorator) @decorator
"""

# Of all values only functions have these fields; wildcards cost nothing when the query is compiled.
_FUNCTION = "[(_ parameters: (_) @parameters RESULT) (_ parameter: (_) @parameters)]"
# Where no semicolon ends a declaration, the comment behind it belongs to it.
_ENDS = (".", ". (comment) .")
_SECOND = "(assignment_expression right: FUNCTION)"
_TAKES = "parameters: (_) @parameters RESULT"
_NAMED = f"[(function_expression name: (_) @name {_TAKES}) (generator_function name: (_) @name {_TAKES})]"
_NAMELESS = (
    f"[(arrow_function {_TAKES}) (arrow_function parameter: (_) @parameters)"
    f" (function_expression !name {_TAKES}) (generator_function !name {_TAKES})]"
)
# What a module exports as itself has its own name, where it has one.
_EXPORTS = '"^(module[.])?exports$"'
_CHAIN = f"[{_SECOND} (parenthesized_expression {_SECOND})]"

_WORDS = {
    "OTHER": f"(#not-match? @name {_EXPORTS})",
    "LEFT": f"(#match? @left {_EXPORTS})",
    "EXPORTS": f"(#match? @name {_EXPORTS})",
    "NAMELESS": _NAMELESS,
    "NAMED": _NAMED,
    "CHAIN": _CHAIN,
    "FUNCTION": _FUNCTION,
}


def query(*more: str, result: str = "") -> str:
    """Return the patterns of JavaScript and `more`.

    FUNCTION is a function value, CHAIN one with a second name (`var f = exports.f = ...`), TOP a file or an
    export, END the end of a declaration, RESULT the pattern of a result type. EXPORTS holds where the name is
    that of a module's exports, LEFT where what is assigned to is, OTHER where the name is not.
    """
    lines = "\n".join((_QUERY, *more)).splitlines()
    both = (
        line.replace("TOP", top).replace("END", end)
        for line in lines
        for top in ("program", "export_statement")[: 1 + ("TOP" in line)]
        for end in _ENDS[: 1 + ("END" in line)]
    )
    text = "\n".join(both)
    for word, meaning in _WORDS.items():
        text = text.replace(word, meaning)
    return text.replace("RESULT", result)


_FIELDS = """
    (field_definition property: (_) @name value: FUNCTION) @method
    (field_definition property: (_) @name) @field
"""

LANGUAGE = Language(
    name="javascript",
    version=4,
    grammar=_grammar,
    query=query(_FIELDS),
    comment=(b"//", b"#!"),
    block_comment=(b"/*", b"*/"),
    parameters=read_parameters,
    modifiers=frozenset({"async", "static", "get", "set", "export", "default"}),
    constructors=frozenset({"constructor"}),
    signature_words=frozenset({b"async", b"*", b"const", b"let", b"var"}),
    split_name=split_name,
    wrapper=wrapper,
    bodies=("body", "value", "right"),
    strings=frozenset({"string"}),
    parentheses=frozenset({"parenthesized_expression", "formal_parameters"}),
    loose=frozenset({"jsx_text"}),
)
