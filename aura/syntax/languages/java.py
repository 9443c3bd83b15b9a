"""Java."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import Rule, reader, text
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_java

    return tree_sitter_java.language()


def _spread(node: Node, source: bytes) -> Parameter:
    *_, kind, name = (child for child in node.named_children if not child.is_extra)
    return Parameter(text(name, source) or "_", "variadic", text(kind, source))


_COMMENTS = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if kind not in ("method", "constructor", "field"):
        return b"", b""
    if container == "interface":
        return b"interface _ {", b"}"
    if container == "enum" and kind == "field" and not _COMMENTS.sub(b"", content).rstrip().endswith(b";"):
        return b"enum _ {", b"}"
    return b"class _ {", b"}"


_MODIFIERS = frozenset(
    {
        *("public", "protected", "private", "static", "final", "abstract", "synchronized"),
        *("native", "default", "strictfp", "sealed", "transient", "volatile"),
    }
)

LANGUAGE = Language(
    name="java",
    version=1,
    grammar=_grammar,
    query="""
    (class_declaration name: (_) @name) @class
    (record_declaration name: (_) @name parameters: (_) @parameters) @class
    (interface_declaration name: (_) @name) @interface
    (annotation_type_declaration name: (_) @name) @interface
    (enum_declaration name: (_) @name) @enum
    (method_declaration type: (_) @result name: (_) @name parameters: (_) @parameters) @method
    (constructor_declaration name: (_) @name parameters: (_) @parameters) @constructor
    (compact_constructor_declaration name: (_) @name) @constructor
    (annotation_type_element_declaration type: (_) @result name: (_) @name) @method
    (enum_constant name: (_) @name) @field
    (field_declaration type: (_) . declarator: (variable_declarator name: (_) @name) .) @field
    (field_declaration declarator: (variable_declarator name: (_) @name) @field)
    (constant_declaration type: (_) . declarator: (variable_declarator name: (_) @name) .) @field
    (constant_declaration declarator: (variable_declarator name: (_) @name) @field)
    (marker_annotation) @decorator
    (annotation) @decorator
    """,
    comment=(b"//",),
    block_comment=(b"/*", b"*/"),
    parameters=reader(
        {
            "formal_parameter": Rule(name="name", annotation="type"),
            "spread_parameter": _spread,
            "receiver_parameter": Rule("receiver"),
        }
    ),
    modifiers=_MODIFIERS,
    wrapper=_wrapper,
    strings=frozenset(),
)
