"""Swift."""

import re

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import text
from aura.syntax.types import Kind, Parameter, ParameterKind


def _grammar() -> object:
    import tree_sitter_swift

    return tree_sitter_swift.language()


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    """Read the parameters of a declaration, named as callers name them; a default follows its own."""
    if node.type == "enum_type_parameters":
        return _associated_values(node, source)
    found: list[Parameter] = []
    is_default = False
    for child in node.children:
        if child.type == "parameter":
            found.append(_parameter(child, source))
        elif is_default and found:
            last = found[-1]
            found[-1] = Parameter(last.name, last.kind, last.annotation, text(child, source))
        elif child.type == ")":
            break
        is_default = child.type == "="
    return tuple(found)


def _parameter(node: Node, source: bytes) -> Parameter:
    label = text(node.child_by_field_name("external_name"), source)
    names = node.children_by_field_name("name")
    name = text(names[0], source) if names else None
    colon = next((child.end_byte for child in node.children if child.type == ":"), node.end_byte)
    annotation = " ".join(source[colon : node.end_byte].decode("utf-8", "replace").split())
    kind: ParameterKind = "positional_only" if label == "_" else "positional"
    if annotation.endswith("..."):
        kind, annotation = "variadic", annotation[:-3]
    return Parameter((name if label in (None, "_") else label) or "_", kind, annotation or None)


def _associated_values(node: Node, source: bytes) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    name, default = "_", False
    for child in node.named_children:
        if child.prev_sibling is not None and child.prev_sibling.type == "=":
            default = True
        if child.type == "simple_identifier" and child.next_sibling and child.next_sibling.type == ":":
            name = text(child, source) or "_"
        elif default:
            last = found.pop()
            found.append(Parameter(last.name, last.kind, last.annotation, text(child, source)))
            default = False
        elif not child.is_extra:
            found.append(Parameter(name, "positional", text(child, source)))
            name = "_"
    return tuple(found)


def _split_name(name: str) -> tuple[str, str]:
    """Name an extension of `Array<Int>` after Array."""
    return "", name.split("<")[0].strip() if name[:1].isalpha() else name


_ASIDE = re.compile(rb"//[^\n]*|/\*.*?\*/|@[\w.]+(?:\([^)]*\))?", re.DOTALL)
_CASE = re.compile(rb"\s*(?:(?:indirect\s+)?case\b|(?!(?:[\w()]+\s+)*(?:let|var|class|struct|enum)\b)\w)")


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    if kind not in ("method", "constructor", "field", "type"):
        return b"", b""
    code = _ASIDE.sub(b"", content).strip()
    if kind == "type" and not code.startswith(b"associatedtype"):
        return b"", b""
    if container == "interface":
        return b"protocol _ {\n", b"\n}"
    if container == "enum" and kind == "field" and _CASE.match(code):
        before = b"enum _ {\n" if re.match(rb"(indirect\s+)?case\b", code) else b"enum _ { case "
        return before, b"\n_ }" if code.endswith(b",") else b"\n}"
    is_bare = kind == "field" and not re.search(rb"\b(?:let|var)\b", code)
    before = b"class _ {\nlet " if is_bare else b"class _ {\n"
    return before, b"\n_ = 0 }" if kind == "field" and code.endswith(b",") else b"\n}"


def _callables() -> str:
    lines = []
    for result in (' "->" . (_) @result', ""):
        lines += [
            f'(function_declaration "func" . name: _ @name{result}) @function @parameters',
            f'(protocol_function_declaration "func" . name: _ @name{result}) @method @parameters',
            f'(subscript_declaration "subscript" @name{result}) @method @parameters',
            f'(macro_declaration "macro" . (simple_identifier) @name{result}) @function @parameters',
        ]
    return "\n".join(lines)


LANGUAGE = Language(
    name="swift",
    version=1,
    grammar=_grammar,
    query=f"""
    (class_declaration declaration_kind: "struct" name: (_) @name) @struct
    (class_declaration declaration_kind: "enum" name: (_) @name) @enum
    (class_declaration declaration_kind: "extension" name: (_) @name) @extension
    (class_declaration declaration_kind: ["class" "actor"] name: (_) @name) @class
    (protocol_declaration name: (_) @name) @interface
    (associatedtype_declaration name: (type_identifier) @name) @type
    (typealias_declaration name: (type_identifier) @name) @type
    (init_declaration name: _ @name) @constructor @parameters
    (deinit_declaration "deinit" @name) @method
    {_callables()}
    (enum_entry name: (_) @name . data_contents: (_) @parameters) @field
    (enum_entry name: (_) @name) @field
    (source_file (property_declaration name: (pattern bound_identifier: (_) @name)) @constant)
    (source_file (property_declaration name: (pattern (pattern (simple_identifier) @name) @constant)))
    (class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @field)
    (class_body (property_declaration name: (pattern (pattern (simple_identifier) @name) @field)))
    (enum_class_body (property_declaration name: (pattern bound_identifier: (_) @name)) @field)
    (protocol_property_declaration name: (pattern bound_identifier: (_) @name)) @field
    (attribute) @decorator
    """,
    comment=(b"//", b"#!"),
    block_comment=(b"/*", b"*/"),
    parameters=_parameters,
    modifiers=frozenset(
        {
            *("public", "private", "fileprivate", "internal", "open", "package", "private(set)"),
            *("fileprivate(set)", "internal(set)", "public(set)", "package(set)", "static", "final"),
            *("override", "mutating", "nonmutating", "lazy", "weak", "unowned", "convenience", "required"),
            *("dynamic", "optional", "indirect", "nonisolated", "isolated", "prefix", "postfix", "infix"),
            *("distributed", "consuming", "borrowing", "actor"),
        }
    ),
    signature_words=frozenset({b"async", b"throws", b"rethrows", b"let", b"var"}),
    split_name=_split_name,
    wrapper=_wrapper,
    bodies=(
        "body",
        "value",
        "computed_value",
        "computed_property",
        "raw_value",
        "protocol_property_requirements",
    ),
    strings=frozenset(),
)
