"""Kotlin."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.languages._kotlin_repair import repair
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter, ParameterKind


def _grammar() -> object:
    import tree_sitter_kotlin

    return tree_sitter_kotlin.language()


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    if node.type not in ("function_value_parameters", "class_parameters"):
        return (Parameter("this", "receiver", text(node, source)),)
    found: list[Parameter] = []
    kind: ParameterKind = "positional"
    has_default = False
    for child in node.children:
        if child.type == "parameter_modifiers":
            kind = _kind(child, source)
        elif child.type in ("parameter", "class_parameter"):
            found.append(_parameter(child, source, kind))
            kind = "positional"
        elif child.type == "=":
            has_default = True
        elif has_default and child.is_named and not child.is_extra:
            last = found.pop()
            found.append(Parameter(last.name, last.kind, last.annotation, text(child, source)))
            has_default = False
    return tuple(found)


def _kind(modifiers: Node, source: bytes) -> ParameterKind:
    is_variadic = any(text(child, source) == "vararg" for child in modifiers.named_children)
    return "variadic" if is_variadic else "positional"


def _parameter(node: Node, source: bytes, kind: ParameterKind) -> Parameter:
    name, annotation, default, before = "_", None, None, ""
    for child in node.children:
        if child.type == "modifiers":
            kind = _kind(child, source)
        elif child.type == "identifier" and before in ("", "val", "var"):
            name = text(child, source) or "_"
        elif before == ":":
            annotation = text(child, source)
        elif before == "=":
            default = text(child, source)
        before = "" if child.type == "modifiers" else child.type
    return Parameter(name, kind, annotation, default)


_ARGUMENTS = re.compile(r"<[^<>]*>")


def _split_receiver(receiver: str) -> str:
    """Read `Map.Entry<K, List<V>>?` as Map.Entry."""
    while (shorter := _ARGUMENTS.sub("", receiver)) != receiver:
        receiver = shorter
    return re.sub(r"@\w+\s*|[?()\s]", "", receiver) if re.fullmatch(r"[@\w.?()\s&]+", receiver) else receiver


def _split_name(name: str) -> tuple[str, str]:
    return "", "Companion" if name == "object" else name


_ASIDE = re.compile(rb"//[^\n]*|/\*.*?\*/|@[\w.:]+(?:\([^)]*\))?", re.DOTALL)
_PROPERTY = re.compile(rb"[\w\s]*\bva[lr]\b")


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if container == "enum" and kind == "field" and not _PROPERTY.match(_ASIDE.sub(b"", content)):
        return b"enum class _ {\n", b"\n}"
    if kind in ("method", "constructor", "field", "object"):
        return b"class _ {\n", b"\n}"
    return b"", b""


_TYPE = "[(user_type) (nullable_type) (parenthesized_type) (non_nullable_type) (function_type)]"


def _functions() -> str:
    """Return the patterns of functions: with and without a receiver and a result, in objects or elsewhere."""
    lines = []
    for receiver in (f'{_TYPE} @receiver . "." . ', ""):
        for result in (f' . ":" . {_TYPE} @result', ""):
            parameters = f"(function_value_parameters) @parameters{result}"
            one = f"(function_declaration {receiver}name: (_) @name {parameters})"
            places = (f"({place} (class_body {one} @method))" for place in ("object_literal", "enum_entry"))
            lines += [*places, f"{one} @function"]
    return "\n".join(lines)


def _properties() -> str:
    lines = []
    for place in ("source_file", "class_body", "enum_class_body"):
        for receiver in (f'{_TYPE} @receiver . "." . ', ""):
            one = f"(property_declaration {receiver}(variable_declaration . (identifier) @name)"
            lines += [f"({place} {one} (object_literal)) @object)", f"({place} {one}) @constant)"]
        many = "(multi_variable_declaration (variable_declaration . (identifier) @name) @constant)"
        lines.append(f"({place} (property_declaration {many}))")
    return "\n".join(lines)


LANGUAGE = Language(
    name="kotlin",
    version=3,
    grammar=_grammar,
    query=f"""
    (class_declaration (modifiers (class_modifier "enum")) name: (_) @name
      (primary_constructor (class_parameters) @parameters)) @enum
    (class_declaration (modifiers (class_modifier "enum")) name: (_) @name) @enum
    (class_declaration "interface" name: (_) @name) @interface
    (class_declaration name: (_) @name (primary_constructor (class_parameters) @parameters)) @class
    (class_declaration name: (_) @name) @class
    (object_declaration name: (_) @name) @object
    (companion_object "object" . (identifier) @name) @object
    (companion_object "object" @name .) @object
    (companion_object "object" @name . [":" (class_body)]) @object
    (type_alias type: (_) @name) @type
    (enum_entry (identifier) @name) @field
    (secondary_constructor "constructor" @name (function_value_parameters) @parameters) @constructor
    (anonymous_initializer "init" @name) @constructor
    {_functions()}
    {_properties()}
    (annotation) @decorator
    """,
    comment=(b"//", b"#!"),
    block_comment=(b"/*", b"*/"),
    parameters=_parameters,
    modifiers=frozenset(
        {
            *("public", "private", "protected", "internal", "open", "final", "abstract", "sealed", "data"),
            *("enum", "annotation", "inner", "value", "inline", "infix", "operator", "suspend", "tailrec"),
            *("external", "override", "lateinit", "const", "expect", "actual", "companion"),
        }
    ),
    signature_words=frozenset({b"val", b"var"}),
    split_name=_split_name,
    split_receiver=_split_receiver,
    wrapper=_wrapper,
    bodies=("function_body", "class_body", "enum_class_body", "block", "getter", "property_delegate", "="),
    strings=frozenset(),
    final_newline=True,
    repair=repair,
    misread=frozenset({"annotated_expression"}),
)
