"""What is to be known before an edit: other work trees and memory are looked at beside the record."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from aiohttp import web

from aura.api import Caller, Place, rfc3339
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.record import calls
from aura.record.places import touches
from aura.repo.calls import unread
from aura.syntax.types import Edit
from aura.team import check, sessions, zones
from aura.team.areas import Area
from aura.team.check import CheckQuery, Neighbour
from aura.team.sessions import Session

from .bind import encode, reply
from .context import Context
from .zones import area_of

log = logging.getLogger("aura.check")


async def show(
    context: Context, caller: Caller, query: CheckQuery, request: web.Request
) -> web.StreamResponse:
    """Answer what is to be known before an edit."""
    here, target = caller.here, query.target
    area = await context.read(lambda db: area_of(context, db, here, target))
    others = await _at_work(context, caller, area)
    by = None
    missing = unread(area.path) if query.callers and area.path and area.kind == "entity" else None
    if query.callers and area.kind == "entity" and missing is None:
        services = (context.pool, context.graphs, context.ancestry)
        name = area.entity or f"{area.path}:{area.target}"
        by = await context.read(lambda db: calls.who_calls(db, here, name, *services))
    found = await context.read(lambda db: check.made(db, caller, target, area, others, by, missing))
    return reply(Answer(200, encode(found)))


def marked(context: Context, caller: Caller, area: Area) -> list[Neighbour]:
    """Return the other sessions that told of edits there, in any work tree of the repository."""
    found = []
    for mark in context.agents.marks(caller.here.repo, area.path or "") if area.path else ():
        who = context.callers.sessions.who(mark.session)
        if who is None or mark.session == caller.session or mark.worktree not in context.callers.by_root:
            continue
        branch = context.callers.at_root(mark.worktree).branch
        found.append(Neighbour(mark.worktree, branch, mark.session, zones.called(who), rfc3339(mark.at), []))
    return found


async def _at_work(context: Context, caller: Caller, area: Area) -> list[Neighbour]:
    """Return who is at work there: in this work tree by what they told, in others by what is uncommitted."""
    here, told = caller.here, marked(context, caller, area)
    if area.kind == "glob" or area.path is None or area.path.endswith("/"):
        return told
    places = [p for p in context.callers.by_root.values() if p.repo == here.repo and p.path != here.path]
    found = await asyncio.gather(*(_edited(context, place.path, area) for place in places))
    live = await context.read(lambda db: sessions.live(db, here.repo))
    others = [_named(one, told, live) for one in found if one is not None]
    return [mark for mark in told if mark.worktree == here.path] + others


def _named(one: Neighbour, told: Sequence[Neighbour], live: Sequence[Session]) -> Neighbour:
    """Return what is uncommitted in a work tree with who did it: who told so, else who is alone there."""
    for mark in told:
        if mark.worktree == one.worktree:
            return msgspec.structs.replace(mark, edits=one.edits)
    there = [session for session in live if session.worktree == one.worktree]
    if len(there) != 1:
        return one
    return msgspec.structs.replace(one, session=there[0].id, who=zones.called(there[0].actor))


async def _edited(context: Context, root: str, area: Area) -> Neighbour | None:
    """Return the uncommitted edits of a file or an entity in another work tree, where it has any."""
    place = context.callers.at_root(root)
    path = area.path or ""
    known = context.edits.of(root)
    if known is not None and known.looked and not known.more:
        found = [edit for edit in known.edits if touches(edit, path)]
    elif place.head is None:
        return None
    else:
        try:
            found = await context.in_thread(_diff, context, place, path)
        except (AuraError, OSError) as error:
            log.info("cannot look for %s in %s: %s", path, root, error)
            return None
    edits = [edit for edit in found if area.kind != "entity" or _is_about(edit, area.target)]
    if not edits:
        return None
    told = [_told(edit) for edit in edits]
    return Neighbour(root, place.branch, None, None, None, told[: check.SHOWN])


def _diff(context: Context, place: Place, path: str) -> list[Edit]:
    return context.pool.diff_worktree(place.path, place.head or "HEAD", paths=[path]).edits


def _is_about(edit: Edit, name: str) -> bool:
    names = [side.qualified_name for side in (edit.old, edit.new) if side is not None]
    return any(n == name or n.startswith(f"{name}.") or name.startswith(f"{n}.") for n in names)


def _told(edit: Edit) -> str:
    side: Any = edit.new or edit.old
    return f"{side.qualified_name} {', '.join(edit.changes).replace('_', ' ')}"
