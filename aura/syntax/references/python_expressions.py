"""What the expressions of Python say: each becomes the place of its value."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from tree_sitter import Node

from aura.syntax.language import grammar_of
from aura.syntax.references.builder import ANY, NOTHING, Builder
from aura.syntax.references.types import GENERATOR, PROTOCOL

MAX_DEPTH = 100

OPERATORS = {
    "+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "//": "__floordiv__", "%": "__mod__",
    "**": "__pow__", "@": "__matmul__", "<<": "__lshift__", ">>": "__rshift__", "&": "__and__", "|": "__or__",
    "^": "__xor__", "==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__",
    ">=": "__ge__", "~": "__invert__",
}  # fmt: skip
_UNARY = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}
_FORMATTED = frozenset(b"fFtT")


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


class Expressions(ABC):
    """Lowers the expressions of one file into a builder, in the scope that is being read."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.facts = Builder("python")
        self.scope = 0
        self.depth = 0
        self.renamed: dict[str, str] = {}
        self.comprehensions = 0
        self.handlers = _handlers()
        self.fields = _fields()

    def text(self, node: Node) -> str:
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def value(self, node: Node | None) -> int:
        """Return the place of an expression's value, having noted the calls in it."""
        if node is None or self.depth > MAX_DEPTH:
            return NOTHING
        self.depth += 1
        place = self.handlers[node.kind_id](self, node)
        self.depth -= 1
        return place

    def other(self, node: Node) -> int:
        """Look at the parts of what has no value of interest."""
        for child in node.named_children:
            self.value(child)
        return NOTHING

    def nothing(self, node: Node) -> int:
        return NOTHING

    # Names and what is below them

    def identifier(self, node: Node) -> int:
        name = self.text(node)
        return self.facts.name(self.scope, self.renamed.get(name, name))

    def attribute(self, node: Node) -> int:
        base = self.value(node.child_by_field_id(self.fields.object))
        name = node.child_by_field_id(self.fields.attribute)
        if base < 0 or name is None:
            return NOTHING
        return self.facts.attribute(self.scope, base, self.text(name), line=name.start_point.row + 1)

    def subscript(self, node: Node) -> int:
        base = self.value(node.child_by_field_id(self.fields.value))
        keys = node.children_by_field_name("subscript")
        for child in keys:
            self.value(child)
        if len(keys) == 1 and keys[0].type == "slice":
            return base
        key = self.key(keys[0]) if len(keys) == 1 else ANY
        if key is ANY and len(keys) == 1 and keys[0].type in ("identifier", "attribute"):
            return self.facts.keyed(self.scope, base, self.value(keys[0]), line=node.start_point.row + 1)
        return self.facts.element(self.scope, base, key, line=node.start_point.row + 1)

    def key(self, node: Node) -> str | None:
        """Return a literal key, or ANY."""
        if node.type == "integer":
            return self.text(node)
        text = self.literal_text(node)
        return repr(text) if text and text.isdigit() else text

    def literal_text(self, node: Node) -> str | None:
        """Return what a string literal without interpolation says, or None for anything else."""
        if node.type != "string":
            return None
        parts = [child for child in node.named_children if child.type != "string_start"]
        if any(child.type not in ("string_content", "string_end") for child in parts):
            return None
        return "".join(self.text(child) for child in parts if child.type == "string_content")

    # Literals and containers

    def string(self, node: Node) -> int:
        start = node.start_byte
        if not _FORMATTED.isdisjoint(self.source[start : start + 2]):
            self.other(node)
        return self.facts.literal("str")

    def integer(self, node: Node) -> int:
        return NOTHING

    def sequence(self, node: Node) -> int:
        elements: list[tuple[str | None, int]] = []
        for child in node.named_children:
            if child.type == "list_splat":
                inner = self.value(child.named_children[0] if child.named_children else None)
                elements.append((ANY, self.item(inner, child)))
            elif not child.is_extra:
                elements.append((str(len(elements)), self.value(child)))
        return self.facts.container(_SEQUENCES.get(node.type, "tuple"), elements)

    def dictionary(self, node: Node) -> int:
        elements: list[tuple[str | None, int]] = []
        for child in node.named_children:
            if child.type == "pair":
                key, value = (
                    child.child_by_field_id(self.fields.key),
                    child.child_by_field_id(self.fields.value),
                )
                self.value(key)
                elements.append((self.key(key) if key is not None else ANY, self.value(value)))
            elif child.type == "dictionary_splat":
                inner = self.value(child.named_children[0] if child.named_children else None)
                line = child.start_point.row + 1
                elements.append((ANY, self.facts.element(self.scope, inner, ANY, line=line)))
        return self.facts.container("dict", elements)

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
            self.facts.flow(place if place >= 0 else self.facts.void(), self.value(target))

    def _unpack(self, target: Node, place: int) -> None:
        children = [child for child in target.named_children if not child.is_extra]
        line = target.start_point.row + 1
        starred = False
        for index, child in enumerate(children):
            if child.type == "list_splat_pattern":
                starred = True
                any_of = self.facts.element(self.scope, place, ANY, line=line)
                self.assign(child, self.facts.container("list", [(ANY, any_of)]) if place >= 0 else place)
            else:
                key = ANY if starred else str(index)
                self.assign(child, self.facts.element(self.scope, place, key, line=line))

    # Operators

    def protocol(self, place: int, method: str, node: Node, arguments: Iterable[int] = ()) -> int:
        """Add the call of a method that the language makes, and return its index."""
        line = node.start_point.row + 1
        callee = self.facts.attribute(self.scope, place, method, line=line)
        return self.facts.call(self.scope, callee, arguments, line=line, kind=PROTOCOL)

    def binary(self, node: Node) -> int:
        left, right = node.child_by_field_id(self.fields.left), node.child_by_field_id(self.fields.right)
        operator = node.child_by_field_id(self.fields.operator)
        a, b = self.value(left), self.value(right)
        method = OPERATORS.get(operator.type) if operator is not None else None
        if method is None or not self._may_have_methods(left):
            return NOTHING
        return self.facts.result(self.protocol(a, method, node, (b,)))

    def comparison(self, node: Node) -> int:
        operands = [child for child in node.named_children if not child.is_extra]
        places = [self.value(child) for child in operands]
        operators = [child.type for child in node.children if not child.is_named]
        for index, operator in enumerate(operators[: len(operands) - 1]):
            method = OPERATORS.get(operator)
            if operator in ("in", "not in"):
                self.protocol(places[index + 1], "__contains__", node, (places[index],))
            elif method and self._may_have_methods(operands[index]):
                self.protocol(places[index], method, node, (places[index + 1],))
        return NOTHING

    def _may_have_methods(self, node: Node | None) -> bool:
        return node is not None and node.type in ("identifier", "attribute", "call", "subscript")

    def unary(self, node: Node) -> int:
        argument = node.child_by_field_id(self.fields.argument)
        operator = node.child_by_field_id(self.fields.operator)
        place = self.value(argument)
        method = _UNARY.get(operator.type) if operator is not None else None
        if method is None or not self._may_have_methods(argument):
            return NOTHING
        return self.facts.result(self.protocol(place, method, node))

    def choice(self, node: Node) -> int:
        """`a or b`, `a and b`: either side."""
        return self._either(
            [node.child_by_field_id(self.fields.left), node.child_by_field_id(self.fields.right)]
        )

    def conditional(self, node: Node) -> int:
        children = [child for child in node.named_children if not child.is_extra]
        if len(children) != 3:
            return self.other(node)
        self.value(children[1])
        return self._either([children[0], children[2]])

    def _either(self, nodes: Iterable[Node | None]) -> int:
        places = [place for node in nodes if (place := self.value(node)) >= 0]
        if len(places) < 2:
            return places[0] if places else NOTHING
        merged = self.facts.opaque()
        for place in places:
            self.facts.flow(place, merged)
        return merged

    def named(self, node: Node) -> int:
        place = self.value(node.child_by_field_id(self.fields.value))
        self.assign(node.child_by_field_id(self.fields.name), place)
        return place

    def only_child(self, node: Node) -> int:
        place = NOTHING
        for child in node.named_children:
            if not child.is_extra:
                place = self.value(child)
        return place

    def awaited(self, node: Node) -> int:
        place = self.only_child(node)
        self.protocol(place, "__await__", node)
        return place

    def as_pattern(self, node: Node) -> int:
        place = self.value(node.named_children[0] if node.named_children else None)
        self.assign(node.child_by_field_id(self.fields.alias), place)
        return place

    def yielded(self, node: Node) -> int:
        place = self.only_child(node)
        if any(child.type == "from" for child in node.children):
            result = place
            place = self.item(place, node)
        else:
            result = NOTHING
        self.facts.add_flags(self.scope, GENERATOR)
        self.facts.flow(place, self.facts.yielded(self.scope))
        return result

    # What is built on it

    @abstractmethod
    def call(self, node: Node) -> int:
        """Return the place of what a call gives back."""

    @abstractmethod
    def function_lambda(self, node: Node) -> int:
        """Return the place of a lambda."""


_SEQUENCES = {"list": "list", "set": "set", "tuple": "tuple", "expression_list": "tuple"}
_COMPREHENSIONS = {
    "list_comprehension": "list", "set_comprehension": "set", "dictionary_comprehension": "dict",
}  # fmt: skip
_PATTERNS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "expression_list", "tuple", "list"})

_ERROR = 0xFFFF

_Handler = Callable[[Expressions, Node], int]
_HANDLERS: dict[str, _Handler] = {
    "identifier": Expressions.identifier,
    "attribute": Expressions.attribute,
    "subscript": Expressions.subscript,
    "string": Expressions.string,
    "list": Expressions.sequence,
    "set": Expressions.sequence,
    "tuple": Expressions.sequence,
    "expression_list": Expressions.sequence,
    "dictionary": Expressions.dictionary,
    "list_comprehension": Expressions.comprehension,
    "set_comprehension": Expressions.comprehension,
    "dictionary_comprehension": Expressions.comprehension,
    "generator_expression": Expressions.comprehension,
    "call": lambda lowering, node: lowering.call(node),
    "binary_operator": Expressions.binary,
    "comparison_operator": Expressions.comparison,
    "unary_operator": Expressions.unary,
    "boolean_operator": Expressions.choice,
    "conditional_expression": Expressions.conditional,
    "named_expression": Expressions.named,
    "parenthesized_expression": Expressions.only_child,
    "await": Expressions.awaited,
    "as_pattern": Expressions.as_pattern,
    "yield": Expressions.yielded,
    "lambda": lambda lowering, node: lowering.function_lambda(node),
    **dict.fromkeys(
        ("integer", "float", "true", "false", "none", "ellipsis", "comment"), Expressions.nothing
    ),
}


@cache
def _handlers() -> dict[int, _Handler]:
    grammar = grammar_of("python")
    kinds = range(grammar.node_kind_count)
    found = {i: _HANDLERS.get(grammar.node_kind_for_id(i) or "", Expressions.other) for i in kinds}
    return found | {_ERROR: Expressions.other}
