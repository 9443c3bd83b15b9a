"""The pairs that are known so far, and what they say about where others stand."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from aura.syntax.items import Item, words_of

HEADER = 400
_BODY = re.compile(rb"\{|:[ \t]*(?:#[^\n]*)?\n|\n[ \t]*\n")
NEAR = 8
"""How far a known neighbour is looked for."""


class Pairing:
    """Which item of before is which of after; each is in at most one pair."""

    def __init__(self, before: Sequence[Item], after: Sequence[Item]) -> None:
        self.new: dict[Item, Item] = {}
        self.old: dict[Item, Item] = {}
        self.paths: dict[str, str] = {}
        """Where most of a file that is gone went."""
        self.tops = _by_path(before), _by_path(after)
        """What is outermost, by path."""
        self._places: dict[Item, int] = {}
        self._headers: dict[Item, set[bytes]] = {}

    def pair(self, old: Item, new: Item) -> None:
        self.new[old], self.old[new] = new, old

    def reset(self, pairs: dict[Item, Item]) -> None:
        """Know no more than some pairs."""
        self.new = dict(pairs)
        self.old = {new: old for old, new in pairs.items()}

    def left(self, side: Iterable[Item]) -> list[Item]:
        """Return the items that are in no pair."""
        return [item for item in side if item not in self.new and item not in self.old]

    def is_same_place(self, old: Item, new: Item) -> bool:
        """Tell whether two items are in one container or, outermost, in one file."""
        if old.parent is None or new.parent is None:
            return old.parent is new.parent and self.paths.get(old.path, old.path) == new.path
        return self.new.get(old.parent) is new.parent

    def is_kin(self, old: Item, new: Item) -> bool:
        """Tell whether one of two containers names the other as what it inherits from."""
        if old.parent is None or new.parent is None:
            return False
        heir, base = self.new.get(old.parent), new.parent
        if heir is None or heir is base:
            return False
        return any(one.entity.name.encode() in self._header(two) for one, two in ((base, heir), (heir, base)))

    def _header(self, item: Item) -> set[bytes]:
        """Return the words behind the name of a type and before its body."""
        known = self._headers.get(item)
        if known is None:
            _, _, rest = item.file.own_text(item.index).partition(item.entity.name.encode())
            end = _BODY.search(rest, 0, HEADER)
            known = self._headers[item] = set(words_of(rest[: end.start() if end else HEADER]))
        return known

    def neighbourhood(self, old: Item, new: Item) -> float:
        """Say how many of the next known entities before and behind are the same, 0 to 1."""
        sides = ((self._near(old, 0, step), self._near(new, 1, step)) for step in (-1, 1))
        return 0.5 * sum(
            one is two if one is None or two is None else self.new[one] is two for one, two in sides
        )

    def _near(self, item: Item, side: int, step: int) -> Item | None:
        """Return the next item in some direction that is in a pair."""
        siblings = self.siblings(item, side)
        known = self.old if side else self.new
        place = self._places[item]
        for other in range(place + step, place + step * NEAR, step):
            if not 0 <= other < len(siblings):
                break
            if siblings[other] in known:
                return siblings[other]
        return None

    def gaps(self, olds: Iterable[Item], news: Iterable[Item]) -> Iterator[tuple[list[Item], list[Item]]]:
        """Yield the items that stand between the same known ones in one container, where they are as many."""
        found: dict[tuple[object, Item | None], tuple[list[Item], list[Item]]] = defaultdict(lambda: ([], []))
        for side, items in enumerate((olds, news)):
            wanted = set(items)
            for first in {self._home(item, side): item for item in items}.values():
                last: Item | None = None
                home = self._home(first, side)
                for item in self.siblings(first, side) if home is not None else ():
                    if item in wanted:
                        found[home, last][side].append(item)
                    elif item in (self.old if side else self.new):
                        last = item if side else self.new[item]
        return (gap for gap in found.values() if len(gap[0]) == len(gap[1]))

    def _home(self, item: Item, side: int) -> object:
        """Return the container after or the path after of an item; None where its container is in no pair."""
        if item.parent is None:
            return item.path if side else self.paths.get(item.path, item.path)
        return item.parent if side else self.new.get(item.parent)

    def siblings(self, item: Item, side: int) -> Sequence[Item]:
        """Return what stands beside an item in its container or, outermost, in its file, and the item."""
        found = item.parent.children if item.parent else self.tops[side][item.path]
        if item not in self._places:
            self._places.update((other, place) for place, other in enumerate(found))
        return found

    def around(self, item: Item, side: int, most: int) -> Iterator[Item]:
        """Yield the nearest siblings of an item."""
        siblings = self.siblings(item, side)
        place = self._places[item]
        return (other for other in siblings[max(0, place - most) : place + most + 1] if other is not item)


def _by_path(side: Iterable[Item]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in side:
        if item.parent is None:
            found[item.path].append(item)
    return found
