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
    done = rows(
        db,
        f"UPDATE intents SET analysis = ?, degraded = ? WHERE analysis = 'pending'"
        f" AND seq IN ({','.join('?' * len(by_seq))}) RETURNING seq, id",
        state,
        int(found.degraded),
        *by_seq,
    )
    events.append_many(
        db, "intent.analyzed", [(*by_seq[seq], _summary(id_, state, (0, 0, 0))) for seq, id_ in sorted(done)]
    )


def _summary(id_: str, state: str, counts: tuple[int, int, int]) -> dict[str, Any]:
    named = zip(("nodes_changed", "nodes_added", "nodes_deleted"), counts, strict=True)
    return {"intent_id": id_, "analysis": state, **dict(named)}


def finish(db: Connection, caller: Caller, place: Place, seq: int, found: Analysed) -> bool:
    """Attach the edits to a pending intent and say so; False where it is gone or was finished before."""
    row = one(db, "SELECT analysis, commit_sha, id FROM intents WHERE seq = ?", seq)
    if row is None or row[0] != "pending":
        return False
    commit, state = row[1], "failed" if found.failed else "done"
    nodes.attach(db, place.repo, seq, found.edits, "bound" if commit else "open", commit)
    changed, added, deleted = nodes.counts(found.edits)
    db.execute(
        "UPDATE intents SET analysis = ?, degraded = ?, nodes_changed = ?, nodes_added = ?, nodes_deleted = ?"
        " WHERE seq = ?",
        (state, int(found.degraded), changed, added, deleted, seq),
    )
    if commit is None and found.edits:
        binding.catch_up(db, caller, place, seq)
    data = _summary(row[2], state, (changed, added, deleted))
    events.append(db, caller, "intent.analyzed", data, place)
    return True
