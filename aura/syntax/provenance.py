"""Where the content of new entities came from, and where that of lost ones went.

Extractions and inlinings are those of RefactoringMiner (Tsantalis et al., TSE 2020): one side newly calls
what the other side holds the words of. Without a call it is a split or a merge, and asks for more in common.
Types follow their members.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise

from msgspec import Struct

from aura.syntax.items import CODE, TYPES, Item, overlap, word_features, words_of, words_with_places
from aura.syntax.match import Matches
from aura.syntax.shared import common_ends
from aura.syntax.similarity import Features

SHARE = 0.5
LIKELY = 0.2
"""The share of words, comments and signatures included, from which on it is worth to read the bodies."""
LEAST, LEAST_OF_MOST = 8, 5
APART = 0.6
"""The share of words that is most of them, and that must be common where neither calls the other."""
LEAST_APART = 24
NEARLY = 0.02
"""How much less than the most a holder may have of what it is said to have held."""
NEAR = 40
"""How many holders in one place are compared with what is new or gone there."""
GAP = 12
"""How many words may part two that were copied together."""

_BEFORE, _AFTER = 0, 1
_Pair = tuple[Item, Item]


class Copy(Struct, frozen=True):
    """The other side of content that went from one entity to another: where it stands there, in bytes."""

    item: Item
    start: int
    end: int


_Found = dict[Item, list[Copy]]


class Copies(Struct, frozen=True):
    """What extracted entities came out of, what inlined ones went into, what split ones became."""

    extracted: _Found
    inlined: _Found
    split: _Found


def copies(changed: Sequence[_Pair], matches: Matches) -> Copies:
    """Find what was extracted, inlined and split, given the pairs that differ."""
    added = [item for item in matches.added if item.entity.kind in CODE]
    removed = [item for item in matches.removed if item.entity.kind in CODE]
    found = Copies(_Found(), _Found(), _Found())
    if added or removed:
        code = [(old, new) for old, new in changed if {old.entity.kind, new.entity.kind} <= CODE]
        edited = [_Edited(old, new) for old, new in code if old.entity.raw != new.entity.raw]
        found.extracted.update(_called(added, edited, _BEFORE))
        found.inlined.update(_called(removed, edited, _AFTER))
        _copied_whole(found, [pair for pair in code if _left_home(*pair, matches)], added, removed)
        _part(found, edited, added, removed, matches)
    _types(found, changed, matches)
    return found


class _Edited:
    """A pair whose texts differ, and the words between what both share at their ends."""

    def __init__(self, old: Item, new: Item) -> None:
        self.sides = old, new
        one, two = (item.file.own_text(item.index) if item.children else item.text for item in self.sides)
        first, last = common_ends(one, two)
        first, ends = one.rfind(b"\n", 0, first) + 1, one.find(b"\n", len(one) - last)
        last = len(one) - ends if ends >= 0 else 0
        self.middles = tuple(text[first : len(text) - last] for text in (one, two))

    @cached_property
    def words(self) -> tuple[list[bytes], ...]:
        return tuple(map(words_of, self.middles))

    def calls(self, names: Mapping[bytes, list[Item]], side: int) -> Iterator[Item]:
        """Yield the items that the side that does not hold them names more often than the one that does."""
        if len(names) < NEAR and not any(name in self.middles[1 - side] for name in names):
            return
        caller, holder = self.words[1 - side], self.words[side]
        for name in names.keys() & set(caller):
            if caller.count(name) > holder.count(name):
                yield from names[name]

    @cached_property
    def features(self) -> tuple[Features, ...]:
        return tuple(map(word_features, self.words))

    def freed(self, side: int) -> Features:
        """Return what one side has and the other lacks."""
        return self.features[side] - self.features[1 - side]

    def freed_body(self, side: int) -> Features:
        return self.sides[side].body_features - self.sides[1 - side].body_features


def _called(lone: Sequence[Item], edited: Sequence[_Edited], side: int) -> _Found:
    """Find for each lone item the pairs whose one side calls it while the other holds most of its words."""
    names: dict[bytes, list[Item]] = defaultdict(list)
    for item in lone:
        for name in _called_as(item):
            names[name].append(item)
    found: _Found = defaultdict(list)
    for pair in edited if lone else ():
        called = list(pair.calls(names, side))
        freed = pair.freed(side) if called else Features()
        called = [item for item in called if _has_most(item.own_features, freed, LIKELY)]
        freed = pair.freed_body(side) if called else freed
        for item in called:
            if _has_most(item.body_features, freed, SHARE):
                found[item].append(_located(item, pair.sides[side], freed))
    return found


def _called_as(item: Item) -> tuple[bytes, ...]:
    """Return the words that call an item; constructors go by others than where they are merely used."""
    if item.entity.kind == "constructor" and not item.entity.name.startswith("__"):
        return b"super", b"this"
    return (item.entity.name.encode(),)


def _has_most(own: Features, freed: Features, share: float) -> bool:
    shared = overlap(own, freed)
    if shared < LEAST:
        return shared >= LEAST_OF_MOST and shared >= share * APART / SHARE * own.total()
    return shared >= share * min(own.total(), freed.total())


def _left_home(old: Item, new: Item, matches: Matches) -> bool:
    if old.parent is None or new.parent is None:
        return False
    return matches.after_of.get(old.parent) is not new.parent


def _copied_whole(found: Copies, moved: Sequence[_Pair], added: list[Item], removed: list[Item]) -> None:
    """Take a copy of what moved (pulled up from several classes, pushed down to several) for one."""
    for lone, side, target in ((added, _BEFORE, found.extracted), (removed, _AFTER, found.inlined)):
        waiting = {(pair[side].entity.name, pair[side].entity.raw): pair[side] for pair in moved}
        for item in lone:
            twin = waiting.get((item.entity.name, item.entity.raw))
            if twin is not None and item not in target:
                target[item] = [Copy(twin, twin.entity.start, twin.entity.end)]


def _part(
    found: Copies, edited: Sequence[_Edited], added: list[Item], removed: list[Item], matches: Matches
) -> None:
    """Find splits and merges: what is beside an entity, or was, and a part of it that it does not call."""

    def place(item: Item, side: int) -> object:
        if item.parent is None:
            return item.path
        return item.parent if side else matches.after_of.get(item.parent)

    for side, lone, others in ((_BEFORE, added, removed), (_AFTER, removed, added)):
        target = (found.extracted, found.inlined)[side]
        parts: dict[object, list[Item]] = defaultdict(list)
        for item in lone:
            if item not in target and item not in found.split and item.own_features.total() >= LEAST_APART:
                parts[place(item, 1 - side)].append(item)
        holders: dict[object, list[_Edited | Item]] = defaultdict(list)
        for pair in edited if parts else ():
            holders[place(pair.sides[side], side)].append(pair)
        for item in others if parts else ():
            holders[place(item, side)].append(item)
        best: dict[Item, float] = defaultdict(float)
        held: list[tuple[_Edited | Item, dict[Item, float], Features]] = []
        for where, items in parts.items():
            for holder in holders[where][:NEAR]:
                shares, freed = _parts_of(holder, items, side)
                for part, share in shares.items():
                    best[part] = max(best[part], share)
                held.append((holder, shares, freed))
        for holder, shares, freed in held:
            own = [part for part, share in shares.items() if share > best[part] - NEARLY]
            if len(own) > isinstance(holder, Item):
                item = holder if isinstance(holder, Item) else holder.sides[side]
                for part in own:
                    target.setdefault(part, []).append(_located(part, item, freed))
                if side == _BEFORE:
                    found.split[item] = [_located(item, part, freed) for part in own]


def _parts_of(holder: _Edited | Item, items: Sequence[Item], side: int) -> tuple[dict[Item, float], Features]:
    """Return the items most of whose words are in a holder, with how many are, and what it holds."""
    text = holder.text if isinstance(holder, Item) else holder.middles[side]
    items = [part for part in items if 2 * len(text) > len(part.text)]
    if not items:
        return {}, Features()
    freed = holder.own_features if isinstance(holder, Item) else holder.freed(side)
    items = [part for part in items if _has_most_of(part.own_features, freed)]
    if not items:
        return {}, freed
    freed = holder.body_features if isinstance(holder, Item) else holder.freed_body(side)
    own = {part: part.body_features for part in items}
    held = {part: features for part, features in own.items() if _has_most_of(features, freed)}
    return {part: overlap(features, freed) / features.total() for part, features in held.items()}, freed


def _has_most_of(own: Features, freed: Features) -> bool:
    return own.total() >= LEAST_APART and overlap(own, freed) >= APART * own.total()


def _located(copied: Item, holder: Item, freed: Features) -> Copy:
    """Find where most of what two items share stands in the holder's text."""
    shared = copied.own_features.keys() & freed.keys()
    words = words_with_places(holder.text)
    runs: list[list[int]] = [[]]
    for place, ((one, _), (two, _)) in enumerate(pairwise(words)):
        if one + b" " + two in shared:
            if runs[-1] and place - runs[-1][-1] > GAP:
                runs.append([])
            runs[-1].append(place)
    best = max(runs, key=len)
    start = holder.entity.start
    if not best:
        return Copy(holder, start, holder.entity.end)
    sign = not words[best[0]][0][-1:].isalnum()
    last, at = words[best[-1] + 1]
    return Copy(holder, start + words[best[0] + sign][1], start + at + len(last))


def _types(found: Copies, changed: Sequence[_Pair], matches: Matches) -> None:
    """Find types that were made of members of others, and types whose members went into others."""
    added = [item for item in matches.added if item.entity.kind in TYPES and item.children]
    removed = [item for item in matches.removed if item.entity.kind in TYPES and item.children]
    if not added and not removed:
        return
    before_of = {new: old for old, new in matches.after_of.items()}
    for item in added:
        origins = _homes(item, before_of)
        if not origins:
            origins = [Copy(old, old.entity.start, old.entity.end) for old in _implementers(item, changed)]
        if origins:
            found.extracted[item] = origins
    new = set(added)
    for item in removed:
        targets = _homes(item, matches.after_of)
        if len(targets) > 1 and new.issuperset(copy.item for copy in targets):
            found.split[item] = targets
        elif targets:
            found.inlined[item] = targets


def _homes(item: Item, others: Mapping[Item, Item]) -> list[Copy]:
    """Return the types where most members of one were or went to, with the range of those members."""
    homes: dict[Item, list[Item]] = defaultdict(list)
    members = [child for child in item.children if child.entity.kind in CODE]
    for child in members:
        other = others.get(child)
        if other is not None and other.parent is not None and other.parent.entity.kind in TYPES:
            homes[other.parent].append(other)
    if 2 * sum(map(len, homes.values())) <= len(members):
        return []
    return [
        Copy(home, min(m.entity.start for m in moved), max(m.entity.end for m in moved))
        for home, moved in sorted(homes.items(), key=lambda h: h[0].order)
    ]


def _implementers(item: Item, changed: Iterable[_Pair]) -> Iterator[Item]:
    """Yield the types, as they were before, that newly name a type and have most of its members."""
    name = item.entity.name.encode()
    labels = {child.label for child in item.children if child.entity.kind in CODE}
    for old, new in changed:
        if new.entity.kind in TYPES and labels:
            shared = labels & {child.label for child in old.children}
            if 2 * len(shared) >= len(labels) and name in new.own_features and name not in old.own_features:
                yield old
