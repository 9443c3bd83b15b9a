"""Reading parameter lists: one rule per node type, for every language."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from tree_sitter import Node

from aura.syntax.types import Parameter, ParameterKind

ReadParameter = Callable[[Node, bytes], Parameter]


class Rule(Struct, frozen=True):
    """How to read one kind of parameter node: its kind and the fields of its name, annotation and default.

    Without `name` the node itself is the name; a name may occur several times (Go: `a, b int`). `prefix` is
    put before it. `then` is the kind of plain parameters after this node and `before` of those before it; a
    node that is only a separator says `skip`.
    """

    kind: ParameterKind = "positional"
    name: str | None = None
    annotation: str | None = None
    default: str | None = None
    prefix: str = ""
    then: ParameterKind | None = None
    before: ParameterKind | None = None
    skip: bool = False


def text(node: Node | None, source: bytes) -> str | None:
    """Return the text of a node with white space collapsed."""
    if node is None:
        return None
    return " ".join(source[node.start_byte : node.end_byte].decode("utf-8", "replace").split())


def type_text(node: Node | None, source: bytes) -> str | None:
    """Return the text of a type, without the colon that some grammars count to it."""
    found = text(node, source)
    return found.removeprefix(":").lstrip() if found and not found.startswith("::") else found


def reader(rules: Mapping[str, Rule | ReadParameter]) -> Callable[[Node, bytes], tuple[Parameter, ...]]:
    """Return a reader of parameter lists whose named children are read by `rules`.

    What no rule names is taken whole.
    """

    def read(node: Node, source: bytes) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        plain: ParameterKind | None = None
        for child in node.named_children:
            if child.is_extra:
                continue
            rule = rules.get(child.type, _WHOLE)
            if not isinstance(rule, Rule):
                found.append(rule(child, source))
                continue
            if rule.before:
                found = [_as(p, rule.before) if p.kind == "positional" else p for p in found]
            plain = rule.then or plain
            if not rule.skip:
                kind = plain if plain and rule.kind == "positional" else rule.kind
                found.extend(_read(child, source, rule, kind))
        return tuple(found)

    return read


_WHOLE = Rule()


def _read(node: Node, source: bytes, rule: Rule, kind: ParameterKind) -> Iterator[Parameter]:
    annotation = type_text(node.child_by_field_name(rule.annotation), source) if rule.annotation else None
    default = text(node.child_by_field_name(rule.default), source) if rule.default else None
    names = node.children_by_field_name(rule.name) if rule.name else [node]
    for label in [text(name, source) for name in names] or ["_"]:
        yield Parameter(f"{rule.prefix}{label}", kind, annotation, default)


def _as(parameter: Parameter, kind: ParameterKind) -> Parameter:
    return Parameter(parameter.name, kind, parameter.annotation, parameter.default)
