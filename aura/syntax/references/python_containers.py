"""What the containers of Python say: literals, comprehensions, subscripts, and unpacking into targets."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tree_sitter import Node

from aura.syntax.language import grammar_of
from aura.syntax.references.builder import ANY, NOTHING, Builder
from aura.syntax.references.types import KEYS

_NAMES = frozenset({"identifier", "attribute"})
_KEYED = _NAMES | {"call"}
_SEQUENCES = {"list": "list", "set": "set", "tuple": "tuple", "expression_list": "tuple"}
_COMPREHENSIONS = {
    "list_comprehension": "list", "set_comprehension": "set", "dictionary_comprehension": "dict",
}  # fmt: skip
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "expression_list", "tuple", "list"})


class Fields(NamedTuple):
    """The numbers by which the grammar knows its fields; a look-up by number takes half the time."""

    alias: int
    alternative: int
    argument: int
    arguments: int
    attribute: int
    body: int
    definition: int
    function: int
    key: int
    left: int
    module_name: int
    name: int
    object: int
    operator: int
    parameters: int
    return_type: int
    right: int
    superclasses: int
    type: int
    value: int


@cache
def _fields() -> Fields:
    grammar = grammar_of("python")
    return Fields(*(grammar.field_id_for_name(name) or 0 for name in Fields._fields))


class Containers(ABC):
    """Lowers what holds other values, in the scope that is being read."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.facts = Builder("python")
        self.scope = 0
        self.depth = 0
        self.renamed: dict[str, str] = {}
        self.comprehensions = 0
        self.fields = _fields()

    def text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    @abstractmethod
    def value(self, node: Node | None) -> int:
        """Return the place of an expression's value, having noted the calls in it."""

    @abstractmethod
    def other(self, node: Node) -> int:
        """Look at the parts of what has no value of interest."""

    # Keys

    def subscript(self, node: Node) -> int:
        base = self.value(node.child_by_field_id(self.fields.value))
        keys = node.children_by_field_name("subscript")
        at = [self.value(child) for child in keys]
        if len(keys) == 1 and keys[0].type == "slice":
            bounds = self._bounds(keys[0])
            return self.facts.slice(self.scope, base, bounds, line=node.start_point.row + 1)
        key = self.key(keys[0]) if len(keys) == 1 else ANY
        if key and self.text(node).startswith("globals()["):
            return self.facts.name(0, key)
        if key is ANY and len(keys) == 1 and keys[0].type in _KEYED:
            return self.facts.keyed(self.scope, base, at[0], line=node.start_point.row + 1)
        return self.facts.element(self.scope, base, key, line=node.start_point.row + 1)

    def key(self, node: Node) -> str | None:
        """Return a literal key, or ANY."""
        if node.type in ("integer", "float", "true", "false", "none"):
            return self.text(node)
        if node.type == "unary_operator" and node.named_children[-1].type in ("integer", "float"):
            return self.text(node).replace(" ", "")
        text = self.literal_text(node)
        return repr(text) if text and text.isdigit() else text

    def _bounds(self, node: Node) -> str:
        """Return the literal bounds of a slice, `?` where these are not known."""
        texts = [""]
        for child in node.children:
            if child.type == ":":
                texts.append("")
            elif not child.is_extra:
                key = self.key(child)
                texts[-1] = key if key and key.lstrip("-").isdigit() else "?"
        if texts[0] == "?" or any(texts[2:]):
            return "?"
        return f"{texts[0]}:{texts[1].replace('?', '')}"

    def literal_text(self, node: Node) -> str | None:
        """Return what a string literal without interpolation says, or None for anything else."""
        if node.type != "string":
            return None
        parts = [child for child in node.named_children if child.type != "string_start"]
        if any(child.type not in ("string_content", "string_end") for child in parts):
            return None
        return "".join(self.text(child) for child in parts if child.type == "string_content")

    # Literals and comprehensions

    def sequence(self, node: Node) -> int:
        """Return the place of a new sequence; the grammar takes `[*f()]` for a call of `*f`."""
        elements: list[tuple[str | None, int]] = []
        is_known = True
        for child in node.named_children:
            called = child.child_by_field_id(self.fields.function) if child.type == "call" else None
            if child.type == "list_splat" or (called is not None and called.type == "list_splat"):
                whole = child if called is not None else next(iter(child.named_children), None)
                elements.append((ANY, self.item(self.value(whole), child)))
                is_known = False
            elif not child.is_extra:
                elements.append((str(len(elements)) if is_known else ANY, self.value(child)))
        length = len(elements) if is_known else NOTHING
        return self.facts.container(_SEQUENCES.get(node.type, "tuple"), elements, length)

    def dictionary(self, node: Node) -> int:
        elements: list[tuple[str | None, int]] = []
        keyed: list[tuple[Node, int, int]] = []
        for child in node.named_children:
            if child.type == "pair":
                key, value = (
                    child.child_by_field_id(self.fields.key),
                    child.child_by_field_id(self.fields.value),
                )
                at = self.value(key)
                known = self.key(key) if key is not None else ANY
                if known is ANY and key is not None and key.type in _NAMES and at >= 0:
                    keyed.append((key, at, self.value(value)))
                else:
                    elements.append((known, self.value(value)))
            elif child.type == "dictionary_splat":
                inner = self.value(child.named_children[0] if child.named_children else None)
                line = child.start_point.row + 1
                elements.append((ANY, self.facts.element(self.scope, inner, ANY, line=line)))
        made = self.facts.container("dict", elements)
        for key, at, place in keyed:
            line = key.start_point.row + 1
            self.facts.flow(at, self.facts.attribute(self.scope, made, KEYS, line=line))
            if place >= 0:
                self.facts.flow(place, self.facts.keyed(self.scope, made, at, line=line))
        return made

    def comprehension(self, node: Node) -> int:
        outer = self.renamed
        self.comprehensions += 1
        self.renamed = dict(outer)
        body = node.child_by_field_id(self.fields.body)
        for clause in node.named_children:
            if clause.type == "for_in_clause":
                self.for_in_clause(clause)
            elif clause.type == "if_clause":
                self.other(clause)
        if body is not None and body.type == "pair":
            self.value(body.child_by_field_id(self.fields.key))
            element = self.value(body.child_by_field_id(self.fields.value))
        else:
            element = self.value(body)
        self.renamed = outer
        return self.facts.container(_COMPREHENSIONS.get(node.type, "generator"), [(ANY, element)])

    def for_in_clause(self, clause: Node) -> None:
        left, right = clause.child_by_field_id(self.fields.left), clause.child_by_field_id(self.fields.right)
        item = self.item(self.value(right), clause)
        for name in self.target_names(left):
            self.renamed[name] = f"{name}%{self.comprehensions}"
        self.assign(left, item)

    def target_names(self, node: Node | None) -> Iterator[str]:
        """Yield the plain names that an assignment target binds."""
        nodes = [node] if node is not None else []
        while nodes:
            child = nodes.pop()
            if child.type == "identifier":
                yield self.text(child)
            elif child.type in _PATTERNS or child.type == "list_splat_pattern":
                nodes.extend(child.named_children)

    def item(self, place: int, node: Node) -> int:
        return self.facts.item(self.scope, place, line=node.start_point.row + 1)

    # Assignment

    def assign(self, target: Node | None, place: int) -> None:
        """Let the value of `place` flow into an assignment target, and bind its names."""
        if target is None:
            return
        kind = target.type
        if kind == "identifier":
            name = self.text(target)
            self.facts.flow(place, self.facts.bind(self.scope, self.renamed.get(name, name)))
        elif kind in _PATTERNS:
            self._unpack(target, place)
        elif kind in ("as_pattern_target", "parenthesized_expression", "list_splat_pattern"):
            for child in target.named_children:
                self.assign(child, place)
        else:
            self.facts.flow(place if place >= 0 else self.facts.void(), self._target(target))

    def _target(self, node: Node) -> int:
        """Return the place that an assignment to an attribute or element changes: of a slice, its base."""
        keys = node.children_by_field_name("subscript") if node.type == "subscript" else []
        if len(keys) == 1 and keys[0].type == "slice":
            return self.value(node.child_by_field_id(self.fields.value))
        return self.value(node)

    def _unpack(self, target: Node, place: int) -> None:
        children = [child for child in target.named_children if not child.is_extra]
        line = target.start_point.row + 1
        behind = 0
        for index, child in enumerate(children):
            if child.type == "list_splat_pattern":
                behind = len(children)
                bounds = f"{index}:{index + 1 - behind or ''}"
                self.assign(child, self.facts.slice(self.scope, place, bounds, line=line))
            else:
                self.assign(child, self.facts.element(self.scope, place, str(index - behind), line=line))
