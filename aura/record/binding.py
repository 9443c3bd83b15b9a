"""Binding: which commit holds what a logged intent said, decided by entity hashes, never by time."""

from aura.api import Caller, Place
from aura.record import events
from aura.record.nodes import decode_edit, entity_of
from aura.store import Connection, one, rows
from aura.syntax.types import Edit


def bind(db: Connection, caller: Caller, place: Place, sha: str, edits: list[Edit]) -> list[str]:
    """Bind the open nodes of logged intents that this commit holds; return the ids of the intents it binds.

    A node is `bound` where the commit gives its entity the same hash (or removes it, too), and `superseded`
    where it gives it another. The first commit that binds any node becomes the intent's `commit_sha`.
    """
    open_nodes = rows(
        db,
        "SELECT n.intent, n.position, n.old, n.new, n.new_hash FROM nodes n"
        " JOIN intents i ON i.seq = n.intent WHERE n.state = 'open' AND i.repo = ? AND i.source = 'log'",
        place.repo,
    )
    if not open_nodes:
        return []
    held: dict[int, int | None] = {}
    for edit in edits:
        after = edit.new.hash if edit.new else None
        for side in (edit.old, edit.new):
            row = entity_of(db, place.repo, edit.kind, side)
            if row is not None and (side is edit.new or row not in held):
                held[row] = after
    bound: dict[int, bool] = {}
    for intent, position, old, new, new_hash in open_nodes:
        name = new if new in held else old
        if name not in held:
            continue
        same = held[name] == new_hash
        state = "bound" if same else "superseded"
        db.execute(
            "UPDATE nodes SET state = ?, commit_sha = ? WHERE intent = ? AND position = ?",
            (state, sha, intent, position),
        )
        bound[intent] = bound.get(intent, False) or same
    return [_link(db, caller, place, intent, sha) for intent, any_bound in bound.items() if any_bound]


def _link(db: Connection, caller: Caller, place: Place, intent: int, sha: str) -> str:
    db.execute("UPDATE intents SET commit_sha = ? WHERE seq = ? AND commit_sha IS NULL", (sha, intent))
    id_ = str(one(db, "SELECT id FROM intents WHERE seq = ?", intent)[0])
    events.append(db, caller, "intent.linked", {"intent_id": id_, "commit_sha": sha}, place)
    return id_


def rewrite(db: Connection, caller: Caller, place: Place, old: str, new: str) -> None:
    """Carry what was bound to `old` over to `new`, the commit that an amend or a rebase put in its place."""
    db.execute(
        "UPDATE nodes SET commit_sha = ? WHERE commit_sha = ? AND intent IN"
        " (SELECT seq FROM intents WHERE repo = ? AND source = 'log')",
        (new, old, place.repo),
    )
    moved = rows(
        db,
        "UPDATE intents SET commit_sha = ? WHERE repo = ? AND commit_sha = ? AND source = 'log' RETURNING id",
        new,
        place.repo,
        old,
    )
    for (id_,) in moved:
        events.append(
            db, caller, "intent.linked", {"intent_id": id_, "commit_sha": new, "rewritten_from": old}, place
        )
    db.execute("UPDATE commits SET rewritten_to = ? WHERE repo = ? AND sha = ?", (new, place.repo, old))
    db.execute(
        "UPDATE intents SET rewritten_to = ? WHERE repo = ? AND commit_sha = ? AND source = 'commit'",
        (new, place.repo, old),
    )


def catch_up(db: Connection, caller: Caller, place: Place, intent: int) -> None:
    """Bind an intent whose analysis ended only after the commits that may hold it were read."""
    later = rows(
        db,
        "SELECT seq, commit_sha FROM intents WHERE +repo = ? AND +source = 'commit' AND seq > ?"
        " AND rewritten_to IS NULL"
        " AND created_at >= (SELECT created_at FROM intents WHERE seq = ?) - 1000000 ORDER BY seq",
        place.repo,
        intent,
        intent,
    )
    for seq, sha in later:
        edits = [decode_edit(row[0]) for row in db.execute("SELECT edit FROM nodes WHERE intent = ?", (seq,))]
        bind(db, caller, place, sha, edits)
