"""OpenAPI 3.1, derived from the declarations that route."""

import html
import inspect
from typing import Any

import msgspec

from aura import API_VERSION, __version__
from aura.errors import CODES
from aura.op import OPERATIONS, Operation, op

REF = "#/components/schemas/{name}"


class ErrorDetail(msgspec.Struct, frozen=True):
    code: str
    message: str
    hint: str
    details: dict[str, Any]
    request_id: str


class Error(msgspec.Struct, frozen=True):
    """The shape of every error; codes are stable, messages may change."""

    error: ErrorDetail


@op("GET /openapi.json", scope=None, needs="none", manual=True)
def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of this API."""
    operations = list(OPERATIONS.values())
    types: list[Any] = [Error]
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
        paths.setdefault(o.path, {})[o.method.lower()] = _entry(o, by_type)
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
            "required": True,
            "content": {"application/json": {"schema": _body(o, by_type)}},
        }
    return entry


def _answer(o: Operation, by_type: dict[str, Any]) -> dict[str, Any]:
    schema = {} if o.output is bytes else _schema(o.output, by_type)
    return {"description": "Done.", "content": {o.media: {"schema": schema}}}


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
        text = {"type": "string"}
        about = "A path inside the work tree, or the repository's slug."
        parameters.append(
            {"name": "repo", "in": "query", "required": False, "description": about, "schema": text}
        )
    if o.writes:
        about = "Retrying with the same key within 24 hours replays the first answer."
        key: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": False,
                "description": about,
                "schema": key,
            }
        )
    return parameters


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
