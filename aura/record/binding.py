"""Binding: which commit holds what a logged intent said: lineage and content decide, never time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import Decoder

from aura.api import Caller, Place
from aura.record import events, lineage
from aura.store import Connection, one, rows
from aura.syntax.marks import stands


class _After(NamedTuple):
    """What an entity is after a commit: a version with its shape; neither where it is gone."""

    version: int | None
    shape: int | None


Held = Mapping[int, Sequence[_After]]
"""The entities that a commit touches, each with what it is afterwards."""


class _Said(NamedTuple):
    """A node of a logged intent."""

    intent: int
    position: int
    old: int | None
    new: int | None
    after: _After
    state: str
    worktree: str | None

    def fate(self, held: Held) -> str | None:
        """Return what a commit makes of it: bound, superseded, or None where it does not touch the entity."""
        entity = self.new if self.new in held else self.old
        if entity is None or entity not in held:
            return None
        return "bound" if any(_alike(self.after, made) for made in held[entity]) else "superseded"


def _alike(said: _After, made: _After) -> bool:
    """Tell whether two versions are one, or differ in lay-out and in the name alone."""
    return said.version == made.version or (said.shape is not None and said.shape == made.shape)


_SAID = (
    "SELECT n.intent, n.position, o.entity, w.entity, n.new, w.shape, n.state, i.worktree"
    " FROM nodes n JOIN intents i ON i.seq = n.intent"
    " LEFT JOIN versions o ON o.seq = n.old LEFT JOIN versions w ON w.seq = n.new"
    " WHERE +i.repo = ? AND +i.source = 'log' AND "
)
# A unary plus keeps SQLite from walking all intents of a repository instead of the few nodes.


def _said(row: tuple[Any, ...]) -> _Said:
    intent, position, old, new, version, shape, state, worktree = row
    return _Said(intent, position, old, new, _After(version, shape), state, worktree)


def bind(db: Connection, caller: Caller, place: Place, sha: str) -> list[str]:
    """Bind the nodes of logged intents that this commit holds; return the ids of the intents it binds.

    A node is `bound` where the commit gives its entity the same content (or removes it, too), in whatever
    work tree that was; neither re-formatting nor a rename on the way matters. It is `superseded` where a
    commit of its own work tree gives the entity other content that stands on what was said, until a later one
    gives it that content after all. What was undone before that commit stays open. The first commit that
    binds any node becomes the intent's `commit_sha`. An intent that changed no entity is never bound.
    """
    waits = one(db, _SAID + "n.state = 'open' LIMIT 1", place.repo)
    missed = one(db, "SELECT 1 FROM nodes WHERE state = 'superseded' LIMIT 1")
    intent = _intent_of(db, place.repo, sha)
    if intent is None or not (waits or missed):
        return []
    _adopt(db, place, intent)
    held = _held(db, intent)
    # A commit that is read late may be the one that an intent was logged on top of.
    open_ = _SAID + "n.state = 'open' AND i.base_sha IS NOT ?"
    waiting = [_said(row) for row in rows(db, open_, place.repo, sha)]
    if missed:
        waiting += _missed(db, place.repo, held)
    bound = set()
    for said in waiting:
        fate = said.fate(held)
        if fate is None or (fate == "superseded" and not _follows(db, place, said, intent)):
            continue
        _settle(db, said, fate, sha)
        if fate == "bound":
            bound.add(said.intent)
    return [link(db, caller, place, intent, sha) for intent in sorted(bound)]


def _follows(db: Connection, place: Place, said: _Said, intent: int) -> bool:
    """Tell whether what a commit made of an entity came of what was said: in its work tree, on its text."""
    if said.worktree != place.path:
        return False
    about = one(db, _EDIT, said.intent, said.position)
    return any(_stands(about, made) for made in rows(db, _MADE, intent, said.new, said.old))


_EDIT = "SELECT old, new, edit FROM nodes WHERE intent = ? AND position = ?"
_MADE = (
    "SELECT n.old, n.new, n.edit FROM nodes n JOIN versions v ON v.seq = ifnull(n.new, n.old)"
    " WHERE n.intent = ? AND v.entity IN (?, ?)"
)


def _stands(said: tuple[Any, ...], made: tuple[Any, ...]) -> bool:
    was, now = (_marked(edit).marks for *_, edit in (said, made))
    if was is UNSET or now is UNSET:
        return True
    # What is there still was not deleted, and what is gone holds nothing.
    both_there = said[1] is not None and made[1] is not None
    return both_there and stands(was, now, alike=said[0] == made[0])


class _Marked(Struct, frozen=True):
    """What is asked of a kept edit."""

    marks: str | UnsetType = UNSET


_marked = Decoder(_Marked).decode


def _adopt(db: Connection, place: Place, intent: int) -> None:
    """Let what a commit adds be what was logged as added, changed since then, in the same work tree."""
    waiting = rows(
        db,
        "SELECT DISTINCT n.intent FROM nodes n JOIN intents i ON i.seq = n.intent"
        " WHERE n.state = 'open' AND n.old IS NULL AND +i.repo = ? AND +i.source = 'log' AND +i.worktree = ?",
        place.repo,
        place.path,
    )
    for (logged,) in waiting:
        lineage.join_additions(db, logged, intent)


def _missed(db: Connection, repo: int, held: Held) -> list[_Said]:
    """Return the superseded nodes whose content a commit gives to their entity at last."""
    sql = f"{_SAID}n.state = 'superseded' AND w.entity = ?"
    found = [_said(row) for entity in held for row in rows(db, sql, repo, entity)]
    return [said for said in found if said.fate(held) == "bound"]


def _intent_of(db: Connection, repo: int, sha: str) -> int | None:
    """Return the intent of a commit, or None where it was not read."""
    row = one(db, "SELECT intent FROM commits WHERE repo = ? AND sha = ?", repo, sha)
    return int(row[0]) if row else None


def _held(db: Connection, intent: int | None) -> Held:
    held: dict[int, list[_After]] = {}
    sql = (
        "SELECT v.entity, n.new, iif(n.new IS NULL, NULL, v.shape)"
        " FROM nodes n JOIN versions v ON v.seq = ifnull(n.new, n.old) WHERE n.intent = ?"
    )
    for entity, version, shape in db.execute(sql, (intent,)):
        held.setdefault(entity, []).append(_After(version, shape))
    return held


def _settle(db: Connection, said: _Said, state: str, sha: str | None) -> None:
    db.execute(
        "UPDATE nodes SET state = ?, commit_sha = ? WHERE intent = ? AND position = ?",
        (state, sha, said.intent, said.position),
    )


def link(
    db: Connection, caller: Caller, place: Place, intent: int, sha: str, instead_of: str | None = None
) -> str:
    """Say which commit an intent belongs to, and so which branch, unless another said so before."""
    sql = (
        "UPDATE intents SET commit_sha = ?, branch = ifnull((SELECT c.branch FROM commits k"
        " JOIN intents c ON c.seq = k.intent WHERE k.repo = ? AND k.sha = ?), branch)"
        " WHERE seq = ? AND commit_sha IS ? RETURNING id"
    )
    row = one(db, sql, sha, place.repo, sha, intent, instead_of)
    id_ = str((row or one(db, "SELECT id FROM intents WHERE seq = ?", intent))[0])
    data: dict[str, Any] = {"intent_id": id_, "commit_sha": sha}
    events.append(
        db, caller, "intent.linked", data | ({"rewritten_from": instead_of} if instead_of else {}), place
    )
    return id_


def rewrite(db: Connection, caller: Caller, place: Place, old: str, new: str) -> bool:
    """Carry what was bound to `old` over to `new`, the commit that an amend or a rebase put in its place.

    Tell whether something is open again.

    What the new commit holds otherwise is superseded, and what it no longer touches is open again. An intent
    that was logged about the old commit itself is carried as it is.
    """
    if old == new:
        return False
    before, after = _intent_of(db, place.repo, old), _intent_of(db, place.repo, new)
    if before is not None and after is not None:
        lineage.join_additions(db, before, after)
    held = _held(db, after) if after is not None else None
    touched, reopened = set(), False
    for said in _said_of(db, place.repo, old):
        about_it = before is not None and said.intent > before
        fate = said.state if held is None or about_it else said.fate(held)
        _settle(db, said, fate or "open", new if fate else None)
        if fate:
            touched.add(said.intent)
        else:
            reopened = True
    linked = "SELECT seq FROM intents WHERE repo = ? AND source = 'log' AND commit_sha = ?"
    for (intent,) in rows(db, linked, place.repo, old):
        if intent in touched or not one(db, "SELECT 1 FROM nodes WHERE intent = ?", intent):
            link(db, caller, place, intent, new, old)
        else:
            db.execute("UPDATE intents SET commit_sha = NULL WHERE seq = ?", (intent,))
    db.execute("UPDATE commits SET rewritten_to = ? WHERE repo = ? AND sha = ?", (new, place.repo, old))
    db.execute(
        "UPDATE intents SET rewritten_to = ? WHERE repo = ? AND commit_sha = ? AND source = 'commit'",
        (new, place.repo, old),
    )
    return reopened


def bind_again(db: Connection, caller: Caller, place: Place, shas: Iterable[str]) -> None:
    """Look again whether commits that were read before hold what is open by now, oldest first."""
    for sha in shas:
        bind(db, caller, place, sha)


def rehome(db: Connection, caller: Caller, place: Place, gone: Iterable[str], come: Sequence[str]) -> None:
    """Bind anew what commits held that nothing reaches any more, where one of those that came holds it, too.

    Nothing says that one of them took the place of another: the content alone decides.
    """
    lost = [(sha, _said_of(db, place.repo, sha)) for sha in gone]
    if not any(nodes for _, nodes in lost):
        return
    for sha in come:
        held = _held(db, _intent_of(db, place.repo, sha))
        for old, nodes in lost:
            found = [said for said in nodes if said.fate(held) == "bound"]
            for said in found:
                _settle(db, said, "bound", sha)
            for intent in sorted({said.intent for said in found}):
                link(db, caller, place, intent, sha, old)


def catch_up(db: Connection, caller: Caller, place: Place, intent: int) -> None:
    """Bind an intent whose analysis ended only after the commits that may hold it were read.

    Commits that a back-fill reads are older than any intent, though they come later: they have no base.
    """
    later = rows(
        db,
        "SELECT commit_sha FROM intents WHERE +repo = ? AND +source = 'commit' AND seq > ?"
        " AND rewritten_to IS NULL AND base_sha IS NOT NULL ORDER BY seq",
        place.repo,
        intent,
    )
    bind_again(db, caller, place, [sha for (sha,) in later])


def _said_of(db: Connection, repo: int, sha: str) -> list[_Said]:
    """Return the nodes of logged intents that a commit settled, or that were logged about it."""
    touched = (
        "SELECT DISTINCT t.seq FROM nodes c JOIN versions v ON v.seq IN (c.old, c.new)"
        " JOIN versions t ON t.entity = v.entity WHERE c.intent = ?"
    )
    named = "SELECT seq FROM intents WHERE repo = ? AND commit_sha = ?"
    intent = _intent_of(db, repo, sha)
    found = rows(db, f"{_SAID}n.commit_sha = ? AND n.intent IN ({named})", repo, sha, repo, sha)
    for side in ("old", "new"):
        found += rows(db, f"{_SAID}n.commit_sha = ? AND n.{side} IN ({touched})", repo, sha, intent)
    return list({row[:2]: _said(row) for row in found}.values())
