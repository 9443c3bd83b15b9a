"""Who votes for a pair, and the pairs that are worth a vote.

Text, name, signature, place, neighbours and users each have a say, as in RefDiff (Silva et al., TSE 2021)
and CodeShovel (Grund et al., ICSE 2021): a body that was rewritten may stand where it stood, be called
where it was called and take what it took.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from heapq import nsmallest

from aura.syntax.items import CODE, TYPES, VALUES, Item, word_features
from aura.syntax.pairing import Pairing
from aura.syntax.similarity import Features, Likeness, name_likeness
from aura.syntax.vocabulary import Vocabulary

CANDIDATES = 12
COMMON = 60
"""A feature that more items than this have leads to no candidates."""
RAREST = 16
AROUND = 2
BESIDE = 3

NAME, SIGNATURE, PLACE, NEIGHBOURS, USERS = 0.2, 0.1, 0.15, 0.1, 0.25
STAY = 0.2
LEAST_VOTES = 0.75
LEAST_TEXT = 0.2


class Votes:
    """The worth of pairs of items of one kind that are left, in the light of those that are known."""

    def __init__(self, olds: Sequence[Item], news: Sequence[Item], pairing: Pairing) -> None:
        self.olds, self.news = olds, news
        self.pairing, self.vocabulary = pairing, Vocabulary(Counter(), Counter())
        beside = {
            other: None
            for side, items in enumerate((olds, news))
            for item in items[:BESIDE]
            if item.entity.kind in CODE
            for other in pairing.around(item, side, AROUND)
            if other.entity.kind in CODE
        }
        self.beside = [*beside]
        self._likeness: Likeness | None = None
        self._text: dict[tuple[Item, Item], float] = {}
        self._taken: dict[Item, frozenset[str]] = {}
        self._near: dict[Item, list[Item]] = {}
        self._alike: dict[tuple[bytes, bytes], set[Item]] = defaultdict(set)

    def listen(self, vocabulary: Vocabulary) -> None:
        """Use what is known about words from now on."""
        before, self.vocabulary = self.vocabulary, vocabulary
        if not vocabulary.translates_like(before):
            self._likeness = None
            self._text, self._near = {}, {}

    @property
    def likeness(self) -> Likeness:
        """How alike items are, words read as they are called after."""
        if self._likeness is None:
            self._likeness = Likeness(self.olds, self.news, self.beside, self._translated)
        return self._likeness

    def _translated(self, old: Item) -> Features:
        if not (self.vocabulary.words or self.vocabulary.parts):
            return old.features
        name = old.entity.name.encode()
        return word_features(self.vocabulary.translated(word for word in old.words if word != name))

    def candidates(self) -> Iterator[tuple[Item, Item]]:
        """Yield for each new item the old ones most like it, its namesakes and what its users used before."""
        names: dict[str, list[Item]] = defaultdict(list)
        for old in self.olds:
            names[old.entity.name].append(old)
        used: dict[str, list[Item]] = defaultdict(list)
        for one, two in self.vocabulary.used.keys() | self.vocabulary.named.keys():
            used[two.decode(errors="replace")] += names.get(one.decode(errors="replace"), ())
        if not self._near:
            index = self._index()
            self._near = {new: self._nearest(new, index) for new in self.news}
        for new, near in self._near.items():
            name = new.entity.name
            also = (*names.get(name, ())[:CANDIDATES], *used.get(name, ())[:CANDIDATES])
            for old in dict.fromkeys((*near, *also)):
                if old.entity.name != name and self.pairing.is_same_place(old, new):
                    self._alike[old.entity.name.encode(), name.encode()].add(old)
                yield old, new

    def _index(self) -> dict[bytes, list[Item]]:
        frequency, few = self.likeness.weights.frequency, len(self.olds) <= COMMON
        index: dict[bytes, list[Item]] = defaultdict(list)
        for old in self.olds:
            for feature in self.likeness.features[old]:
                if few or frequency(feature) <= COMMON:
                    index[feature].append(old)
        return index

    def _nearest(self, new: Item, index: dict[bytes, list[Item]]) -> list[Item]:
        weights, features = self.likeness.weights, self.likeness.features
        own = [feature for feature in features[new] if feature in index]
        shared: dict[Item, float] = defaultdict(float)
        for feature in nsmallest(RAREST, own, key=lambda f: len(index[f])) if len(own) > RAREST else own:
            for old in index[feature]:
                shared[old] += weights[feature] * min(features[new][feature], features[old][feature])
        return nsmallest(
            CANDIDATES, shared, key=lambda old: (-shared[old] / (self.likeness.mass(old) + 1), old.order)
        )

    def text(self, old: Item, new: Item) -> float:
        """Return how alike two texts are, words read as they are called after."""
        known = self._text.get((old, new))
        if known is None:
            known = self._text[old, new] = self.likeness.of(old, new)
        return known

    def _others(self, old: Item, new: Item) -> int:
        """Return how many more items may have been renamed alike, each in its own place."""
        change = old.entity.name.encode(), new.entity.name.encode()
        known = self.vocabulary.named[change] - (self.pairing.new.get(old) is new)
        return max(known, len(self._alike[change]) - 1, 0)

    def _signature(self, old: Item, new: Item) -> float:
        """Return how many parameters have one name; half where neither has any."""
        one, two = self._parameters(old), self._parameters(new)
        return 2 * len(one & two) / (len(one) + len(two)) if one or two else 0.5

    def _parameters(self, item: Item) -> frozenset[str]:
        known = self._taken.get(item)
        if known is None:
            known = frozenset([p.name for p in item.entity.parameters if p.kind != "receiver"])
            self._taken[item] = known
        return known

    def worth(self, old: Item, new: Item) -> float:
        """Return how much better it is to pair two items than not to; none below 0 is to be paired."""
        a, b = old.entity, new.entity
        if "constructor" in (a.kind, b.kind) and (a.kind != b.kind or a.name != b.name):
            return -1.0
        text = self.text(old, new)
        users = self.vocabulary.supports(a.name, b.name, self._others(old, new))
        name = 1.0 if self.vocabulary.explains(a.name, b.name) else name_likeness(a.name, b.name)
        here = self.pairing.is_same_place(old, new)
        if a.kind in VALUES:
            return text + NAME * name - _least_of_values(a.name == b.name, here, users > 0)
        if a.kind in TYPES:
            least = 0.3 if a.name == b.name else 0.5
            return text + NAME * (name - (a.name == b.name)) + 0.1 * here + USERS * users - least
        if text < LEAST_TEXT:
            return -1.0
        assert a.kind in CODE
        size = min(len(old.words), len(new.words))
        said = NAME * name + SIGNATURE * self._signature(old, new) + USERS * users
        if here:
            said += STAY * (a.name == b.name)
            beside = 2 * self.pairing.neighbourhood(old, new) - 1
            said += PLACE + NEIGHBOURS * (max(beside, 0) if users else beside)
        return text * size / (size + 4) + said - LEAST_VOTES


def _least_of_values(same_name: bool, here: bool, used: bool) -> float:
    if same_name:
        return 0.7
    return (0.3 if used else 0.8) if here else 2.0
