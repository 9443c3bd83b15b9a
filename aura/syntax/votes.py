"""Who votes for a pair, and the pairs that are worth a vote.

Text, name, signature, place, neighbours and users each have a say, as in RefDiff (Silva et al., TSE 2021)
and CodeShovel (Grund et al., ICSE 2021): a body that was rewritten may stand where it stood, be called
where it was called and take what it took.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from heapq import nsmallest

from aura.syntax.handed import target
from aura.syntax.items import CODE, TYPES, VALUES, Item, word_features
from aura.syntax.pairing import Pairing
from aura.syntax.similarity import UNIT, Features, Likeness, name_likeness
from aura.syntax.vocabulary import Vocabulary, parts

CANDIDATES = 12
COMMON = 60
"""A feature that more items than this have leads to no candidates."""
RAREST = 16
AROUND = 2
BESIDE = 3

NAME, SIGNATURE, PLACE, NEIGHBOURS, USERS = 0.2, 0.1, 0.15, 0.1, 0.25
STAY = 0.2
KIN, COMPANY, RARE = 0.2, 0.1, 0.1
LEAST_VOTES = 0.75
ALIKE, LIKELY = 0.8, 0.4
"""Below the first two texts may differ only in what counts for nothing; below the second, hardly."""
CALLED_ALIKE = 0.6
"""From here on two names are hardly different."""
LEAST_TEXT = 0.2
LEAST_OF_LOCAL = 0.75
"""What is within a function hardly leaves it alone, and small types within functions are much alike."""


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
        self._code: dict[tuple[Item, tuple[tuple[bytes, bytes], ...]], Features] = {}
        self._old = frozenset(olds)
        self._among = {*olds, *news}
        self._ways: set[tuple[str, str]] = set()
        names = [Counter(item.entity.name for item in side) for side in (olds, news)]
        self._names = names[0] | names[1]
        self._near: dict[Item, list[Item]] = {}
        self._alike: dict[tuple[bytes, bytes], set[Item]] = defaultdict(set)

    def listen(self, vocabulary: Vocabulary) -> None:
        """Use what is known about words from now on."""
        before, self.vocabulary = self.vocabulary, vocabulary
        self._ways = {
            (old.path, new.path)
            for old, new in self.pairing.new.items()
            if old.path != new.path and old.parent is None
        }
        if not vocabulary.translates_like(before):
            self._likeness = None
            self._text, self._near, self._code = {}, {}, {}

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
        wanted = {name.encode(): called for name, called in names.items()}
        changes = self.vocabulary.used.keys() | self.vocabulary.named.keys()
        used: dict[str, list[Item]] = defaultdict(list)
        for one, two in sorted([change for change in changes if change[0] in wanted]):
            used[two.decode(errors="replace")] += wanted[one]
        if not self._near:
            index = self._index()
            self._near = {new: self._nearest(new, index) for new in self.news}
        for new, near in self._near.items():
            name = new.entity.name
            also = (*names.get(name, ())[:CANDIDATES], *used.get(name, ())[:CANDIDATES])
            for old in dict.fromkeys((*near, *also)):
                if old.entity.name != name and self._is_like_in_place(old, new):
                    self._alike[old.entity.name.encode(), name.encode()].add(old)
                yield old, new

    def _is_like_in_place(self, old: Item, new: Item) -> bool:
        return self.pairing.is_same_place(old, new) and self.text(old, new) >= LEAST_TEXT

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
        shared: dict[Item, int] = defaultdict(int)
        for feature in nsmallest(RAREST, own, key=lambda f: len(index[f])) if len(own) > RAREST else own:
            for old in index[feature]:
                shared[old] += weights[feature] * min(features[new][feature], features[old][feature])
        return nsmallest(
            CANDIDATES, shared, key=lambda old: (-shared[old] / (self.likeness.mass(old) + UNIT), old.order)
        )

    def text(self, old: Item, new: Item) -> float:
        """Return how alike two texts are, words read as they are called after.

        What is said about them and what their parameters are called counts only in their favour.
        """
        known = self._text.get((old, new))
        if known is None:
            known = self.likeness.of(old, new)
            if known < ALIKE and self._is_worth_reading(old, new, known):
                known = max(known, self._code_likeness(old, new))
            self._text[old, new] = known
        return known

    def share(self, old: Item, new: Item, *, of_new: bool = False) -> float:
        """Return how much of an old text is in a new one, or `of_new` of that; words as they are after."""
        mass = self.likeness.mass(new if of_new else old)
        return self.likeness.shared(old, new) / mass if mass else 0.0

    def _is_worth_reading(self, old: Item, new: Item, known: float) -> bool:
        one, two = ([p.name for p in item.entity.parameters] for item in (old, new))
        is_renamed = len(one) == len(two) and one != two
        if known >= LIKELY and is_renamed:
            return True
        if not (is_renamed or old.is_commented or new.is_commented):
            return False
        return known >= LIKELY or self._are_called_alike(old, new)

    def _are_called_alike(self, old: Item, new: Item) -> bool:
        """Tell whether two names are hardly different, or one gave way to the other in the same place."""
        a, b = old.entity.name, new.entity.name
        if name_likeness(a, b) >= CALLED_ALIKE or self.vocabulary.explains(a, b):
            return True
        is_used = self.vocabulary.used[a.encode(), b.encode()] > 0
        return is_used and self.pairing.is_same_place(old, new)

    def _code_likeness(self, old: Item, new: Item) -> float:
        one, two = (
            [p.name.encode() for p in item.entity.parameters if p.kind != "receiver"] for item in (old, new)
        )
        renamed = {a: b for a, b in zip(one, two, strict=False) if a != b} if len(one) == len(two) else {}
        return self.likeness.between(self._code_of(old, renamed), self._code_of(new, {}))

    def _code_of(self, item: Item, renamed: Mapping[bytes, bytes]) -> Features:
        """Return the features of the code of an item, what is old as it is called after."""
        key = item, tuple(renamed.items())
        known = self._code.get(key)
        if known is None:
            words = item.code_words
            if item in self._old:
                words = [renamed.get(word, word) for word in self.vocabulary.translated(words)]
            known = self._code[key] = word_features(words)
        return known

    def _is_more_like_outer(self, old: Item, new: Item, text: float) -> bool:
        """Tell whether what encloses one of two items, and is left, too, is more like the other."""
        return (old.parent in self._among and self.text(old.parent, new) > text) or (
            new.parent in self._among and self.text(old, new.parent) > text
        )

    def _is_in_company(self, old: Item, new: Item) -> bool:
        """Tell whether others went from the one file to the other."""
        return (old.path, new.path) in self._ways

    def _is_rare(self, old: str, new: str) -> bool:
        """Tell whether a name of several words is that of one item here and of one there."""
        return len(parts(old)) > 1 and self._names[old] == self._names[new] == 1

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
            if a.name != b.name and name < CALLED_ALIKE and _stand_for_others(old, new):
                return -1.0
            return text + NAME * name - _least_of_values(a.name == b.name, here, users > 0)
        if a.kind in TYPES:
            least = 0.3 if a.name == b.name else 0.5
            if not here and CODE & {p.entity.kind for p in (old.parent, new.parent) if p}:
                least = LEAST_OF_LOCAL
            return text + NAME * (name - (a.name == b.name)) + 0.1 * here + USERS * users - least
        if text < LEAST_TEXT or self._is_more_like_outer(old, new, text):
            return -1.0
        assert a.kind in CODE
        size = min(len(old.words), len(new.words))
        said = NAME * name + SIGNATURE * self._signature(old, new) + USERS * users
        if name == 1.0 and not here:
            said += KIN * (a.name == b.name and self.pairing.is_kin(old, new))
            said += COMPANY * self._is_in_company(old, new) + RARE * self._is_rare(a.name, b.name)
        if here:
            said += STAY * (a.name == b.name)
            beside = 2 * self.pairing.neighbourhood(old, new) - 1
            said += PLACE + NEIGHBOURS * (max(beside, 0) if users else beside)
        return text * size / (size + 4) + said - LEAST_VOTES


def _stand_for_others(old: Item, new: Item) -> bool:
    """Tell whether two values are names of two things that are defined elsewhere."""
    one, two = target(old.file, old.entity), target(new.file, new.entity)
    return bool(one and two) and one != two


def _least_of_values(same_name: bool, here: bool, used: bool) -> float:
    if same_name:
        return 0.7
    return (0.3 if used else 0.8) if here else 2.0
