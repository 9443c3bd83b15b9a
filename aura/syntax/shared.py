"""What two texts share."""

from collections.abc import Callable

Run = tuple[int, int]


def common_ends(one: bytes, two: bytes) -> tuple[int, int]:
    """Return how many bytes two texts share at the beginning and, apart from those, at the end."""
    size = min(len(one), len(two))
    before = _longest(size, lambda n: one[:n] == two[:n])
    rest = size - before
    return before, _longest(rest, lambda n: one[len(one) - n :] == two[len(two) - n :])


def shared_runs(one: bytes, two: bytes) -> tuple[list[Run], list[Run]]:
    """Return the ranges that two texts share, in order, those of either text.

    They are the common beginning and end, without the bytes next to a difference, for those may belong to it;
    and of texts with equally many lines the lines between that are the same in the same places.
    """
    before, after = common_ends(one, two)
    found = [((0, before - 1), (0, before - 1))] if before > 1 else []
    ends = len(one) - after, len(two) - after
    if one.count(b"\n") == two.count(b"\n"):
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


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        low, most = (middle, most) if holds(middle) else (low, middle - 1)
    return low
