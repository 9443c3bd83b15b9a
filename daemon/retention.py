"""Removing what is old: when asked, and once a day."""

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from aura.api import Caller
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.record import retention
from aura.record.retention import Collected, Collection
from aura.store import Connection

from .bind import encode, once, write_once
from .context import SYSTEM

if TYPE_CHECKING:
    from .context import Context

FIRST_SECONDS, EACH_SECONDS = 600.0, 86_400.0
log = logging.getLogger("aura.snapshots")


class _Undo(Exception):
    """Carries what would be left out of the transaction that is then undone."""

    def __init__(self, gone: int, live: set[str], proofs: int) -> None:
        self.gone, self.live, self.proofs = gone, live, proofs


async def collect(
    context: "Context", caller: Caller, given: Collection, request: web.Request
) -> web.StreamResponse:
    """Remove what is too old, or tell what would go."""

    async def act(key: Key | None) -> Answer:
        found = await (_tell(context, caller) if given.dry_run else _collect(context, caller))
        return await write_once(context, caller, key, lambda db: Answer(200, encode(found)))

    return await once(context, caller, request, act)


async def run(context: "Context") -> None:
    """Remove, as long as the daemon lives, what is too old."""
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        try:
            await _collect(context, SYSTEM)
        except AuraError as error:
            log.warning("cannot remove what is old: %s", error)
        await asyncio.sleep(EACH_SECONDS)


async def _collect(context: "Context", caller: Caller) -> Collected:
    keeper, total, proofs = context.snapshots, 0, 0
    while gone := await context.store.write(retention.expire_proofs):
        proofs += gone
    async with keeper.sweeping():
        while gone := await context.store.write(lambda db: retention.expire(db, caller)):
            total += gone
        swept = await context.in_thread(keeper.blobs.sweep, await context.read(retention.live))
    return Collected(total, swept.blobs, swept.bytes, proofs)


async def _tell(context: "Context", caller: Caller) -> Collected:
    def attempt(db: Connection) -> None:
        total = proofs = 0
        while gone := retention.expire(db, caller):
            total += gone
        while gone := retention.expire_proofs(db):
            proofs += gone
        raise _Undo(total, retention.live(db), proofs)

    async with context.snapshots.sweeping():
        try:
            await context.store.write(attempt)
        except _Undo as undo:
            would = await context.in_thread(context.snapshots.blobs.unneeded, undo.live)
            return Collected(undo.gone, would.blobs, would.bytes, undo.proofs)
    raise AssertionError("it was not undone")
