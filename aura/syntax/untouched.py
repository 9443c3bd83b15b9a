"""What no change is near to: the most of a file, of which nothing need be compared."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise, takewhile
from operator import attrgetter

from aura.syntax.file import File
from aura.syntax.items import TYPES
from aura.syntax.shared import common_ends, equal_ends
from aura.syntax.types import Entity

NEAR = 10
"""How many outermost entities beside what differs are compared, too: neighbours tell what is what."""
LEAST = 32
"""A table of fewer entities is compared as it is."""

Indexes = Mapping[str, Set[int]]
_told = attrgetter("kind", "qualified_name", "ordinal", "raw")


def untouched(before: Mapping[str, File], after: Mapping[str, File]) -> tuple[Indexes, Indexes]:
    """Return by path the indexes of what is the same at the beginning and the end of both tables of a file.

    Types are never among them: others inherit from them, and members may stand elsewhere.
    """
    old: dict[str, Set[int]] = {}
    new: dict[str, Set[int]] = {}
    for path in before.keys() & after.keys():
        one, two = (_without_statements(side[path].table.entities) for side in (before, after))
        if min(len(one), len(two)) < LEAST:
            continue
        begin, end = equal_ends(list(map(_told, one)), list(map(_told, two)))
        if _may_have_moved(before[path], after[path]):
            first, last = common_ends(before[path].source, after[path].source)
            begin = sum(takewhile(bool, (entity.end <= first for entity in one[:begin])))
            behind = len(before[path].source) - last
            rest = reversed(one[len(one) - end :])
            end = sum(takewhile(bool, (entity.start >= behind for entity in rest)))
        is_all = begin == len(one) == len(two)
        above = _tops(one, 0, begin)[: None if is_all else -NEAR]
        for found, side in ((old, one), (new, two)):
            below = _tops(side, len(side) - end, len(side))[NEAR:]
            found[path] = {*_inside(side, above), *_inside(side, below)}
    return old, new


def _may_have_moved(old: File, new: File) -> bool:
    """Tell whether statements, though the same, may stand elsewhere among what is the same."""
    one, two = (len(file.table.entities) - 1 for file in (old, new))
    a, b = old.table.entities[one], new.table.entities[two]
    if a.kind != "statements" or b.kind != "statements":
        return False
    return a.raw == b.raw or old.own_lines(one) == new.own_lines(two)


def _without_statements(side: Sequence[Entity]) -> Sequence[Entity]:
    """Return a table without the statements, which come last."""
    return side[:-1] if side and side[-1].kind == "statements" else side


def _tops(side: Sequence[Entity], start: int, end: int) -> list[tuple[int, int]]:
    """Return the ranges of the outermost entities of a part of a table, each with what is inside it."""
    places = [place for place in range(start, end) if side[place].container < 0]
    return list(pairwise([*places, end]))


def _inside(side: Sequence[Entity], tops: Iterable[tuple[int, int]]) -> Iterator[int]:
    for top, behind in tops:
        entity = side[top]
        if entity.kind not in TYPES and entity.qualified_name == entity.name:
            yield from range(top, behind)
