"""Events over HTTP: the list, and the stream that can be resumed."""

import asyncio
from functools import partial
from typing import Any

from aiohttp import web

from aura.api import Caller
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.listing import Page, position
from aura.record import events

from .app import stamp
from .bind import encode, reply
from .context import Context
from .stream import QUEUE, Follower, frame, sendable, wait_for_frames

MAX_FOLLOWERS = 9_000
STREAM = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def list_or_stream(
    context: Context, caller: Caller, query: Any, request: web.Request
) -> web.StreamResponse:
    """Answer one page, or a stream where the client asks for one."""
    streams = query.subscribe or "text/event-stream" in request.headers.get("Accept", "")
    if not streams:
        page: Page[Any] = await context.read(lambda db: events.list_(db, caller, query))
        return reply(Answer(200, encode(page)))
    _refuse_list_only(query, request)
    if request.method == "HEAD":
        return web.Response(headers=STREAM)
    if len(context.tail.followers) >= MAX_FOLLOWERS:
        raise AuraError("overloaded", "cannot open another stream", "Close some of those that are open.")
    return await _stream(context, caller, query, request)


def _refuse_list_only(query: Any, request: web.Request) -> None:
    for name in ("since", "until", "group_by", "aggregate", "order", "limit"):
        given = name in request.query if name in ("order", "limit") else getattr(query, name)
        if given:
            raise AuraError(
                "invalid_request",
                f"cannot stream with {name}",
                "Begin at a cursor: the list's next_cursor, or a frame's id as Last-Event-ID.",
                {"path": f"$.{name}"},
            )


async def _stream(context: Context, caller: Caller, query: Any, request: web.Request) -> web.StreamResponse:
    start = _start(request, query)
    follower = Follower(caller.place.repo if caller.place else None, events.EVENTS.chosen(query))
    response = web.StreamResponse(headers=STREAM)
    stamp(context, request, response)
    response.force_close()
    await response.prepare(request)
    upto = await context.tail.join(context, follower)
    try:
        await _send(context, response, b": aura\n\n")
        if start is not None:
            await _replay(context, follower, response, start, upto)
        await _follow(context, follower, response)
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    except (ConnectionResetError, asyncio.CancelledError):
        pass
    finally:
        context.tail.leave(follower)
    return response


async def _follow(context: Context, follower: Follower, response: web.StreamResponse) -> None:
    while not (follower.closed or context.stopping.is_set()):
        if await wait_for_frames(follower, context.heartbeat):
            lost = follower.lost
            await _send(context, response, sendable(follower))
            if lost:
                return
        else:
            await _send(context, response, b": heartbeat\n\n")


async def _send(context: Context, response: web.StreamResponse, piece: bytes) -> None:
    """Write to a client; TimeoutError where it takes nothing for as long as two heartbeats."""
    if piece:
        async with asyncio.timeout(2 * context.heartbeat):
            await response.write(piece)


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
        wanted = [frame(event) for repo, event in found if follower.wants(repo, event)]
        await _send(context, response, b"".join(wanted))
        at = found[-1][1].seq


def _start(request: web.Request, query: Any) -> int | None:
    """Return the sequence after which to begin: `Last-Event-ID`, else the cursor (a list's, or its id)."""
    said = request.headers.get("Last-Event-ID") or None
    if said is None and (query.cursor is None or not _is_seq(query.cursor)):
        return position(query.cursor) if query.cursor is not None else None
    said = said or query.cursor
    if not _is_seq(said):
        raise AuraError(
            "invalid_cursor", "cannot read Last-Event-ID: it is a number", "Repeat the last frame's id."
        )
    return int(said)


def _is_seq(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
