"""What is to be known before an edit: who claimed the place, who is at work there, which changes elsewhere
concern it, and what is unread.

One small question with one small answer, which the command line, the MCP server and the hooks of agents'
editors share.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct

from aura.api import Caller, Time
from aura.op import op
from aura.record.calls import Call
from aura.store import Connection
from aura.team import impacts, messages, zones
from aura.team.areas import Area, covers
from aura.team.impacts import Impact
from aura.team.messages import Message
from aura.team.times import local
from aura.team.zones import Zone

SHOWN = 5
"""Of each kind so many are shown; how many there are is told."""

SAID = 160
"""So many characters of a message or a reason are shown."""

Verdict = Literal["clear", "caution", "blocked"]


class CheckQuery(Struct, frozen=True, forbid_unknown_fields=True):
    target: Annotated[
        str,
        Meta(
            description="What is to be edited: a file, a folder, a glob, FILE:LINE, FILE:NAME or an entity.",
            min_length=1,
            extra={"metavar": "TARGET"},
        ),
    ]
    callers: Annotated[bool, Meta(description="Tell who calls it, too; that reads the whole work tree.")] = (
        False
    )


class Neighbour(Struct, frozen=True):
    """Somebody else at work on the same place: in a session that edits it, or with uncommitted edits of it
    in another work tree.
    """

    worktree: str
    branch: str | None
    session: str | None
    who: str | None
    edited_at: Time | None
    edits: list[str]


class Check(Struct, frozen=True):
    """What is to be known before an edit. `lines` tell it in words; there are none where all is clear.

    `blocked`: another's zone refuses changes there. `caution`: somebody else is there, or has claimed it, or
    something changed elsewhere that concerns it.
    `callers` is null where nobody asked for them, or where calls are not read.
    """

    target: str
    path: str | None
    entity: str | None
    verdict: Verdict
    zones: list[Zone]
    at_work: list[Neighbour]
    impacts: list[Impact]
    callers: list[Call] | None
    callers_count: int | None
    unread_count: int
    unread: list[Message]
    lines: list[str]


@op(
    "GET /v1/check",
    command="check TARGET",
    scope="read_zones",
    needs="required",
    manual=True,
    tool="aura_check",
)
def show(caller: Caller, query: CheckQuery) -> Check:
    """Tell who and what is in the way of an edit, before it is made.

    Raises `entity_not_found`.
    """
    raise LookupError("answered by the daemon")


def made(
    db: Connection,
    caller: Caller,
    target: str,
    area: Area,
    at_work: Sequence[Neighbour],
    callers: Sequence[Call] | None = None,
    missing: str | None = None,
) -> Check:
    """Put together what is to be known before an area is edited; `missing` says why callers are not known."""
    met = zones.meeting(db, caller, area)
    count, unread = messages.newest_unread(db, caller, SHOWN)
    opened = impacts.about(db, caller.here.path, area)
    said = [*map(zone_line, met[:SHOWN]), *map(neighbour_line, at_work[:SHOWN])]
    said += map(impact_line, opened[:SHOWN])
    if callers:
        said.append(_callers_line(area.target, callers))
    if missing:
        said.append(f"who calls {area.target} is not known: {missing}")
    if count:
        said += unread_lines(count, unread)
    return Check(
        target=target,
        path=area.path,
        entity=area.target if area.kind == "entity" else None,
        verdict=_verdict(met, area, bool(at_work or opened)),
        zones=met[:SHOWN],
        at_work=list(at_work[:SHOWN]),
        impacts=opened[:SHOWN],
        callers=None if callers is None else list(callers[:SHOWN]),
        callers_count=None if callers is None else len(callers),
        unread_count=count,
        unread=unread,
        lines=said,
    )


def _verdict(met: Sequence[Zone], area: Area, others: bool) -> Verdict:
    """Grade what was met; a zone that blocks a part of the place is no more than a reason for caution."""
    if any(zone.mode == "block" and covers(zone.area, area) for zone in met):
        return "blocked"
    return "caution" if met or others else "clear"


def zone_line(zone: Zone) -> str:
    """Tell of another's zone, and how to reach its owner."""
    reason = f" ({_short(zone.reason)})" if zone.reason else ""
    what = {"block": "blocks changes of", "exclusive": "has claimed", "shared": "is at work on"}[zone.mode]
    return (
        f"{zones.called(zone.owner)} {what} {zone.place}{reason} until {local(zone.expires_at)}:"
        f" aura message send --to {zone.session or zone.owner.id} '...'"
    )


def neighbour_line(other: Neighbour) -> str:
    """Tell who else is at work on the place, and what they changed so far."""
    who = other.who or "somebody"
    where = f"{other.worktree} ({other.branch})" if other.branch else other.worktree
    edits = f", uncommitted: {'; '.join(other.edits[:SHOWN])}" if other.edits else ""
    when = f" at {local(other.edited_at)}" if other.edited_at else ""
    return f"{who} edits it in {where}{when}{edits}"


def impact_line(impact: Impact) -> str:
    """Tell what changed elsewhere, and where it is used here."""
    other = impact.other_branch or impact.other_worktree
    used = [f"{site.path}:{site.line}" for site in impact.callers[:SHOWN]]
    uses = f", used here in {', '.join(used)}" if used else ""
    what = impact.change.replace("_", " ")
    return f"{impact.severity}: {impact.function} {what} on {other}{uses}: aura impact show {impact.id}"


def unread_lines(count: int, unread: Sequence[Message]) -> list[str]:
    """Tell what is unread: the newest of it, and how to read all."""
    said = [f"{m.from_.id}{' to you' if m.to.id else ''}: {_short(m.body)}" for m in unread]
    return [f"{count} unread, newest first (aura message read gives all):", *(f"  {line}" for line in said)]


def _callers_line(name: str, callers: Sequence[Call]) -> str:
    shown = [f"{c.scope or c.path} ({c.path}:{c.lines[0]})" for c in callers[:SHOWN] if c.lines]
    more = f" and {len(callers) - SHOWN} more" if len(callers) > SHOWN else ""
    return f"{len(callers)} call {name}: {', '.join(shown)}{more}"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SAID else f"{plain[: SAID - 3]}..."
