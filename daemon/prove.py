"""Proving goals: asked for and answered, or streamed as it goes; and saved goals on each commit."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import web

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.work import prove, saved
from aura.work.goals import Judgement
from aura.work.inspection import Inspection
from aura.work.prove import Attempt, Proved, State, ToProve, Tried

from .app import failure, stamp
from .bind import encode, key_of, lock_for, replay, reply, write_once
from .context import SYSTEM

if TYPE_CHECKING:
    from .context import Context

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
LOOK_SECONDS = 0.5
"""How soon it is noticed that who asked is gone."""
log = logging.getLogger("aura.prove")


async def ask(context: "Context", caller: Caller, new: ToProve, request: web.Request) -> web.StreamResponse:
    """Prove goals, and answer when all are decided; or tell of each as it comes."""
    key = await key_of(caller, request)
    async with lock_for(key):
        if (kept := await replay(context, key)) is not None:
            return kept
        todo = await context.read(lambda db: prove.attempts(db, caller, new))

        async def answer(tell: Tell) -> Answer:
            state, tried = await _try(context, caller.here, todo, [new.timeout_s] * len(todo), new.path, tell)
            level = (await context.commands.sandbox()).level

            def write(db: Any) -> Answer:
                intent = prove.intent_of(db, caller, new)
                proofs = prove.record(db, caller, state, tried, intent=intent)
                return Answer(200, encode(Proved(prove.worst(proofs), level, proofs)))

            return await write_once(context, caller, key, write)

        if "text/event-stream" in request.headers.get("Accept", ""):
            return await _stream(context, request, answer)
        return reply(await answer(_silent))


async def _silent(event: str, data: dict[str, Any]) -> None:
    """Tell nobody."""


async def _try(
    context: "Context",
    place: Place,
    todo: Sequence[Attempt],
    timeouts: Sequence[int],
    path: str | None,
    tell: Tell,
) -> tuple[State, list[Tried]]:
    """Try goals one after the other, on one look at the work tree."""
    place = context.callers.at_root(place.path)
    inspection = Inspection(place.path, context.pool, context.graphs)
    dirty = await context.in_thread(inspection.is_dirty, place.head)
    tried = []
    for at, attempt in enumerate(todo):
        about = {"index": at, "of": len(todo), "goal": attempt.statement.text}
        await tell("progress", {**about, "state": "begun"})
        begun = time.monotonic()
        judgement = attempt.refused or await _judge(
            context, inspection, place, attempt, timeouts[at], path, tell, at
        )
        tried.append(Tried(attempt, judgement, time.monotonic() - begun))
        said = {"state": "done", "result": judgement.result, "reason": judgement.reason}
        await tell("progress", {**about, **said})
    return State(place, dirty), tried


async def _judge(
    context: "Context",
    inspection: Inspection,
    place: Place,
    attempt: Attempt,
    timeout_s: int,
    path: str | None,
    tell: Tell,
    at: int,
) -> Judgement:
    goal = attempt.statement
    try:
        if goal.kind != "command":
            return await context.in_thread(inspection.judge, goal)

        async def say(text: str) -> None:
            await tell("output", {"index": at, "text": text})

        return await context.commands.run(goal.about, place.path, path, timeout_s, say)
    except AuraError as error:
        return Judgement("error", error.message)


async def _stream(
    context: "Context", request: web.Request, answer: Callable[[Tell], Awaitable[Answer]]
) -> web.StreamResponse:
    """Send frames as goals are tried; who goes away breaks it off, and nothing is recorded."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    stamp(context, request, response)
    response.force_close()
    await response.prepare(request)

    async def send(piece: bytes) -> None:
        async with asyncio.timeout(2 * context.heartbeat):
            await response.write(piece)

    async def tell(event: str, data: dict[str, Any]) -> None:
        await send(_frame(event, encode(data)))

    async def work() -> None:
        try:
            await send(_frame("result", (await answer(tell)).body))
        except (ConnectionResetError, TimeoutError):
            raise
        except Exception as error:
            await send(_frame("error", failure(request, error)[0]))

    task = asyncio.ensure_future(work())
    beat = time.monotonic()
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            if request.transport is None or request.transport.is_closing():
                break
            if time.monotonic() - beat > context.heartbeat:
                beat = time.monotonic()
                await send(b": heartbeat\n\n")
    except (ConnectionResetError, TimeoutError):
        pass
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, ConnectionResetError, TimeoutError):
            await task
    return response


def _frame(event: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), data)


class OnCommit:
    """Tries saved goals on commits, beside everything else; of several that come at once, on the last."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._due: set[str] = set()
        self._task: asyncio.Task[Any] | None = None

    def committed(self, root: str) -> None:
        """Take up a new commit of the work tree at a folder."""
        self._due.add(root)
        if self._task is None or self._task.done():
            self._task = self._context.spawn(self._run())

    async def _run(self) -> None:
        while self._due:
            root = self._due.pop()
            try:
                await self._prove(root)
            except (AuraError, KeyError) as error:
                log.warning("cannot prove the saved goals of %s: %s", root, error)

    async def _prove(self, root: str) -> None:
        context, place = self._context, self._context.callers.at_root(root)
        head = place.head
        if head is None:
            return
        for goal in await context.read(lambda db: saved.due(db, place.repo, head)):
            attempt = Attempt(goal.goal, saved.statement(goal))
            state, tried = await _try(context, place, [attempt], [goal.timeout_s], goal.path, _silent)
            if state.place.head != head:
                # It is tried on what came since, where that is asked for again.
                self._due.add(root)
                return
            record = partial(prove.record, caller=SYSTEM, state=state, tried=tried, saved=[goal.id])
            await context.store.write(record)
