"""Binding: which commit holds what a logged intent said: entities and their hashes decide, never time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from aura.api import Caller, Place
from aura.record import events
from aura.record.nodes import decode_edit, entity_of
from aura.store import Connection, one, rows
from aura.syntax.types import Edit

Held = Mapping[int, str | None]
"""The entities that a commit touches, each with the hash that it has afterwards (None: it is gone)."""


class _Said(NamedTuple):
    """A node of a logged intent."""

    intent: int
    position: int
    old: int | None
    new: int | None
    new_hash: str | None
    state: str
    worktree: str | None

    def fate(self, held: Held) -> str | None:
        """Return what a commit makes of it: bound, superseded, or None where it does not touch the entity."""
        name = self.new if self.new in held else self.old
        if name is None or name not in held:
            return None
        return "bound" if held[name] == self.new_hash else "superseded"


_SAID = (
    "SELECT n.intent, n.position, n.old, n.new, n.new_hash, n.state, i.worktree"
    " FROM nodes n JOIN intents i ON i.seq = n.intent WHERE +i.repo = ? AND +i.source = 'log' AND "
)
# A unary plus keeps SQLite from walking all intents of a repository instead of the few nodes.


def bind(db: Connection, caller: Caller, place: Place, sha: str, edits: Sequence[Edit]) -> list[str]:
    """Bind the nodes of logged intents that this commit holds; return the ids of the intents it binds.

    A node is `bound` where the commit gives its entity the same hash (or removes it, too), in whatever work
    tree that was. It is `superseded` where a commit of its own work tree gives the entity another hash, until
    a later one gives it that hash after all. The first commit that binds any node becomes the intent's
    `commit_sha`.
    """
    waiting = [_Said(*row) for row in rows(db, _SAID + "n.state = 'open'", place.repo)]
    missed = one(db, "SELECT 1 FROM nodes WHERE state = 'superseded' LIMIT 1")
    if not waiting and not missed:
        return []
    held = _held(db, place.repo, edits)
    if missed:
        waiting += _missed(db, place.repo, held)
    bound = set()
    for said in waiting:
        fate = said.fate(held)
        if fate is None or (fate == "superseded" and said.worktree != place.path):
            continue
        _settle(db, said, fate, sha)
        if fate == "bound":
            bound.add(said.intent)
    return [_link(db, caller, place, intent, sha) for intent in sorted(bound)]


def _missed(db: Connection, repo: int, held: Held) -> list[_Said]:
    """Return the superseded nodes whose hash a commit gives to their entity at last."""
    sql = _SAID + "n.state = 'superseded' AND n.new = ? AND n.new_hash = ?"
    found = [rows(db, sql, repo, name, after) for name, after in held.items() if after is not None]
    return [_Said(*row) for part in found for row in part]


def _held(db: Connection, repo: int, edits: Iterable[Edit]) -> Held:
    held: dict[int, str | None] = {}
    for edit in edits:
        after = edit.new.hash if edit.new else None
        for side in (edit.old, edit.new):
            row = entity_of(db, repo, edit.kind, side)
            if row is not None and (side is edit.new or row not in held):
                held[row] = after
    return held


def _settle(db: Connection, said: _Said, state: str, sha: str | None) -> None:
    db.execute(
        "UPDATE nodes SET state = ?, commit_sha = ? WHERE intent = ? AND position = ?",
        (state, sha, said.intent, said.position),
    )


def _link(
    db: Connection, caller: Caller, place: Place, intent: int, sha: str, instead_of: str | None = None
) -> str:
    """Say which commit an intent belongs to, unless another said so before."""
    row = one(
        db,
        "UPDATE intents SET commit_sha = ? WHERE seq = ? AND commit_sha IS ? RETURNING id",
        sha,
        intent,
        instead_of,
    )
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
    edits = _edits_of(db, place.repo, new)
    held = _held(db, place.repo, edits) if edits is not None else None
    before = one(db, "SELECT intent FROM commits WHERE repo = ? AND sha = ?", place.repo, old)
    touched, reopened = set(), False
    for said in _said_of(db, place.repo, old):
        about_it = before is not None and said.intent > before[0]
        fate = said.state if held is None or about_it else said.fate(held)
        _settle(db, said, fate or "open", new if fate else None)
        if fate:
            touched.add(said.intent)
        else:
            reopened = True
    linked = "SELECT seq FROM intents WHERE repo = ? AND source = 'log' AND commit_sha = ?"
    for (intent,) in rows(db, linked, place.repo, old):
        if intent in touched or not one(db, "SELECT 1 FROM nodes WHERE intent = ?", intent):
            _link(db, caller, place, intent, new, old)
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
        bind(db, caller, place, sha, _edits_of(db, place.repo, sha) or [])


def rehome(db: Connection, caller: Caller, place: Place, gone: Iterable[str], come: Sequence[str]) -> None:
    """Bind anew what commits held that nothing reaches any more, where one of those that came holds it, too.

    Nothing says that one of them took the place of another: the hashes alone decide.
    """
    lost = [(sha, _said_of(db, place.repo, sha)) for sha in gone]
    if not any(nodes for _, nodes in lost):
        return
    for sha in come:
        held = _held(db, place.repo, _edits_of(db, place.repo, sha) or ())
        for old, nodes in lost:
            found = [said for said in nodes if said.fate(held) == "bound"]
            for said in found:
                _settle(db, said, "bound", sha)
            for intent in sorted({said.intent for said in found}):
                _link(db, caller, place, intent, sha, old)


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
        "SELECT c.{} FROM commits r JOIN nodes c ON c.intent = r.intent WHERE r.repo = ? AND r.sha = ?"
        " AND c.{} IS NOT NULL"
    )
    found: dict[tuple[int, int], _Said] = {}
    for side, of in (("new", "new"), ("old", "old"), ("new", "old"), ("old", "new")):
        sql = f"{_SAID}n.commit_sha = ? AND n.{side} IN ({touched.format(of, of)})"
        found |= {row[:2]: _Said(*row) for row in rows(db, sql, repo, sha, repo, sha)}
    named = "SELECT seq FROM intents WHERE repo = ? AND commit_sha = ?"
    sql = f"{_SAID}n.commit_sha = ? AND n.intent IN ({named})"
    found |= {row[:2]: _Said(*row) for row in rows(db, sql, repo, sha, repo, sha)}
    return list(found.values())


def _edits_of(db: Connection, repo: int, sha: str) -> list[Edit] | None:
    """Return the edits of a commit, or None where it was not read."""
    row = one(db, "SELECT intent FROM commits WHERE repo = ? AND sha = ?", repo, sha)
    if row is None:
        return None
    return [decode_edit(edit) for (edit,) in db.execute("SELECT edit FROM nodes WHERE intent = ?", row)]
