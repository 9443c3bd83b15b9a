"""Claiming zones: what is meant is looked for before the writer is entered."""

import asyncio
import logging
import os

from aiohttp import web

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.record import lineage
from aura.record.lookup import Lookup, not_found
from aura.record.places import relative
from aura.store import Connection
from aura.syntax.language import language_for
from aura.syntax.types import Side
from aura.team import zones
from aura.team.areas import Area, is_glob
from aura.team.objections import objections as objections_to
from aura.team.zones import NewZone

from . import asking
from .bind import encode, once, write_once
from .context import SYSTEM, Context

EXPIRY_SECONDS = 60.0
log = logging.getLogger("aura.zones")


async def claim(context: Context, caller: Caller, new: NewZone, request: web.Request) -> web.StreamResponse:
    """Claim a zone; a refusal is recorded, and the owner told."""

    async def act(key: Key | None) -> Answer:
        area = await context.read(lambda db: area_of(context, db, caller.here, new.target))
        owned: list[str] = []

        def write(db: Connection) -> Answer:
            owned.clear()
            try:
                return Answer(201, encode(zones.take(db, caller, new, area)))
            except AuraError as error:
                if error.code == "zone_conflict":
                    owned.append(str(error.details["zone"]))
                raise

        def contest(db: Connection) -> None:
            for zone in owned:
                zones.contest(db, caller, zone, area.target)

        try:
            answer = await write_once(context, caller, key, write)
        finally:
            # The refusal itself undid what it wrote.
            if owned:
                await context.store.write(contest)
        await asking.write(context)
        return answer

    return await once(context, caller, request, act)


async def objections(context: Context, caller: Caller, index: str | None) -> str:
    """Tell whether what is staged enters the zones of others; a merge may."""
    here = caller.here
    if not await context.read(lambda db: zones.active(db, here.repo)):
        return "ok"
    if os.path.exists(os.path.join(here.git_dir, "MERGE_HEAD")):
        return "ok"
    staged = await context.in_thread(context.pool.diff_staged, here.path, "HEAD", index)

    def judge(db: Connection) -> str:
        sides = [side for edit in staged.edits for side in (edit.old, edit.new) if side is not None]
        return objections_to(db, caller, [touched(db, here.repo, side) for side in sides])

    return await context.read(judge)


def touched(db: Connection, repo: int, side: Side) -> zones.Touched:
    """Return what a zone is compared with: path, name and lineage of an entity that is changed."""
    entity = lineage.entity_of(db, repo, side)
    return side.path, side.qualified_name, lineage.id_of(db, entity) if entity is not None else None


def area_of(context: Context, db: Connection, here: Place, target: str) -> Area:
    """Find out what is meant: what lies there, a glob, what the text looks like, or an entity."""
    path = relative(here.path, target)
    whole = os.path.join(here.path, path)
    if path == ".":
        return Area("path", path, "/")
    if os.path.isdir(whole):
        return Area("path", f"{path}/", f"{path}/")
    if os.path.lexists(whole):
        return Area("path", path, path)
    if is_glob(target):
        return Area("glob", path if os.path.isabs(target) else target)
    lookup = Lookup(db, here, context.pool, context.ancestry)
    if met := lookup.named(target):
        about = met[0].about
        return Area("entity", about.qualified_name or "", about.path, about.id)
    if (there := next(lookup.present({target}), None)) is not None:
        return Area("entity", there[1].qualified_name, there[0])
    if "/" in target or language_for(target) is not None:
        path = f"{path}/" if target.endswith("/") else path
        return Area("path", path, path)
    raise not_found(target)


async def run(context: Context) -> None:
    """End, as long as the daemon lives, the zones whose time is over."""
    while True:
        try:
            if await context.read(zones.is_due):
                await context.store.write(lambda db: zones.expire(db, SYSTEM))
                await asking.write(context)
        except AuraError as error:
            log.warning("cannot end zones: %s", error)
        await asyncio.sleep(EXPIRY_SECONDS)
