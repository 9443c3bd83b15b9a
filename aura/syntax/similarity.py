"""How alike two entities are: shared words and pairs of words, the rare ones counting more."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from math import log

from msgspec import Struct

from aura.syntax.items import CODE, TYPES, VALUES, Item

CANDIDATES = 12
COMMON = 60

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Edge(Struct, frozen=True):
    """A possible pair and how good it is."""

    score: float
    old: Item
    new: Item


class Likeness:
    """Compares two pools of items; a feature counts by how few of them have it."""

    def __init__(self, olds: list[Item], news: list[Item]) -> None:
        self.olds, self.news = olds, news
        frequency: Counter[bytes] = Counter()
        for item in (*olds, *news):
            frequency.update(item.features.keys())
        self.size = max(2, len(olds) + len(news))
        self.frequency = frequency
        self._mass: dict[Item, float] = {}
        self._weights: dict[bytes, float] = {}

    def weight(self, feature: bytes) -> float:
        known = self._weights.get(feature)
        if known is None:
            known = self._weights[feature] = log(1 + self.size / (self.frequency[feature] or 1))
        return known

    def mass(self, item: Item) -> float:
        known = self._mass.get(item)
        if known is None:
            known = self._mass[item] = sum(self.weight(f) * n for f, n in item.features.items())
        return known

    def of(self, old: Item, new: Item) -> float:
        """Return the weighted Dice coefficient of the features of two items."""
        total = self.mass(old) + self.mass(new)
        return 2 * self.shared(old.features, new.features) / total if total else 1.0

    def shared(self, one: Counter[bytes], two: Counter[bytes]) -> float:
        if len(one) > len(two):
            one, two = two, one
        return sum(self.weight(f) * min(n, two[f]) for f, n in one.items() if f in two)

    def candidates(self) -> Iterator[tuple[Item, Item]]:
        """Yield for each new item the old ones that share most with it, and its namesakes."""
        index: dict[bytes, list[Item]] = defaultdict(list)
        names: dict[str, list[Item]] = defaultdict(list)
        for old in self.olds:
            names[old.entity.name].append(old)
            for feature in old.features:
                if self.frequency[feature] <= COMMON or len(self.olds) <= COMMON:
                    index[feature].append(old)
        for new in self.news:
            shared: dict[Item, float] = defaultdict(float)
            for feature, count in new.features.items():
                for old in index.get(feature, ()):
                    shared[old] += self.weight(feature) * min(count, old.features[feature])
            best = sorted(shared, key=lambda old: (-shared[old] / (self.mass(old) + 1), old.order))
            chosen = dict.fromkeys((*best[:CANDIDATES], *names[new.entity.name][:CANDIDATES]))
            for old in chosen:
                yield old, new

    def edge(self, old: Item, new: Item, same_place: bool) -> Edge | None:
        """Return the pair with its score, or None when it is not alike enough to be one."""
        a, b = old.entity, new.entity
        same_name = a.name == b.name
        if not same_name and "constructor" in (a.kind, b.kind):
            return None
        alike = self.of(old, new)
        if alike < _least(a.kind, same_name, same_place):
            return None
        names = name_likeness(a.name, b.name)
        same_path = old.path == new.path
        return Edge(alike + 0.25 * names + 0.1 * same_place + 0.03 * same_path, old, new)


def _least(kind: str, same_name: bool, same_place: bool) -> float:
    if kind in VALUES:
        return 0.5 if same_name else 0.8 if same_place else 2.0
    if kind in TYPES:
        return 0.25 if same_name else 0.45
    assert kind in CODE
    return 0.3 if same_name else 0.45 if same_place else 0.6


def name_likeness(one: str, two: str) -> float:
    """Return how many of their parts two names share, 0 to 1."""
    if one == two:
        return 1.0
    left, right = (Counter(p.lower() for p in _PART.findall(name)) for name in (one, two))
    total = left.total() + right.total()
    return 1.6 * (left & right).total() / total if total else 0.0
