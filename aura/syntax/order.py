"""What stands elsewhere among what is beside it, though nothing else about it changed."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from aura.syntax.items import VALUES, Item
from aura.syntax.margins import BLANK, comments
from aura.syntax.types import Change

_Pair = tuple[Item, Item]

LAST_WINS = frozenset({"python", "javascript", "ruby", "php", "bash"})
"""The languages in which the later of two definitions of one name is the one that counts."""


def reordered(pairs: Iterable[_Pair]) -> dict[Item, Change]:
    """Return for each old item whose order changed what that means.

    The order of definitions is a matter of layout, save where the last of several namesakes counts and for
    values, whose order may be their meaning; so may that of statements among definitions.
    """
    beside: dict[tuple[object, object], list[_Pair]] = defaultdict(list)
    mixed: list[_Pair] = []
    for pair in pairs:
        old, new = pair
        kind = new.entity.kind
        if kind == "statements" or (new.children and old.text != new.text):
            mixed.append(pair)
        if kind not in ("statements", "file"):
            beside[old.parent or old.path, new.parent or new.path].append(pair)
    found: dict[Item, Change] = {}
    for siblings in beside.values():
        for old, new in _displaced(siblings):
            counts = old.entity.kind in VALUES or _is_namesake(new) or _is_namesake(old)
            found[old] = "body_changed" if counts else "formatting_only"
    for old, new in mixed:
        if old not in found and _has_same_lines(old, new):
            whole = new.entity.kind == "statements"
            inside = (old.path, new.path) if whole else (old, new)
            if not _is_mixed_alike(old, new, beside.get(inside, ()), found):
                found[old] = "body_changed"
    return found


def _displaced(siblings: Sequence[_Pair]) -> Iterator[_Pair]:
    """Yield the fewest pairs without which the others, given in their old order, are in their new one."""
    starts = [new.entity.start for _, new in siblings]
    if starts == sorted(starts):
        return
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, start in enumerate(starts):
        size = bisect_left(tails, start)
        tails[size:] = [start] if size == len(tails) else [start, *tails[size + 1 :]]
        ends[size:] = [place] if size == len(ends) else [place, *ends[size + 1 :]]
        before.append(ends[size - 1] if size else -1)
    kept, place = set(), ends[-1]
    while place >= 0:
        kept.add(place)
        place = before[place]
    yield from (pair for place, pair in enumerate(siblings) if place not in kept)


def _is_namesake(item: Item) -> bool:
    if item.file.table.language not in LAST_WINS:
        return False
    siblings = item.file.table.entities
    return item.entity.ordinal > 0 or any(
        other.qualified_name == item.entity.qualified_name and other.ordinal > 0 for other in siblings
    )


def _has_same_lines(old: Item, new: Item) -> bool:
    if old.entity.raw == new.entity.raw:
        return True
    return old.file.own_lines(old.index) == new.file.own_lines(new.index)


def _is_mixed_alike(old: Item, new: Item, inside: Sequence[_Pair], but: Iterable[Item]) -> bool:
    """Tell whether the same of two equal own texts stands before each definition that kept its order."""
    language = new.file.language
    if language is None:
        return True
    for size in (len, lambda piece: len(b"".join(comments(language).sub(b"", piece).split()))):
        one, two = (_before(item, size) for item in (old, new))
        if all(one.get(a.entity.start) == two.get(b.entity.start) for a, b in inside if a not in but):
            return True
    return False


def _before(item: Item, size: Callable[[bytes], int]) -> dict[int, int]:
    """Return how much of an item's own text stands before each offset where it is interrupted."""
    source, found, total = item.file.source, {}, 0
    for start, end in item.file.spans(item.index):
        piece = source[start:end].strip(BLANK)
        total += size(piece) if piece else 0
        found[end] = total
    return found
