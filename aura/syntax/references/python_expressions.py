"""What the expressions of Python say: each becomes the place of its value."""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from functools import cache

from tree_sitter import Node

from aura.syntax.language import grammar_of
from aura.syntax.references.builder import NOTHING
from aura.syntax.references.python_containers import Containers
from aura.syntax.references.types import GENERATOR, OUTCOME, PROTOCOL, SENT

MAX_DEPTH = 100

OPERATORS = {
    "+": "__add__", "-": "__sub__", "*": "__mul__", "/": "__truediv__", "//": "__floordiv__", "%": "__mod__",
    "**": "__pow__", "@": "__matmul__", "<<": "__lshift__", ">>": "__rshift__", "&": "__and__", "|": "__or__",
    "^": "__xor__", "==": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__",
    ">=": "__ge__", "~": "__invert__",
}  # fmt: skip
_UNARY = {"-": "__neg__", "+": "__pos__", "~": "__invert__"}
_FORMATTED = frozenset(b"fFtT")


class Expressions(Containers):
    """Lowers the expressions of one file into a builder, in the scope that is being read."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.handlers = _handlers()

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

    # Literals

    def string(self, node: Node) -> int:
        start = node.start_byte
        if not _FORMATTED.isdisjoint(self.source[start : start + 2]):
            self.other(node)
        return self.facts.literal("str")

    def integer(self, node: Node) -> int:
        return NOTHING

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
        if method is not None and left is not None and left.type in _NUMBERS:
            return self.facts.result(self.protocol(b, method.replace("__", "__r", 1), node))
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
        while node is not None and node.type == "parenthesized_expression" and node.named_child_count == 1:
            node = node.named_children[0]
        return node is not None and node.type in _WITH_METHODS

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
            line = node.start_point.row + 1
            result = self.facts.attribute(self.scope, place, OUTCOME, line=line)
            place = self.item(place, node)
        else:
            result = self.facts.bind(self.scope, SENT)
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


_NUMBERS = frozenset({"integer", "float"})
_WITH_METHODS = frozenset(
    {
        "identifier", "attribute", "call", "subscript", "list", "tuple", "set", "dictionary",
        "binary_operator", "list_comprehension", "set_comprehension", "dictionary_comprehension",
    }
)  # fmt: skip
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
