"""Which entity before is which entity after, over the whole change set.

First comes identity: the same name below the same parent, from the top down, so that members follow their
container wherever it went. What is left is matched by likeness: containers first, then all else, each
greedily by a score of shared words, names and places. A pair of one name that is hardly alike gives way where
there is a better one, so that A -> B while C -> A comes out right.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from msgspec import Struct

from aura.syntax.file import File
from aura.syntax.items import CODE, TYPES, VALUES, Item, items
from aura.syntax.similarity import Edge, Likeness, is_evident

WEAK = 0.5


class Matches(Struct, frozen=True):
    """All pairs, unchanged ones too, and what is on one side only; in the order of path and position.

    `after_of` gives the other side of an item of before.
    """

    pairs: list[tuple[Item, Item]]
    removed: list[Item]
    added: list[Item]
    after_of: dict[Item, Item]


def match(before: Mapping[str, File], after: Mapping[str, File]) -> Matches:
    """Match the entities of the changed files before and after."""
    return _Matcher(items(before), items(after)).run()


class _Matcher:
    def __init__(self, before: list[Item], after: list[Item]) -> None:
        self.before, self.after = before, after
        self.new: dict[Item, Item] = {}
        self.old: dict[Item, Item] = {}
        self.lone: tuple[list[Item], list[Item]] = ([], [])

    def run(self) -> Matches:
        self._align(_top(self.before), _top(self.after), by_path=True)
        self.lone = self._left(self.before), self._left(self.after)
        self._assign(TYPES, weak=False)
        self._assign(CODE, weak=True)
        self._assign(CODE, weak=False)
        self._assign(VALUES, weak=False)
        self._files()
        self._rests()
        pairs = [(item, self.new[item]) for item in self.before if item in self.new]
        return Matches(pairs, self._left(self.before), self._left(self.after), self.new)

    def _left(self, side: Iterable[Item]) -> list[Item]:
        return [item for item in side if item not in self.new and item not in self.old]

    def _pair(self, old: Item, new: Item) -> None:
        self.new[old], self.old[new] = new, old
        if old.children and new.children:
            self._align(self._left(old.children), self._left(new.children))

    def _unpair(self, old: Item) -> None:
        del self.old[self.new.pop(old)]

    def _align(self, olds: list[Item], news: list[Item], *, by_path: bool = False) -> None:
        """Pair what has one name and kind; namesakes by text, then by parameters, then in order."""
        groups: dict[tuple[str, str, str], tuple[list[Item], list[Item]]] = defaultdict(lambda: ([], []))
        for side, members in enumerate((olds, news)):
            for item in members:
                groups[item.path if by_path else "", item.family, item.label][side].append(item)
        for left, right in groups.values():
            if len(left) == len(right) == 1:
                self._pair(left[0], right[0])
            elif left and right:
                self._namesakes(left, right)

    def _namesakes(self, olds: list[Item], news: list[Item]) -> None:
        for key in (_kind_and_text, _kind_and_parameters, _kind_only):
            waiting: dict[object, list[Item]] = defaultdict(list)
            for new in news:
                if new not in self.old:
                    waiting[key(new)].append(new)
            for old in olds:
                same = waiting.get(key(old))
                if old not in self.new and same:
                    self._pair(old, same.pop(0))

    def _assign(self, kinds: frozenset[str], *, weak: bool) -> None:
        """Pair what is left of some kinds by likeness; `weak` lets hardly alike namesakes take part."""
        olds, news = ([item for item in self._left(side) if item.entity.kind in kinds] for side in self.lone)
        if weak and not (olds or news):
            return
        doubted: list[tuple[Item, Item]] = []
        if weak:
            likeness = Likeness([], [])
            for old, new in list(self.new.items()):
                differs = old.entity.raw != new.entity.raw and old.entity.kind in kinds
                if not differs or old.children or is_evident(old, new):
                    continue
                if likeness.of(old, new) < WEAK:
                    doubted.append((old, new))
            if not doubted:
                return
            for old, new in doubted:
                self._unpair(old)
                olds.append(old)
                news.append(new)
                self.lone[0].append(old)
                self.lone[1].append(new)
        if not olds or not news:
            return
        likeness = Likeness(olds, news)
        for edge in self._ranked(likeness, dict(doubted)):
            if edge.old not in self.new and edge.new not in self.old:
                self._pair(edge.old, edge.new)
        for old, new in doubted:
            if old not in self.new and new not in self.old:
                self._pair(old, new)

    def _ranked(self, likeness: Likeness, doubted: dict[Item, Item]) -> list[Edge]:
        before_of = {new: old for old, new in doubted.items()}
        edges = []
        for old, new in likeness.candidates():
            edge = likeness.edge(old, new, self._same_place(old, new))
            if doubted.get(old) is new:
                edges.append(edge or Edge(likeness.of(old, new), old, new))
            elif edge is not None:
                calls = _delegates(doubted.get(old), old, new) or _delegates(before_of.get(new), new, old)
                edges += [] if calls else [edge]
        edges.sort(key=lambda e: (-e.score, e.old.order, e.new.order))
        return edges

    def _same_place(self, old: Item, new: Item) -> bool:
        if old.parent is None or new.parent is None:
            return old.parent is new.parent and old.path == new.path
        return self.new.get(old.parent) is new.parent

    def _files(self) -> None:
        """Pair whole files of one content, then those that share most lines."""
        olds, news = ([item for item in self._left(side) if item.entity.kind == "file"] for side in self.lone)
        by_raw = {new.entity.raw: new for new in reversed(news)}
        for old in olds:
            new = by_raw.pop(old.entity.raw, None)
            if new is not None:
                self._pair(old, new)
        for old in olds:
            lines = Counter(old.text.splitlines())
            for new in news:
                if old in self.new or new in self.old or not lines:
                    continue
                other = Counter(new.text.splitlines())
                if 2 * (lines & other).total() > 0.6 * (lines.total() + other.total()):
                    self._pair(old, new)

    def _rests(self) -> None:
        """Pair the statements of a file that is gone with those of where most of its entities went."""
        olds, news = (
            {item.path: item for item in self._left(side) if item.entity.kind == "statements"}
            for side in self.lone
        )
        if not olds or not news:
            return
        went = Counter((old.path, new.path) for old, new in self.new.items() if old.parent is None)
        for (source, target), _ in sorted(went.items(), key=lambda e: (-e[1], e[0])):
            if source in olds and target in news:
                self._pair(olds.pop(source), news.pop(target))


def _delegates(namesake: Item | None, item: Item, other: Item) -> bool:
    """Tell whether what kept the name of `item` newly calls `other`: then its content was taken out of it."""
    name = other.entity.name.encode()
    return namesake is not None and name in namesake.words and name not in item.words


def _top(side: list[Item]) -> list[Item]:
    return [item for item in side if item.parent is None]


def _kind_and_text(item: Item) -> object:
    return item.entity.kind, item.entity.raw


def _kind_and_parameters(item: Item) -> object:
    return item.entity.kind, item.entity.parameters, item.entity.decorators


def _kind_only(item: Item) -> object:
    return item.entity.kind
