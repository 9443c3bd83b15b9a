"""Which of the items that enclose one another are matched first."""

from collections.abc import Callable, Mapping

from aura.syntax.items import CODE, TYPES, Item

_Sides = tuple[list[Item], list[Item]]
Narrow = Callable[[list[Item], list[Item]], _Sides]


def is_local(item: Item) -> bool:
    """Tell whether an item is a type within a function, or within such a type."""
    is_in_type = False
    above: Item | None = item
    while above is not None:
        if is_in_type and above.entity.kind in CODE:
            return True
        is_in_type |= above.entity.kind in TYPES
        above = above.parent
    return False


def everything(olds: list[Item], news: list[Item]) -> _Sides:
    """Leave out nothing."""
    return olds, news


def outer(olds: list[Item], news: list[Item]) -> _Sides:
    """Leave out what is inside another: it goes along where that one goes.

    What has the name of something that is in nothing on the other side may have left, or entered, the other.
    """
    inside = {*olds, *news}
    names = [{item.entity.name for item in side if item.parent not in inside} for side in (olds, news)]
    one, two = (
        [item for item in side if item.parent not in inside or item.entity.name in across]
        for side, across in ((olds, names[1]), (news, names[0]))
    )
    return one, two


def astray(chosen: Mapping[Item, Item]) -> list[tuple[Item, Item]]:
    """Return the pairs of members whose containers are in other pairs, with a namesake in them."""
    before = {new: old for old, new in chosen.items()}
    return [
        (old, new)
        for old, new in chosen.items()
        if _has_another(old, chosen, new) or _has_another(new, before, old)
    ]


def _has_another(member: Item, pairs: Mapping[Item, Item], other: Item) -> bool:
    """Tell whether the container of a member is paired with one that `other` is not in, but a namesake is."""
    container = pairs.get(member.parent) if member.parent else None
    if container is None or container is other.parent:
        return False
    return any(child.label == member.label for child in container.children)
