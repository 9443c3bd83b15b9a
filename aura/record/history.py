"""How much of a repository's history has been read: heads, and back-fills that can be taken up again."""

from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller, Place, now_us
from aura.op import op
from aura.record import events, worktrees
from aura.record.worktrees import WorkTree
from aura.store import Connection, one

STEPS = 10
"""How often it is told how far a back-fill is."""


class NewBackfill(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The work tree's id (wkt_...).")]
    depth: Annotated[int, Meta(description="How many commits, newest first; 0 reads none.", ge=0)] = 1000
    rest: Annotated[bool, Meta(description="Read what is older afterwards, at low priority.")] = True


class Unfinished(Struct, frozen=True):
    """A back-fill that a restart interrupted."""

    repo: int
    head: str
    branch: str | None
    wanted: int
    rest: int


@op(
    "POST /v1/worktrees/{id}:backfill",
    scope="write_intents",
    needs="none",
    status=202,
    manual=True,
    emits=("repo.backfilled",),
)
def backfill(db: Connection, caller: Caller, new: NewBackfill) -> WorkTree:
    """Read the history of a work tree's repository; the work tree shows how far it is."""
    return worktrees.get(db, new.id)


def begin(db: Connection, place: Place, head: str, wanted: int, done: int, rest: bool) -> None:
    """Note that the history of `head` is being read, and whether what is older is to follow."""
    db.execute(
        "INSERT INTO backfills (repo, head, branch, wanted, done, rest, state, started_at)"
        " VALUES (?,?,?,?,?,?,'running',?) ON CONFLICT DO UPDATE SET"
        " wanted = max(wanted, excluded.wanted), done = excluded.done, rest = excluded.rest,"
        " state = 'running', started_at = excluded.started_at",
        (place.repo, head, place.branch, wanted, done, int(rest), now_us()),
    )


def advance(db: Connection, caller: Caller, place: Place, head: str, batch: int) -> None:
    """Note that a batch of commits has been read, and say so at each tenth of what is wanted."""
    row = one(
        db,
        "UPDATE backfills SET done = min(done + ?, wanted)"
        " WHERE repo = ? AND head = ? RETURNING done, wanted",
        batch,
        place.repo,
        head,
    )
    if row is None:
        return
    done, wanted = row
    told, due = (n * STEPS // max(1, wanted) for n in (done - batch, done))
    if told < due < STEPS:
        events.append(db, caller, "repo.backfilled", {"done": done, "wanted": wanted}, place)


def complete(db: Connection, caller: Caller, place: Place, head: str, rest: bool) -> None:
    """Note that what was wanted has been read, and say so once; tell whether what is older still follows."""
    sql = "SELECT wanted FROM backfills WHERE repo = ? AND head = ? AND state = 'running'"
    if (row := one(db, sql, place.repo, head)) is not None:
        data = {"done": row[0], "wanted": row[0]}
        events.append(db, caller, "repo.backfilled", data, place)
    db.execute(
        "UPDATE backfills SET state = 'complete', done = wanted, rest = ? WHERE repo = ? AND head = ?",
        (int(rest), place.repo, head),
    )


def fail(db: Connection, place: Place, head: str) -> None:
    """Note that a back-fill broke off, to be begun again by `aura init`."""
    db.execute("UPDATE backfills SET state = 'failed' WHERE repo = ? AND head = ?", (place.repo, head))


def unfinished(db: Connection) -> list[Unfinished]:
    """Return the back-fills to be taken up again."""
    found = db.execute(
        "SELECT repo, head, branch, wanted, rest FROM backfills"
        " WHERE state = 'running' OR (state = 'complete' AND rest) ORDER BY started_at"
    )
    return [Unfinished(*row) for row in found]


def heads(db: Connection, repo: int) -> list[str]:
    """Return the commits up to which everything wanted has been read."""
    return [
        row[0]
        for row in db.execute("SELECT sha FROM heads WHERE repo = ? ORDER BY read_at DESC LIMIT 200", (repo,))
    ]


def read_up_to(db: Connection, place: Place, sha: str) -> None:
    """Note that what `sha` reaches needs no reading as something new."""
    db.execute(
        "INSERT INTO heads (repo, sha, read_at) VALUES (?,?,?)"
        " ON CONFLICT DO UPDATE SET read_at = excluded.read_at",
        (place.repo, sha, now_us()),
    )
