"""Care for the database while it is in use: no content is swept meanwhile."""

from typing import TYPE_CHECKING

from aiohttp import web

from aura.api import Caller
from aura.idempotency import Answer
from aura.record import database
from aura.record.database import NewBackup

from .bind import encode, reply

if TYPE_CHECKING:
    from .context import Context


async def backup(
    context: "Context", caller: Caller, new: NewBackup, request: web.Request
) -> web.StreamResponse:
    """Copy the record, and what snapshots hold."""
    keeper = context.snapshots
    async with keeper.holding():
        made = await context.in_thread(database.backup, caller, new, context.store, keeper.blobs)
    return reply(Answer(201, encode(made)))


async def check(context: "Context", caller: Caller, given: None, request: web.Request) -> web.StreamResponse:
    """Check the record, and what snapshots hold."""
    keeper = context.snapshots
    async with keeper.holding():
        found = await context.in_thread(database.check, caller, context.store, keeper.blobs)
    return reply(Answer(200, encode(found)))
