"""What a change set carries along: versions that follow one another without an edit that says so."""

from collections.abc import Iterable

from aura.syntax.edits import side_of
from aura.syntax.items import Item
from aura.syntax.match import Matches
from aura.syntax.types import Carried, Edit, Kind, Side

_Key = tuple[str, Kind, str, int]


def carried(matches: Matches, edits: Iterable[Edit]) -> list[Carried]:
    """Return the pairs that differ in name or own text and that no edit tells of."""
    told = {_key(edit.new) for edit in edits if edit.new is not None}
    return [
        Carried(side_of(old), side_of(new))
        for old, new in matches.pairs
        if _differ(old, new) and _key_of(new) not in told
    ]


def _differ(old: Item, new: Item) -> bool:
    a, b = old.entity, new.entity
    return (
        a.raw != b.raw
        or a.qualified_name != b.qualified_name
        or a.kind != b.kind
        or a.ordinal != b.ordinal
        or old.path != new.path
    )


def _key_of(item: Item) -> _Key:
    entity = item.entity
    return item.path, entity.kind, entity.qualified_name, entity.ordinal


def _key(side: Side) -> _Key:
    return side.path, side.kind, side.qualified_name, side.ordinal
