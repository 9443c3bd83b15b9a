"""The life of entities and of files: the edits that made them what they are in a work tree, newest first."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from itertools import chain
from typing import NamedTuple

import msgspec
from msgspec import Struct

from aura.store import Connection, rows

Reached = Callable[[Iterable[str]], Set[str]]
"""Which of some commits lie behind the present one."""


class Step(NamedTuple):
    """One edit in a life, or (without a position) another name that a commit only carried along.

    `of` is what it belongs to: an entity, or a file. `old` and `new` are versions.
    """

    of: int
    intent: int
    id: str
    position: int | None
    source: str
    state: str
    commit_sha: str | None
    worktree: str | None
    parents: int
    changes: str
    old: int | None
    new: int | None

    @property
    def key(self) -> tuple[int, int | None]:
        return self.intent, self.position

    @property
    def outcome(self) -> tuple[int | None, int | None]:
        """What there is afterwards; what is gone keeps its last version."""
        return self.new, None if self.new else self.old

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def is_commit(self) -> bool:
        return self.source == "commit"


class View(Struct, frozen=True):
    """Whose past is asked for: a work tree of a repository, and what its HEAD reaches."""

    repo: int
    worktree: str
    reached: Reached


_EDITS = """
SELECT v.entity, n.intent, i.id, n.position, i.source, n.state, n.commit_sha, i.worktree,
       ifnull(c.parents, 0), n.changes, n.old, n.new
FROM versions v JOIN nodes n ON n.{side} = v.seq JOIN intents i ON i.seq = n.intent
LEFT JOIN commits c ON c.intent = n.intent WHERE {which}
"""
_CARRIED = """
SELECT v.entity, k.intent, i.id, NULL, i.source, 'bound', i.commit_sha, NULL,
       c.parents, '', k.old, k.new
FROM versions v JOIN carried k ON k.{side} = v.seq JOIN intents i ON i.seq = k.intent
JOIN commits c ON c.intent = k.intent JOIN versions o ON o.seq = k.old JOIN versions w ON w.seq = k.new
WHERE {which} AND o.name != w.name
"""
_OF_ENTITY = "v.entity IN (SELECT value FROM json_each(?))"
_LEFT = f"{_OF_ENTITY} AND (n.new IS NULL OR (SELECT entity FROM versions WHERE seq = n.new) != v.entity)"
_STEPS_OF_ENTITY = (
    _EDITS.format(side="new", which=_OF_ENTITY),
    _EDITS.format(side="old", which=_LEFT),
    _CARRIED.format(side="new", which=_OF_ENTITY),
)
_OF_FILE = "v.name IN (SELECT seq FROM names WHERE repo = ? AND path = ?)"
_STEPS_OF_FILE = tuple(
    sql.format(side=side, which=_OF_FILE) for sql in (_EDITS, _CARRIED) for side in ("new", "old")
)


def lives(db: Connection, view: View, entities: Iterable[int]) -> dict[int, list[Step]]:
    """Return the steps of each entity, newest first.

    Uncommitted intents of the work tree come first, then the commits behind its HEAD, each with the logged
    intents that it holds. A merge that only repeats what a commit of its branch said is left out.
    """
    asked = list(entities)
    found: dict[int, dict[tuple[int, int | None], Step]] = {entity: {} for entity in asked}
    given = msgspec.json.encode(asked).decode()
    for sql in _STEPS_OF_ENTITY:
        for row in rows(db, sql, given):
            found[row[0]].setdefault((row[1], row[3]), Step(*row))
    behind = _behind(view, (step for steps in found.values() for step in steps.values()))
    return {entity: _in_order(view, list(steps.values()), behind) for entity, steps in found.items()}


def life(db: Connection, view: View, entity: int) -> list[Step]:
    """Return the steps of one entity, newest first."""
    return lives(db, view, [entity])[entity]


def of_file(db: Connection, view: View, path: str, limit: int) -> list[Step]:
    """Return a step for each intent that touched a file, newest first, across renames of the file."""
    chosen: dict[int, Step] = {}
    seen, before = set[str](), "~"
    while path not in seen and len(chosen) < limit:
        seen.add(path)
        found: dict[tuple[int, int | None], Step] = {}
        for sql in _STEPS_OF_FILE:
            for row in rows(db, sql, view.repo, path):
                found.setdefault((row[1], row[3]), Step(*row))
        steps = [step for step in found.values() if step.id < before]
        for step in _in_order(view, steps, _behind(view, steps)):
            if step.position is not None:
                chosen.setdefault(step.intent, step)
        commits = [step for step in steps if step.intent in chosen and step.is_commit]
        first = min((step.id for step in commits), default=None)
        older = _origin(db, [step for step in commits if step.id == first], path)
        if older is None or first is None:
            break
        path, before = older, first
    return list(chosen.values())[:limit]


def _behind(view: View, steps: Iterable[Step]) -> Set[str]:
    return view.reached({step.commit_sha for step in steps if step.is_commit and step.commit_sha})


def _in_order(view: View, steps: list[Step], behind: Set[str]) -> list[Step]:
    """Put what is uncommitted here first, then commits newest first, each with what was said of it."""
    steps = sorted(steps, key=lambda s: (s.id, s.position is not None, -(s.position or 0)), reverse=True)
    commits = _without_repetitions([s for s in steps if s.is_commit and s.commit_sha in behind])
    said = [s for s in steps if not s.is_commit]
    elsewhere = {s.new: s for s in reversed(steps) if s.is_commit and s.commit_sha not in behind}
    ordered = {s.key: s for s in said if s.is_open and s.worktree == view.worktree}
    shown = {s.commit_sha for s in commits}
    of_commit: dict[object, list[Step]] = {}
    for step in said:
        if not step.is_open:
            # What was picked from another branch is explained by what was said of it there.
            also = () if step.commit_sha in shown else (step.outcome,)
            for about in (step.commit_sha, *also):
                of_commit.setdefault(about, []).append(step)
    for step in commits:
        there = (about for made in _way(step, elsewhere) for about in (made.commit_sha, made.outcome))
        beside = (of_commit.get(about, ()) for about in (step.commit_sha, step.outcome, *there))
        ordered |= {s.key: s for s in (step, *chain.from_iterable(beside)) if s.key not in ordered}
    return list(ordered.values())


def _way(step: Step, elsewhere: Mapping[int | None, Step]) -> list[Step]:
    """Return the commits of another branch that lead from what a commit began with to what it made: a squash
    is explained by what was said of each of them.
    """
    way: list[Step] = []
    version = step.new
    while version != step.old:
        made = elsewhere.get(version)
        if made is None or made in way:
            return []
        way.append(made)
        version = made.old
    return way


def _without_repetitions(commits: list[Step]) -> list[Step]:
    """Leave out what merges repeat: their outcome was that of an older commit."""
    first = {step.outcome: step.key for step in commits}
    return [step for step in commits if step.parents < 2 or first[step.outcome] == step.key]


def _origin(db: Connection, first: list[Step], path: str) -> str | None:
    """Return the file that a file was made from: most of its first commit came from there."""
    there = _paths(db, {v for step in first for v in (step.old, step.new) if v is not None})
    made = [step for step in first if step.new is not None and there[step.new] == path]
    origins = Counter(there[step.old] for step in made if step.old is not None)
    del origins[path]
    for origin, count in origins.most_common(1):
        if count * 2 > len(made):
            return origin
    return None


def _paths(db: Connection, versions: Iterable[int]) -> Mapping[int, str]:
    sql = (
        "SELECT v.seq, m.path FROM json_each(?) j JOIN versions v ON v.seq = j.value"
        " JOIN names m ON m.seq = v.name"
    )
    return dict(rows(db, sql, msgspec.json.encode(list(versions)).decode()))
