"""Events: every mutation appends one row in the transaction of its effect; the row is the event."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from aura.api import Actor, Caller, Place, Time, now_us, rfc3339
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.store import Connection, one
from aura.store import rows as all_rows

EventType = Literal[
    "intent.logged", "intent.analyzed", "intent.linked", "intent.checked", "repo.backfilled",
    "worktree.registered", "worktree.forgotten", "worktree.removed", "setting.changed",
    "session.started", "session.ended",
    "message.posted", "message.read", "zone.claimed", "zone.released", "zone.expired", "zone.contested",
    "impact.opened", "impact.resolved", "impact.snoozed", "impact.dismissed",
    "prove.passed", "prove.failed", "prove.undecided", "goal.saved", "goal.forgotten",
    "snapshot.created", "snapshot.restored", "snapshot.expired",
]  # fmt: skip

TransientType = Literal["worktree.edited"]
"""What is told to those who follow now, and never kept."""


class Event(Struct, frozen=True):
    """One envelope for a list row, an SSE frame, a WebSocket message and a webhook body."""

    event_id: str
    seq: int
    type: str
    at: Time
    repo: str | None
    worktree: str | None
    session: str | None
    actor: Actor
    data: dict[str, Any]


class Transient(Struct, frozen=True):
    """The envelope of what is not kept: without an id and a place in the log."""

    type: TransientType
    at: Time
    repo: str
    worktree: str
    session: str | None
    actor: Actor
    data: Struct


def append(
    db: Connection, caller: Caller, type_: EventType, data: dict[str, Any], place: Place | None = None
) -> int:
    """Append one event and return its sequence."""
    db.execute(_INSERT, _row(caller, type_, data, place or caller.place))
    return db.last_insert_rowid()


def append_many(
    db: Connection, type_: EventType, about: Iterable[tuple[Caller, Place | None, dict[str, Any]]]
) -> None:
    """Append events of one type, in order."""
    db.executemany(_INSERT, [_row(caller, type_, data, place) for caller, place, data in about])


def _row(caller: Caller, type_: EventType, data: dict[str, Any], where: Place | None) -> tuple[Any, ...]:
    place = (where.repo, where.slug, where.path or None) if where else (None, None, None)
    actor = caller.actor
    text = msgspec.json.encode(data).decode()
    return (new_id("evt"), type_, now_us(), *place, caller.session, actor.id, actor.kind, text)


_INSERT = (
    "INSERT INTO events (id, type, at, repo, slug, worktree, session, actor_id, actor_kind, data)"
    " VALUES (?,?,?,?,?,?,?,?,?,?)"
)
COLUMNS = "e.seq, e.id, e.type, e.at, e.slug, e.worktree, e.session, e.actor_id, e.actor_kind, e.data"


def rows(_: Connection, found: list[tuple[Any, ...]]) -> list[Event]:
    """Turn rows of COLUMNS into events."""
    return [
        Event(
            id_,
            seq,
            type_,
            rfc3339(at),
            slug,
            worktree,
            session,
            Actor(actor, kind),
            msgspec.json.decode(data),
        )
        for seq, id_, type_, at, slug, worktree, session, actor, kind, data in found
    ]


def after(db: Connection, seq: int, limit: int = 500) -> list[tuple[int | None, Event]]:
    """Return the events that follow `seq`, each with the repository it belongs to."""
    sql = f"SELECT e.repo, {COLUMNS} FROM events e WHERE e.seq > ? ORDER BY e.seq LIMIT ?"
    found = all_rows(db, sql, seq, limit)
    return list(zip([row[0] for row in found], rows(db, [row[1:] for row in found]), strict=True))


def last_seq(db: Connection) -> int:
    """Return the sequence of the newest event, or 0."""
    return int(one(db, "SELECT ifnull(max(seq), 0) FROM events")[0])


EVENTS: Listing[Event] = Listing(
    noun="events",
    source="events e",
    columns=COLUMNS,
    rows=rows,
    key="e.seq",
    seq="e.seq",
    repo="e.repo",
    at="e.at",
    order="asc",
    filters={
        "type": Filter(
            "Only events of these types; worktree.edited is told live, and not kept.",
            "e.type IN ({})",
            (*get_args(EventType), *get_args(TransientType)),
            first=True,
        ),
        "session": Filter("Only events of these sessions.", "e.session IN ({})", first=True),
        "actor": Filter("Only events of these actors.", "e.actor_id IN ({})", first=True),
    },
    groups={
        "type": "e.type",
        "actor": "e.actor_id",
        "session": "e.session",
        "repo": "e.slug",
        "worktree": "e.worktree",
        "day": "strftime('%Y-%m-%d', e.at / 1000000, 'unixepoch')",
    },
    extra=(("subscribe", Annotated[bool, Meta(description="Follow as server-sent events.")], False),),
)


@op("GET /v1/events", command="events", scope="read_events", listing=EVENTS, manual=True)
def list_(db: Connection, caller: Caller, query: Any) -> Page[Event]:
    """List what happened, oldest first, or follow it as server-sent events.

    With `subscribe=true` or `Accept: text/event-stream` the answer is a stream; `Last-Event-ID` or `cursor`
    resumes it. A stream also tells `worktree.edited` when what is uncommitted in a work tree has other edits
    than before: such a frame has no id, and is not told again.
    """
    return EVENTS.page(db, caller, query)
