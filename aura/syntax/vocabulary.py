"""Which words a change set replaces by which, learnt from the pairs that are already known.

Where a word gave way to another between the same neighbours, callers and users say that they name one
thing. What several such pairs have in common (`event_length` -> `outcome_length`, `has_event` ->
`has_outcome`) is a rule for the parts of names that nobody was seen to replace.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence, Set
from functools import lru_cache

from aura.syntax.items import Item, words_of
from aura.syntax.shared import common_ends

BYTES = 64_000
"""How much changed text is read at most, besides some for each item that is to be matched."""
EACH = 2_000
MARGIN = 40
LEAST_SHARED = 4
"""How many lines two texts must share before it is worth to leave them out."""
SPOKEN = 2
"""How many pairs must replace a word, or words must replace a part, before it is taken for a rule."""

_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_Parts = tuple[str, ...]
_Change = tuple[bytes, bytes]
_Words = list[bytes]
_Window = tuple[bytes, ...]


@lru_cache(10_000)
def parts(name: str) -> _Parts:
    """Return the words that a name is made of, in lower case."""
    return tuple(part.lower() for part in _PART.findall(name))


class Vocabulary:
    """What replaces what: whole words, and parts of names."""

    def __init__(self, used: Counter[_Change], named: Counter[_Change]) -> None:
        self.used, self.named = used, named
        self.words = _rules(used)
        self.segments = _segments(used.keys() | named.keys())
        single = {one[0]: two[0] for one, two in self.segments.items() if len(one) == len(two) == 1}
        self.parts = {
            case(one).encode(): case(two).encode()
            for one, two in single.items()
            for case in (str.lower, str.title, str.upper)
        }
        longest = sorted(self.parts, key=lambda part: (-len(part), part))
        self._part = re.compile(b"|".join(map(re.escape, longest))) if longest else None
        self._known: dict[bytes, bytes] = {}

    def translates_like(self, other: "Vocabulary") -> bool:
        """Tell whether both translate all words alike."""
        return self.words == other.words and self.parts == other.parts

    def supports(self, old: str, new: str, others: int) -> float:
        """Say how surely what was `old` is `new` now, 0 to 1, by its users and so many others."""
        seen = self.used[old.encode(), new.encode()] + others
        return 1.0 if seen >= SPOKEN else 0.8 if seen else 0.0

    def explains(self, old: str, new: str) -> bool:
        """Tell whether a rule makes `new` of `old`."""
        one, two = parts(old), parts(new)
        return any(
            one[:at] + by + one[at + len(segment) :] == two
            for segment, by in self.segments.items()
            for at in range(len(one) - len(segment) + 1)
            if one[at : at + len(segment)] == segment
        )

    def translated(self, words: Iterable[bytes]) -> list[bytes]:
        """Return words as they would be called after."""
        known = self._known
        found = []
        for word in words:
            if word not in known:
                known[word] = self._translated(word)
            found.append(known[word])
        return found

    def _translated(self, word: bytes) -> bytes:
        whole = self.words.get(word)
        if whole is not None or self._part is None:
            return whole or word
        return self._part.sub(lambda found: self.parts[found[0]], word)


class Lessons:
    """Learns from pairs of which entity became which; each pair is read once."""

    def __init__(self) -> None:
        self._read: dict[tuple[Item, Item], set[_Change]] = {}
        self._budget = 0

    def of(self, pairs: Iterable[tuple[Item, Item]], wanted: int) -> Vocabulary:
        """Return what pairs tell about so many items; what is over the budget tells nothing."""
        used: Counter[_Change] = Counter()
        named: Counter[_Change] = Counter()
        self._budget = BYTES + EACH * wanted
        for pair in pairs:
            known = self._read.get(pair)
            if known is None:
                known = self._read[pair] = self._replaced(*pair)
            own = _names(*pair)
            named[own] += own[0] != own[1]
            used.update(known - {own})
        return Vocabulary(used, named)

    def _replaced(self, old: Item, new: Item) -> set[_Change]:
        before, after = _hunks(*_middle(old.text, new.text))
        self._budget -= sum(map(len, before)) + sum(map(len, after))
        if self._budget < 0:
            return set()
        return replaced([words_of(hunk) for hunk in before], [words_of(hunk) for hunk in after])


def replaced(one: Sequence[_Words], two: Sequence[_Words]) -> set[_Change]:
    """Return the names that gave way to others between two words before and one or two behind.

    Given are the pieces of two texts.
    """
    found: set[_Change] = set()
    for size in (4, 5):
        old, new = _windows(one, size), _windows(two, size)
        gone, come = (_by_context(windows) for windows in (old - new, new - old))
        contexts = gone.keys() & come.keys()
        # Where several names stand between the same words, none of them is known to be replaced.
        alone = contexts and _alone(old, contexts) & _alone(new, contexts)
        found.update((gone[context], come[context]) for context in alone)
        if len(alone) == len(contexts):
            break
    return found


def _names(old: Item, new: Item) -> _Change:
    return old.entity.name.encode(), new.entity.name.encode()


def _middle(one: bytes, two: bytes) -> tuple[bytes, bytes]:
    """Return two texts without what they share at both ends, some bytes aside for the contexts."""
    first, last = common_ends(one, two)
    first, last = max(0, first - MARGIN), max(0, last - MARGIN)
    return one[first : len(one) - last], two[first : len(two) - last]


def _hunks(one: bytes, two: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the lines that only one of two texts has, each run of them with those beside it."""
    sides = one.splitlines(keepends=True), two.splitlines(keepends=True)
    shared = set(sides[0]).intersection(sides[1])
    if len(shared) < LEAST_SHARED:
        return [one], [two]
    return _runs(sides[0], shared), _runs(sides[1], shared)


def _runs(lines: Sequence[bytes], but: Container[bytes]) -> list[bytes]:
    found: list[bytes] = []
    end = 0
    for place, line in enumerate(lines):
        if line not in but:
            start = max(end, place - 1)
            if found and start == end:
                found[-1] += b"".join(lines[start : place + 2])
            else:
                found.append(b"".join(lines[start : place + 2]))
            end = place + 2
    return found


def _windows(pieces: Sequence[_Words], size: int) -> set[_Window]:
    """Return so many neighbouring words, wherever they stand."""
    found: set[_Window] = set()
    for words in pieces:
        found.update(zip(*(words[place:] for place in range(size)), strict=False))
    return found


def _by_context(windows: Iterable[_Window]) -> dict[_Window, bytes]:
    """Return the names that are the third of some words, by those around them."""
    return {window[:2] + window[3:]: window[2] for window in windows if window[2] > b"A"}


def _alone(windows: Iterable[_Window], among: Set[_Window]) -> set[_Window]:
    """Return those contexts in which one name stands, and no other."""
    before, behind = {context[1] for context in among}, {context[-1] for context in among}
    likely = [window for window in windows if window[-1] in behind and window[1] in before]
    met = Counter([window[:2] + window[3:] for window in likely])
    return {context for context in among if met[context] == 1}


def _rules(votes: Counter[_Change]) -> dict[bytes, bytes]:
    """Return the words that mostly one other replaces, which mostly replaces them."""
    gone, come = Counter[bytes](), Counter[bytes]()
    for (old, new), count in votes.items():
        gone[old] += count
        come[new] += count
    return {
        old: new
        for (old, new), count in votes.items()
        if count >= SPOKEN and 3 * count > 2 * gone[old] and 3 * count > 2 * come[new]
    }


def _segments(changes: Iterable[_Change]) -> dict[_Parts, _Parts]:
    """Return the parts of names that mostly one other replaces."""
    found: dict[_Parts, Counter[_Parts]] = defaultdict(Counter)
    for old, new in changes:
        one, two = parts(old.decode(errors="replace")), parts(new.decode(errors="replace"))
        size = min(len(one), len(two))
        first = next((i for i in range(size) if one[i] != two[i]), size)
        last = next((i for i in range(size - first) if one[-1 - i] != two[-1 - i]), size - first)
        segment, by = one[first : len(one) - last], two[first : len(two) - last]
        if segment and segment != by:
            found[segment][by] += 1
    rules = {}
    for segment, others in found.items():
        (by, count), *_ = others.most_common(1)
        if count >= SPOKEN and 3 * count > 2 * others.total():
            rules[segment] = by
    return rules
