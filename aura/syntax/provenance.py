"""Where the words of new entities came from and where those of lost ones went: extractions and inlinings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from aura.syntax.items import CODE, Item, word_features
from aura.syntax.match import Matches

SHARE = 0.5
LIKELY = 0.3
"""The share of words, comments and signatures included, from which on it is worth to read the bodies."""
LEAST = 8


class Copies(Struct, frozen=True):
    """For each extracted entity those it came out of, for each inlined one those it went into."""

    extracted: dict[Item, tuple[Item, ...]]
    inlined: dict[Item, tuple[Item, ...]]


def copies(changed: Sequence[tuple[Item, Item]], matches: Matches) -> Copies:
    """Find extractions and inlinings among the changed pairs."""
    code = [
        (old, new) for old, new in changed if new.entity.kind in CODE and old.entity.raw != new.entity.raw
    ]
    added = [item for item in matches.added if item.entity.kind in CODE]
    removed = [item for item in matches.removed if item.entity.kind in CODE]
    return Copies(
        _sources(added, [(new, old) for old, new in code]) if added else {},
        _sources(removed, code) if removed else {},
    )


def _sources(lone: Iterable[Item], pairs: Iterable[tuple[Item, Item]]) -> dict[Item, tuple[Item, ...]]:
    """Find for each lone item the pairs whose one side calls it while the other holds most of its words."""
    by_name: dict[bytes, list[Item]] = defaultdict(list)
    for item in lone:
        by_name[item.entity.name.encode()].append(item)
    found: dict[Item, list[Item]] = defaultdict(list)
    for caller, holder in pairs:
        called = [
            item
            for name in by_name.keys() & set(caller.words)
            if caller.words.count(name) > holder.words.count(name)
            for item in by_name[name]
        ]
        if not called:
            continue
        freed = holder.own_features - caller.own_features
        called = [item for item in called if _has_most(item.own_features, freed, LIKELY)]
        if not called:
            continue
        freed = _body_features(holder) - _body_features(caller)
        for item in called:
            if _has_most(_body_features(item), freed, SHARE):
                found[item].append(holder)
    return {item: tuple(sorted(holders, key=lambda h: h.order)) for item, holders in found.items()}


def _has_most(own: Counter[bytes], freed: Counter[bytes], share: float) -> bool:
    shared = (own & freed).total()
    return shared >= LEAST and shared >= share * min(own.total(), freed.total())


def _body_features(item: Item) -> Counter[bytes]:
    words = [word for word in item.tokens.body if word[:1] not in (b"\x00", b"\x01", b"\x02")]
    return word_features(words)
