"""Rust."""

from aura.syntax.language import Language
from aura.syntax.parameters import Rule, reader
from aura.syntax.types import Kind


def _grammar() -> object:
    import tree_sitter_rust

    return tree_sitter_rust.language()


_WRAPPERS = {
    "struct": (b"struct _ {", b"}"),
    "field": (b"struct _ {", b"}"),
    "enum": (b"enum _ {", b"}"),
    "trait": (b"trait _ {", b"}"),
}


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    return _WRAPPERS.get(container or "", (b"", b""))


LANGUAGE = Language(
    name="rust",
    version=2,
    grammar=_grammar,
    query="""
    (function_item name: (_) @name parameters: (_) @parameters return_type: (_)? @result) @function
    (function_signature_item name: (_) @name parameters: (_) @parameters return_type: (_)? @result) @function
    (struct_item name: (_) @name) @struct
    (union_item name: (_) @name) @struct
    (enum_item name: (_) @name) @enum
    (trait_item name: (_) @name) @trait
    (type_item name: (_) @name) @type
    (associated_type name: (_) @name) @type
    (const_item name: (_) @name) @constant
    (static_item name: (_) @name) @constant
    (macro_definition name: (_) @name) @function
    (field_declaration name: (_) @name) @field
    (enum_variant name: (_) @name) @field
    (impl_item type: (type_identifier) @name) @extension
    (impl_item type: (generic_type type: (_) @name)) @extension
    (impl_item type: (scoped_type_identifier name: (_) @name)) @extension
    (mod_item name: (_) @name body: (_)) @scope
    (attribute_item) @decorator
    """,
    comment=(b"//",),
    block_comment=(b"/*", b"*/"),
    parameters=reader(
        {
            "self_parameter": Rule("receiver"),
            "parameter": Rule(name="pattern", annotation="type"),
            "variadic_parameter": Rule("variadic"),
        }
    ),
    modifiers=frozenset(
        {"pub", "pub(crate)", "pub(super)", "pub(self)", "async", "unsafe", "const", "extern", "default"}
    ),
    split_name=lambda name: ("", name.rsplit("::", 1)[-1]),
    wrapper=_wrapper,
    bodies=("body", "value", "type", "macro_rule"),
    strings=frozenset(),
)
