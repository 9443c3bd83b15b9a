"""The second half of a logged intent: what changed, attached once it is known."""

from typing import Any

from msgspec import Struct

from aura.api import Caller, Place
from aura.record import binding, events, nodes
from aura.store import Connection, one
from aura.syntax.types import Edit


class Analysed(Struct, frozen=True):
    """The entity edits found; `degraded` where a file could not be read or parsed in full."""

    edits: list[Edit]
    degraded: bool = False
    failed: bool = False


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
    data: dict[str, Any] = {"intent_id": row[2], "analysis": state}
    data |= {"nodes_changed": changed, "nodes_added": added, "nodes_deleted": deleted}
    events.append(db, caller, "intent.analyzed", data, place)
    return True
