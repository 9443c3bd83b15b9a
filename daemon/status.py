"""What the daemon says of itself, its probes, its token, and its own description."""

import json
import os
import time
from typing import Any

from aiohttp import web

from aura import API_VERSION, __version__, openapi
from aura.api import Caller, rfc3339
from aura.idempotency import Answer
from aura.record import settings, status, worktrees
from aura.record.status import Check, Health, Status
from aura.store import Connection
from aura.team import messages

from . import access
from .bind import encode, reply
from .context import Context
from .worktrees import Watched

FEATURES = [
    "intents",
    "diff",
    "why",
    "entities",
    "log",
    "blame",
    "events",
    "hooks",
    "impacts",
    "batch",
    "aggregates",
    "idempotency",
    "prove",
    "snapshots",
]


async def show(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer the status; without a repository, `repo` is null."""
    here = caller.place
    uptime = int(time.monotonic() - context.started)

    sandbox = await context.commands.sandbox()

    def read(db: Connection) -> Status:
        return Status(
            version=__version__,
            api_version=API_VERSION,
            repo=here.slug if here else None,
            worktree=here.path if here else None,
            branch=here.branch if here else None,
            head=here.head if here else None,
            session=caller.session,
            unread_messages=messages.unread(db, caller) if here else None,
            strict_mode=settings.value(db, here.repo if here else None, "strict_mode") == "on",
            team=status.Team(),
            pid=os.getpid(),
            started_at=rfc3339(context.started_at),
            uptime_seconds=uptime,
            http=context.http,
            database=status.Database(
                str(context.store.path), os.stat(context.store.path).st_size, db.pragma("user_version")
            ),
            queue=status.Queue(context.store.waiting, context.analyst.waiting, context.backfills.running),
            sandbox=sandbox.level,
            environment="local",
            features=FEATURES,
            worktrees=worktrees.with_live(
                db, worktrees.of_repo(db, here.repo if here else None), Watched(context)
            ),
        )

    return reply(Answer(200, encode(await context.read(read))))


async def token(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer a fresh short-lived token."""
    made = await context.store.write(access.new_token)
    return reply(Answer(201, encode(status.Token(made, access.TOKEN_SECONDS))))


async def live(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer that the daemon lives."""
    return reply(Answer(200, encode(Health("ok", [Check("process", True)]))))


async def ready(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer whether the log can be written, and how each part is."""
    checks = [await _writes(context), Check("workers", True, f"{context.pool.size} at most")]
    good = all(check.ok for check in checks)
    return reply(Answer(200 if good else 503, encode(Health("ok" if good else "failing", checks))))


async def _writes(context: Context) -> Check:
    try:
        await context.store.write(lambda db: db.execute("SELECT 1").fetchall())
    except Exception as error:
        return Check("database", False, str(error))
    return Check("database", True)


async def document(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer the OpenAPI description."""
    return reply(Answer(200, json.dumps(openapi.document(), indent=1).encode()))


async def page(context: Context, caller: Caller, given: Any, request: web.Request) -> web.StreamResponse:
    """Answer the description as a page."""
    response = web.Response(text=openapi.page(), content_type="text/html")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response
