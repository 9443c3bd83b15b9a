"""How alike two texts are: shared words and pairs of words, the rare ones counting more."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from math import log

from aura.syntax.items import Item, overlap
from aura.syntax.shared import common_ends
from aura.syntax.vocabulary import parts

EVIDENT = 0.75

Features = Counter[bytes]


UNIT = 1 << 20
"""Weights are whole numbers of this part of one: sums of those are the same in any order."""


class Weights(dict[bytes, int]):
    """The weight of a feature, by how few of the items of a side have it."""

    def __init__(
        self, olds: Sequence[Features], news: Sequence[Features], around: Sequence[Features]
    ) -> None:
        """Count the items of each side and those around, which belong to both."""
        most = 1 + max(len(olds), len(news)) + len(around)
        self._by_count = [round(UNIT * log(most / max(count, 1))) for count in range(most + 1)]
        common: Counter[bytes] = Counter(chain.from_iterable(around))
        self._old, self._new = common.copy(), common
        self._old.update(chain.from_iterable(olds))
        self._new.update(chain.from_iterable(news))
        for side in (self._old, self._new):
            self.update(zip(side, map(self._by_count.__getitem__, side.values()), strict=True))
        both = self._old.keys() & self._new.keys()
        counts = map(max, map(self._old.__getitem__, both), map(self._new.__getitem__, both))
        self.update(zip(both, map(self._by_count.__getitem__, counts), strict=True))

    def frequency(self, feature: bytes) -> int:
        """Return in how many items of a side a feature is."""
        return max(self._old.get(feature, 0), self._new.get(feature, 0))

    def __missing__(self, feature: bytes) -> int:
        return self._by_count[0]


class Likeness:
    """Compares the items of two sides; a feature counts by how few of them have it."""

    def __init__(
        self,
        olds: Sequence[Item],
        news: Sequence[Item],
        beside: Sequence[Item],
        translate: Callable[[Item], Features],
    ) -> None:
        """Compare `olds`, as `translate` reads them, with `news`; `beside` shows what is common there."""
        self.features = {item: translate(item) for item in olds} | {item: item.features for item in news}
        before, after = ([self.features[item] for item in side] for side in (olds, news))
        self.weights = Weights(before, after, [item.features for item in beside])
        self._mass: dict[Item, int] = {}

    def between(self, one: Features, two: Features) -> float:
        """Return the weighted Dice coefficient of any features."""
        total = self._mass_of(one) + self._mass_of(two)
        return 2 * self._shared(one, two) / total if total else 1.0

    def mass(self, item: Item) -> int:
        """Return the weight of all features of an item."""
        known = self._mass.get(item)
        if known is None:
            known = self._mass[item] = self._mass_of(self.features[item])
        return known

    def _mass_of(self, features: Features) -> int:
        return sum(map(int.__mul__, map(self.weights.__getitem__, features), features.values()))

    def of(self, old: Item, new: Item) -> float:
        """Return the weighted Dice coefficient of the features of two items."""
        total = self.mass(old) + self.mass(new)
        return 2 * self.shared(old, new) / total if total else 1.0

    def shared(self, old: Item, new: Item) -> int:
        return self._shared(self.features[old], self.features[new])

    def _shared(self, one: Features, two: Features) -> int:
        both = one.keys() & two.keys()
        counts = map(min, map(one.__getitem__, both), map(two.__getitem__, both))
        return sum(map(int.__mul__, map(self.weights.__getitem__, both), counts))


def plain_likeness(old: Item, new: Item) -> float:
    """Return the Dice coefficient of the features of two items, all of them counting alike."""
    one, two = old.features, new.features
    total = one.total() + two.total()
    return 2 * overlap(one, two) / total if total else 1.0


def is_evident(old: Item, new: Item) -> bool:
    """Tell whether most of two texts is what they share at both ends, or in lines: no need to count words."""
    one, two = old.text, new.text
    most = EVIDENT * max(len(one), len(two))
    return sum(common_ends(one, two)) >= most or _shared_lines(one, two) >= most


def _shared_lines(one: bytes, two: bytes) -> int:
    lines = Counter(one.splitlines(keepends=True)) & Counter(two.splitlines(keepends=True))
    return sum([len(line) * count for line, count in lines.items()])


@lru_cache(10_000)
def name_likeness(one: str, two: str) -> float:
    """Return how many of their parts two names share, 0 to 1."""
    if one == two:
        return 1.0
    left, right = parts(one), parts(two)
    if left and left == right:
        return 1.0
    total = len(left) + len(right)
    shared = sum([min(left.count(part), right.count(part)) for part in set(left) & set(right)])
    return 1.6 * shared / total if total else 0.0
