"""Sessions: who is at work here, a person or an agent, in which work tree.

A request that names its session (`Aura-Session`, on the command line `AURA_SESSION`) is a sign of life and
acts as the session's actor. A session that is silent for long counts as lost, and lives again with its next
request.
"""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from aura.api import Actor, Caller, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.store import Connection, rows
from aura.team import zones
from aura.team.times import local

SILENT_US = 30 * 60 * 1_000_000
"""A session that gave no sign of life for half an hour is lost."""

State = Literal["live", "ended", "lost"]


class NewSession(Struct, frozen=True, forbid_unknown_fields=True):
    agent: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="The agent at work, such as claude-code; without it, the person whom git knows."),
    ] = None


class Session(Struct, frozen=True):
    """One stretch of work. `seen_at`: its last sign of life, to the minute."""

    id: str
    repo: str | None
    worktree: str | None
    actor: Actor
    state: State
    started_at: Time
    seen_at: Time
    ended_at: Time | None


class SessionId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The session's id (ses_...).")]


def _rows(_: Connection, found: list[tuple[Any, ...]]) -> list[Session]:
    return [
        Session(
            id_, slug, worktree, Actor(actor, kind, name), state, rfc3339(started), rfc3339(seen),
            rfc3339(ended) if ended else None,
        )
        for id_, slug, worktree, actor, kind, name, state, started, seen, ended in found
    ]  # fmt: skip


SESSIONS: Listing[Session] = Listing(
    noun="sessions",
    source="sessions s LEFT JOIN repositories r ON r.id = s.repo",
    columns="s.id, r.slug, s.worktree, s.actor_id, s.actor_kind, s.actor_name, s.state, s.started_at,"
    " s.seen_at, s.ended_at",
    rows=_rows,
    key="s.id",
    seq="s.seq",
    repo="s.repo",
    at="s.started_at",
    prefix="ses",
    filters={
        "state": Filter("Only sessions in these states.", "s.state IN ({})", get_args(State)),
        "actor": Filter("Only sessions of these actors.", "s.actor_id IN ({})"),
        "worktree": Filter("Only sessions in these work trees.", "s.worktree IN ({})"),
    },
    groups={"state": "s.state", "actor": "s.actor_id", "kind": "s.actor_kind", "worktree": "s.worktree"},
    measures={"seconds": "(ifnull(s.ended_at, s.seen_at) - s.started_at) / 1000000"},
)


@op("GET /v1/sessions", command="session list", scope="read_status", listing=SESSIONS)
def list_(db: Connection, caller: Caller, query: Any) -> Page[Session]:
    """List the sessions, those that ended too, newest first."""
    return SESSIONS.page(db, caller, query)


@op(
    "POST /v1/sessions",
    command="session start",
    scope="write_intents",
    emits=("session.started",),
    status=201,
)
def start(db: Connection, caller: Caller, new: NewSession) -> Session:
    """Start a session; what is done with its id in AURA_SESSION belongs to it."""
    actor = Actor(new.agent, "agent", new.agent) if new.agent else caller.actor
    id_, now = new_id("ses"), now_us()
    place = caller.place
    where = (place.repo, place.path) if place else (None, None)
    db.execute(
        "INSERT INTO sessions"
        " (id, repo, worktree, actor_id, actor_kind, actor_name, started_at, seen_at, state)"
        " VALUES (?,?,?,?,?,?,?,?,'live')",
        (id_, *where, actor.id, actor.kind, actor.name, now, now),
    )
    _say(db, caller, "session.started", id_, actor)
    return get(db, id_)


@op(
    "POST /v1/sessions/{id}:end",
    command="session end ID",
    scope="write_intents",
    emits=("session.ended", "zone.released"),
)
def end(db: Connection, caller: Caller, which: SessionId) -> Session:
    """End a session, and release its zones.

    Raises `session_not_found`, and `invalid_transition` where it ended before.
    """
    session = get(db, which.id)
    if session.state == "ended":
        raise AuraError(
            "invalid_transition",
            f"cannot end {which.id}: it ended at {local(session.ended_at)}",
            "aura session list",
        )
    zones.leave(db, caller, which.id)
    _end(db, caller, which.id, session.actor, "ended")
    return get(db, which.id)


def get(db: Connection, id_: str) -> Session:
    """Return a session. Raises `session_not_found`."""
    found = rows(db, f"SELECT {SESSIONS.columns} FROM {SESSIONS.source} WHERE s.id = ?", id_)
    if not found:
        raise AuraError("session_not_found", f"cannot find the session {id_}", "aura session list")
    return _rows(db, found)[0]


def live(db: Connection, repo: int, most: int = 500) -> list[Session]:
    """Return the live sessions of a repository, the latest first."""
    # Few of all sessions are live: theirs is the index to be used.
    sql = (
        f"SELECT {SESSIONS.columns} FROM {SESSIONS.source}"
        " WHERE +s.repo = ? AND s.state = 'live' ORDER BY s.id DESC LIMIT ?"
    )
    return _rows(db, rows(db, sql, repo, most))


def actors(db: Connection) -> dict[str, Actor]:
    """Return who is at work in each session that did not end."""
    sql = "SELECT id, actor_id, actor_kind, actor_name FROM sessions WHERE state <> 'ended'"
    return {id_: Actor(actor, kind, name) for id_, actor, kind, name in rows(db, sql)}


def at_work(db: Connection, worktrees: Collection[str]) -> dict[str, list[tuple[str, Actor]]]:
    """Return the live sessions in some work trees, and who works in them, the newest first."""
    found: dict[str, list[tuple[str, Actor]]] = {}
    sql = (
        "SELECT worktree, id, actor_id, actor_kind, actor_name FROM sessions"
        f" WHERE state = 'live' AND worktree IN ({','.join('?' * len(worktrees))}) ORDER BY seq DESC"
    )
    for worktree, id_, actor, kind, name in rows(db, sql, *worktrees):
        found.setdefault(worktree, []).append((id_, Actor(actor, kind, name)))
    return found


def mark(db: Connection, caller: Caller, seen: Mapping[str, int], *, now: int) -> bool:
    """Note signs of life (microseconds since the epoch), and which sessions have been silent for long.

    Returns whether a session was lost, or found again.
    """
    marks = [(at, id_) for id_, at in seen.items()]
    db.executemany("UPDATE sessions SET seen_at = max(seen_at, ?) WHERE id = ?", marks)
    found = rows(db, "SELECT id FROM sessions WHERE state = 'lost' AND seen_at > ?", now - SILENT_US)
    for (id_,) in found:
        db.execute("UPDATE sessions SET state = 'live', ended_at = NULL WHERE id = ?", (id_,))
        _say(db, caller, "session.started", id_, get(db, id_).actor)
    lost = rows(db, "SELECT id FROM sessions WHERE state = 'live' AND seen_at <= ?", now - SILENT_US)
    for (id_,) in lost:
        _end(db, caller, id_, get(db, id_).actor, "lost")
    return bool(found or lost)


def _end(db: Connection, caller: Caller, id_: str, actor: Actor, state: State) -> None:
    db.execute("UPDATE sessions SET state = ?, ended_at = ? WHERE id = ?", (state, now_us(), id_))
    _say(db, caller, "session.ended", id_, actor, reason=state)


def _say(
    db: Connection, caller: Caller, type_: events.EventType, id_: str, actor: Actor, **more: str
) -> None:
    events.append(db, caller, type_, {"session": id_, "actor": actor, **more})
