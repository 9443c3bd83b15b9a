"""Where the words of new entities came from and where those of lost ones went: extractions and inlinings."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from aura.syntax.items import CODE, Item
from aura.syntax.match import Matches

SHARE = 0.5
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
        words = Counter(caller.words)
        called = [item for name in by_name.keys() & words.keys() for item in by_name[name]]
        if not called:
            continue
        kept = Counter(holder.words)
        freed = _body_features(holder) - _body_features(caller)
        for item in called:
            if words[item.entity.name.encode()] <= kept[item.entity.name.encode()]:
                continue
            own = _body_features(item)
            shared = (own & freed).total()
            if shared >= LEAST and shared >= SHARE * min(own.total(), freed.total()):
                found[item].append(holder)
    return {item: tuple(sorted(holders, key=lambda h: h.order)) for item, holders in found.items()}


def _body_features(item: Item) -> Counter[bytes]:
    words = [word for word in item.tokens.body if word[:1] not in (b"\x00", b"\x01", b"\x02")]
    counted = Counter(word for word in words if len(word) > 1 or word.isalnum())
    counted.update(a + b" " + b for a, b in pairwise(words))
    return counted
