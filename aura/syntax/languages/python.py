"""Python."""

from msgspec.structs import replace
from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.languages._python_walk import find
from aura.syntax.parameters import text
from aura.syntax.types import Parameter, ParameterKind


def _grammar() -> object:
    import tree_sitter_python

    return tree_sitter_python.language()


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    plain: ParameterKind = "positional"
    for child in node.named_children:
        if child.is_extra:
            continue
        if child.type == "identifier":
            found.append(Parameter(text(child, source) or "_", plain))
            continue
        if child.type == "positional_separator":
            found = [replace(p, kind="positional_only") for p in found]
            continue
        if child.type == "keyword_separator":
            plain = "keyword_only"
            continue
        target = child.child_by_field_name("name") or child
        if child.type == "typed_parameter":
            target = child.named_children[0]
        name, kind = text(target, source) or "_", plain
        if name.startswith("**"):
            kind = "keyword_variadic"
        elif name.startswith("*"):
            kind, plain = "variadic", "keyword_only"
        annotation = text(child.child_by_field_name("type"), source)
        found.append(Parameter(name, kind, annotation, text(child.child_by_field_name("value"), source)))
    return tuple(found)


LANGUAGE = Language(
    name="python",
    version=1,
    grammar=_grammar,
    query="""
    (function_definition name: (identifier) @name parameters: (parameters) @parameters
      return_type: (_)? @result) @function
    (class_definition name: (identifier) @name) @class
    (decorated_definition) @wrap
    (decorated_definition (decorator) @decorator)
    (module (expression_statement . (assignment left: (identifier) @name)) @constant)
    (class_definition body: (block (expression_statement . (assignment left: (identifier) @name)) @field))
    (type_alias_statement . (type (identifier) @name)) @type
    (type_alias_statement . (type (generic_type . (identifier) @name))) @type
    """,
    comment=(b"#",),
    parameters=_parameters,
    receivers=frozenset({"self", "cls", "mcs", "metacls"}),
    modifiers=frozenset({"async"}),
    constructors=frozenset({"__init__"}),
    filler=b"pass",
    find=find,
    bodies=("body", "right"),
    strings=frozenset({"string"}),
    same={
        "expression_list": "tuple",
        "pattern_list": "tuple_pattern",
        "import_from_statement": "import_from_statement",
        "with_clause": "with_clause",
        "union_type": "binary_operator",
        "generic_type": "subscript",
    },
    docstrings=True,
)
