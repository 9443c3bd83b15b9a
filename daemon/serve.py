"""The daemon's life: open, serve, and drain within five seconds when told to stop."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web

from aura import __version__, home, idempotency
from aura.errors import AuraError
from aura.repo.pool import CallPool, Pool
from aura.store import Store

from . import asking, claims, restores, retention, zones
from .analysis import Analyst
from .app import build
from .backfill import Backfills
from .callers import Callers
from .commands import Commands
from .context import Context
from .edits import Edits
from .impacts import Impacts
from .manual import MANUAL
from .prove import OnCommit
from .runner import Runner
from .snapshots import Keeper
from .stream import Tail
from .watch import Watch

DRAIN_SECONDS = 4.0
BACKLOG = 1024
"""How many connections may wait to be taken; a Unix socket refuses those beyond at once."""
log = logging.getLogger("aura.daemon")


async def serve(
    sock: socket.socket,
    http: str | None,
    http_auth: str,
    cors: tuple[str, ...],
    host_names: tuple[str, ...],
    heartbeat: float,
) -> None:
    """Serve on the bound socket, and on TCP where asked, until SIGTERM or SIGINT."""
    if http:
        _refuse_open_door(*address(http), http_auth)
    _allow_connections()
    loop = asyncio.get_running_loop()
    tail = Tail(loop)
    store = Store(Path(home.path("aura.db")), on_commit=tail.wake)
    context = Context(
        store=store,
        pool=Pool(cache=home.path("cache.db")),
        background=Pool(size=1, cache=home.path("cache.db"), background=True),
        graphs=CallPool(home.path("cache.db")),
        callers=Callers(store),
        threads=ThreadPoolExecutor(16, thread_name_prefix="aura-read"),
        tail=tail,
        socket=home.path("daemon.sock"),
        http=http,
        http_auth=http_auth,
        cors=cors,
        host_names=host_names,
        heartbeat=heartbeat,
    )
    context.analyst, context.backfills = Analyst(context), Backfills(context)
    context.edits, context.impacts, context.watch = Edits(context), Impacts(context), Watch(context)
    context.edits.listeners.append(context.impacts)
    context.callers.changed = (context.watch.restart, context.impacts.notice)
    context.commands, context.on_commit = Commands(context), OnCommit(context)
    context.snapshots = Keeper(context)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, context.stopping.set)
    await restores.resume(context)
    runner = Runner(build(context, MANUAL), shutdown_timeout=DRAIN_SECONDS)
    await runner.setup()
    await web.SockSite(runner, sock, backlog=BACKLOG).start()
    if http:
        await _listen(runner, http)
        if http_auth == "none":
            log.warning("anybody on this machine can call %s: --http-auth none", http)
    log.info("aura %s answers on %s, pid %s", __version__, context.socket, os.getpid())
    await asking.write(context)
    context.spawn(_expire(store))
    context.spawn(tail.run(context))
    context.spawn(context.watch.run())
    context.spawn(context.callers.sessions.run(context))
    context.spawn(zones.run(context))
    context.spawn(context.impacts.run())
    context.spawn(retention.run(context))
    context.spawn(context.backfills.resume())
    context.spawn(context.analyst.resume())
    context.spawn(claims.catch_up(context))
    context.spawn(context.commands.sandbox())
    context.on_commit.resume()
    await context.stopping.wait()
    await _stop(context, runner)


def _allow_connections() -> None:
    """Take as many descriptors as the machine grants: a thousand idle clients must not lock out the next."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _expire(store: Store) -> None:
    """Forget, every hour, the idempotency keys that are older than a day."""
    while True:
        try:
            await store.write(idempotency.expire)
        except AuraError as error:
            log.warning("cannot forget old idempotency keys: %s", error)
        await asyncio.sleep(3600)


async def _listen(runner: web.AppRunner, http: str) -> None:
    host, port = address(http)
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
    except OSError as error:
        raise AuraError(
            "conflict",
            f"cannot listen on {http}: {os.strerror(error.errno or 0)}",
            "Choose another HOST:PORT.",
        ) from error


def address(http: str) -> tuple[str, int]:
    """Read HOST:PORT. Raises `invalid_request`."""
    host, _, port = http.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise AuraError(
            "invalid_request", f"cannot listen on {http!r}", "Write HOST:PORT, such as 127.0.0.1:7420."
        )
    return host.strip("[]"), int(port)


def _refuse_open_door(host: str, port: int, http_auth: str) -> None:
    if http_auth == "none" and host not in ("localhost", "::1") and not host.startswith("127."):
        raise AuraError(
            "invalid_request",
            f"cannot listen on {host}:{port} without a token: it is not only this machine that reaches it",
            "Leave --http-auth out, or listen on 127.0.0.1.",
        )


async def _stop(context: Context, runner: web.AppRunner) -> None:
    """Close streams first, then connections, tasks, workers and the database."""
    log.info("stopping")
    with contextlib.suppress(FileNotFoundError):
        os.unlink(context.socket)
    context.tail.close()
    context.analyst.close()
    context.commands.close()
    for task in list(context.tasks):
        task.cancel()
    await asyncio.gather(*context.tasks, return_exceptions=True)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(runner.cleanup(), DRAIN_SECONDS)
    context.pool.close()
    context.background.close()
    context.graphs.close()
    context.threads.shutdown(wait=False, cancel_futures=True)
    context.snapshots.blobs.close()
    context.store.close()
    log.info("stopped")
