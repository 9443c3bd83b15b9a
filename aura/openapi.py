"""OpenAPI 3.1, derived from the declarations that route."""

import html
import inspect
from typing import Any

import msgspec

from aura import API_VERSION, __version__
from aura.errors import CODES
from aura.op import OPERATIONS, Operation, op

REF = "#/components/schemas/{name}"
_TEXT: dict[str, Any] = {"type": "string"}
_ENCODED: dict[str, Any] = {
    "type": "object",
    "description": "A content as JSON: its bytes in base64.",
    "properties": {
        **dict.fromkeys(("path", "mode", "sha256", "content"), _TEXT),
        "size": {"type": "integer"},
        "encoding": {"const": "base64"},
    },
    "required": ["path", "mode", "size", "sha256", "encoding", "content"],
    "additionalProperties": False,
}
_ALSO_AS: dict[str, dict[str, dict[str, Any]]] = {
    "events.list": {"text/event-stream": _TEXT},
    "prove.prove": {"text/event-stream": _TEXT},
    "snapshots.content": {"text/plain": _TEXT, "application/json": _ENCODED},
}
"""Media types besides that of the declaration, which `Accept` asks for."""

_UNKEYED = ("hooks.drain", "status.token", "history.backfill")
"""What takes no idempotency key: it does no more when it is repeated, or its answer must not be kept."""


class ErrorDetail(msgspec.Struct, frozen=True):
    code: str
    message: str
    hint: str
    details: dict[str, Any]
    request_id: str


class Error(msgspec.Struct, frozen=True):
    """The shape of every error; codes are stable, messages may change."""

    error: ErrorDetail


Key = str | int | float | bool | None


class Group(msgspec.Struct, frozen=True):
    """What a list holds of one group; of `sum`, `avg` and `fail_rate` the one that was asked for, if any."""

    key: dict[str, Key]
    count: int
    sum: int | float | None = None
    avg: float | None = None
    fail_rate: float | None = None


class Groups(msgspec.Struct, frozen=True):
    """One page of a list that was asked for by `group_by` or `aggregate`."""

    data: list[Group]
    next_cursor: str | None
    has_more: bool


@op("GET /openapi.json", scope=None, needs="none", manual=True)
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of this API."""
    operations = list(OPERATIONS.values())
    types: list[Any] = [Error, Groups]
    for o in operations:
        given = o.input if o.in_body else None
        types += [t for t in (given, o.output) if t not in (None, bytes, dict[str, Any])]
    schemas, components = msgspec.json.schema_components(types, ref_template=REF)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    for schema in components.values():
        if "description" in schema:
            # Python 3.13 takes the indentation of a docstring away; earlier ones keep it.
            schema["description"] = inspect.cleandoc(schema["description"])
    components["Error"]["properties"]["error"] = {"$ref": REF.format(name="ErrorDetail")}
    components["ErrorDetail"]["properties"]["code"] = {"type": "string", "enum": sorted(CODES)}
    paths: dict[str, dict[str, Any]] = {}
    for o in operations:
        entry = _entry(o, by_type)
        paths.setdefault(o.path, {})[o.method.lower()] = entry
        for number, alias in enumerate(o.aliases, 2):
            other = {**entry, "operationId": f"{o.name}.{number}", "x-aura-alias-of": o.path}
            paths.setdefault(alias, {})[o.method.lower()] = other
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aura",
            "version": API_VERSION,
            "description": f"The local API of aura {__version__}.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _entry(o: Operation, by_type: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": o.name,
        "tags": [o.name.split(".")[0]],
        "summary": o.summary,
        "description": o.doc,
        "parameters": _parameters(o),
        "responses": {
            **{str(status): _answer(o, by_type) for status in (o.status, *o.also)},
            "default": {
                "description": "Refused or failed.",
                "content": {"application/json": {"schema": {"$ref": REF.format(name="Error")}}},
            },
        },
    }
    if o.scope is None:
        entry["security"] = []
    else:
        entry["x-aura-scope"] = o.scope
    if o.command:
        entry["x-aura-command"] = f"aura {o.command}"
    if o.emits:
        entry["x-aura-emits"] = list(o.emits)
    if o.in_body and o.input is not None:
        entry["requestBody"] = {
            "required": _needs_body(o.input, o.path_fields),
            "content": {"application/json": {"schema": _body(o, by_type)}},
        }
    return entry


def _needs_body(given: type[msgspec.Struct], path_fields: tuple[str, ...]) -> bool:
    """Tell whether a field must be given that is not in the path."""
    fields = msgspec.structs.fields(given)
    return any(field.required and field.encode_name not in path_fields for field in fields)


def _answer(o: Operation, by_type: dict[str, Any]) -> dict[str, Any]:
    schema = {} if o.output is bytes else _schema(o.output, by_type)
    if o.listing is not None:
        schema = {"anyOf": [schema, {"$ref": REF.format(name="Groups")}]}
    content = {o.media: {"schema": schema}}
    content |= {media: {"schema": other} for media, other in _ALSO_AS.get(o.name, {}).items()}
    return {"description": "Done.", "content": content}


def _schema(type_: Any, by_type: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = by_type.get(repr(type_), {"type": "object"})
    return found


def _body(o: Operation, by_type: dict[str, Any]) -> dict[str, Any]:
    """Return the body's schema: the input without the fields that are in the path."""
    if not o.path_fields or o.input is None:
        return _schema(o.input, by_type)
    (schema,), components = msgspec.json.schema_components([o.input], ref_template=REF)
    whole = components[schema["$ref"].rsplit("/", 1)[1]]
    properties = {name: value for name, value in whole["properties"].items() if name not in o.path_fields}
    required = [name for name in whole.get("required", []) if name not in o.path_fields]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _parameters(o: Operation) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = []
    if o.input is not None:
        (schema,), components = msgspec.json.schema_components([o.input], ref_template=REF)
        whole = components[schema["$ref"].rsplit("/", 1)[1]]
        for name, field in whole["properties"].items():
            where = "path" if name in o.path_fields else "query"
            if where == "query" and o.in_body:
                continue
            field = dict(field)
            doc = field.pop("description", "")
            required = where == "path" or name in whole.get("required", [])
            parameters.append(
                {"name": name, "in": where, "required": required, "description": doc, "schema": field}
            )
    if o.needs != "none":
        about = "A path inside the work tree, or the repository's slug."
        parameters.append(_optional("repo", "query", about, _TEXT))
    return parameters + _headers(o)


def _headers(o: Operation) -> list[dict[str, Any]]:
    """Return the headers that are read on the way to an operation."""
    headers = []
    if o.needs != "none":
        about = "The same as the parameter repo, percent-encoded; it goes before it."
        headers.append(_optional("Aura-Repo", "header", about, _TEXT))
    if o.scope is not None:
        about = "The session that asks, percent-encoded."
        headers.append(_optional("Aura-Session", "header", about, {**_TEXT, "maxLength": 255}))
    version = {**_TEXT, "pattern": r"^(>=|>|==|~=)?[0-9]{1,4}(\.[0-9]{1,4})?$"}
    about = "The version of the API that is needed, such as >=1.3; 426 where it is not met."
    headers.append(_optional("Aura-API-Version", "header", about, version))
    if o.name == "events.list":
        about = "The id of the last frame that was seen: the stream goes on after it."
        headers.append(_optional("Last-Event-ID", "header", about, {**_TEXT, "pattern": "^[0-9]{1,18}$"}))
    if o.writes and o.name not in _UNKEYED:
        about = "Retrying with the same key within 24 hours replays the first answer."
        key = {**_TEXT, "minLength": 1, "maxLength": 255}
        headers.append(_optional("Idempotency-Key", "header", about, key))
    return headers


def _optional(name: str, where: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": False, "description": about, "schema": schema}


@op("GET /docs", scope=None, needs="none", manual=True, media="text/html")
def page() -> str:
    """Show the API as a page."""
    spec = document()
    parts = [_PAGE_HEAD.replace("VERSION", html.escape(__version__))]
    for path, methods in spec["paths"].items():
        for method, entry in methods.items():
            parts.append(_section(path, method, entry))
    return "".join([*parts, "</main></body></html>"])


def _section(path: str, method: str, entry: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{html.escape(p['name'])}</code></td><td>{p['in']}</td><td>{html.escape(p['description'])}</td></tr>"
        for p in entry["parameters"]
    )
    body = entry.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    name = body.get("$ref", "").rsplit("/", 1)[-1]
    notes = [f"scope <code>{entry['x-aura-scope']}</code>"] if "x-aura-scope" in entry else []
    notes += [f"<code>{html.escape(entry['x-aura-command'])}</code>"] if "x-aura-command" in entry else []
    notes += [f"body <code>{html.escape(name)}</code>"] if name else []
    doc = "<br>".join(html.escape(line) for line in entry["description"].splitlines() if line)
    return (
        f"<section><h2><b>{method.upper()}</b> <code>{html.escape(path)}</code></h2><p>{doc}</p>"
        f"<p class=notes>{' · '.join(notes)}</p><table>{rows}</table></section>"
    )


_PAGE_HEAD = """<!doctype html><html lang=en><meta charset=utf-8><title>Aura API</title>
<style>body{font:15px/1.5 system-ui,sans-serif;margin:0;color:#222;background:#fff}
main{max-width:56rem;margin:2rem auto;padding:0 1rem}
h2{font-size:1rem;margin:2rem 0 .3rem;border-top:1px solid #ddd;padding-top:1rem}
h2 b{display:inline-block;min-width:4rem;color:#06c}td{padding:.1rem .8rem .1rem 0;vertical-align:top}
.notes{color:#666}</style><body><main><h1>Aura API VERSION</h1>
<p>The whole description is at <a href="/openapi.json">/openapi.json</a>.</p>"""
