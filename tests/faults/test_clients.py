"""Clients that connect and say nothing, or not enough: others are answered, and nothing piles up."""

import asyncio
import contextlib
import resource
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aura.daemon.runner import Runner

from ..running import Daemon, eventually, running, short_home
from .proc import connections, descriptors, memory

IDLE = 0.3
DATABASE = "/aura.db"
"""Each thread that reads has it open: how many do is not the clients' matter."""
HEAD = b"GET / HTTP/1.1\r\nHost: aura\r\nX-Slow: " + b"x" * 4000


@pytest.fixture
async def server(ram: Path) -> AsyncIterator[Path]:
    """The daemon's runner with an application of one route, and little patience."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = Runner(app, idle=IDLE)
    await runner.setup()
    await web.UnixSite(runner, str(ram / "s")).start()
    yield ram / "s"
    await runner.cleanup()


async def test_a_connection_that_sends_nothing_is_closed(server: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(server)
    assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()


async def test_a_head_that_comes_byte_by_byte_is_cut_off(server: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(server)
    ended = asyncio.ensure_future(reader.read())
    for byte in HEAD:
        if not writer.is_closing():
            writer.write(bytes([byte]))
        if (await asyncio.wait({ended}, timeout=0.01))[0]:
            break
    with contextlib.suppress(ConnectionError):  # a byte was sent as the other side closed
        assert await asyncio.wait_for(ended, 1) == b""
    writer.close()


async def test_a_connection_is_kept_between_requests_and_closed_when_it_is_left(server: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(server)
    for _ in range(3):
        writer.write(b"GET / HTTP/1.1\r\nHost: aura\r\n\r\n")
        assert (await reader.readuntil(b"here")).startswith(b"HTTP/1.1 200")
    assert await asyncio.wait_for(reader.read(), 20) == b""
    writer.close()


@contextmanager
def silent(daemon: Daemon, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        found = []
        for n in range(count):
            found.append(stack.enter_context(daemon.connected()))
            if n % 500 == 499:
                assert daemon.get("/livez").status == 200
        yield found


@contextmanager
def dripping(daemon: Daemon) -> Iterator[list[int]]:
    """Send a head byte by byte, without an end; the list grows with what was sent."""
    stop, sent = threading.Event(), list[int]()

    def drip() -> None:
        with daemon.connected() as sock:
            for byte in HEAD:
                sent.append(sock.send(bytes([byte])))
                if stop.wait(0.001):
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()


def median(daemon: Daemon, calls: int) -> float:
    """Return the median of some calls' times: one alone may be the machine's."""
    times = []
    for _ in range(calls):
        began = time.monotonic()
        assert daemon.get("/v1/worktrees").status == 200
        times.append(time.monotonic() - began)
    return sorted(times)[calls // 2]


@pytest.mark.parametrize("count", [200, pytest.param(3_000, marks=pytest.mark.long)])
def test_silent_and_slow_clients_do_not_keep_others_waiting(count: int) -> None:
    with running() as daemon:
        alone = median(daemon, 40)
        eventually(lambda: connections(daemon.path) == 0)
        before, files = memory(daemon.pid), descriptors(daemon.pid, without=DATABASE)
        with silent(daemon, count), dripping(daemon) as sent:
            eventually(lambda: connections(daemon.path) >= count)
            eventually(lambda: sent)
            assert median(daemon, 40) < alone * 2 + 0.02
            assert memory(daemon.pid) - before < count * 64 * 1024 + (8 << 20)
        eventually(lambda: connections(daemon.path) == 0)
        eventually(lambda: descriptors(daemon.pid, without=DATABASE) <= files + 1)


def test_idle_clients_beyond_the_usual_limit_of_descriptors_lock_nobody_out() -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with short_home() as home:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, most))
        try:
            daemon = Daemon(home).start()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))
        with silent(daemon, 400):
            assert daemon.get("/v1/worktrees", timeout=10).status == 200
        daemon.stop()
