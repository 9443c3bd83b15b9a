"""The binding of operations to routes: decode, validate, resolve the caller, run, encode."""

import asyncio
import re
import weakref
from typing import Any

import msgspec
from aiohttp import web
from multidict import MultiMapping

from aura import idempotency
from aura.api import Caller
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.op import Operation, call
from aura.operations import OPERATIONS
from aura.store import Connection

from . import access, strict
from .context import CONTEXT, Context, Manual

MAX_DEPTH = 64
PLACES = {"worktree.registered", "worktree.forgotten"}
encode = msgspec.json.Encoder().encode
_locks: "weakref.WeakValueDictionary[tuple[str, str, str], asyncio.Lock]" = weakref.WeakValueDictionary()


def routes(manual: dict[str, Manual]) -> list[web.RouteDef]:
    """Return a route for each declared operation; `manual` holds those that are bound by hand, by name."""
    missing = {o.name for o in OPERATIONS.values() if o.manual} ^ set(manual)
    if missing:
        raise LookupError(f"operations bound by hand and declared so differ: {sorted(missing)}")
    return [
        web.route(o.method, re.sub(r"{(\w+)}", r"{\1:[^/:]+}", o.path), _handler(o, manual.get(o.name)))
        for o in OPERATIONS.values()
    ]


def _handler(operation: Operation, manual: Manual | None) -> Any:
    async def handle(request: web.Request) -> web.StreamResponse:
        context = request.app[CONTEXT]
        scopes, token = access.check(context, operation, request)
        query = request.query
        named = request.headers.get("Aura-Repo") or query.get("repo")
        session = request.headers.get("Aura-Session")
        given = await _input(operation, request)
        caller = await context.callers.resolve(operation, named, session, scopes, token, request["id"])
        if caller.place is not None and operation.method == "GET":
            await context.backfills.settle(caller.place)
        if manual is not None:
            return await manual(context, caller, given, request)
        if not operation.writes:
            return reply(
                Answer(operation.status, await context.in_thread(_read, context, operation, caller, given))
            )
        gathered = await context.in_thread(operation.gather, given) if operation.gather else None
        key = await key_of(caller, request)

        def run(db: Connection) -> Answer:
            return Answer(operation.status, encode(_call(context, operation, db, caller, given, gathered)))

        answer = await write_once(context, key, run, request)
        if PLACES & set(operation.emits):
            context.callers.reload()
            context.watch.restart()
        elif operation.name == "settings.set":
            await context.in_thread(strict.mark, context)
        return reply(answer)

    return handle


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


async def write_once(context: Context, key: Key | None, run: Any, request: web.Request) -> Answer:
    """Run a write, once for each idempotency key; of two at once the second waits for the first."""
    if key is None:
        return await context.store.write(run)
    async with lock_for(key):
        id_ = request["id"]
        return await context.store.write(lambda db: idempotency.once(db, key, run, id_))


def lock_for(key: Key) -> asyncio.Lock:
    """Return the lock that requests with this idempotency key share."""
    return _locks.setdefault(key[:3], asyncio.Lock())


async def key_of(caller: Caller, request: web.Request) -> Key | None:
    """Return the idempotency key that the request carries, bound to its caller, route and body."""
    said = request.headers.get("Idempotency-Key")
    if said is None:
        return None
    who = f"{caller.token}@{caller.place.repo if caller.place else 0}"
    return idempotency.key_for(who, f"{request.method} {request.path}", said, await request.read())


def reply(answer: Answer) -> web.Response:
    """Turn an answer into a response."""
    response = web.Response(body=answer.body, status=answer.status, content_type="application/json")
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


async def _input(operation: Operation, request: web.Request) -> Any:
    """Build the operation's input from path, query and body. Raises `invalid_request` with the JSON path."""
    if operation.input is None:
        for name in _flat(request.query):
            raise invalid(f"Object contains unknown field `{name}`")
        return None
    kind = operation.input
    try:
        if not operation.in_body:
            values = _flat(request.query) | dict(request.match_info)
            return msgspec.convert(values, kind, strict=False)
        body = await request.read()
        access.require_json(request, body)
        return _decode(operation, kind, body or b"{}", dict(request.match_info))
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    except UnicodeDecodeError as error:
        raise invalid(f"bad UTF-8 at byte {error.start}") from None


def _flat(query: MultiMapping[str]) -> dict[str, Any]:
    return {name: ",".join(query.getall(name)) for name in query if name not in ("repo", "subscribe")}


def _decode(operation: Operation, kind: Any, body: bytes, path: dict[str, str]) -> Any:
    """Decode a JSON body once, strictly: no duplicate keys, at most 64 levels, the path's fields not among
    its own.
    """
    value = parse_json(body)
    if not isinstance(value, dict):
        raise invalid("Expected `object`")
    for name in path:
        if name in value:
            raise invalid(f"Object contains unknown field `{name}`")
    return msgspec.convert(value | path, kind)


def parse_json(body: bytes) -> Any:
    """Parse JSON, refusing what has two readings: duplicate keys, NaN, depth beyond 64, lone surrogates."""
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise invalid(f"more than {MAX_DEPTH} levels")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise invalid(str(error)) from None
    if b'"' in body and _keys(value) != len(_KEY.findall(_STRING.sub(b'""', body))):
        raise invalid("an object holds the same key twice")
    return value


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KEY = re.compile(rb'""\s*:')


def _keys(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_keys(v) for v in value.values())
    if isinstance(value, list):
        return sum(_keys(v) for v in value)
    return 0


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def invalid(said: str) -> AuraError:
    """Turn what the decoder complains of into `invalid_request` with the JSON path."""
    problem, _, path = said.partition(" - at `")
    where = path.rstrip("`") or "$"
    if match := re.search(r"unknown field `(.+)`", problem):
        where = f"{where}.{match[1]}"
    return AuraError(
        "invalid_request",
        f"cannot read the request at {where}: {problem[:1].lower()}{problem[1:]}",
        "Compare it with /openapi.json.",
        {"path": where},
    )
