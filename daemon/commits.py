"""What the pre-commit hook asks: whether a commit may be made here now."""

import asyncio

from aiohttp import web

from aura.api import Caller
from aura.errors import AuraError
from aura.record import hooks
from aura.record.hooks import ToCommit
from aura.repo.git import shown

from . import claims, zones
from .context import Context

HOOK_SECONDS = 4.0
"""Longer no commit waits; the hook itself gives up after five seconds."""


async def may_commit(
    context: Context, caller: Caller, given: ToCommit, request: web.Request
) -> web.StreamResponse:
    """Answer in plain text; what refuses a commit is told before what only warns of it."""
    said = await context.read(lambda db: hooks.check(db, caller, given))
    if said == "ok" and caller.place is not None:
        try:
            index = hooks.index_in(caller.place, given.index)
            async with asyncio.timeout(HOOK_SECONDS):
                heard = [
                    await claims.objections(context, caller.place, index),
                    await zones.objections(context, caller, index),
                ]
            said = "\n".join(sorted(word for word in heard if word != "ok")) or "ok"
        except TimeoutError:
            said = hooks.unchecked("that took too long")
        except AuraError as error:
            said = hooks.unchecked(error.message)
    # git prints it as it is.
    return web.Response(text="".join(f"{shown(line)}\n" for line in said.split("\n")))
