"""TypeScript, and what TSX shares with it."""

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.languages import javascript
from aura.syntax.parameters import Rule, reader, text, type_text
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


def _required(node: Node, source: bytes) -> Parameter:
    name = text(node.child_by_field_name("pattern"), source) or "_"
    annotation = type_text(node.child_by_field_name("type"), source)
    default = text(node.child_by_field_name("value"), source)
    return Parameter(name, "variadic" if name.startswith("...") else "positional", annotation, default)


def _optional(node: Node, source: bytes) -> Parameter:
    plain = _required(node, source)
    return Parameter(plain.name, plain.kind, plain.annotation, plain.default or "undefined")


_read = reader({"required_parameter": _required, "optional_parameter": _optional, "identifier": Rule()})


def read_parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    return (
        _read(node, source) if node.type == "formal_parameters" else javascript.read_parameters(node, source)
    )


def wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if container == "interface":
        return b"interface _ {", b"}"
    if container == "enum":
        return b"enum _ {", b"}"
    before, after = javascript.wrapper(kind, container, content)
    return (b"abstract " + before if before.startswith(b"class") else before), after


_MORE = """
    (abstract_class_declaration name: (_) @name) @class
    (interface_declaration name: (_) @name) @interface
    (enum_declaration name: (_) @name) @enum
    (type_alias_declaration name: (_) @name) @type
    (function_signature name: (_) @name parameters: (_) @parameters RESULT) @function
    (abstract_method_signature name: (_) @name parameters: (_) @parameters RESULT) @method
    (class_body (method_signature name: (_) @name parameters: (_) @parameters RESULT) @method)
    (interface_body (method_signature name: (_) @name parameters: (_) @parameters RESULT) @method)
    (interface_body (property_signature name: (_) @name) @field)
    (enum_body name: (_) @field @name)
    (enum_assignment name: (_) @name) @field
    (public_field_definition name: (_) @name value: FUNCTION) @method
    (public_field_definition name: (_) @name) @field
    (internal_module name: (_) @name) @scope
    (module name: (_) @name) @scope
    (export_statement declaration: [(abstract_class_declaration) (interface_declaration) (enum_declaration)
      (type_alias_declaration) (function_signature)]) @wrap
    (ambient_declaration [(class_declaration) (abstract_class_declaration) (interface_declaration)
      (enum_declaration) (type_alias_declaration) (function_signature)]) @wrap
    (ambient_declaration (lexical_declaration . (variable_declarator name: (identifier) @name) .)) @constant
"""

QUERY = javascript.query(_MORE, result="return_type: (_)? @result")
MODIFIERS = frozenset(
    {"public", "private", "protected", "readonly", "abstract", "declare", "override", "accessor"}
)

LANGUAGE = Language(
    name="typescript",
    version=4,
    grammar=_grammar,
    query=QUERY,
    comment=javascript.LANGUAGE.comment,
    block_comment=javascript.LANGUAGE.block_comment,
    parameters=read_parameters,
    receivers=frozenset({"this"}),
    modifiers=javascript.LANGUAGE.modifiers | MODIFIERS,
    signature_words=javascript.LANGUAGE.signature_words,
    constructors=javascript.LANGUAGE.constructors,
    split_name=javascript.split_name,
    wrapper=wrapper,
    bodies=javascript.LANGUAGE.bodies,
    strings=javascript.LANGUAGE.strings,
    parentheses=javascript.LANGUAGE.parentheses | {"parenthesized_type"},
    loose=javascript.LANGUAGE.loose,
)
