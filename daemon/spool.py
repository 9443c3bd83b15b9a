"""The spool: what git's hooks left in `~/.aura/spool`, one file for each call, read once and then removed.

A file's fields end with NUL each: the hook's name, the work tree, the commit at HEAD, what git gave the hook
on its input, and `end`.
"""

import asyncio
import logging
import os
import time

from aiohttp import web

from aura import home
from aura.api import Caller
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.record.hooks import Drained
from aura.repo.objects import is_id

from .bind import encode, reply
from .context import Context

log = logging.getLogger("aura.spool")
WRITING_SECONDS = 5.0
KEEP = ("storage_full", "storage_failed", "overloaded")
_draining = asyncio.Lock()


async def drain(context: Context) -> int:
    """Digest every report that waits; return how many there were."""
    async with _draining:
        folder = home.path("spool")
        names = _waiting(folder)
        for name in names:
            path = os.path.join(folder, name)
            try:
                with open(path, "rb") as file:
                    fields = os.fsdecode(file.read(4 << 20)).split("\0")
                if len(fields) == 6 and fields[-2:] == ["end", ""]:
                    await _digest(context, *fields[:4])
                elif time.time() - os.stat(path).st_mtime < WRITING_SECONDS:
                    continue
            except (AuraError, OSError, ValueError) as error:
                log.warning("cannot digest the hook report %s: %s", name, error)
                if isinstance(error, AuraError) and error.code in KEEP:
                    return 0
            os.unlink(path)
        return len(names)


def _waiting(folder: str) -> list[str]:
    """Return the reports in the order they were left."""
    try:
        with os.scandir(folder) as found:
            return [entry.name for entry in sorted(found, key=lambda entry: entry.stat().st_mtime_ns)]
    except FileNotFoundError:
        return []


async def _digest(context: Context, hook: str, root: str, head: str, given: str) -> None:
    place = await context.callers.named(root)
    if place is None:
        return
    if is_id(head):
        await context.backfills.catch_up(place, head)
    if hook == "post-rewrite":
        lines = [line.split() for line in given.split("\n")]
        pairs = [(words[0], words[1]) for words in lines if len(words) >= 2 and all(map(is_id, words[:2]))]
        await context.backfills.rewritten(place, pairs)


async def drain_now(
    context: Context, caller: Caller, given: None, request: web.Request
) -> web.StreamResponse:
    """Digest the spool, because a hook says that something is there."""
    return reply(Answer(200, encode(Drained(await drain(context)))))
