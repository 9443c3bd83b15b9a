"""The walk that lowers a tree to facts: what the languages share."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from tree_sitter import Node

from aura.syntax.references.builder import MODULE, NOTHING, Builder
from aura.syntax.references.types import Facts

MAX_DEPTH = 180
"""How deep nodes may nest to be read; each costs a few frames of Python's stack."""

OUTERMOST = 1
"""At which depth the definitions of a file are."""

_Visitor = Callable[[Any, Node], int]


class Frame:
    """The names that a block binds, seen from inside out; unlike a scope it has no name of its own."""

    __slots__ = ("names", "outer")

    def __init__(self, outer: "Frame | None" = None) -> None:
        self.outer = outer
        self.names: dict[str, int] = {}

    def find(self, name: str) -> int | None:
        """Return the place of a name, or None where no block binds it."""
        frame: Frame | None = self
        while frame is not None:
            found = frame.names.get(name)
            if found is not None:
                return found
            frame = frame.outer
        return None


class Lowering:
    """Walks a tree; `visit_TYPE` methods return the place of a node's value, or `NOTHING`.

    A node without such a method has its children visited, and no value. `skipped` are types of nodes that
    hold nothing to be looked at.
    """

    language: ClassVar[str]
    skipped: ClassVar[frozenset[str]] = frozenset()
    _visitors: ClassVar[dict[str, _Visitor]] = {}

    def __init_subclass__(cls) -> None:
        cls._visitors = {
            name.removeprefix("visit_"): getattr(cls, name) for name in dir(cls) if name.startswith("visit_")
        }

    def __init__(self, source: bytes, language: str) -> None:
        self.source = source
        self.facts = Builder(language)
        self.scope = MODULE
        self.frame = Frame()
        self.depth = 0

    def read(self, root: Node) -> Facts:
        """Return the facts of a file."""
        self.visit(root)
        return self.facts.facts()

    # Nodes

    def text(self, node: Node | None) -> str:
        return "" if node is None else self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def field_text(self, node: Node, field: str) -> str:
        return self.text(node.child_by_field_name(field))

    def visit(self, node: Node | None) -> int:
        """Lower a node, and return the place of its value."""
        if node is None or node.type in self.skipped or self.depth > MAX_DEPTH:
            return NOTHING
        visitor = self._visitors.get(node.type)
        if visitor is None:
            return self.children(node)
        self.depth += 1
        try:
            return visitor(self, node)
        finally:
            self.depth -= 1

    def children(self, node: Node) -> int:
        """Visit all inside a node that has no value itself."""
        visit = self._visit_safely if self.depth <= OUTERMOST else self.visit
        self.depth += 1
        for child in node.named_children:
            visit(child)
        self.depth -= 1
        return NOTHING

    def _visit_safely(self, node: Node) -> int:
        """Lower a definition, or leave it out where its types or patterns nest too deep."""
        state = dict(vars(self))
        try:
            return self.visit(node)
        except RecursionError:
            vars(self).update(state)
            return NOTHING

    def field(self, node: Node, field: str) -> int:
        """Lower the node in a field."""
        return self.visit(node.child_by_field_name(field))

    # Places

    def line(self, node: Node) -> int:
        return node.start_point.row + 1

    def attribute(self, base: int, name: str, node: Node) -> int:
        return self.facts.attribute(self.scope, base, name, line=self.line(node))

    def element(self, base: int, key: str | None, node: Node) -> int:
        return self.facts.element(self.scope, base, key, line=self.line(node))

    def item(self, base: int, node: Node) -> int:
        return self.facts.item(self.scope, base, line=self.line(node))

    def merged(self, places: Iterable[int]) -> int:
        """Return a place that holds what any of these holds."""
        found = [place for place in dict.fromkeys(places) if place >= 0]
        if len(found) < 2:
            return found[0] if found else NOTHING
        target = self.facts.opaque()
        for place in found:
            self.facts.flow(place, target)
        return target

    def give(self, base: int, arguments: list[int], node: Node) -> None:
        """Give type arguments to the type parameters of a class."""
        for index, place in enumerate(arguments):
            if place >= 0:
                self.facts.flow(place, self.attribute(base, f"<{index}>", node))

    def supposed(self, class_place: int) -> int:
        """Return a place for a value of which nothing but its class is known."""
        place = self.facts.opaque()
        self.facts.flow(self.facts.declared(class_place), place)
        return place

    def declare(self, name: str) -> int:
        """Return the place of a name that the present block binds; at the top level it is the module's."""
        known = self.frame.names.get(name)
        if known is None:
            is_global = self.frame.outer is None
            known = self.facts.bind(MODULE, name) if is_global else self.facts.opaque()
            self.frame.names[name] = known
        return known

    def named(self, name: str) -> int:
        """Return the place that a name denotes here."""
        found = self.frame.find(name)
        return self.facts.name(MODULE, name) if found is None else found
