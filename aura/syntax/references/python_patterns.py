"""What the patterns of Python's `match` bind."""

from tree_sitter import Node

from aura.syntax.references.builder import NOTHING
from aura.syntax.references.python_types import Types


class Patterns(Types):
    """Lowers expressions, annotations and patterns."""

    def pattern(self, node: Node, place: int) -> None:
        """Bind the names of a pattern to what they take of the value of a place."""
        if self.depth > 50:
            return
        self.depth += 1
        kind, children = node.type, [child for child in node.named_children if not child.is_extra]
        if kind in ("case_pattern", "union_pattern"):
            for child in children:
                self.pattern(child, place)
        elif kind == "dotted_name" and len(children) == 1:
            self._capture(children[0], place)
        elif kind == "as_pattern" and len(children) == 2:
            self.pattern(children[0], place)
            self._capture(children[1], self._narrowed(children[0], place))
        elif kind in ("list_pattern", "tuple_pattern"):
            self.sequence_pattern(children, place)
        elif kind == "dict_pattern":
            self._mapping_pattern(node, place)
        elif kind == "class_pattern":
            for child in children[1:]:
                self._attribute_pattern(child, place)
        self.depth -= 1

    def _capture(self, node: Node, place: int) -> None:
        name = self.text(node)
        if node.type == "identifier" and name != "_":
            self.facts.flow(place, self.facts.bind(self.scope, name))

    def _narrowed(self, pattern: Node, place: int) -> int:
        """Return the place of a value that is of the class that a pattern names, if it does."""
        inner = (
            pattern.named_children[0]
            if pattern.type == "case_pattern" and pattern.named_children
            else pattern
        )
        if inner.type != "class_pattern":
            return place
        first, *rest = inner.named_children[0].named_children
        named = self.identifier(first)
        for part in rest:
            named = self.facts.attribute(self.scope, named, self.text(part), line=part.start_point.row + 1)
        merged = self.facts.opaque()
        self.facts.flow(place, merged)
        self.facts.flow(self.facts.declared(named), merged)
        return merged

    def sequence_pattern(self, children: list[Node], place: int) -> None:
        """Bind the names of patterns, one for each element."""
        behind = 0
        for index, child in enumerate(children):
            line = child.start_point.row + 1
            inner = child.named_children[0] if child.named_children else child
            if inner.type == "splat_pattern":
                behind = len(children)
                bounds = f"{index}:{index + 1 - behind or ''}"
                if inner.named_children:
                    rest = self.facts.slice(self.scope, place, bounds, line=line)
                    self._capture(inner.named_children[0], rest)
            else:
                self.pattern(child, self.facts.element(self.scope, place, str(index - behind), line=line))

    def _mapping_pattern(self, node: Node, place: int) -> None:
        keys, values = node.children_by_field_name("key"), node.children_by_field_name("value")
        for key, value in zip(keys, values, strict=False):
            line = key.start_point.row + 1
            self.pattern(value, self.facts.element(self.scope, place, self.key(key), line=line))
        for child in node.named_children:
            if child.type == "splat_pattern" and child.named_children:
                self._capture(child.named_children[0], place)

    def _attribute_pattern(self, node: Node, place: int) -> None:
        """Bind what a pattern takes of an attribute; which one that is, its place does not tell."""
        inner = node.named_children[0] if node.named_children else node
        if inner.type != "keyword_pattern":
            self.pattern(node, NOTHING)
            return
        name, *patterns = inner.named_children
        line = name.start_point.row + 1
        for pattern in patterns:
            self.pattern(pattern, self.facts.attribute(self.scope, place, self.text(name), line=line))

    def subject(self, nodes: list[Node]) -> int:
        """Return the place of what is matched: a value, or several as a tuple."""
        places = [self.value(node) for node in nodes]
        if len(places) == 1:
            return places[0]
        pairs: list[tuple[str | None, int]] = [(str(index), place) for index, place in enumerate(places)]
        return self.facts.container("tuple", pairs, len(pairs)) if places else NOTHING
