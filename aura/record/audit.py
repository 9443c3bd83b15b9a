"""Audit: the log read as a trail of who did what, newest first."""

from typing import Any, get_args

from msgspec import Struct

from aura.api import Actor, ActorKind, Caller, Time
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.record.events import COLUMNS, EVENTS, EventType
from aura.store import Connection

ABOUT = ("intent_id", "zone", "impact", "message", "session", "id", "name")
"""What an event is about, in the data of the events of each noun."""
SAID = ("summary", "reason", "note", "body")


class AuditEntry(Struct, frozen=True):
    """One thing that was done. `id` is the event's.

    `about` is what it was done to, `reasoning` what was said of it. `tool_call` and `token_usage` are there
    where an agent's tool did it.
    """

    id: str
    at: Time
    actor: Actor
    action: str
    about: str | None
    reasoning: str | None
    tool_call: dict[str, Any] | None
    token_usage: dict[str, Any] | None
    repo: str | None
    worktree: str | None
    session: str | None
    data: dict[str, Any]


def _rows(db: Connection, found: list[tuple[Any, ...]]) -> list[AuditEntry]:
    return [_entry(event) for event in events.rows(db, found)]


def _entry(event: events.Event) -> AuditEntry:
    data = event.data
    return AuditEntry(
        event.event_id, event.at, event.actor, event.type, _first(data, ABOUT), _first(data, SAID),
        data.get("tool_call"), data.get("token_usage"), event.repo, event.worktree, event.session, data,
    )  # fmt: skip


def _first(data: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((data[name] for name in names if isinstance(data.get(name), str)), None)


AUDIT: Listing[AuditEntry] = Listing(
    noun="audit",
    source=EVENTS.source,
    columns=COLUMNS,
    rows=_rows,
    key="e.seq",
    seq="e.seq",
    repo="e.repo",
    at="e.at",
    filters={
        "action": Filter("Only these actions.", "e.type IN ({})", get_args(EventType), first=True),
        "actor": EVENTS.filters["actor"],
        "kind": Filter(
            "Only what these kinds of actors did.", "e.actor_kind IN ({})", get_args(ActorKind), first=True
        ),
        "session": EVENTS.filters["session"],
    },
    groups={
        "action": "e.type",
        "kind": "e.actor_kind",
        **{name: EVENTS.groups[name] for name in ("actor", "session", "repo", "worktree", "day")},
    },
)


@op("GET /v1/audit", command="audit", scope="read_events", listing=AUDIT)
def list_(db: Connection, caller: Caller, query: Any) -> Page[AuditEntry]:
    """List who did what, newest first."""
    return AUDIT.page(db, caller, query)
