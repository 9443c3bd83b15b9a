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
from aura.idempotency import Answer, Key
from aura.store import Connection
from aura.work import prove, saved
from aura.work.goals import Judgement
from aura.work.inspection import Inspection
from aura.work.prove import Attempt, Proved, State, ToProve, Tried

from .app import failure, stamp
from .bind import encode, once, write_once
from .context import SYSTEM

if TYPE_CHECKING:
    from .context import Context

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
LOOK_SECONDS = 0.5
"""How soon it is noticed that who asked is gone."""
log = logging.getLogger("aura.prove")


async def ask(context: "Context", caller: Caller, new: ToProve, request: web.Request) -> web.StreamResponse:
    """Prove goals, and answer when all are decided; or tell of each as it comes."""
    stream = _Stream(context, request) if "text/event-stream" in request.headers.get("Accept", "") else None

    async def act(key: Key | None) -> Answer:
        todo = await context.read(lambda db: prove.attempts(db, caller, new))

        async def work(tell: Tell) -> Answer:
            state, tried = await _try(context, caller.here, todo, [new.timeout_s] * len(todo), new.path, tell)
            level = (await context.commands.sandbox()).level

            def write(db: Connection) -> Answer:
                intent = prove.intent_of(db, caller, new)
                proofs = prove.record(db, caller, state, tried, intent=intent)
                return Answer(200, encode(Proved(prove.worst(proofs), level, proofs)))

            return await write_once(context, caller, key, write)

        return await (stream.follow(work) if stream else work(_silent))

    try:
        answered = await once(context, caller, request, act)
    except _Ended as ended:
        return ended.response
    return stream.response if stream and stream.response else answered


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


class _Ended(Exception):
    """A stream ended before its answer: who asked went away, or was told of an error."""

    def __init__(self, response: web.StreamResponse) -> None:
        self.response = response


class _Stream:
    """Sends frames while goals are tried; who goes away breaks it off, and nothing is recorded."""

    def __init__(self, context: "Context", request: web.Request) -> None:
        self._context = context
        self._request = request
        self.response: web.StreamResponse | None = None

    async def follow(self, work: Callable[[Tell], Awaitable[Answer]]) -> Answer:
        """Send what is told, and at last the answer."""
        response = self.response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        stamp(self._context, self._request, response)
        response.force_close()
        await response.prepare(self._request)
        task = asyncio.ensure_future(work(self._tell))
        try:
            await self._watch(task)
            answer = await task
            await self._send(_frame("result", answer.body))
            return answer
        except (ConnectionResetError, TimeoutError):
            raise _Ended(response) from None
        except Exception as error:
            with contextlib.suppress(ConnectionResetError, TimeoutError):
                await self._send(_frame("error", failure(self._request, error)[0]))
            raise _Ended(response) from None
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def _watch(self, task: asyncio.Future[Answer]) -> None:
        """Wait for the end, with a sign of life now and then. Raises ConnectionResetError."""
        beat = time.monotonic()
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            if self._request.transport is None or self._request.transport.is_closing():
                raise ConnectionResetError
            if time.monotonic() - beat > self._context.heartbeat:
                beat = time.monotonic()
                await self._send(b": heartbeat\n\n")

    async def _tell(self, event: str, data: dict[str, Any]) -> None:
        await self._send(_frame(event, encode(data)))

    async def _send(self, piece: bytes) -> None:
        assert self.response is not None
        async with asyncio.timeout(2 * self._context.heartbeat):
            await self.response.write(piece)


def _frame(event: str, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (event.encode(), data)


class OnCommit:
    """Tries saved goals on commits, beside everything else; of several that come at once, on the last."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._due: set[str] = set()
        self._task: asyncio.Task[Any] | None = None

    def resume(self) -> None:
        """Take up what an earlier daemon was not given the time for."""
        for root in self._context.callers.by_root:
            self.committed(root)

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
