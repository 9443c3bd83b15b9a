"""What the patterns of Rust bind."""

from typing import Protocol

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.lowering import Frame

_TRANSPARENT = frozenset({"Some", "Ok", "Ready", "Break", "Continue"})
_INNER = frozenset({"ref_pattern", "mut_pattern", "reference_pattern", "match_pattern", "box_pattern"})


class Binder(Protocol):
    """What a lowering must offer for it."""

    frame: Frame

    def text(self, node: Node | None) -> str: ...
    def visit(self, node: Node | None) -> int: ...
    def path(self, node: Node | None) -> int: ...
    def parts(self, node: Node | None) -> list[str]: ...
    def attribute(self, base: int, name: str, node: Node) -> int: ...
    def element(self, base: int, key: str | None, node: Node) -> int: ...
    def merged(self, places: tuple[int, ...]) -> int: ...


def bind(to: Binder, pattern: Node | None, source: int) -> None:
    """Bind the names of a pattern in the present block to the parts of what `source` holds."""
    if pattern is None:
        return
    kind = pattern.type
    if kind == "identifier":
        name = to.text(pattern)
        if not name[:1].isupper():
            to.frame.names[name] = source
    elif kind in _INNER:
        children = [child for child in pattern.named_children if child.type != "mutable_specifier"]
        if children:
            bind(to, children[0], source)
        to.visit(pattern.child_by_field_name("condition"))
    elif kind == "captured_pattern":
        for child in pattern.named_children:
            bind(to, child, source)
    elif kind == "or_pattern":
        _bind_either(to, pattern, source)
    elif kind in ("tuple_pattern", "slice_pattern"):
        for index, child in enumerate(pattern.named_children):
            key = str(index) if kind == "tuple_pattern" else ANY
            bind(to, child, to.element(source, key, child) if source >= 0 else NOTHING)
    elif kind == "tuple_struct_pattern":
        _bind_tuple(to, pattern, source)
    elif kind == "struct_pattern":
        _bind_fields(to, pattern, source)


def _bind_either(to: Binder, pattern: Node, source: int) -> None:
    found: dict[str, int] = {}
    for child in pattern.named_children:
        outer = to.frame
        to.frame = Frame(outer)
        bind(to, child, source)
        names, to.frame = to.frame.names, outer
        for name, place in names.items():
            found[name] = to.merged((found[name], place)) if name in found else place
    to.frame.names.update(found)


def _bind_tuple(to: Binder, pattern: Node, source: int) -> None:
    kind = pattern.child_by_field_name("type")
    parts = to.parts(kind)
    inner = [child for child in pattern.named_children if child != kind]
    if parts and parts[-1] in _TRANSPARENT:
        for child in inner:
            bind(to, child, source)
        return
    base = to.path(kind) if parts and parts[-1] != "Err" else NOTHING
    for index, child in enumerate(inner):
        bind(to, child, to.attribute(base, f"#{index}", child) if base >= 0 else NOTHING)


def _bind_fields(to: Binder, pattern: Node, source: int) -> None:
    base = to.path(pattern.child_by_field_name("type"))
    for child in pattern.named_children:
        if child.type != "field_pattern":
            continue
        name = child.child_by_field_name("name")
        text = to.text(name)
        place = to.merged((to.attribute(base, text, child), to.attribute(source, text, child)))
        inner = child.child_by_field_name("pattern")
        if inner is None:
            to.frame.names[text] = place
        else:
            bind(to, inner, place)
