"""From a request to an operation's input: read strictly, and refused by its JSON path."""

import asyncio
import re
from typing import Any, get_args

import msgspec
from aiohttp import web

from aura.errors import AuraError
from aura.op import BODY as SMALL
from aura.op import Operation

from . import access

MAX_DEPTH = 64
BODY = web.RequestKey("body", bytes)
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_KEY = re.compile(rb'""\s*:')


async def input_of(operation: Operation, request: web.Request) -> Any:
    """Build the operation's input. Raises `invalid_request` with the JSON path."""
    query = _query(request) if request.query_string else {}
    path = dict(request.match_info)
    if request.method in ("GET", "HEAD", "DELETE"):
        return None if operation.input is None and not query else _plain(operation.input, query, path)
    if query:
        raise unknown_field(next(iter(query)))
    body = await body_of(request)
    access.require_json(request, body)
    # What is large would hold up everybody else.
    value = await asyncio.to_thread(parse_json, body) if len(body) > SMALL else parse_json(body or b"{}")
    if not isinstance(value, dict):
        raise invalid("Expected `object`")
    if operation.input is None:
        if value:
            raise unknown_field(next(iter(value)))
        return None
    for name in path:
        if name in value:
            raise unknown_field(name)
    try:
        return msgspec.convert(value | path, operation.input)
    except msgspec.ValidationError as error:
        if operation.items is None:
            raise invalid(str(error)) from None
        return _one_by_one(operation.input, operation.items, value, invalid(str(error)))


async def body_of(request: web.Request) -> bytes:
    """Return the body: without ado where it came along with the head, as most do."""
    if (body := request.get(BODY)) is None:
        content = request.content
        whole = content.is_eof() and content.total_bytes <= request.client_max_size
        request[BODY] = body = content.read_nowait() if whole else await request.read()
    return body


def _query(request: web.Request) -> dict[str, str]:
    return {name: ",".join(request.query.getall(name)) for name in request.query if name != "repo"}


def _plain(kind: Any, query: dict[str, str], path: dict[str, str]) -> Any:
    if kind is None:
        raise unknown_field(next(iter(query)))
    for name in path:
        if name in query:
            raise unknown_field(name)
    try:
        return msgspec.convert(query | path, kind, strict=False)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None


def _one_by_one(kind: type[msgspec.Struct], name: str, value: dict[str, Any], whole: AuraError) -> Any:
    """Read a batch whose items are not all valid: those that are not become their error.

    Raises `whole` where the fault is not in an item.
    """
    item_type = get_args(get_args(_field_type(kind, name))[0])[0]
    given = value.get(name)
    if not isinstance(given, list):
        raise whole
    items: list[Any] = []
    for index, one in enumerate(given):
        try:
            items.append(msgspec.convert(one, item_type))
        except msgspec.ValidationError as error:
            items.append(invalid(str(error).replace("`$", f"`$.{name}[{index}]"), f"$.{name}[{index}]"))
    good = [one for one, item in zip(given, items, strict=True) if not isinstance(item, AuraError)]
    try:
        shell = msgspec.convert(value | {name: [good[0]] * len(given) if good else []}, kind)
    except msgspec.ValidationError as error:
        raise invalid(str(error)) from None
    if len(good) == len(given):
        raise whole
    return msgspec.structs.replace(shell, **{name: items})


def _field_type(kind: type[msgspec.Struct], name: str) -> Any:
    return next(field.type for field in msgspec.structs.fields(kind) if field.name == name)


def parse_json(body: bytes) -> Any:
    """Parse JSON, refusing what has two readings: bad UTF-8, duplicate keys, NaN, depth beyond 64, lone
    surrogates.
    """
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        raise invalid(_bad_utf8(body)) from None
    except RecursionError:
        raise invalid(f"more than {MAX_DEPTH} levels") from None
    except msgspec.DecodeError as error:
        raise invalid(str(error).removeprefix("JSON is ")) from None
    # Both readings of the bytes come after the decoder's, for they take time on what is no JSON.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise invalid(f"more than {MAX_DEPTH} levels")
    keys = _keys([value])
    # Each key has its colon: only where there are more of either need the strings be told apart.
    if body.count(b":") != keys and keys != len(_KEY.findall(_STRING.sub(b'""', body))):
        raise invalid("an object holds the same key twice")
    return value


def _bad_utf8(body: bytes) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"bad UTF-8 at byte {error.start}"
    return "bad UTF-8"


def _keys(value: dict[str, Any] | list[Any]) -> int:
    keys, inner = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    for one in inner:
        if isinstance(one, (dict, list)):
            keys += _keys(one)
    return keys


def _depth(body: bytes) -> int:
    depth = deepest = 0
    for byte in _STRING.sub(b"", body):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def unknown_field(name: str) -> AuraError:
    """Return the refusal of a field that the operation does not know."""
    return invalid(f"Object contains unknown field `{name}`")


def invalid(said: str, root: str = "$") -> AuraError:
    """Turn what the decoder complains of into `invalid_request` with the JSON path."""
    problem, _, path = said.partition(" - at `")
    where = path.rstrip("`") or root
    if match := re.search(r"(?:unknown|required) field `(.+)`", problem):
        where = f"{where}.{match[1]}"
    return AuraError(
        "invalid_request",
        f"cannot read the request at {where}: {problem[:1].lower()}{problem[1:]}",
        "Compare it with /openapi.json.",
        {"path": where},
    )
