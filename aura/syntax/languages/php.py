"""PHP."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_php

    return tree_sitter_php.language_php()


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    return tuple(
        _parameter(child, source) for child in node.named_children if child.type.endswith("_parameter")
    )


def _parameter(node: Node, source: bytes) -> Parameter:
    name = text(node.child_by_field_name("name"), source) or "_"
    if node.child_by_field_name("reference_modifier") or any(
        c.type == "reference_modifier" for c in node.children
    ):
        name = "&" + name.lstrip("&")
    kind = text(node.child_by_field_name("type"), source)
    default = text(node.child_by_field_name("default_value"), source)
    return Parameter(name, "variadic" if node.type == "variadic_parameter" else "positional", kind, default)


def _split_name(name: str) -> tuple[str, str]:
    return "", name.lstrip("$")


_ASIDE = re.compile(rb"//[^\n]*|#(?!\[)[^\n]*|/\*.*?\*/|#\[.*?\]\s*(?=[\w#$/])", re.DOTALL)


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if kind == "statements":
        return (b"", b"") if b"<?" in content or content.lstrip().startswith(b"<") else (b"<?php\n", b"")
    code = _ASIDE.sub(b"", content).strip()
    if kind == "constant" or kind not in ("method", "constructor", "field"):
        before, after = b"<?php\n", b""
    elif container == "enum" and kind == "field" and code.startswith(b"case"):
        return b"<?php\nenum _ {", b"\n}"
    else:
        before, after = b"<?php\nclass _ {", b"\n}"
    if kind in ("field", "constant"):
        if re.match(rb"\w+\s*=", code):
            before += b"const "
        elif code.startswith(b"$"):
            before += b"var "
        if code.endswith(b","):
            after = (b"\n$_;" if b"$" in code.split(b"=")[0] else b"\n_ = 0;") + after
    return before, after


LANGUAGE = Language(
    name="php",
    version=1,
    grammar=_grammar,
    query="""
    (class_declaration name: (_) @name) @class
    (interface_declaration name: (_) @name) @interface
    (trait_declaration name: (_) @name) @trait
    (enum_declaration name: (_) @name) @enum
    (enum_case name: (_) @name) @field
    (function_definition name: (_) @name parameters: (_) @parameters return_type: (_)? @result) @function
    (method_declaration name: (_) @name parameters: (_) @parameters return_type: (_)? @result) @method
    (property_declaration (property_element name: (variable_name) @name)) @field
    (const_declaration (const_element . (name) @name)) @constant
    (program (expression_statement (assignment_expression left: (variable_name) @name
      right: [(anonymous_function parameters: (_) @parameters return_type: (_)? @result)
              (arrow_function parameters: (_) @parameters return_type: (_)? @result)])) @function)
    (program (expression_statement (assignment_expression left: (variable_name) @name
      right: (object_creation_expression (anonymous_class)))) @object)
    (attribute) @decorator
    """,
    comment=(b"//", b"# ", b"##"),
    block_comment=(b"/*", b"*/"),
    parameters=_parameters,
    modifiers=frozenset(
        {"public", "protected", "private", "private(set)", "protected(set)", "static", "abstract", "final"}
        | {"readonly", "var"}
    ),
    constructors=frozenset({"__construct"}),
    split_name=_split_name,
    wrapper=_wrapper,
    bodies=("body", "value", "default_value", "="),
    strings=frozenset({"string", "encapsed_string"}),
    literal_quotes=True,
    same={"encapsed_string": "string"},
)
