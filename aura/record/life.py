"""The life of an entity, followed back in time across renames, moves and takeovers of its name."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from aura.store import Connection, rows

Reached = Callable[[Iterable[str]], Mapping[str, int]]
"""Of some commits those that lie behind the present one, each with the number of its parents."""


class Name(NamedTuple):
    """What an entity is called at one time."""

    path: str
    qualified_name: str
    ordinal: int = 0


class Step(NamedTuple):
    """One edit in an entity's life."""

    intent: int
    id: str
    position: int
    source: str
    state: str
    commit_sha: str | None
    worktree: str | None
    hash: str | None
    old: Name | None
    new: Name | None

    @property
    def key(self) -> tuple[int, int]:
        return self.intent, self.position

    @property
    def outcome(self) -> tuple[Name | None, Name | None, str | None]:
        """What the entity is called and what it holds afterwards; what is gone keeps its older name."""
        return self.new, None if self.new else self.old, self.hash


_STEPS = """
SELECT n.intent, i.id, n.position, i.source, n.state, n.commit_sha, i.worktree, n.new_hash,
       o.path, o.qualified_name, o.ordinal, w.path, w.qualified_name, w.ordinal
FROM nodes n JOIN intents i ON i.seq = n.intent
LEFT JOIN entities o ON o.seq = n.old LEFT JOIN entities w ON w.seq = n.new
WHERE n.{side} IN
      (SELECT seq FROM entities WHERE repo = ? AND path = ? AND qualified_name = ? AND ordinal = ?)
"""


def life(db: Connection, repo: int, worktree: str, name: Name, reached: Reached) -> list[Step]:
    """Return the steps that made the entity with this name what it is in a work tree, newest first.

    Uncommitted intents of the work tree come first, then the commits behind its HEAD, each with the logged
    intents that it holds. From the present name the search goes back: where an edit renames or moves the
    entity, or what contains it, it goes on under the older name; where the name belonged to another entity,
    it ends. A merge that only repeats what a commit of its branch said is left out.
    """
    return _Life(db, repo, worktree, reached).of(name)


def later_name(db: Connection, repo: int, worktree: str, name: Name, reached: Reached) -> Name:
    """Return what an entity is called now that was once called so."""
    return _Life(db, repo, worktree, reached).now(name)


class _Life:
    def __init__(self, db: Connection, repo: int, worktree: str, reached: Reached) -> None:
        self._db = db
        self._repo = repo
        self._worktree = worktree
        self._reached = reached
        self._parents: dict[str, int] = {}
        self._asked: set[str] = set()
        self._walked: dict[Name, str] = {}
        self._steps: dict[tuple[int, int], Step] = {}

    def of(self, name: Name) -> list[Step]:
        waiting = [(name, "~")]
        while waiting:
            at, before = waiting.pop()
            if before <= self._walked.get(at, before):
                self._walked[at] = ""
                waiting += self._walk(at, before)
        return self._in_order()

    def now(self, name: Name) -> Name:
        seen = {name}
        while True:
            steps = [step for step in self._standing(name) if name in (step.old, step.new)]
            after = steps[0].new if steps else None
            if after is None or after in seen:
                return name
            seen.add(after)
            name = after

    def _walk(self, name: Name, before: str) -> list[tuple[Name, str]]:
        """Take up the steps of a name until it comes from another; return that one, and when that was."""
        elsewhere = []
        met = False
        for step in (s for s in self._around(name) if s.id < before):
            if step.new is None and step.old == name and met:
                self._walked[name] = step.id
                break
            if step.old == name and step.new is not None and step.new != name:
                if step.new in self._walked:
                    continue
                self._walked[name] = step.id
                break
            if name == (step.new or step.old):
                self._steps[step.key] = step
                met = True
            older = _older(step, name)
            if older is None or (step.new != name and not self._is_known(older, step.id)):
                continue
            elsewhere.append((older, step.id))
            if not self._is_merge(step):
                self._walked[name] = step.id
                break
        return elsewhere

    def _is_known(self, name: Name, before: str) -> bool:
        """Tell whether a member had a life in what its container was: it may have come from elsewhere."""
        return any(step.id < before for step in self._around(name))

    def _around(self, name: Name) -> list[Step]:
        """Return the steps of a name, and of the containers it lies in, newest first, without repetitions."""
        found = self._standing(name)
        parts = name.qualified_name.split(".")
        for size in range(1, len(parts)):
            container = Name(name.path, ".".join(parts[:size]))
            found += [
                s for s in self._standing(container) if s.new == container and s.old not in (None, s.new)
            ]
        first = {s.outcome: s.key for s in sorted(found, key=lambda s: s.id, reverse=True)}
        kept = [s for s in found if not self._is_merge(s) or first[s.outcome] == s.key]
        return sorted(kept, key=lambda s: (s.source == "log", s.id, s.new == name), reverse=True)

    def _standing(self, name: Name) -> list[Step]:
        """Return the steps of a name that lie behind the work tree's state, newest first."""
        found = [s for s in self._all(name) if s.source == "commit" or s.state == "open"]
        self._ask(s.commit_sha for s in found)
        here = [
            s
            for s in found
            if (s.worktree == self._worktree if s.source == "log" else s.commit_sha in self._parents)
        ]
        return sorted(here, key=lambda s: (s.source == "log", s.id, s.new == name), reverse=True)

    def _all(self, name: Name) -> list[Step]:
        found = [
            _step(row)
            for side in ("new", "old")
            for row in rows(self._db, _STEPS.format(side=side), self._repo, *name)
        ]
        return list({step.key: step for step in found}.values())

    def _ask(self, shas: Iterable[str | None]) -> None:
        unknown = {sha for sha in shas if sha} - self._asked
        if unknown:
            self._asked |= unknown
            self._parents |= self._reached(unknown)

    def _is_merge(self, step: Step) -> bool:
        return step.source == "commit" and self._parents.get(step.commit_sha or "", 1) > 1

    def _in_order(self) -> list[Step]:
        steps = sorted(self._steps.values(), key=lambda s: (s.source == "log", s.id), reverse=True)
        said, shown = self._said(), {s.commit_sha for s in steps}
        ordered: dict[tuple[int, int], Step] = {}
        for step in steps:
            ordered.setdefault(step.key, step)
            if step.source == "commit":
                # What was picked from another branch is explained by what was said of it there.
                for beside in said:
                    if beside.commit_sha == step.commit_sha or (
                        beside.commit_sha not in shown and beside.outcome == step.outcome
                    ):
                        ordered.setdefault(beside.key, beside)
        return list(ordered.values())

    def _said(self) -> list[Step]:
        """Return what was logged by hand about the names and is settled, newest first."""
        found = [
            s for name in self._walked for s in self._all(name) if s.source == "log" and s.state != "open"
        ]
        return sorted(found, key=lambda s: s.id, reverse=True)


def _older(step: Step, name: Name) -> Name | None:
    """Return the name before this step, where the step changed it: by itself, or through what contains it."""
    if step.old is None or step.new is None or step.old == step.new:
        return None
    if step.new == name:
        return step.old
    prefix = step.new.qualified_name + "."
    if step.new.path == name.path and name.qualified_name.startswith(prefix):
        rest = name.qualified_name.removeprefix(prefix)
        return Name(step.old.path, f"{step.old.qualified_name}.{rest}", name.ordinal)
    return None


def _step(row: tuple[Any, ...]) -> Step:
    old = Name(*row[8:11]) if row[8] is not None else None
    new = Name(*row[11:14]) if row[11] is not None else None
    intent, id_, position, source, state, sha, worktree, hash_ = row[:8]
    return Step(intent, id_, position, source, state, sha, worktree, hash_, old, new)
