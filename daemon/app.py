"""The application: one middleware around every route, and the routes from the declared operations."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from aura import __version__
from aura.errors import AuraError
from aura.ids import new_id
from aura.op import BODY as MAX_BODY

from . import access, metrics
from .bind import routes
from .context import CONTEXT, REQUEST_ID, Context, Manual
from .runner import encodings, limit_of

log = logging.getLogger("aura.http")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request an id, each error its shape, and each answer the headers of API.md."""
    request[REQUEST_ID] = new_id("req")
    context = request.app[CONTEXT]
    try:
        access.guard(context, request)
        if request.method == "OPTIONS" and "Origin" in request.headers and access.on_tcp(request):
            response: web.StreamResponse = web.Response(status=204)
        elif context.stopping.is_set():
            raise AuraError(
                "shutting_down", "cannot answer: the daemon is stopping", "Try again in a moment."
            )
        else:
            if encoded := encodings(request):
                raise _encoded(encoded)
            limit = limit_of(request)
            if (size := request.content_length or 0) > limit:
                raise web.HTTPRequestEntityTooLarge(limit, size)
            if limit != MAX_BODY:
                request = request.clone(client_max_size=limit)
            response = await handler(request)
    except (asyncio.CancelledError, ConnectionResetError):
        raise
    except Exception as error:
        response = _failure(request, error)
    metrics.count(context, request, response.status)
    if not response.prepared:
        stamp(context, request, response)
    return response


def stamp(context: Context, request: web.Request, response: web.StreamResponse) -> None:
    """Set the headers that every answer carries."""
    headers = response.headers
    headers["X-Aura-Version"] = __version__
    headers["X-Request-Id"] = request[REQUEST_ID]
    headers["X-Content-Type-Options"] = "nosniff"
    origin = request.headers.get("Origin")
    if origin and origin in context.cors:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Vary"] = "Origin"
        headers["Access-Control-Allow-Headers"] = (
            "Authorization, Content-Type, Idempotency-Key, Aura-Repo, Aura-Session, "
            "Aura-API-Version, Last-Event-ID"
        )
        headers["Access-Control-Expose-Headers"] = "X-Aura-Version, X-Request-Id, Idempotency-Replayed"
        headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE"


def failure(request: web.Request, error: Exception) -> tuple[bytes, int]:
    """Return the body and the status of an error; one of our own is written to the log."""
    id_ = request[REQUEST_ID]
    known = _known(request, error)
    if known is None:
        log.error("request %s failed: %s %s", id_, request.method, request.path, exc_info=error)
        known = AuraError(
            "internal_error",
            "cannot answer: aura met a fault of its own",
            f"aura daemon logs shows it under {id_}.",
        )
    return msgspec.json.encode(known.body(id_)), known.status


def _failure(request: web.Request, error: Exception) -> web.Response:
    body, status = failure(request, error)
    response = web.Response(body=body, status=status, content_type="application/json")
    if isinstance(error, web.HTTPMethodNotAllowed):
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _known(request: web.Request, error: Exception) -> AuraError | None:
    if isinstance(error, AuraError):
        return error
    if isinstance(error, web.HTTPNotFound):
        return AuraError(
            "route_not_found", f"cannot find the route {request.path}", "aura api --list shows them all."
        )
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return AuraError(
            "method_not_allowed", f"cannot {request.method} {request.path}", f"It takes {allowed}."
        )
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return AuraError(
            "body_too_large",
            f"cannot take a body of more than {limit_of(request)} bytes",
            "Send it in parts.",
        )
    return None


def _encoded(encoded: str) -> AuraError:
    return AuraError(
        "unsupported_media_type",
        f"cannot read a body that is encoded as {encoded}",
        "Send it as it is, without Content-Encoding.",
    )


def build(context: Context, manual: dict[str, Manual]) -> web.Application:
    """Return the application with every declared operation bound."""
    app = web.Application(middlewares=[envelope], client_max_size=MAX_BODY)
    app[CONTEXT] = context
    app.router.add_routes(routes(manual))
    return app
