"""Who may call: nothing on the socket but the same user; on TCP a Host, an Origin and a token."""

import hashlib
import os
import re
import secrets
from typing import cast

from aiohttp import web

from aura import API_VERSION
from aura.api import SCOPES, now_us
from aura.errors import AuraError
from aura.op import Operation
from aura.store import Connection

from .context import Context
from .runner import Protocol

TOKEN_SECONDS = 8 * 3600
_VERSION = re.compile(r"\s*(>=|>|==|~=)?\s*(\d{1,4})(?:\.(\d{1,4}))?\s*")


def on_tcp(request: web.Request) -> bool:
    """Tell whether the request came over TCP rather than the socket."""
    return cast(Protocol, request.protocol).on_tcp


def check(context: Context, operation: Operation, request: web.Request) -> tuple[frozenset[str], str]:
    """Return the caller's scopes and who it is for idempotency; raise where it may not call."""
    if wanted := request.headers.get("Aura-API-Version"):
        check_version(wanted)
    if not on_tcp(request):
        if cast(Protocol, request.protocol).uid not in (None, os.getuid()):
            raise AuraError(
                "permission_denied", "cannot answer another user", "Each user runs an own daemon."
            )
        return SCOPES, "socket"
    if operation.scope is None or context.http_auth == "none":
        return SCOPES, "tcp"
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise AuraError(
            "unauthorized", "cannot answer without a token", "Add Authorization: Bearer $(aura daemon token)."
        )
    digest = hashlib.sha256(token.strip().encode()).digest()
    row = (
        context.store.reader()
        .execute("SELECT scopes, expires_at FROM tokens WHERE digest = ?", (digest,))
        .fetchone()
    )
    if row is None or row[1] <= now_us():
        raise AuraError(
            "unauthorized", "cannot accept this token: it is unknown or has expired", "Run aura daemon token."
        )
    scopes = frozenset(row[0].split())
    if operation.scope not in scopes and "admin" not in scopes:
        raise AuraError(
            "scope_missing",
            f"cannot answer: the token lacks the scope {operation.scope}",
            "Use a token with that scope.",
        )
    return scopes, digest.hex()


def new_token(db: Connection) -> str:
    """Make a short-lived token with every right; only its hash is kept."""
    token = "aura_short_" + secrets.token_urlsafe(32)
    now = now_us()
    db.execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
    db.execute(
        "INSERT INTO tokens VALUES (?, 'short', 'admin', ?, ?)",
        (hashlib.sha256(token.encode()).digest(), now, now + TOKEN_SECONDS * 1_000_000),
    )
    return token


def guard(context: Context, request: web.Request) -> None:
    """Refuse foreign Hosts and Origins on TCP, before routing."""
    if not on_tcp(request):
        return
    hosts = request.headers.getall("Host", [])
    port = (context.http or "").rpartition(":")[2]
    names = ("localhost", "127.0.0.1", "[::1]", *context.host_names)
    allowed = {f"{name}:{port}" for name in names} | ({*names} if port == "80" else set())
    if len(hosts) != 1 or hosts[0] not in allowed:
        raise AuraError(
            "host_refused", "cannot answer: this Host is not allowed", "Use localhost, or --host-name NAME."
        )
    origin = request.headers.get("Origin")
    own = {f"http://{host}" for host in allowed}
    if origin is not None and origin not in own and origin not in context.cors:
        raise AuraError(
            "origin_refused", "cannot answer: this Origin is not allowed", "Start with --cors ORIGIN."
        )
    if origin is None and request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise AuraError("origin_refused", "cannot answer a cross-site request", "Start with --cors ORIGIN.")


def require_json(request: web.Request, body: bytes) -> None:
    """On TCP a body must be declared as JSON: a browser cannot send that across sites unasked."""
    if body and on_tcp(request) and request.content_type != "application/json":
        raise AuraError(
            "unsupported_media_type",
            f"cannot read a body of {request.content_type}",
            "Send Content-Type: application/json.",
        )


def check_version(wanted: str) -> None:
    """Compare the API version that a client asks for with ours."""
    match = _VERSION.fullmatch(wanted)
    if match is None:
        raise AuraError(
            "invalid_request",
            f"cannot read Aura-API-Version {wanted!r}",
            "Write, for example, Aura-API-Version: >=1.3.",
        )
    sign, major, minor = match[1] or ">=", int(match[2]), int(match[3] or 0)
    have = tuple(int(part) for part in API_VERSION.split("."))
    want = (major, minor)
    met = {">=": have >= want, ">": have > want, "==": have == want, "~=": have >= want and have[0] == major}[
        sign
    ]
    if not met:
        raise AuraError(
            "upgrade_required",
            f"cannot serve API version {wanted.strip()}: this is {API_VERSION}",
            "Install a newer aura and run aura daemon restart.",
            {"api_version": API_VERSION},
        )
