"""What two texts share at their beginning and end."""

from collections.abc import Callable


def common_ends(one: bytes, two: bytes) -> tuple[int, int]:
    """Return how many bytes two texts share at the beginning and, apart from those, at the end."""
    size = min(len(one), len(two))
    before = _longest(size, lambda n: one[:n] == two[:n])
    rest = size - before
    return before, _longest(rest, lambda n: one[len(one) - n :] == two[len(two) - n :])


def _longest(most: int, holds: Callable[[int], bool]) -> int:
    low = 0
    while low < most:
        middle = (low + most + 1) // 2
        low, most = (middle, most) if holds(middle) else (low, middle - 1)
    return low
