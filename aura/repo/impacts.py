"""The impacts between the sides of a repository; what each side did is held between questions."""

import logging
import os
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping, Sequence
from itertools import combinations
from time import monotonic
from typing import Self

from aura.errors import AuraError
from aura.repo.cache import Cache
from aura.repo.requests import Collide, Collided, SideAt, Touched
from aura.repo.sides import Sides, State, Store
from aura.repo.tables import Tables
from aura.repo.users import Library, SideUsers
from aura.repo.work import Differ
from aura.syntax.collisions import collisions
from aura.syntax.impacts import Finding
from aura.syntax.parted import Parted

REPOSITORIES = 3
"""Repositories whose sides are held."""
BASES = 12
"""Commits since which the work of a side is held."""
FAR = 400
"""Where sides differ from the reference in more files than these, another one is looked for."""
SECONDS = 15.0
"""Time for judging pairs in one answer: a save does not wait for all branches there are."""

_LOG = logging.getLogger(__name__)


class Impacts:
    """Answers what sides mean for each other; for one thread."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._tables = Tables(cache)
        self._open: OrderedDict[str, _Repository] = OrderedDict()

    def answer(self, request: Collide) -> Collided:
        """Look for the impacts between every two sides where one was touched."""
        git_dir = os.fsdecode(request.git_dir)
        repository = self._open.pop(git_dir, None) or _Repository(git_dir, self._cache, self._tables)
        self._open[git_dir] = repository
        if len(self._open) > REPOSITORIES:
            self._open.popitem(last=False)[1].close()
        return repository.collide(request.sides, request.touched)

    @property
    def is_worn(self) -> bool:
        """Whether a graph was joined: its parts would stay in the memory of this process."""
        return any(repository.is_worn for repository in self._open.values())

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Repository:
    def __init__(self, git_dir: str, cache: Cache, tables: Tables) -> None:
        self._store = Store(git_dir, tables)
        self._sides = Sides(self._store)
        self._differ = Differ(self._store)
        self._library = Library(self._store, cache)
        self._parted: dict[str, dict[str, tuple[int, Parted]]] = {}
        self._users: dict[str, tuple[tuple[int, str], SideUsers]] = {}
        self._referred: set[str] = set()
        self._left: list[tuple[str, str]] = []

    @property
    def is_worn(self) -> bool:
        return self._library.has_joined

    def close(self) -> None:
        self._store.close()

    def collide(self, sides: Sequence[SideAt], touched: Sequence[Touched]) -> Collided:
        degraded: list[str] = []
        states, changed = self._looked(sides, touched, degraded)
        trees = {side.key for side in sides if side.root is not None}
        due = [(a, b) for a in states for b in states if a != b and (a in changed or b in changed)]
        due += [pair for pair in self._left if pair not in due and states.keys() >= set(pair)]
        pairs = deque(sorted(due, key=lambda pair: (pair[0] not in trees) + (pair[1] not in trees)))
        judged: list[tuple[str, str]] = []
        findings: list[Finding] = []
        bases = self._bases(states, degraded)
        if pairs:
            self._refer(states, bases)
        deadline = monotonic() + SECONDS
        while pairs and (not judged or monotonic() < deadline):
            yours, other = pairs.popleft()
            try:
                base = bases.get(frozenset((yours, other)))
                findings += self._judged(states[yours], states[other], base, degraded)
                judged.append((yours, other))
            except AuraError as error:
                degraded.append(f"{other} against {yours}: {error.message}")
            except Exception as error:
                # A fault of ours about two sides must not hide what concerns the others.
                _LOG.exception("cannot judge %s against %s", other, yours)
                degraded.append(f"{other} against {yours}: {type(error).__name__}")
        self._store.forget()
        self._left = list(pairs)
        for key in states:
            degraded += [
                f"{key}: cannot read {path} as code as it is now" for path in self._sides.unread(key)
            ]
        return Collided(judged, findings, list(dict.fromkeys(degraded)), len(pairs))

    def _looked(
        self, sides: Sequence[SideAt], touched: Sequence[Touched], degraded: list[str]
    ) -> tuple[dict[str, State], set[str]]:
        """Look at the sides that may have changed; return those that there are, and which to judge."""
        paths: dict[str, Sequence[str] | None] = {}
        for each in touched:
            before = paths.get(each.key, ())
            paths[each.key] = None if each.paths is None or before is None else [*before, *each.paths]
        keys = {side.key for side in sides}
        self._sides.keep_only(keys)
        for held in (self._parted, self._users):
            for key in [key for key in held if key not in keys]:
                del held[key]
        states: dict[str, State] = {}
        changed: set[str] = set()
        for side in sides:
            state = self._sides.get(side.key)
            if state is None or not touched or side.key in paths:
                changed.add(side.key)
                try:
                    state = self._sides.look(side, paths.get(side.key) if touched else None)
                except AuraError as error:
                    degraded.append(f"{side.key}: {error.message}")
                    state = None
            if state is not None:
                states[side.key] = state
        return states, changed

    def _bases(self, states: Mapping[str, State], degraded: list[str]) -> dict[frozenset[str], str]:
        """Return where each two sides parted; of those that have nothing in common nothing is said."""
        found: dict[frozenset[str], str] = {}
        for one, two in combinations(states.values(), 2):
            try:
                base = self._store.base(one.head, two.head)
            except AuraError as error:
                degraded.append(f"{one.key} and {two.key}: {error.message}")
                continue
            if base is not None:
                found[frozenset((one.key, two.key))] = base
            elif self._store.is_shallow():
                degraded.append(
                    f"{one.key} and {two.key}: the clone is too shallow to tell where they parted"
                )
        return found

    def _refer(self, states: Mapping[str, State], bases: Mapping[frozenset[str], str]) -> None:
        """Tell all states from the commit where most sides parted, as long as none is far from it."""
        counted = Counter(bases.values()).most_common(1)
        if counted and counted[0][0] not in self._referred:
            is_new = not self._referred
            if is_new or any(len(self._store.patch(each.head)) > FAR for each in states.values()):
                self._referred.add(counted[0][0])
                self._store.refer(counted[0][0])
        # Joined before there is anything to look for: whoever saves a file then does not wait for it.
        self._library.prepare()

    def _judged(self, yours: State, other: State, base: str | None, degraded: list[str]) -> list[Finding]:
        if base is None:
            return []
        theirs = self._since(base, other, degraded)
        if not theirs.work.edits:
            return []
        ours = self._since(base, yours, degraded)
        return collisions(ours, theirs, self._users_of(yours), (yours.key, other.key))

    def _since(self, base: str, state: State, degraded: list[str]) -> Parted:
        """Return what a side did since a commit."""
        held = self._parted.setdefault(state.key, {})
        known = held.get(base)
        if known is None or known[0] != state.number:
            work = self._differ.work(base, state)
            if work.left:
                degraded.append(f"{state.key}: too much differs; {len(work.left)} files were not looked at")
            known = held[base] = state.number, Parted(work)
            for old in list(held)[:-BASES]:
                del held[old]
        return known[1]

    def _users_of(self, state: State) -> SideUsers:
        at = state.number, self._store.reference
        known = self._users.get(state.key)
        if known is None or known[0] != at:
            known = self._users[state.key] = at, SideUsers(self._library, state)
        return known[1]
