"""Scala 2 and 3."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_scala

    return tree_sitter_scala.language()


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    """Read all the parameter lists of a definition."""
    found: list[Parameter] = []
    for clause in node.named_children:
        if clause.type in ("parameters", "class_parameters"):
            found.extend(_parameter(child, source) for child in clause.named_children if _counts(child))
    return tuple(found)


def _counts(node: Node) -> bool:
    return not node.is_extra and node.type != "annotation" and not node.is_error


def _parameter(node: Node, source: bytes) -> Parameter:
    if node.type not in ("parameter", "class_parameter"):
        return Parameter("_", "positional", text(node, source))
    name = text(node.child_by_field_name("name"), source) or "_"
    kind = node.child_by_field_name("type")
    is_variadic = kind is not None and kind.type == "repeated_parameter_type"
    default = text(node.child_by_field_name("default_value"), source)
    return Parameter(name, "variadic" if is_variadic else "positional", text(kind, source), default)


_ASIDE = re.compile(rb"//[^\n]*|/\*.*?\*/|@[\w.]+(?:\([^)]*\))?", re.DOTALL)
_CASE = re.compile(rb"\s*(case\b|(?!(?:\w+\s+)*(?:val|var|given|def|type)\b)\w)")
_OPEN = re.compile(rb"(?::|\bwith)\s*\Z")


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if container == "enum" and kind == "field":
        code = _ASIDE.sub(b"", content).rstrip()
        if found := _CASE.match(code):
            before = b"enum _ {" if found[1] == b"case" else b"enum _ { case "
            return before, b"\nA }" if code.endswith(b",") else b"\n}"
    is_member = container is not None and kind in ("method", "constructor", "field")
    before, after = (b"class _ {\n", b"\n}") if is_member else (b"", b"")
    if _OPEN.search(_ASIDE.sub(b"", content)):
        deeper = b"\n" + b" " * 80
        after = deeper + (b"case A" if kind == "enum" else b"()") + after
    return before, after


_HEADS = (
    ("class_definition", "class"),
    ("trait_definition", "trait"),
    ("object_definition", "object"),
    ("package_object", "object"),
    ("enum_definition", "enum"),
    ("type_definition", "type"),
)


def _definitions() -> str:
    lines = [f"({node} name: (_) @name) @{kind} @parameters" for node, kind in _HEADS[:-1]]
    lines += [f"({node} name: (_) @name) @{kind}" for node, kind in _HEADS[-1:]]
    for node in ("function_definition", "function_declaration"):
        for result in (" return_type: (_) @result", ""):
            one = f"({node} name: (_) @name{result})"
            lines.append(f"(instance_expression (_ {one} @method @parameters))")
            lines.append(f"{one} @function @parameters")
    return "\n".join(lines)


def _values() -> str:
    lines = []
    # Only `val` and `var` have patterns here; a wildcard costs nothing when the query is compiled.
    patterns = [
        "(_ pattern: (identifier) @name) @constant",
        "(_ pattern: (operator_identifier) @name) @constant",
        "(_ pattern: (identifiers (_) @name)) @constant",
        "(_ pattern: (tuple_pattern (identifier) @name @constant))",
        "(val_declaration name: (_) @name) @constant",
        "(var_declaration name: (_) @name) @constant",
    ]
    for place in ("compilation_unit", "template_body", "enum_body", "with_template_body"):
        value = "pattern: (identifier) @name value: (instance_expression (template_body))"
        lines.append(f"({place} (val_definition {value}) @object)")
        lines.append(f"({place} [{' '.join(patterns)}])")
    return "\n".join(lines)


LANGUAGE = Language(
    name="scala",
    version=2,
    grammar=_grammar,
    query=f"""
    (enum_case_definitions (full_enum_case name: (_) @name) @parameters) @field
    (enum_case_definitions (simple_enum_case name: (_) @name)) @field
    {_definitions()}
    {_values()}
    (given_definition name: (_) @name body: (with_template_body)) @object @parameters
    (given_definition name: (_) @name) @constant @parameters
    (given_definition !name return_type: (_) @name body: (with_template_body)) @object
    (given_definition !name return_type: (_) @name) @constant
    (extension_definition
      parameters: (parameters . (parameter type: (generic_type type: (_) @name)))) @extension
    (extension_definition parameters: (parameters . (parameter type: (_) @name))) @extension
    (annotation) @decorator
    """,
    comment=(b"//", b"#!"),
    block_comment=(b"/*", b"*/"),
    parameters=_parameters,
    modifiers=frozenset(
        {
            *("abstract", "final", "sealed", "implicit", "lazy", "override", "private", "protected"),
            *("private[this]", "protected[this]"),
            *("inline", "opaque", "open", "transparent", "infix", "erased", "given"),
        }
    ),
    signature_words=frozenset({b"val", b"var", b"def", b"case"}),
    constructors=frozenset({"this"}),
    dedents=True,
    wrapper=_wrapper,
    bodies=("body", "value", "type"),
    strings=frozenset({"string"}),
)
