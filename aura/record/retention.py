"""How long snapshots and results of goals are kept, and what is needed by none any more."""

from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller, moment
from aura.ids import lowest_id
from aura.op import op
from aura.record import events, settings
from aura.store import Connection, rows

AT_ONCE = 200


class Collection(Struct, frozen=True, forbid_unknown_fields=True):
    dry_run: Annotated[bool, Meta(description="Tell what would go, but remove nothing.")] = False


class Collected(Struct, frozen=True):
    """How many snapshots went, how many contents that only they held, with their bytes, and how many results
    of goals.
    """

    snapshots: int
    contents: int
    bytes: int
    proofs: int = 0


@op(
    "POST /v1/snapshots:gc",
    name="snapshots.gc",
    command="snapshot gc",
    scope="admin",
    needs="none",
    emits=("snapshot.expired",),
    manual=True,
)
def collect(db: Connection, caller: Caller, given: Collection) -> Collected:
    """Remove snapshots and results of goals that are too old.

    Contents that nothing holds any more go with them. The setting `snapshots.keep` is for those that were
    asked for, `snapshots.keep_auto` for those that were made before edits and restores, and for how long
    restores can be undone; `prove.keep` is for results of goals, of which the last for each goal stays. The
    daemon does so by itself once a day.
    """
    raise LookupError("answered by the daemon")


def expire(db: Connection, caller: Caller) -> int:
    """Remove restores, and some snapshots, whose time is over; return how many, until there are none."""
    gone = 0
    for (repo,) in rows(db, "SELECT id FROM repositories"):
        asked, auto = (_until(db, repo, name) for name in ("snapshots.keep", "snapshots.keep_auto"))
        _end_restores(db, repo, auto)
        sql = (
            "SELECT seq, id FROM snapshots WHERE repo = ? AND state = 'kept'"
            " AND created_at < CASE reason WHEN 'asked' THEN ? ELSE ? END ORDER BY seq LIMIT ?"
        )
        if over := rows(db, sql, repo, asked, auto, AT_ONCE):
            db.executemany(
                "UPDATE snapshots SET state = 'dropped' WHERE seq = ?", [(seq,) for seq, _ in over]
            )
            events.append(db, caller, "snapshot.expired", {"snapshots": [id_ for _, id_ in over]})
            gone += len(over)
    db.execute(
        "DELETE FROM snapshots WHERE state IN ('dropped', 'taking')"
        " AND seq NOT IN (SELECT base FROM snapshots WHERE base IS NOT NULL)"
    )
    return gone


def expire_proofs(db: Connection) -> int:
    """Remove some results of goals whose time is over; return how many, until there are none."""
    gone = 0
    for (repo,) in rows(db, "SELECT id FROM repositories"):
        # What a goal came to last is what its list shows of it, however long ago that was.
        found = rows(
            db,
            "DELETE FROM proofs WHERE seq IN (SELECT p.seq FROM proofs p WHERE p.repo = ? AND p.id < ?"
            " AND EXISTS (SELECT 1 FROM proofs n WHERE n.goal = p.goal AND n.id > p.id AND n.repo = p.repo)"
            " LIMIT ?) RETURNING seq",
            repo,
            lowest_id("prv", _until(db, repo, "prove.keep")),
            AT_ONCE,
        )
        gone += len(found)
    return gone


def live(db: Connection) -> set[str]:
    """Return the contents that a snapshot or a restore needs."""
    sql = (
        "SELECT sha256 FROM snapshot_files UNION SELECT before_sha256 FROM restore_files"
        " UNION SELECT after_sha256 FROM restore_files"
    )
    return {sha256.hex() for (sha256,) in db.execute(sql) if sha256 is not None}


def _end_restores(db: Connection, repo: int, until: int) -> None:
    """Forget restores that nobody can undo or do again, or not any longer."""
    db.execute(
        "DELETE FROM restores WHERE repo = ? AND (state = 'cut'"
        " OR state IN ('done', 'undone', 'interrupted') AND changed_at < ?)",
        (repo, until),
    )


def _until(db: Connection, repo: int, name: str) -> int:
    span = settings.value(db, repo, name)
    return 0 if span == "forever" else moment(span, name)
