"""Durable intents per second, against single-row commits and against an HTTP handler that does nothing."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from . import daemon, history
from .figures import Bar, Figure, Settings, median
from .load import Load, drive

CLIENTS = 32
SUMMARY = "Retry the payment with back-off when the gateway is away [ENG-123]"
_TABLE = """
CREATE TABLE intents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, repo INTEGER NOT NULL, worktree TEXT,
    session TEXT, branch TEXT, author INTEGER NOT NULL, source TEXT NOT NULL, summary TEXT NOT NULL,
    created_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, base_sha TEXT, commit_sha TEXT,
    analysis TEXT NOT NULL
) STRICT
"""
_ROW = "INSERT INTO intents VALUES (NULL,?,1,?,NULL,'main',1,'log',?,?,?,?,NULL,'pending')"


def run(settings: Settings) -> list[Figure]:
    """Post intents on a clean work tree, without waiting for their analysis."""
    seconds, loads, ones, empties, commits, drains = settings.seconds(4.0), [], [], [], [], []
    clients = settings.count(CLIENTS, 2)
    request = b""
    with history.clone(settings) as work, daemon.running(work) as server, _bare() as bare:
        request = daemon.message("POST", "/v1/intents", {"summary": SUMMARY, "wait_ms": 0}, work)
        drive(server.socket, request, 1, seconds / 8)
        for _ in range(settings.count(3)):
            commits.append(_single_rows(server.home, seconds / 2))
            empties.append(drive(bare, request, clients, seconds))
            ones.append(drive(server.socket, request, 1, seconds / 2))
            server.quiet()
            loads.append(drive(server.socket, request, clients, seconds))
            drains.append(server.settle())
            server.quiet()
        before = _kept(server.home)
        counted = drive(server.socket, request, clients, seconds / 4)
        server.stop()
        kept = _kept(server.home) - before
    many, durable, single, rows = f"{clients} clients", _rate(loads), median(commits), "single-row commits"
    return [
        Figure(f"durable posts, {many}", durable, "/s", single, rows, Bar(1.0, at_least=True)),
        Figure(
            f"durable posts, {many}", durable, "/s", _rate(empties), "empty handler", Bar(0.35, at_least=True)
        ),
        Figure("durable posts, 1 client", _rate(ones), "/s", single, rows, Bar(0.2, at_least=True)),
        Figure("kept", kept, "", counted.acknowledged, "acknowledged", Bar(1.0, at_least=True)),
        Figure(f"latency, {many}, p50", median([load.latency(0.5) for load in loads]), "ms"),
        Figure(f"latency, {many}, p99", median([load.latency(0.99) for load in loads]), "ms"),
        Figure("latency, 1 client, p50", median([load.latency(0.5) for load in ones]), "ms"),
        Figure("until all were analysed", median(drains), "s"),
    ]


def _rate(loads: list[Load]) -> float:
    return median([load.rate for load in loads])


def _single_rows(home: Path, seconds: float) -> float:
    """Return how many rows a second one connection commits, one by one, each durably."""
    path = home / f"single-{time.monotonic_ns()}.db"
    db = apsw.Connection(str(path))
    db.pragma("journal_mode", "wal")
    db.pragma("synchronous", "full")
    db.execute(_TABLE)
    start, done = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        now = time.time_ns() // 1000
        db.execute(_ROW, (f"itn_{done:026}", str(home), SUMMARY, now, now, "0" * 40))
        done += 1
    taken = time.perf_counter() - start
    db.close()
    return done / taken


def _kept(home: Path) -> int:
    db = apsw.Connection(str(home / "aura.db"), flags=apsw.SQLITE_OPEN_READWRITE)
    with contextlib.closing(db):
        row = db.execute("SELECT count(*) FROM intents WHERE source = 'log'").fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _bare() -> Iterator[str]:
    """Give the socket of a server that does nothing."""
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        path = os.path.join(folder, "bare.sock")
        server = subprocess.Popen([sys.executable, "-P", Path(__file__).with_name("bare.py"), path])
        try:
            until = time.monotonic() + daemon.START_SECONDS
            while not os.path.exists(path) and time.monotonic() < until:
                time.sleep(0.02)
            yield path
        finally:
            server.terminate()
            server.wait()
