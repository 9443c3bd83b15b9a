"""Zones: who works where. A claim on a file, a folder, a glob or an entity, until it is released or expires.

`shared` says so and no more. `exclusive` is refused where another's zone has anything in common with it, and
refuses others. `block` also refuses commits of others that enter it. An owner is a session, or outside of any
an actor in a work tree.
"""

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from aura.api import Actor, Caller, Time, moment, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import is_id, new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.store import Connection, one, rows
from aura.team import messages
from aura.team.areas import Area, Kind, holds, meet
from aura.team.messages import Recipient
from aura.team.times import local

Mode = Literal["shared", "exclusive", "block"]
State = Literal["active", "released", "expired"]
Touched = tuple[str, str, str | None]
LONGEST_US = 30 * 86_400 * 1_000_000


class NewZone(Struct, frozen=True, forbid_unknown_fields=True):
    target: Annotated[
        str,
        Meta(
            description="A file, a folder, a glob, or an entity by its name or id.",
            min_length=1,
            extra={"metavar": "TARGET"},
        ),
    ]
    mode: Annotated[
        Mode,
        Meta(
            description="shared, exclusive, or block: others' commits are refused by the pre-commit hook; in "
            "this work tree only those that name another session, for git does not tell who commits."
        ),
    ] = "exclusive"
    reason: Annotated[str | None, Meta(description="What is done there.")] = None
    expires: Annotated[str, Meta(description="After which span it ends, 30 days at most.")] = "2h"


_WHICH = "The zone's id (zon_...), or what the list of zones shows of one of your own."


class Renewal(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description=_WHICH)]
    expires: Annotated[str, Meta(description="After which span it ends, 30 days at most.")] = "2h"


class Release(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description=_WHICH)]
    force: Annotated[bool, Meta(description="Release another's zone; its owner is told.")] = False


class Zone(Struct, frozen=True):
    """A claim. `path` is where a path or an entity lay when it was claimed, `entity` its lineage."""

    id: str
    repo: str
    kind: Kind
    target: str
    path: str | None
    entity: str | None
    mode: Mode
    reason: str | None
    owner: Actor
    session: str | None
    worktree: str
    claimed_at: Time
    expires_at: Time
    ended_at: Time | None
    state: State

    @property
    def place(self) -> str:
        """What is claimed, as every work tree has it."""
        if self.kind != "path":
            return self.target
        return "everything" if self.path == "/" else (self.path or self.target)

    @property
    def area(self) -> Area:
        return Area(self.kind, self.target, self.path, self.entity)


def _rows(_: Connection, found: list[tuple[Any, ...]]) -> list[Zone]:
    return [
        Zone(
            id_, slug, kind, target, path, entity, mode, reason, Actor(actor, actor_kind, name), session,
            worktree, rfc3339(claimed), rfc3339(expires), rfc3339(ended) if ended else None, state,
        )
        for id_, slug, kind, target, path, entity, mode, reason, actor, actor_kind, name, session, worktree,
        claimed, expires, ended, state in found
    ]  # fmt: skip


ZONES: Listing[Zone] = Listing(
    noun="zones",
    source="zones z JOIN repositories r ON r.id = z.repo",
    columns="z.id, r.slug, z.kind, z.target, z.path, z.entity, z.mode, z.reason, z.actor_id, z.actor_kind,"
    " z.actor_name, z.session, z.worktree, z.claimed_at, z.expires_at, z.ended_at, z.state",
    rows=_rows,
    key="z.id",
    seq="z.seq",
    repo="z.repo",
    at="z.claimed_at",
    prefix="zon",
    filters={
        "state": Filter("Zones in these states; active ones without it.", "z.state IN ({})", get_args(State)),
        "mode": Filter("Only zones of these modes.", "z.mode IN ({})", get_args(Mode)),
        "owner": Filter("Only zones of these actors.", "z.actor_id IN ({})"),
    },
    groups={"state": "z.state", "mode": "z.mode", "owner": "z.actor_id", "worktree": "z.worktree"},
)


@op("GET /v1/zones", command="zone list", scope="read_zones", listing=ZONES, tool="aura_zone")
def list_(db: Connection, caller: Caller, query: Any) -> Page[Zone]:
    """List the zones that are claimed now, newest first."""
    now = ("z.state = 'active' AND z.expires_at > ?", (now_us(),))
    return ZONES.page(db, caller, query, within=("1", ()) if query.state else now)


@op(
    "POST /v1/zones",
    command="zone claim TARGET",
    scope="write_zones",
    needs="required",
    emits=("zone.claimed",),
    status=201,
    manual=True,
    tool="aura_zone",
)
def claim(db: Connection, caller: Caller, new: NewZone) -> Zone:
    """Claim a zone; claiming what one has already renews it.

    Raises `zone_conflict`, which names the owner and when it ends.
    """
    raise LookupError("answered by the daemon")


@op(
    "POST /v1/zones/{id}:renew",
    command="zone renew ID",
    scope="write_zones",
    emits=("zone.claimed",),
)
def renew(db: Connection, caller: Caller, given: Renewal) -> Zone:
    """Let a zone last longer.

    Raises `zone_not_found`, `permission_denied` for another's, `invalid_transition` where it has ended.
    """
    zone = meant(db, caller, given.id)
    _own(caller, zone)
    if zone.state != "active":
        raise _ended(zone)
    _prolong(db, caller, zone, _until(given.expires))
    return get(db, zone.id)


@op(
    "DELETE /v1/zones/{id}",
    command="zone release ID",
    scope="write_zones",
    emits=("zone.released",),
    tool="aura_zone",
)
def release(db: Connection, caller: Caller, given: Release) -> Zone:
    """Release a zone; with force another's, whose owner gets a message.

    Raises `zone_not_found`, `permission_denied` for another's, `invalid_transition` where it has ended.
    """
    zone = meant(db, caller, given.id)
    if zone.state != "active":
        raise _ended(zone)
    if not given.force:
        _own(caller, zone)
    elif not _is_owner(caller, zone):
        _tell(db, caller, zone, f"{called(caller.actor)} released the zone {zone.target} by force")
    _finish(db, zone.id, "released")
    _say(db, caller, "zone.released", zone, force=given.force)
    return get(db, zone.id)


def take(db: Connection, caller: Caller, new: NewZone, area: Area) -> Zone:
    """Claim an area. Raises `zone_conflict`."""
    place, now, until = caller.here, now_us(), _until(new.expires)
    for zone in active(db, place.repo):
        if _is_owner(caller, zone):
            if (zone.area, zone.mode) == (area, new.mode):
                _prolong(db, caller, zone, until)
                return get(db, zone.id)
        elif (zone.mode, new.mode) != ("shared", "shared") and meet(zone.area, area):
            raise _conflict(zone, area.target)
    id_, actor = new_id("zon"), caller.actor
    db.execute(
        "INSERT INTO zones (id, repo, kind, target, path, entity, mode, reason, actor_id, actor_kind,"
        " actor_name, session, worktree, claimed_at, expires_at, state)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'active')",
        (
            id_, place.repo, area.kind, area.target, area.path, area.entity, new.mode, new.reason, actor.id,
            actor.kind, actor.name, caller.session, place.path, now, until,
        ),
    )  # fmt: skip
    zone = get(db, id_)
    _say(db, caller, "zone.claimed", zone)
    return zone


def contest(db: Connection, caller: Caller, id_: str, target: str) -> None:
    """Record that somebody wanted what is another's, and tell the owner; once, however often they ask."""
    zone = get(db, id_)
    db.execute(
        "INSERT OR IGNORE INTO zone_contests VALUES (?, ?, ?)",
        (id_, caller.session or caller.actor.id, target),
    )
    if not db.changes():
        return
    _say(db, caller, "zone.contested", zone, wanted=target)
    _tell(db, caller, zone, f"{called(caller.actor)} wants {target}, where you have the zone {zone.target}")


def leave(db: Connection, caller: Caller, session: str) -> None:
    """Release the zones of a session that is over: nobody is there to give them back."""
    sql = f"SELECT {ZONES.columns} FROM {ZONES.source} WHERE z.session = ? AND z.state = 'active'"
    for zone in _rows(db, rows(db, sql, session)):
        _finish(db, zone.id, "released")
        _say(db, caller, "zone.released", zone, force=False)


def is_due(db: Connection) -> bool:
    """Tell whether the time of a zone is over."""
    sql = "SELECT EXISTS (SELECT 1 FROM zones WHERE state = 'active' AND expires_at <= ?)"
    return bool(one(db, sql, now_us())[0])


def expire(db: Connection, caller: Caller) -> int:
    """End the zones whose time is over, and return how many there were."""
    sql = f"SELECT {ZONES.columns} FROM {ZONES.source} WHERE z.state = 'active' AND z.expires_at <= ?"
    over = _rows(db, rows(db, sql, now_us()))
    for zone in over:
        _finish(db, zone.id, "expired")
        _say(db, caller, "zone.expired", zone)
    return len(over)


def active(db: Connection, repo: int) -> list[Zone]:
    """Return the zones of a repository that are claimed now."""
    sql = (
        f"SELECT {ZONES.columns} FROM {ZONES.source}"
        " WHERE z.repo = ? AND z.state = 'active' AND z.expires_at > ? ORDER BY z.seq"
    )
    return _rows(db, rows(db, sql, repo, now_us()))


def counts(db: Connection, worktrees: Collection[str]) -> dict[str, int]:
    """Return how many zones are claimed now from each of some work trees."""
    sql = (
        "SELECT worktree, count(*) FROM zones WHERE state = 'active' AND expires_at > ?"
        f" AND worktree IN ({','.join('?' * len(worktrees))}) GROUP BY worktree"
    )
    return dict(rows(db, sql, now_us(), *worktrees))


def entered(db: Connection, caller: Caller, touched: Iterable[Touched]) -> list[tuple[Zone, str]]:
    """Return the zones of others that a change enters, each with the path where it does.

    `touched` are the path, qualified name and lineage of each entity that is changed. Who names no session,
    as git does not, is not held up by what was claimed in the same work tree.
    """
    here = caller.here
    others = [
        zone
        for zone in active(db, here.repo)
        if not _is_owner(caller, zone) and (caller.session is not None or zone.worktree != here.path)
    ]
    found: dict[str, tuple[Zone, str]] = {}
    for path, name, entity in touched:
        for zone in others:
            if zone.id not in found and holds(zone.area, path, name, entity):
                found[zone.id] = (zone, path)
    return list(found.values())


def meeting(db: Connection, caller: Caller, area: Area) -> list[Zone]:
    """Return the zones of others that have anything in common with an area."""
    return [
        zone for zone in active(db, caller.here.repo) if not _is_owner(caller, zone) and meet(zone.area, area)
    ]


def guarded(db: Connection) -> list[int]:
    """Return the repositories that have zones."""
    return [row[0] for row in rows(db, "SELECT DISTINCT repo FROM zones WHERE state = 'active'")]


def get(db: Connection, id_: str) -> Zone:
    """Return a zone. Raises `zone_not_found`."""
    found = rows(db, f"SELECT {ZONES.columns} FROM {ZONES.source} WHERE z.id = ?", id_)
    if not found:
        raise AuraError("zone_not_found", f"cannot find the zone {id_}", "aura zone list")
    return _rows(db, found)[0]


def meant(db: Connection, caller: Caller, said: str) -> Zone:
    """Return the zone with an id, or the caller's own that is claimed now and shown so in the list."""
    if is_id(said, "zon"):
        return get(db, said)
    repos = [caller.place.repo] if caller.place else guarded(db)
    mine = [zone for repo in repos for zone in active(db, repo) if _is_owner(caller, zone)]
    mine = [zone for zone in mine if said in (zone.place, zone.target)]
    if not mine:
        raise AuraError("zone_not_found", f"cannot find the zone {said} among your own", "aura zone list")
    if len(mine) > 1:
        ids = ", ".join(zone.id for zone in mine)
        raise AuraError("conflict", f"cannot tell which zone {said} is meant", f"Name one of {ids}.")
    return mine[0]


def _is_owner(caller: Caller, zone: Zone) -> bool:
    if caller.session is not None or zone.session is not None:
        return caller.session == zone.session
    here = caller.place.path if caller.place else None
    return caller.actor.id == zone.owner.id and here in (None, zone.worktree)


def _own(caller: Caller, zone: Zone) -> None:
    if not _is_owner(caller, zone):
        raise AuraError(
            "permission_denied",
            f"cannot change the zone {zone.target}: it is {called(zone.owner)}'s",
            f"aura zone release {zone.id} --force takes it away, and tells the owner.",
        )


def _conflict(zone: Zone, target: str) -> AuraError:
    return AuraError(
        "zone_conflict",
        f"cannot claim {target}: {claimed(zone)}",
        f"Wait, write to the owner with aura message send --to {zone.session or zone.owner.id} ..., or"
        f" aura zone release {zone.id} --force.",
        {"zone": zone.id, "owner": zone.owner.id, "session": zone.session, "expires_at": zone.expires_at},
    )


def _ended(zone: Zone) -> AuraError:
    said = f"cannot change {zone.id}: it was {zone.state} at {local(zone.ended_at)}"
    return AuraError("invalid_transition", said, "aura zone list")


def _until(span: str) -> int:
    now = now_us()
    lasts = now - moment(span, "expires")
    if not 0 < lasts <= LONGEST_US:
        raise AuraError(
            "invalid_request",
            f"cannot claim for {span!r}",
            "Write a span such as 15m, 2h or 3d, 30 days at most.",
            {"path": "$.expires"},
        )
    return now + lasts


def _prolong(db: Connection, caller: Caller, zone: Zone, until: int) -> None:
    db.execute("UPDATE zones SET expires_at = ? WHERE id = ?", (until, zone.id))
    _say(db, caller, "zone.claimed", get(db, zone.id))


def _finish(db: Connection, id_: str, state: State) -> None:
    db.execute("UPDATE zones SET state = ?, ended_at = ? WHERE id = ?", (state, now_us(), id_))


def _say(db: Connection, caller: Caller, type_: events.EventType, zone: Zone, **more: Any) -> None:
    about = {"zone": zone.id, "target": zone.target, "mode": zone.mode, "owner": zone.owner}
    events.append(db, caller, type_, {**about, "expires_at": zone.expires_at, **more})


def _tell(db: Connection, caller: Caller, zone: Zone, body: str) -> None:
    """Tell the owner of a zone."""
    to = Recipient("session", zone.session) if zone.session else Recipient("actor", zone.owner.id)
    messages.post(db, caller, body, channel="sentinel", to=to)


def claimed(zone: Zone) -> str:
    """Say who has a zone, why, and until when."""
    reason = f" ({zone.reason})" if zone.reason else ""
    return f"{called(zone.owner)} has {zone.place}{reason} until {local(zone.expires_at)}"


def called(actor: Actor) -> str:
    """Return what an actor is called."""
    return actor.name or actor.id
