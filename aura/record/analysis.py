"""The second half of a logged intent: what changed, attached once it is known."""

from typing import Any

from msgspec import Struct

from aura.api import Caller, Place
from aura.record import binding, events, intents, nodes
from aura.record.intents import Intent
from aura.store import Connection, one
from aura.syntax.types import Edit


class Analysed(Struct, frozen=True):
    """The entity edits found; `degraded` where a file could not be read or parsed in full."""

    edits: list[Edit]
    degraded: bool = False
    failed: bool = False


def finish(db: Connection, caller: Caller, place: Place, seq: int, found: Analysed) -> Intent | None:
    """Attach the edits to a pending intent and say so; None where it is gone or was finished before."""
    row = one(db, "SELECT analysis, commit_sha FROM intents WHERE seq = ?", seq)
    if row is None or row[0] != "pending":
        return None
    commit = row[1]
    nodes.attach(db, place.repo, seq, found.edits, "bound" if commit else "open", commit)
    changed, added, deleted = nodes.counts(found.edits)
    db.execute(
        "UPDATE intents SET analysis = ?, degraded = ?, nodes_changed = ?, nodes_added = ?, nodes_deleted = ?"
        " WHERE seq = ?",
        ("failed" if found.failed else "done", int(found.degraded), changed, added, deleted, seq),
    )
    if commit is None:
        binding.catch_up(db, caller, place, seq)
    intent = intents.by_seq(db, seq)
    data: dict[str, Any] = {"intent_id": intent.id, "analysis": intent.analysis}
    data |= {"nodes_changed": changed, "nodes_added": added, "nodes_deleted": deleted}
    events.append(db, caller, "intent.analyzed", data, place)
    return intent
