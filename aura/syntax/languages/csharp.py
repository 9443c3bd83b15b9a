"""C#."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for child in node.named_children:
        if child.type == "parameter":
            found.append(_parameter(child, source))
        elif child.type == "identifier":
            kind = text(child.prev_named_sibling, source)
            found.append(Parameter(text(child, source) or "_", "variadic", kind))
    return tuple(found)


def _parameter(node: Node, source: bytes) -> Parameter:
    words = [text(child, source) or "" for child in node.named_children if child.type == "modifier"]
    kind = text(node.child_by_field_name("type"), source)
    annotation = " ".join(word for word in (*words, kind) if word and word != "this")
    default = None
    for child in node.children:
        if child.type == "=":
            default = text(child.next_named_sibling, source)
    name = text(node.child_by_field_name("name"), source) or "_"
    return Parameter(name, "receiver" if "this" in words else "positional", annotation or None, default)


def _split_name(name: str) -> tuple[str, str]:
    """Name an operator `operator +`, a finalizer `~Type`."""
    words = "".join(name.split()) if name.startswith("~") else " ".join(name.split())
    return "", words


_COMMENTS = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_BARE_DECLARATOR = re.compile(rb"\s*@?\w+\s*(\[[^\]]*\]\s*)?(=(?!>).*)?[,;]?\s*", re.DOTALL)


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if kind not in ("method", "constructor", "field"):
        return b"", b""
    if container == "enum":
        return b"enum _ {", b"\n}"
    if container == "interface":
        return b"interface _ {", b"\n}"
    code = _COMMENTS.sub(b"", content).rstrip()
    is_bare = kind == "field" and _BARE_DECLARATOR.fullmatch(code)
    before = b"class _ {int " if is_bare else b"class _ {"
    return before, b"\n_;}" if code.endswith(b",") else b"\n}"


LANGUAGE = Language(
    name="csharp",
    version=1,
    grammar=_grammar,
    query="""
    (class_declaration name: (_) @name (parameter_list) @parameters) @class
    (class_declaration name: (_) @name) @class
    (record_declaration "struct" name: (_) @name (parameter_list) @parameters) @struct
    (record_declaration "struct" name: (_) @name) @struct
    (record_declaration name: (_) @name (parameter_list) @parameters) @class
    (record_declaration name: (_) @name) @class
    (struct_declaration name: (_) @name (parameter_list) @parameters) @struct
    (struct_declaration name: (_) @name) @struct
    (interface_declaration name: (_) @name) @interface
    (enum_declaration name: (_) @name) @enum
    (enum_member_declaration name: (_) @name) @field
    (delegate_declaration type: (_) @result name: (_) @name parameters: (_) @parameters) @type

    (method_declaration returns: (_) @result name: (_) @name parameters: (_) @parameters) @method
    (local_function_statement type: (_) @result name: (_) @name parameters: (_) @parameters) @function
    (constructor_declaration name: (_) @name parameters: (_) @parameters) @constructor
    (destructor_declaration "~" @name name: (_) @name parameters: (_) @parameters) @method
    (indexer_declaration type: (_) @result "this" @name parameters: (_) @parameters) @method
    (operator_declaration type: (_) @result "operator" @name operator: _ @name
      parameters: (_) @parameters) @method
    (conversion_operator_declaration "operator" @name type: (_) @name @result
      parameters: (_) @parameters) @method

    (property_declaration name: (_) @name) @field
    (event_declaration name: (_) @name) @field
    (field_declaration (variable_declaration (variable_declarator name: (_) @name))) @field
    (event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @field

    (attribute) @decorator
    """,
    comment=(b"//",),
    block_comment=(b"/*", b"*/"),
    parameters=_parameters,
    modifiers=frozenset(
        {
            *(
                "public",
                "private",
                "protected",
                "internal",
                "file",
                "static",
                "abstract",
                "sealed",
                "virtual",
            ),
            *("override", "new", "partial", "readonly", "const", "volatile", "unsafe", "extern", "async"),
            *("required", "ref", "event", "implicit", "explicit", "fixed", "record"),
        }
    ),
    split_name=_split_name,
    wrapper=_wrapper,
    bodies=("body", "accessors", "value", "="),
    strings=frozenset(),
)
