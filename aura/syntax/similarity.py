"""How alike two entities are: shared words and pairs of words, the rare ones counting more."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from math import log
from operator import mul

from msgspec import Struct

from aura.syntax.items import CODE, TYPES, VALUES, Item
from aura.syntax.shared import common_ends

CANDIDATES = 12
COMMON = 60
EVIDENT = 0.75

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Edge(Struct, frozen=True):
    """A possible pair and how good it is."""

    score: float
    old: Item
    new: Item


class _Weights(dict[bytes, float]):
    """The weight of a feature, by how few of all items have it."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.size = max(2, len(items))
        self.frequency: Counter[bytes] = Counter()
        for item in items:
            self.frequency.update(item.features.keys())

    def __missing__(self, feature: bytes) -> float:
        weight = self[feature] = log(1 + self.size / (self.frequency[feature] or 1))
        return weight


class Likeness:
    """Compares two pools of items; a feature counts by how few of them have it."""

    def __init__(self, olds: list[Item], news: list[Item]) -> None:
        self.olds, self.news = olds, news
        self.weights = _Weights((*olds, *news))
        self._mass: dict[Item, float] = {}

    def mass(self, item: Item) -> float:
        known = self._mass.get(item)
        if known is None:
            features = item.features
            weights = map(self.weights.__getitem__, features)
            known = self._mass[item] = sum(map(mul, weights, features.values()))
        return known

    def of(self, old: Item, new: Item) -> float:
        """Return the weighted Dice coefficient of the features of two items."""
        total = self.mass(old) + self.mass(new)
        return 2 * self.shared(old.features, new.features) / total if total else 1.0

    def shared(self, one: Counter[bytes], two: Counter[bytes]) -> float:
        weights = self.weights
        return sum(weights[f] * min(one[f], two[f]) for f in one.keys() & two.keys())

    def candidates(self) -> Iterator[tuple[Item, Item]]:
        """Yield for each new item the old ones that share most with it, and its namesakes."""
        weights, frequency = self.weights, self.weights.frequency
        index: dict[bytes, list[Item]] = defaultdict(list)
        names: dict[str, list[Item]] = defaultdict(list)
        for old in self.olds:
            names[old.entity.name].append(old)
            for feature in old.features:
                if frequency[feature] <= COMMON or len(self.olds) <= COMMON:
                    index[feature].append(old)
        for new in self.news:
            shared: dict[Item, float] = defaultdict(float)
            for feature, count in new.features.items():
                for old in index.get(feature, ()):
                    shared[old] += weights[feature] * min(count, old.features[feature])
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


def is_evident(old: Item, new: Item) -> bool:
    """Tell whether most of two texts is what they have in common at both ends: no need to count words."""
    return sum(common_ends(old.text, new.text)) >= EVIDENT * max(len(old.text), len(new.text))


def name_likeness(one: str, two: str) -> float:
    """Return how many of their parts two names share, 0 to 1."""
    if one == two:
        return 1.0
    left, right = (Counter(p.lower() for p in _PART.findall(name)) for name in (one, two))
    total = left.total() + right.total()
    return 1.6 * (left & right).total() / total if total else 0.0
