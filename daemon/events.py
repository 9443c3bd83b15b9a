"""Events over HTTP: the list, and the stream that can be resumed."""

import asyncio
from functools import partial
from typing import Any

from aiohttp import web

from aura import api
from aura.api import Caller, Page
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.record import events

from .app import stamp
from .bind import encode, reply
from .context import Context
from .stream import QUEUE, Follower, frame, sendable, wait_for_frames

HEARTBEAT_SECONDS = 30.0
MAX_FOLLOWERS = 9_000


async def list_or_stream(
    context: Context, caller: Caller, query: Any, request: web.Request
) -> web.StreamResponse:
    """Answer one page, or a stream where the client asks for one."""
    asked = request.query.get("subscribe", "").lower() in ("true", "1", "yes")
    if not asked and "text/event-stream" not in request.headers.get("Accept", ""):
        page: Page[Any] = await context.read(lambda db: events.list_(db, caller, query))
        return reply(Answer(200, encode(page)))
    if len(context.tail.followers) >= MAX_FOLLOWERS:
        raise AuraError("overloaded", "cannot open another stream", "Close some of those that are open.")
    return await _stream(context, caller, query, request)


async def _stream(context: Context, caller: Caller, query: Any, request: web.Request) -> web.StreamResponse:
    start = _start(request, query)
    types = frozenset((query.type or "").split(",")) - {""}
    follower = Follower(caller.place.repo if caller.place else None, types)
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    stamp(context, request, response)
    await response.prepare(request)
    upto = await context.tail.join(context, follower)
    try:
        await response.write(b": aura\n\n")
        if start is not None:
            await _replay(context, follower, response, start, upto)
        while not (follower.closed or context.stopping.is_set()):
            if await wait_for_frames(follower, HEARTBEAT_SECONDS):
                lost = follower.lost
                await response.write(sendable(follower))
                if lost:
                    break
            else:
                await response.write(b": heartbeat\n\n")
    except (ConnectionResetError, asyncio.CancelledError):
        pass
    finally:
        context.tail.leave(follower)
    return response


async def _replay(
    context: Context, follower: Follower, response: web.StreamResponse, start: int, upto: int
) -> None:
    """Send what was recorded between the client's place and the moment it joined."""
    at = start
    while at < upto:
        found = await context.read(partial(events.after, seq=at, limit=QUEUE // 2))
        found = [(repo, event) for repo, event in found if event.seq <= upto]
        if not found:
            return
        await response.write(b"".join(frame(event) for repo, event in found if follower.wants(repo, event)))
        at = found[-1][1].seq


def _start(request: web.Request, query: Any) -> int | None:
    """Return the sequence after which to begin: `Last-Event-ID`, else the cursor (a list's, or its id)."""
    said = request.headers.get("Last-Event-ID")
    if said is None and query.cursor is not None and query.cursor.isdigit():
        said = query.cursor
    if said is not None:
        if not said.isdigit() or len(said) > 18:
            raise AuraError(
                "invalid_cursor", "cannot read Last-Event-ID: it is a number", "Repeat the last frame's id."
            )
        return int(said)
    return api.position(query.cursor) if query.cursor is not None else None
