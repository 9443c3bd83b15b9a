"""Which entity before is which entity after, over the whole change set.

What kept its name below the same parent, and most of its text, is itself; members follow their container
wherever it went. All else, and what kept its name but hardly anything more, is matched by one assignment
per kind: containers first, then code, then values. Text, name, signature, place, neighbours and users vote
for a pair (`votes`), words that the change set replaces everywhere are learnt on the way (`vocabulary`),
and the assignment of greatest worth is taken (`assignment`), again and again until it is stable, for what
is matched tells more about the rest.

Top-down identity before likeness is that of GumTree (Falleri et al., ASE 2014); names that give way to
better candidates are RefactoringMiner's (Tsantalis et al., TSE 2020), rare words and thresholds by kind
RefDiff's (Silva et al., TSE 2021), and the voting of a function's parts CodeShovel's (Grund et al., ICSE
2021).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from operator import eq

from msgspec import Struct

from aura.syntax.assignment import assign
from aura.syntax.doubt import Doubt
from aura.syntax.file import File
from aura.syntax.items import CODE, TYPES, VALUES, Item, items
from aura.syntax.namesakes import namesakes
from aura.syntax.nesting import Narrow, astray, everything, is_local, outer
from aura.syntax.pairing import Pairing
from aura.syntax.similarity import is_evident, plain_likeness
from aura.syntax.untouched import untouched
from aura.syntax.vocabulary import Lessons, Vocabulary
from aura.syntax.votes import Votes

WEAK = 0.65
"""The likeness below which a namesake is doubted."""
ROUNDS = 3
COPIES = 8
"""How many of the files that hold an equal text are asked about."""
STATEMENTS, FILES = frozenset({"statements"}), frozenset({"file"})
SURE, CLEAR = 0.8, 0.1
"""How alike what stands in one place must be, and how much more than what stands beside it, to be one."""
REMAIN = 3
"""So many members make a type what it was, though many others came or went."""
KEPT = 0.02
"""The least worth of a doubted namesake: it stays where nobody else is worth anything."""


class Matches(Struct, frozen=True):
    """All pairs, unchanged ones too, and what is on one side only; in the order of path and position.

    `after_of` gives the other side of an item of before, `called` the names after of types that were renamed.
    """

    pairs: list[tuple[Item, Item]]
    removed: list[Item]
    added: list[Item]
    after_of: dict[Item, Item]
    called: dict[str, str]

    def release(self) -> None:
        """Part the items from each other: without circles they need no collector, which is slow, to go."""
        for item in (*self.after_of, *self.after_of.values(), *self.removed, *self.added):
            item.parent = None


def match(before: Mapping[str, File], after: Mapping[str, File], *, whole: bool = False) -> Matches:
    """Match the entities of the changed files; those that no change is near to only if `whole`."""
    but = (None, None) if whole else untouched(before, after)
    return _Matcher(items(before, but[0]), items(after, but[1])).run()


class _Matcher:
    def __init__(self, before: list[Item], after: list[Item]) -> None:
        self.before, self.after = before, after
        self.known = Pairing(before, after)
        self.lessons = Lessons()
        self.put_off: dict[Item, Item] = {}
        self.loose: tuple[list[Item], list[Item]] = [], []
        self.local: Set[Item] = frozenset()
        """What is not matched as long as it is not known which functions it is in."""

    def run(self) -> Matches:
        known = self.known
        for path, olds in known.tops[0].items():
            self._align(olds, known.tops[1].get(path, []))
        self.loose = known.left(self.before), known.left(self.after)
        self._follow_files()
        self.local = {item for side in self.loose for item in side if is_local(item)}
        for kinds in (TYPES, CODE):
            self._assign(kinds)
        local, self.local = self.local, frozenset()
        for kinds in (TYPES, CODE, VALUES) if local else (VALUES,):
            self._assign(kinds)
        if self._adopt():
            self._assign(CODE)
        self._rebind()
        self._files()
        self._rests()
        pairs = [(item, known.new[item]) for item in self.before if item in known.new]
        left = known.left(self.loose[0]), known.left(self.loose[1])
        types = [old for old in self.loose[0] if old.entity.kind in TYPES and old in known.new]
        called = {old.entity.name: known.new[old].entity.name for old in types}
        return Matches(pairs, *left, known.new, called)

    def _pair(self, old: Item, new: Item) -> None:
        self.known.pair(old, new)
        self._align_members(old, new)

    def _align_members(self, old: Item, new: Item) -> None:
        if old.children and new.children:
            self._align(old.children, new.children)

    def _align(self, olds: list[Item], news: list[Item]) -> None:
        """Pair what has one name and kind and is in no pair."""
        for old, new in namesakes(self.known.left(olds), self.known.left(news)):
            self._meet(old, new)

    def _meet(self, old: Item, new: Item) -> None:
        """Pair two namesakes, or put it off when they might not be one entity."""
        if old.entity.raw == new.entity.raw and not (old.children or new.children):
            self.known.pair(old, new)
        elif _is_clear(old, new):
            self._pair(old, new)
        elif (old.entity.kind in CODE) == (new.entity.kind in CODE):
            self.put_off[old] = new

    def _follow_files(self) -> None:
        """Pair the entities of a file that is gone with their namesakes where most of them went."""
        gone = _by_path(_top(self.loose[0]), {item.path for item in self.after})
        come = _by_path(_top(self.loose[1]), {item.path for item in self.before})
        if not gone or not come:
            return
        targets = list(come)
        texts: dict[int, list[int]] = defaultdict(list)
        for column, path in enumerate(targets):
            for new in come[path]:
                texts[new.entity.raw].append(column)
        rows = []
        for path, olds in gone.items():
            votes = Counter(column for old in olds for column in texts[old.entity.raw][:COPIES])
            rows.append(
                {
                    column: count + 0.5 * (_base(targets[column]) == _base(path))
                    for column, count in votes.items()
                    if 2 * count >= min(len(olds), len(come[targets[column]]))
                }
            )
        sources = list(gone)
        for row, column in assign(rows).items():
            source, target = sources[row], targets[column]
            self.known.paths[source] = target
            self._align(gone[source], come[target])

    def _assign(self, kinds: frozenset[str]) -> None:
        """Pair what is left of some kinds, and namesakes that are in doubt, by the votes for them."""
        self._match_left(kinds, outer)
        olds, news = self._left(0, kinds), self._left(1, kinds)
        if olds and news and sum(map(len, outer(olds, news))) < len(olds) + len(news):
            self._match_left(kinds, everything)

    def _match_left(self, kinds: frozenset[str], narrow: Narrow) -> None:
        while True:
            doubted: dict[Item, Item] = {}
            while self._waits(kinds):
                doubted |= self._doubted(kinds)
            olds, news = narrow(self._left(0, kinds), self._left(1, kinds))
            olds = sorted({*olds, *doubted}, key=_order)
            news = sorted({*news, *doubted.values()}, key=_order)
            if kinds is CODE:
                self._keep_places(olds, news, doubted)
            if self._waits(kinds):
                self.put_off |= doubted
                continue
            self._optimise(self.known.left(olds), self.known.left(news), doubted)
            if not self._waits(kinds):
                return

    def _waits(self, kinds: frozenset[str]) -> bool:
        return any(old.entity.kind in kinds for old in self.put_off)

    def _keep_places(self, olds: list[Item], news: list[Item], but: Mapping[Item, Item]) -> None:
        """Pair what hardly changed and stands where it stood, and is less like what is beside it."""
        twins = set(but.values())
        free = [old for old in olds if old not in but], [new for new in news if new not in twins]
        for left, right in list(self.known.gaps(*free)):
            alike = list(map(plain_likeness, left, right))
            crossed = [
                max(plain_likeness(left[i], right[i + 1]), plain_likeness(left[i + 1], right[i]))
                if max(alike[i : i + 2]) >= SURE
                else 0.0
                for i in range(len(left) - 1)
            ]
            beside = map(max, [0.0, *crossed], [*crossed, 0.0])
            for old, new, here, there in zip(left, right, alike, beside, strict=True):
                if here >= max(SURE, there + CLEAR):
                    self._pair(old, new)

    def _left(self, side: int, kinds: frozenset[str]) -> list[Item]:
        return self.known.left(
            item for item in self.loose[side] if item.entity.kind in kinds and item not in self.local
        )

    def _doubted(self, kinds: frozenset[str]) -> dict[Item, Item]:
        """Return the namesakes that were put off and that others contest; pair those that nobody does."""
        waiting = {old: new for old, new in self.put_off.items() if old.entity.kind in kinds}
        for old in waiting:
            del self.put_off[old]
        contested = waiting
        for likeness in (lambda *_: 0.0, plain_likeness) if waiting else ():
            contested = {old: new for old, new in contested.items() if likeness(old, new) < WEAK}
            rivals = len(self._left(0, kinds)), len(self._left(1, kinds))
            unlike = len(waiting) - len(contested)
            if max(rivals) - unlike < 2:
                contested = {}
        for old, new in waiting.items():
            if old not in contested:
                self._pair(old, new)
        return contested

    def _optimise(self, olds: list[Item], news: list[Item], doubted: Mapping[Item, Item]) -> None:
        """Take the assignment of greatest worth, again while what it finds tells more about the rest."""
        if not olds or not news:
            return
        votes = Votes(olds, news, self.known)
        chosen: dict[Item, Item] = {}
        start, put_off = dict(self.known.new), dict(self.put_off)
        for _ in range(ROUNDS):
            votes.listen(self._vocabulary(len(olds) + len(news)))
            better = self._best(votes, doubted)
            if better == chosen:
                break
            self.known.reset(start)
            self.put_off = dict(put_off)
            for old, new in better.items():
                self.known.pair(old, new)
            for old, new in better.items():
                self._align_members(old, new)
            chosen = better
            if not doubted and len(chosen) == min(len(olds), len(news)):
                break
        for old, new in doubted.items():
            if old not in self.known.new and new not in self.known.old:
                self._pair(old, new)

    def _vocabulary(self, wanted: int) -> Vocabulary:
        changed = ((a, b) for a, b in self.known.new.items() if a.entity.raw != b.entity.raw)
        return self.lessons.of(
            ((a, b) for a, b in changed if a.entity.kind in CODE or not a.children), wanted
        )

    def _best(self, votes: Votes, doubted: Mapping[Item, Item]) -> dict[Item, Item]:
        """Return the best assignment in which no copy is taken for what it was copied from."""
        columns = {new: column for column, new in enumerate(votes.news)}
        rows: dict[Item, dict[int, float]] = {old: {} for old in votes.olds}
        for old, new in list(votes.candidates()):
            worth = votes.worth(old, new)
            if worth > 0:
                rows[old][columns[new]] = worth
        for old, new in doubted.items():
            rows[old][columns[new]] = max(KEPT, rows[old].get(columns[new], 0.0))
        doubt = Doubt(doubted, votes)
        while True:
            found = assign(list(rows.values()))
            chosen = {votes.olds[row]: votes.news[column] for row, column in found.items()}
            taken = {*chosen, *chosen.values()}
            wrong = [(old, new) for old, new in chosen.items() if doubt.is_copied(old, new, taken)]
            wrong += astray(chosen) + self._kept_above(chosen, votes)
            if not wrong:
                return chosen
            for old, new in {*wrong}:
                del rows[old][columns[new]]

    def _kept_above(self, chosen: Mapping[Item, Item], votes: Votes) -> list[tuple[Item, Item]]:
        """Return the pairs of members that their type has from now on from what it inherits from."""
        above: dict[str, list[Item]] = defaultdict(list)
        for new in chosen.values():
            above[new.label].append(new)
        return [
            (old, new)
            for old, new in chosen.items()
            if old.label != new.label
            and any(self.known.is_kin(old, namesake) for namesake in above.get(old.label, ()))
            and votes.text(old, new) < WEAK
        ]

    def _adopt(self) -> bool:
        """Pair containers that are left where members of the one are in the other."""
        olds, news = self._left(0, TYPES), self._left(1, TYPES)
        if not olds or not news:
            return False
        numbers = {new: column for column, new in enumerate(news)}
        rows: list[dict[int, float]] = []
        for old in olds:
            there = (new.parent for child in old.children if (new := self.known.new.get(child)))
            votes = Counter(numbers[parent] for parent in there if parent in numbers)
            sizes = {c: sorted((len(old.children), len(news[c].children))) for c in votes}
            rows.append(
                {c: n for c, n in votes.items() if 2 * n >= sizes[c][0] and (n > 1 or sizes[c][1] < REMAIN)}
            )
        found = assign(rows)
        for row, column in found.items():
            self._pair(olds[row], news[column])
        return bool(found)

    def _rebind(self) -> None:
        """Pair an object or a function that is left with what its name is bound to instead."""
        news: dict[str, list[Item]] = defaultdict(list)
        for new in self.known.left(self.loose[1]):
            news[new.label].append(new)
        for old in self.known.left(self.loose[0]):
            for new in news.get(old.label, ()):
                if _is_rebound(old, new) and new not in self.known.old and self.known.is_same_place(old, new):
                    self.known.pair(old, new)
                    break

    def _files(self) -> None:
        """Pair whole files of one content, then those that share most lines."""
        olds, news = self._left(0, FILES), self._left(1, FILES)
        if not olds or not news:
            return
        by_raw = {new.entity.raw: new for new in reversed(news)}
        for old in olds:
            new = by_raw.pop(old.entity.raw, None)
            if new is not None:
                self._pair(old, new)
        for old in olds:
            lines = Counter(old.text.splitlines())
            for new in news:
                if old in self.known.new or new in self.known.old or not lines:
                    continue
                other = Counter(new.text.splitlines())
                if 2 * (lines & other).total() > 0.6 * (lines.total() + other.total()):
                    self._pair(old, new)

    def _rests(self) -> None:
        """Pair the statements of a file that is gone with those of where most of its entities went."""
        olds = {item.path: item for item in self._left(0, STATEMENTS)}
        news = {item.path: item for item in self._left(1, STATEMENTS)}
        if not olds or not news:
            return
        went = Counter((old.path, new.path) for old, new in self.known.new.items() if old.parent is None)
        for (source, target), _ in sorted(went.items(), key=lambda e: (-e[1], e[0])):
            if source in olds and target in news:
                self._pair(olds.pop(source), news.pop(target))


def _is_clear(old: Item, new: Item) -> bool:
    """Tell at a glance whether two namesakes are one entity."""
    a, b = old.entity, new.entity
    if a.kind in TYPES:
        return _keeps_members(old, new) or is_evident(old, new)
    return a.raw == b.raw or not {a.kind, b.kind} & CODE or is_evident(old, new)


def _is_rebound(old: Item, new: Item) -> bool:
    """Tell whether a name may be bound to something of another kind."""
    kinds = {old.entity.kind, new.entity.kind}
    return "object" in kinds or (old.title == new.title and bool(kinds & CODE) and bool(kinds & VALUES))


def _keeps_members(old: Item, new: Item) -> bool:
    """Tell whether half of the members are the same, or most of all those that one side has."""
    least, most = sorted((len(old.children), len(new.children)))
    if not most:
        return old.entity.raw == new.entity.raw
    one, two = ([(child.label, child.entity.raw) for child in item.children] for item in (old, new))
    if 2 * sum(map(eq, one, two)) >= most:
        return True
    same = (Counter(one) & Counter(two)).total()
    return 2 * same >= most or (same >= REMAIN and 3 * same > 2 * least)


def _top(side: Iterable[Item]) -> list[Item]:
    return [item for item in side if item.parent is None]


def _by_path(side: Iterable[Item], but: set[str]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = defaultdict(list)
    for item in side:
        if item.path not in but:
            found[item.path].append(item)
    return found


def _order(item: Item) -> tuple[str, int, int]:
    return item.order


def _base(path: str) -> str:
    return path.rpartition("/")[2]
