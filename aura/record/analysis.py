"""The second half of a logged intent: what changed, attached once it is known."""

from typing import Any

from msgspec import Struct

from aura.api import Caller, Place
from aura.record import binding, events, nodes
from aura.store import Connection, one, rows
from aura.syntax.evidence import Evidence
from aura.syntax.types import Edit


class Analysed(Struct, frozen=True):
    """The entity edits found; `degraded` where a file could not be read or parsed in full.

    There is `evidence` where something is claimed.
    """

    edits: list[Edit]
    degraded: bool = False
    failed: bool = False
    evidence: Evidence | None = None


def finish_unchanged(db: Connection, jobs: list[tuple[Caller, Place, int]], found: Analysed) -> None:
    """Finish pending intents of a work tree in which nothing was found, all in a few statements."""
    by_seq = {seq: (caller, place) for caller, place, seq in jobs}
    state = "failed" if found.failed else "done"
    done = sorted(
        rows(
            db,
            f"UPDATE intents SET analysis = ?, degraded = ? WHERE analysis = 'pending'"
            f" AND seq IN ({','.join('?' * len(by_seq))})"
            " RETURNING seq, id, worktree, session, base_sha, files, commit_sha",
            state,
            int(found.degraded),
            *by_seq,
        )
    )
    if not found.failed:
        _wait(db, [(seq, *about) for seq, _, *about, commit in done if commit is None])
    told = [(*by_seq[seq], _summary(id_, state, (0, 0, 0))) for seq, id_, *_ in done]
    events.append_many(db, "intent.analyzed", told)


def _wait(db: Connection, found: list[tuple[Any, ...]]) -> None:
    """Let intents wait for the changes that follow them, each in the place of an older one that is alike: of
    the same work tree, session, commit and files.
    """
    newest = {tuple(alike): seq for seq, *alike in found}
    db.executemany(
        "UPDATE intents SET waits = 0 WHERE waits = 1 AND worktree = ? AND session IS ? AND base_sha IS ?"
        " AND files IS ? AND seq < ?",
        [(*alike, seq) for alike, seq in newest.items()],
    )
    db.executemany("UPDATE intents SET waits = 1 WHERE seq = ?", [(seq,) for seq in newest.values()])


def _summary(id_: str, state: str, counts: tuple[int, int, int]) -> dict[str, Any]:
    named = zip(("nodes_changed", "nodes_added", "nodes_deleted"), counts, strict=True)
    return {"intent_id": id_, "analysis": state, **dict(named)}


def finish(db: Connection, caller: Caller, place: Place, seq: int, found: Analysed) -> bool:
    """Attach the edits to a pending intent and say so; False where it is gone or was finished before."""
    row = one(
        db,
        "SELECT analysis, commit_sha, id, worktree, session, base_sha, files FROM intents WHERE seq = ?",
        seq,
    )
    if row is None or row[0] != "pending":
        return False
    commit, state = row[1], "failed" if found.failed else "done"
    nodes.attach(db, place.repo, seq, found.edits, "bound" if commit else "open", commit)
    db.execute(
        "UPDATE intents SET analysis = ?, degraded = ? WHERE seq = ?", (state, int(found.degraded), seq)
    )
    if commit is None and found.edits:
        binding.catch_up(db, caller, place, seq)
    elif commit is None and not found.failed:
        _wait(db, [(seq, *row[3:])])
    count(db, caller, place, seq, found.edits)
    return True


def count(db: Connection, caller: Caller, place: Place, seq: int, edits: list[Edit]) -> None:
    """Keep how many entities an intent changed, and say so."""
    counts = nodes.counts(edits)
    sql = (
        "UPDATE intents SET nodes_changed = ?, nodes_added = ?, nodes_deleted = ? WHERE seq = ?"
        " RETURNING id, analysis"
    )
    id_, state = one(db, sql, *counts, seq)
    events.append(db, caller, "intent.analyzed", _summary(id_, state, counts), place)


def pending(db: Connection) -> list[tuple[int, str, str | None, str | None, str | None]]:
    """Return sequence, work tree, base, commit and files of the intents that wait for their analysis."""
    return rows(
        db,
        "SELECT seq, worktree, base_sha, commit_sha, files FROM intents"
        " WHERE analysis = 'pending' AND source = 'log'",
    )
