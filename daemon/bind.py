"""The binding of operations to routes: decode, validate, resolve the caller, run, encode."""

import asyncio
import os
import re
import weakref
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from aiohttp import web

from aura import idempotency
from aura.api import Caller
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.op import BODY, Operation, call
from aura.operations import OPERATIONS
from aura.store import Connection

from . import access, asking
from .context import CONTEXT, REQUEST_ID, Context, Manual
from .decode import body_of, input_of
from .runner import LIMITS, expected

PLACES = {"worktree.registered", "worktree.forgotten"}
SESSIONS = {"session.started", "session.ended"}
ASKING = {"setting.changed", "zone.claimed", "zone.released"}
encode = msgspec.json.Encoder().encode
_locks: "weakref.WeakValueDictionary[tuple[str, str, str], asyncio.Lock]" = weakref.WeakValueDictionary()


def routes(manual: dict[str, Manual]) -> list[web.RouteDef]:
    """Return a route for each declared operation; `manual` holds those that are bound by hand, by name."""
    missing = {o.name for o in OPERATIONS.values() if o.manual} ^ set(manual)
    if missing:
        raise LookupError(f"operations bound by hand and declared so differ: {sorted(missing)}")
    handlers = {name: _handler(o, manual.get(name)) for name, o in OPERATIONS.items()}
    LIMITS.update((handlers[name], o.body) for name, o in OPERATIONS.items() if o.body != BODY)
    return [
        web.route(o.method, _pattern(path), handlers[name], expect_handler=expected)
        for name, o in OPERATIONS.items()
        for path in (o.path, *o.aliases)
    ]


def _pattern(path: str) -> str:
    """Return the path as aiohttp's pattern: no value holds a slash, nor, at the end, a colon."""
    return re.sub(r"{(\w+)}", r"{\1:[^/:]+}", re.sub(r"{(\w+)}/", r"{\1:[^/]+}/", path))


def _handler(operation: Operation, manual: Manual | None) -> Any:
    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        scopes, token = access.check(context, operation, request)
        named, session = named_repo(request), named_session(request)
        given = await input_of(operation, request)
        caller = await context.callers.resolve(operation, named, session, scopes, token, request[REQUEST_ID])
        if caller.place is not None and operation.method == "GET":
            await context.backfills.settle(caller.place)
        if manual is not None:
            return await manual(context, caller, given, request)
        if not operation.writes:
            return reply(
                Answer(operation.status, await context.in_thread(_read, context, operation, caller, given))
            )
        # Where the route itself says what is meant, the repository may be gone when the request is repeated.
        keyed = msgspec.structs.replace(caller, place=None) if operation.needs == "none" else caller
        return await once(context, keyed, request, lambda key: _write(context, operation, caller, given, key))

    return handle


async def _write(
    context: Context, operation: Operation, caller: Caller, given: Any, key: Key | None
) -> Answer:
    gathered = await context.in_thread(operation.gather, given) if operation.gather else None

    def run(db: Connection) -> Answer:
        return Answer(operation.status, encode(_call(context, operation, db, caller, given, gathered)))

    answer = await write_once(context, caller, key, run)
    if PLACES & set(operation.emits):
        context.callers.reload()
    elif SESSIONS & set(operation.emits):
        context.callers.sessions.reload()
    if ASKING & set(operation.emits):
        await asking.write(context)
    if "setting.changed" in operation.emits:
        context.impacts.notice()
    return answer


def _read(context: Context, operation: Operation, caller: Caller, given: Any) -> bytes:
    def run(db: Connection) -> bytes:
        return encode(_call(context, operation, db, caller, given, None))

    return context.store.read(run)


def _call(
    context: Context, operation: Operation, db: Connection, caller: Caller, given: Any, gathered: Any
) -> Any:
    values: dict[Any, Any] = {**context.services(), Connection: db, Caller: caller, operation.input: given}
    values[type(gathered)] = gathered
    return call(operation, values)


def named_repo(request: web.Request) -> str | None:
    """Return the path or slug that the request names: percent-encoded in the header, plain in the query."""
    if said := request.headers.get("Aura-Repo"):
        return _unquoted(said)
    return request.query.get("repo") if request.query_string else None


def named_session(request: web.Request) -> str | None:
    """Return the session that the request names. Raises `invalid_request` where it is no text."""
    if not (given := request.headers.get("Aura-Session")):
        return None
    said = _unquoted(given)
    if len(said) > 255 or not said.isprintable():
        raise AuraError(
            "invalid_request",
            "cannot read Aura-Session: it is no printable text of at most 255 characters",
            "Write it percent-encoded in UTF-8.",
        )
    return said


@lru_cache(1000)
def _unquoted(said: str) -> str:
    return os.fsdecode(unquote_to_bytes(os.fsencode(said)))


async def once(
    context: Context,
    caller: Caller,
    request: web.Request,
    act: Callable[[Key | None], Awaitable[Answer]],
) -> web.Response:
    """Answer a request once for each idempotency key: what it was answered before, or what `act` answers.

    `act` may look at git and at files, and writes with `write_once`. Of two requests with one key the second
    waits; a kept answer is also given where the request could not be carried out again. What `act` refuses
    before it writes is kept like what the domain refuses.
    """
    if (said := request.headers.get("Idempotency-Key")) is None:
        return reply(await act(None))
    key = await _key_of(caller, request, said)
    async with _locks.setdefault(key[:3], asyncio.Lock()):
        kept = await context.read(lambda db: idempotency.replay(db, key))
        return reply(kept or await _kept(context, caller, key, act))


async def _kept(
    context: Context, caller: Caller, key: Key, act: Callable[[Key | None], Awaitable[Answer]]
) -> Answer:
    try:
        return await act(key)
    except AuraError as error:
        if error.status not in idempotency.KEPT:
            raise
        refused = error

    def refuse(_: Connection) -> Answer:
        raise refused

    return await write_once(context, caller, key, refuse)


async def write_once(
    context: Context, caller: Caller, key: Key | None, run: Callable[[Connection], Answer]
) -> Answer:
    """Run the write of a request, and keep its answer under the idempotency key that `once` gave."""
    if key is None:
        return await context.store.write(run)
    return await context.store.write(lambda db: idempotency.once(db, key, run, caller.request_id))


async def _key_of(caller: Caller, request: web.Request, said: str) -> Key:
    """Return the idempotency key of a request, bound to its caller, repository, route and body."""
    who = f"{caller.token}@{caller.place.repo if caller.place else 0}"
    return idempotency.key_for(who, f"{request.method} {request.path}", said, await body_of(request))


def reply(answer: Answer) -> web.Response:
    """Turn an answer into a response."""
    response = web.Response(body=answer.body, status=answer.status, content_type="application/json")
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response
