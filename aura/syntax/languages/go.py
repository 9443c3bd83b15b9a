"""Go."""

import re

from aura.syntax.language import Language
from aura.syntax.parameters import Rule, reader
from aura.syntax.types import Kind


def _grammar() -> object:
    import tree_sitter_go

    return tree_sitter_go.language()


_RECEIVER = re.compile(r"([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\)?$")


def _split_receiver(receiver: str) -> str:
    found = _RECEIVER.search(receiver)
    return found[1] if found else ""


def _split_name(name: str) -> tuple[str, str]:
    """Name an embedded field after its type: `*pkg.Type` is Type."""
    return "", name.split("[")[0].lstrip("*").rsplit(".", 1)[-1].strip()


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if container == "struct":
        return b"type _ struct {\n", b"\n}"
    if container == "interface":
        return b"type _ interface {\n", b"\n}"
    code = _COMMENTS.sub(b"", content).lstrip()
    if kind == "constant" and not code.startswith((b"const", b"var")):
        return b"const (\n", b"\n)"
    if kind in ("struct", "interface", "type") and not code.startswith(b"type"):
        return b"type (\n", b"\n)"
    return b"", b""


_COMMENTS = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = Rule(name="name", annotation="type")

LANGUAGE = Language(
    name="go",
    version=1,
    grammar=_grammar,
    query="""
    (function_declaration name: (_) @name parameters: (_) @parameters result: (_)? @result) @function
    (method_declaration receiver: (_) @receiver name: (_) @name parameters: (_) @parameters
      result: (_)? @result) @method
    (type_declaration . (type_spec name: (_) @name type: (struct_type)) .) @struct
    (type_declaration . (type_spec name: (_) @name type: (interface_type)) .) @interface
    (type_declaration . (type_spec name: (_) @name) .) @type
    (type_declaration . (type_alias name: (_) @name) .) @type
    (type_spec name: (_) @name type: (struct_type)) @struct
    (type_spec name: (_) @name type: (interface_type)) @interface
    (type_spec name: (_) @name) @type
    (type_alias name: (_) @name) @type
    (method_elem name: (_) @name parameters: (_) @parameters result: (_)? @result) @method
    (type_spec type: (struct_type (field_declaration_list (field_declaration name: (_) @name) @field)))
    (type_spec type: (struct_type (field_declaration_list (field_declaration !name type: (_) @name) @field)))
    (source_file (const_declaration . (const_spec name: (identifier) @name) .) @constant)
    (source_file (const_declaration (const_spec name: (identifier) @name) @constant))
    (source_file (var_declaration . (var_spec name: (identifier) @name) .) @constant)
    (source_file (var_declaration (var_spec name: (identifier) @name) @constant))
    (source_file (var_declaration (var_spec_list (var_spec name: (identifier) @name) @constant)))
    """,
    comment=(b"//",),
    block_comment=(b"/*", b"*/"),
    parameters=reader(
        {
            "parameter_declaration": _PARAMETER,
            "variadic_parameter_declaration": Rule("variadic", name="name", annotation="type"),
        }
    ),
    split_name=_split_name,
    split_receiver=_split_receiver,
    wrapper=_wrapper,
    bodies=("body", "type", "value", "tag"),
    strings=frozenset(),
)
