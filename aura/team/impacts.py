"""Impacts: what changed elsewhere and matters here. One alert for each cause, open until the cause is gone.

`yours` is the side that is told, `other` the side that changed something: a work tree, or a branch that none
has checked out. An alert is resolved by aura when its cause goes; whoever deals with it resolves, snoozes or
dismisses it. What is dismissed stays so while the other side leaves it as it is.
"""

from collections.abc import Collection
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from aura import idempotency
from aura.api import Actor, Caller, Place, Time, from_now, now_us, rfc3339
from aura.errors import AuraError
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.store import Connection, one, rows
from aura.syntax.impacts import ImpactChange, Severity, Site
from aura.syntax.types import Kind, Side
from aura.team.areas import Area, holds
from aura.team.times import local

Status = Literal["open", "snoozed", "resolved", "dismissed"]
Because = Literal["new", "raised", "returned", "reopened", "due"]
"""Why an alert is open (again): its severity was raised, its cause came back, somebody said so, or its time
came."""
SNOOZED_FOR = "1d"
LONGEST_US = 366 * 86_400 * 1_000_000
LIVE = ("open", "snoozed")


class Impact(Struct, frozen=True):
    """What another side did to one entity, and what that means on yours.

    `before` is the entity where the sides parted, `after` what the other has (null: removed), `mine` what
    yours has where that is something else. `callers` are places on your side that use it, the worst first,
    of `callers_total`.
    """

    id: str
    repo: str
    your_branch: str | None
    other_branch: str | None
    function: str
    change: ImpactChange
    severity: Severity
    status: Status
    detected_at: Time
    your_worktree: str | None
    other_worktree: str | None
    your_session: str | None
    other_session: str | None
    author: Actor | None
    entity: str | None
    kind: Kind
    path: str
    reason: str
    callers: list[Site]
    callers_total: int
    tests_only: bool
    before: Side
    after: Side | None
    mine: Side | None
    updated_at: Time
    snoozed_until: Time | None
    note: str | None
    closed_at: Time | None
    closed_by: Actor | None


class ImpactId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The impact's id (imp_...).")]


class ImpactEdit(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The impact's id (imp_...).")]
    status: Annotated[Status, Meta(description="What becomes of it.")]
    note: Annotated[
        Annotated[str, Meta(min_length=1, max_length=20_000)] | None, Meta(description="Why, in words.")
    ] = None
    until: Annotated[
        str | None,
        Meta(description="When a snoozed one comes back: a time, or a span from now; else in a day."),
    ] = None


class ImpactItem(ImpactEdit, frozen=True, forbid_unknown_fields=True):
    idempotency_key: Annotated[str | None, Meta(description="A key of its own for this item.")] = None


class ImpactItems(Struct, frozen=True, forbid_unknown_fields=True):
    impacts: Annotated[list[ImpactItem], Meta(description="What becomes of which.", max_length=500)]


class ImpactOutcome(Struct, frozen=True, omit_defaults=True):
    """What became of one item: `ok` holds the impact, or `err` says why it stays as it was."""

    ok: Impact | None = None
    err: dict[str, Any] | None = None


def _rows(_: Connection, found: list[tuple[Any, ...]]) -> list[Impact]:
    return [_impact(*row) for row in found]


def _impact(
    id_: str, slug: str, your_branch: str | None, other_branch: str | None, function: str,
    change: ImpactChange, severity: Severity, status: Status, detected: int, your_worktree: str | None,
    other_worktree: str | None, your_session: str | None, other_session: str | None, handle: str | None,
    author_kind: Any, name: str, entity: str | None, kind: Kind, path: str, reason: str, sites: str,
    uses: int, tests_only: int, before: str, after: str | None, mine: str | None, updated: int,
    snoozed: int | None, note: str | None, closed: int | None, by: str | None, by_kind: Any, by_name: str,
) -> Impact:  # fmt: skip
    return Impact(
        id_, slug, your_branch, other_branch, function, change, severity, status, rfc3339(detected),
        your_worktree, other_worktree, your_session, other_session,
        Actor(handle, author_kind, name) if handle is not None else None,
        entity, kind, path, reason, _SITES.decode(sites), uses, bool(tests_only), _SIDE.decode(before),
        _SIDE.decode(after) if after else None,
        _SIDE.decode(mine) if mine else None,
        rfc3339(updated),
        rfc3339(snoozed) if snoozed and status == "snoozed" else None,
        note,
        rfc3339(closed) if closed else None,
        Actor(by, by_kind, by_name) if by is not None else None,
    )  # fmt: skip


_SITES = msgspec.json.Decoder(list[Site])
_SIDE = msgspec.json.Decoder(Side)
IMPACTS: Listing[Impact] = Listing(
    noun="impacts",
    source="impacts i JOIN repositories r ON r.id = i.repo LEFT JOIN authors a ON a.id = i.author",
    columns="i.id, r.slug, i.your_branch, i.other_branch, i.function, i.change, i.severity, i.status,"
    " i.detected_at, i.your_worktree, i.other_worktree, i.your_session, i.other_session, a.handle, a.kind,"
    " a.name, i.entity, i.kind, i.path, i.reason, i.sites, i.uses, i.tests_only, i.before, i.after, i.mine,"
    " i.updated_at, i.snoozed_until, i.note, i.closed_at, i.closed_by_id, i.closed_by_kind, i.closed_by_name",
    rows=_rows,
    key="i.id",
    seq="i.seq",
    repo="i.repo",
    at="i.detected_at",
    prefix="imp",
    filters={
        "status": Filter("Impacts that are so; open ones without it.", "i.status IN ({})", get_args(Status)),
        "severity": Filter("Only impacts as severe as this.", "i.severity IN ({})", get_args(Severity)),
        "change": Filter("Only impacts of these changes.", "i.change IN ({})", get_args(ImpactChange)),
        "branch": Filter("Only what matters on these branches.", "i.your_branch IN ({})"),
        "other_branch": Filter("Only what was done on these branches.", "i.other_branch IN ({})"),
        "worktree": Filter("Only what matters in these work trees (paths).", "i.your_worktree IN ({})"),
        "entity": Filter("Only what was done to these entities (ids).", "i.entity IN ({})"),
    },
    groups={
        "severity": "i.severity",
        "status": "i.status",
        "change": "i.change",
        "branch": "i.your_branch",
        "other_branch": "i.other_branch",
        "worktree": "i.your_worktree",
        "author": "a.handle",
        "repo": "r.slug",
        "team": "NULL",
        "day": "strftime('%Y-%m-%d', i.detected_at / 1000000, 'unixepoch')",
    },
    measures={"callers": "i.uses"},
)


@op("GET /v1/impacts", command="impact list", scope="read_impacts", listing=IMPACTS, tool="aura_impacts")
def list_(db: Connection, caller: Caller, query: Any) -> Page[Impact]:
    """List what changed elsewhere and matters here, newest first.

    Open impacts only, unless `status` says otherwise.
    """
    within = ("1", ()) if query.status else ("i.status = 'open'", ())
    return IMPACTS.page(db, caller, query, within=within)


@op("GET /v1/impacts/{id}", command="impact show ID", scope="read_impacts", tool="aura_impacts")
def show(db: Connection, caller: Caller, at: ImpactId) -> Impact:
    """Show an impact: what it was before and after, and who uses it here.

    Raises `impact_not_found`.
    """
    return get(db, at.id)


@op(
    "PATCH /v1/impacts/{id}",
    scope="write_impacts",
    emits=("impact.opened", "impact.resolved", "impact.snoozed", "impact.dismissed"),
    tool="aura_impacts",
)
def change(db: Connection, caller: Caller, new: ImpactEdit) -> Impact:
    """Resolve, snooze or dismiss an impact, or open it again.

    Raises `impact_not_found`, and `invalid_transition` where that makes no sense.
    """
    impact = get(db, new.id)
    until = _until(new)
    if new.status not in NEXT[impact.status]:
        raise _refusal(impact, new.status)
    if impact.status not in LIVE and (there := _in_its_place(db, impact.id)):
        raise AuraError(
            "invalid_transition",
            f"cannot open {impact.id}: {there} is open in its place",
            f"aura impact show {there}",
        )
    now, by, closing = now_us(), caller.actor, new.status not in LIVE
    closed = (now, by.id, by.kind, by.name) if closing else (None,) * 4
    db.execute(
        "UPDATE impacts SET status = ?, note = ifnull(?, note), snoozed_until = ?, closed_at = ?,"
        " closed_by_id = ?, closed_by_kind = ?, closed_by_name = ?, updated_at = ?,"
        " standing = max(standing, ?) WHERE id = ?",
        (new.status, new.note, until, *closed, now, int(not closing), impact.id),
    )
    impact = get(db, impact.id)
    say(db, caller, impact, because="reopened" if new.status == "open" else None)
    return impact


NEXT: dict[Status, tuple[Status, ...]] = {
    "open": ("snoozed", "resolved", "dismissed"),
    "snoozed": ("open", "snoozed", "resolved", "dismissed"),
    "resolved": ("open",),
    "dismissed": ("open",),
}


@op(
    "POST /v1/impacts:batch",
    scope="write_impacts",
    items="impacts",
    emits=("impact.opened", "impact.resolved", "impact.snoozed", "impact.dismissed"),
)
def batch(db: Connection, caller: Caller, new: ImpactItems) -> list[ImpactOutcome]:
    """Resolve, snooze or dismiss many impacts at once; an item that fails does not stop the rest.

    Each item may carry an `idempotency_key`. The answer is an array of the same length and order.
    """
    return [_outcome(db, caller, item) for item in new.impacts]


def _outcome(db: Connection, caller: Caller, item: ImpactItem | AuraError) -> ImpactOutcome:
    def write(db: Connection) -> bytes:
        if isinstance(item, AuraError):
            raise item
        changed = change(db, caller, ImpactEdit(item.id, item.status, item.note, item.until))
        return msgspec.json.encode(ImpactOutcome(ok=changed))

    said = None if isinstance(item, AuraError) else msgspec.to_builtins(item)
    answer = idempotency.item(db, caller, "POST /v1/impacts:batch", said, write)
    return msgspec.json.decode(answer, type=ImpactOutcome)


def get(db: Connection, id_: str) -> Impact:
    """Return an impact. Raises `impact_not_found`."""
    found = rows(db, f"SELECT {IMPACTS.columns} FROM {IMPACTS.source} WHERE i.id = ?", id_)
    if not found:
        raise AuraError("impact_not_found", f"cannot find the impact {id_}", "aura impact list")
    return _rows(db, found)[0]


def open_counts(db: Connection, worktrees: Collection[str]) -> dict[str, int]:
    """Return how many impacts are open on each of some work trees that has any, by path."""
    marks = ",".join("?" * len(worktrees))
    sql = (
        "SELECT your_worktree, count(*) FROM impacts"
        f" WHERE status = 'open' AND your_worktree IN ({marks}) GROUP BY your_worktree"
    )
    return dict(rows(db, sql, *worktrees))


def about(db: Connection, worktree: str, area: Area) -> list[Impact]:
    """Return the open impacts on a work tree that have to do with a place: what changed elsewhere lies there,
    or something there uses it; the latest first.
    """
    path = area.path or ""
    folder = "" if path == "/" else path
    lies = "substr({0}, 1, length(?2)) = ?2" if path.endswith("/") else "{0} = ?2"
    site = lies.format("value ->> 'path'")
    sql = (
        f"SELECT {IMPACTS.columns} FROM {IMPACTS.source} WHERE i.your_worktree = ?1 AND i.status = 'open'"
        f" AND ({lies.format('i.path')} OR EXISTS (SELECT 1 FROM json_each(i.sites) WHERE {site}))"
        " ORDER BY i.seq DESC"
    )
    if area.path is None:
        return []
    found = _rows(db, rows(db, sql, worktree, folder))
    return [impact for impact in found if area.kind != "entity" or _concerns(impact, area)]


def _concerns(impact: Impact, area: Area) -> bool:
    """Tell whether an impact is of an entity, or of what it uses."""
    if holds(area, impact.path, impact.before.qualified_name, impact.entity):
        return True
    return any(holds(area, site.path, site.caller, None) for site in impact.callers)


def is_due(db: Connection) -> bool:
    """Tell whether the time of a snoozed impact is over."""
    sql = "SELECT EXISTS (SELECT 1 FROM impacts WHERE status = 'snoozed' AND snoozed_until <= ?)"
    return bool(one(db, sql, now_us())[0])


def wake(db: Connection, caller: Caller) -> list[Impact]:
    """Open again the snoozed impacts whose time is over, and return them."""
    sql = "SELECT id FROM impacts WHERE status = 'snoozed' AND snoozed_until <= ? ORDER BY seq"
    woken = []
    for (id_,) in rows(db, sql, now_us()):
        db.execute(
            "UPDATE impacts SET status = 'open', snoozed_until = NULL, updated_at = ? WHERE id = ?",
            (now_us(), id_),
        )
        woken.append(get(db, id_))
        say(db, caller, woken[-1], because="due")
    return woken


def say(db: Connection, caller: Caller, impact: Impact, *, because: Because | None = None) -> None:
    """Append the event of what an impact has become."""
    data = {
        "impact": impact.id, "function": impact.function, "path": impact.path, "change": impact.change,
        "severity": impact.severity, "reason": impact.reason, "callers": impact.callers_total,
        "your_branch": impact.your_branch, "other_branch": impact.other_branch,
        "your_worktree": impact.your_worktree, "other_worktree": impact.other_worktree,
        "because": because, "snoozed_until": impact.snoozed_until, "note": impact.note,
    }  # fmt: skip
    said = {name: value for name, value in data.items() if value is not None}
    events.append(db, caller, _EVENTS[impact.status], said, place_of(db, impact))


_EVENTS: dict[Status, events.EventType] = {
    "open": "impact.opened",
    "snoozed": "impact.snoozed",
    "resolved": "impact.resolved",
    "dismissed": "impact.dismissed",
}


def place_of(db: Connection, impact: Impact) -> Place:
    """Return where an impact matters; without a path where that is a branch."""
    repo = one(db, "SELECT repo FROM impacts WHERE id = ?", impact.id)[0]
    return Place(repo, impact.repo, "", impact.your_worktree or "", "", "", impact.your_branch)


def _until(new: ImpactEdit) -> int | None:
    if new.status != "snoozed":
        if new.until is None:
            return None
        raise _wrong_until(f"cannot take until: nothing that is {new.status} comes back")
    until = from_now(new.until or SNOOZED_FOR, "until")
    if not 0 < until - now_us() <= LONGEST_US:
        raise _wrong_until(f"cannot snooze until {new.until}")
    return until


def _wrong_until(message: str) -> AuraError:
    hint = "It goes with snoozed: a time to come or a span such as 2h or 3d, a year at most."
    return AuraError("invalid_request", message, hint, {"path": "$.until"})


def _refusal(impact: Impact, status: Status) -> AuraError:
    if impact.status == "open":
        return AuraError("invalid_transition", f"cannot open {impact.id}: it is open", "aura impact list")
    return AuraError(
        "invalid_transition",
        f"cannot make {impact.id} {status}: it was {impact.status} at {local(impact.closed_at)}",
        f"aura impact show {impact.id}",
    )


def _in_its_place(db: Connection, id_: str) -> str | None:
    """Return the live alert of the same cause, where there is one."""
    sql = (
        "SELECT b.id FROM impacts a JOIN impacts b ON b.repo = a.repo AND b.identity = a.identity"
        " AND b.status IN ('open', 'snoozed') WHERE a.id = ?"
    )
    row = one(db, sql, id_)
    return row[0] if row else None
