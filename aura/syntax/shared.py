"""What two texts, or two sequences of anything, share."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from operator import eq

Run = tuple[int, int]
MOST = 100_000
"""How many pairs of equal elements are looked at for the runs that two sequences share."""


def common_ends(one: bytes, two: bytes) -> tuple[int, int]:
    """Return how many bytes two texts share at the beginning and, apart from those, at the end."""
    before, most = 0, min(len(one), len(two))
    rest = most
    while before < most:
        middle = (before + most + 1) // 2
        if one[before:middle] == two[before:middle]:
            before = middle
        else:
            most = middle - 1
    after, most = 0, rest - before
    while after < most:
        middle = (after + most + 1) // 2
        if one[len(one) - middle : len(one) - after] == two[len(two) - middle : len(two) - after]:
            after = middle
        else:
            most = middle - 1
    return before, after


def shared_runs(one: bytes, two: bytes, *, lines: bool = True) -> tuple[list[Run], list[Run]]:
    """Return the ranges that two texts share, in order, those of either text.

    They are the common beginning and end, without the bytes next to a difference, for those may belong to it;
    and with `lines`, of texts with equally many lines, those between that are the same in the same places.
    """
    before, after = common_ends(one, two)
    found = [((0, before - 1), (0, before - 1))] if before > 1 else []
    ends = len(one) - after, len(two) - after
    if lines and one.count(b"\n") == two.count(b"\n"):
        found += _shared_lines(one, two, before, ends)
    if after > 1:
        found.append(((ends[0] + 1, len(one)), (ends[1] + 1, len(two))))
    return [run for run, _ in found], [run for _, run in found]


def _shared_lines(one: bytes, two: bytes, before: int, ends: tuple[int, int]) -> list[tuple[Run, Run]]:
    """Return the runs of lines that begin behind a place and end before another in both texts."""
    found: list[tuple[Run, Run]] = []
    at = one.rfind(b"\n", 0, before) + 1
    shift = 0
    is_joined = False
    for line, other in zip(one[at : ends[0]].split(b"\n"), two[at : ends[1]].split(b"\n"), strict=False):
        start, end = at, at + len(line)
        if line == other and start >= before and end < ends[0]:
            first = found.pop()[0][0] if is_joined else start
            found.append(((first, end), (first + shift, end + shift)))
        is_joined = line == other and start >= before and end < ends[0]
        at = end + 1
        shift += len(other) - len(line)
    return found


def equal_ends(one: Sequence[object], two: Sequence[object]) -> tuple[int, int]:
    """Return how many elements two sequences share at the beginning and, apart from those, at the end."""
    begin = sum(takewhile(bool, map(eq, one, two)))
    return begin, sum(takewhile(bool, map(eq, reversed(one[begin:]), reversed(two[begin:]))))


def equal_runs(one: Sequence[Hashable], two: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield the places, in either, of what two sequences share in order: their ends, and runs between.

    The longest runs are taken first, and none where one thing stands there too often.
    """
    begin, end = equal_ends(one, two)
    last = len(one) - end, len(two) - end
    yield from ((place, place) for place in range(begin))
    a, b = one[begin : last[0]], two[begin : last[1]]
    counts = Counter(b)
    if a and b and sum(counts[key] for key in a) <= MOST:
        for run in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks():
            yield from ((begin + run.a + place, begin + run.b + place) for place in range(run.size))
    yield from ((last[0] + place, last[1] + place) for place in range(end))
