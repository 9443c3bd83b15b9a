"""Answers below the routes: what is no HTTP request gets the API's error shape, too."""

import asyncio
import socket
import struct
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http import HttpVersion11

from aura import __version__
from aura.errors import AuraError
from aura.ids import new_id

LINGER_SECONDS = 2.0
"""How long a body that was refused is read and thrown away, so that its sender hears why."""

IDLE_SECONDS = 60.0
"""How long a connection may be without a whole request: nothing sent, a slow head, or idle between two."""


LIMITS: dict[Any, int] = {}
"""How many bytes of a body the handlers take that take more than others."""


class Protocol(web.RequestHandler):
    """A connection, with what is known of it as long as it lives, and also when it has just been lost."""

    __slots__ = ("on_tcp", "uid")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note whether it came over TCP, and whose process is at the other end of a socket."""
        self.on_tcp = isinstance(transport.get_extra_info("sockname"), tuple)
        self.uid = None if self.on_tcp else _uid(transport.get_extra_info("socket"))
        super().connection_made(transport)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Refuse a malformed request; a fault of our own is aiohttp's to tell."""
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        self.logger.info("refused a malformed request: %s", type(exc).__name__)
        id_ = new_id("req")
        error = AuraError(
            "invalid_request",
            f"cannot read the request: {(message or '').split(':')[0].strip() or 'it is no HTTP'}",
            "Send HTTP/1.1 with a request line and headers of at most 8190 bytes each.",
        )
        response = web.Response(
            body=msgspec.json.encode(error.body(id_)), status=error.status, content_type="application/json"
        )
        response.headers.update({"X-Aura-Version": __version__, "X-Request-Id": id_})
        response.force_close()
        return response


def _uid(sock: socket.socket) -> int | None:
    """Return the user at the other end of a Unix socket, where the system tells it."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    _, uid, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return Protocol(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs the application with these answers."""

    def __init__(self, app: web.Application, *, idle: float = IDLE_SECONDS, **kwargs: Any) -> None:
        # What little inflates to much would hold everybody up, before anybody is asked for a token.
        super().__init__(
            app,
            access_log=None,
            lingering_time=LINGER_SECONDS,
            keepalive_timeout=idle,
            auto_decompress=False,
            **kwargs,
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(made.request_handler, request_factory=made.request_factory, **made._kwargs)


async def expected(request: web.Request) -> None:
    """Ask for the body of a client that waits to be asked, unless it is refused without being read."""
    asks = request.headers.get("Expect", "").lower() == "100-continue"
    if asks and request.version == HttpVersion11 and not (too_large(request) or encodings(request)):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


def limit_of(request: web.Request) -> int:
    """Return how many bytes of a body are taken on this route."""
    return LIMITS.get(request.match_info.handler, request.client_max_size)


def too_large(request: web.Request) -> bool:
    """Tell whether the request says that its body is larger than what is taken."""
    return (request.content_length or 0) > limit_of(request)


def encodings(request: web.Request) -> str:
    """Return how the body is encoded, beyond being what it is: compressed ones are not taken."""
    said = ",".join(request.headers.getall("Content-Encoding", ()))
    return ", ".join(name.strip() for name in said.split(",") if name.strip().lower() not in ("", "identity"))
