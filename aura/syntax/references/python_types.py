"""What the annotations of Python declare."""

import re

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.python_calls import CallExpressions

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")

_MAPPINGS = frozenset({"dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "OrderedDict"})
_COLLECTIONS = _MAPPINGS | frozenset(
    [
        "list",
        "List",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Collection",
        "deque",
        "Deque",
        "AsyncIterator",
        "AsyncIterable",
    ]
)
_PLAIN_TYPES = _COLLECTIONS | frozenset(
    [
        "Any",
        "None",
        "Self",
        "bool",
        "bytes",
        "bytearray",
        "complex",
        "float",
        "int",
        "object",
        "str",
        "Callable",
        "Literal",
        "Generic",
        "Protocol",
        "tuple",
        "Tuple",
        "Coroutine",
        "Generator",
        "AsyncGenerator",
    ]
)


class Types(CallExpressions):
    """Lowers expressions and annotations."""

    def annotated(self, node: Node | None) -> int:
        """Return a place for the instances that an annotation declares."""
        if node is None or self.depth > 50:
            return NOTHING
        kind = node.type
        if kind == "type":
            return self.annotated(node.named_children[0] if node.named_children else None)
        if kind == "identifier":
            return NOTHING if self.text(node) in _PLAIN_TYPES else self.facts.declared(self.identifier(node))
        if kind == "attribute":
            return self.facts.declared(self.attribute(node))
        if kind == "string":
            return self._forward(self.literal_text(node) or "")
        if kind in ("binary_operator", "union_type"):
            return self._any_type(node.named_children)
        if kind in ("generic_type", "subscript"):
            return self._generic(node)
        return NOTHING

    def _any_type(self, nodes: list[Node]) -> int:
        self.depth += 1
        places = [place for node in nodes if (place := self.annotated(node)) >= 0]
        self.depth -= 1
        if len(places) < 2:
            return places[0] if places else NOTHING
        merged = self.facts.opaque()
        for place in places:
            self.facts.flow(place, merged)
        return merged

    def _generic(self, node: Node) -> int:
        first, *rest = node.named_children
        inner = rest[0].named_children if rest and rest[0].type == "type_parameter" else rest
        name = self.text(first).rpartition(".")[2]
        if name in ("Optional", "Union", "Annotated", "Final", "ClassVar", "Awaitable"):
            return self._any_type(inner)
        if name in ("type", "Type") and inner:
            child = inner[0].named_children[0] if inner[0].type == "type" else inner[0]
            return self.value(child)
        if name in _COLLECTIONS:
            element = self._any_type(inner[-1:])
            made = "dict" if name in _MAPPINGS else "list"
            return self.facts.container(made, [(ANY, element)]) if element >= 0 else NOTHING
        return NOTHING if name in _PLAIN_TYPES else self.annotated(first)

    def _forward(self, text: str) -> int:
        """Return the place for a type that is written as a string."""
        if not _DOTTED.fullmatch(text) or text in _PLAIN_TYPES:
            return NOTHING
        first, *rest = text.split(".")
        place = self.facts.name(self.scope, first)
        for name in rest:
            place = self.facts.attribute(self.scope, place, name, line=1)
        return self.facts.declared(place)
