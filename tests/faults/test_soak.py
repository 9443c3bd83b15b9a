"""A minute of mixed load leaves the daemon as large as it was."""

import threading
import time
from pathlib import Path

import pytest

from ..running import Daemon, Frames, python_repo, running
from .proc import descriptors, memory

SECONDS = 60.0
WORKERS = 4


def _work(daemon: Daemon, worker: int, stop: threading.Event, rounds: list[int], failures: list[str]) -> None:
    n = 0
    while not stop.is_set():
        n += 1
        body = {"summary": f"Soak {worker}-{n} [ENG-{n % 9}]", "wait_ms": 0}
        replies = [
            daemon.post("/v1/intents", body, {"Idempotency-Key": f"{worker}-{n}"}),
            daemon.post("/v1/intents", body, {"Idempotency-Key": f"{worker}-{n}"}),
            daemon.get("/v1/intents?limit=20"),
            daemon.get("/v1/events?order=desc&limit=20"),
            daemon.get("/v1/why?file=app.py&line=1"),
            daemon.get("/v1/status"),
        ]
        with Frames(daemon, "/v1/events?subscribe=true"):
            pass
        rounds.append(n)
        failures += [repr(reply) for reply in replies if reply.status >= 400]


@pytest.mark.long
def test_memory_descriptors_and_the_log_stay_flat_under_mixed_load(tmp_path: Path) -> None:
    with running() as daemon:
        daemon.register(python_repo(tmp_path / "widgets"))
        stop, rounds, failures = threading.Event(), list[int](), list[str]()
        workers = [
            threading.Thread(target=_work, args=(daemon, worker, stop, rounds, failures))
            for worker in range(WORKERS)
        ]
        for worker in workers:
            worker.start()
        samples: list[tuple[int, int, int]] = []
        until = time.monotonic() + SECONDS
        wal = daemon.home / "aura" / "aura.db-wal"
        while time.monotonic() < until:
            stop.wait(0.5)  # between two samples
            samples.append((memory(daemon.pid), descriptors(daemon.pid), wal.stat().st_size))
        assert all(worker.is_alive() for worker in workers)
        stop.set()
        for worker in workers:
            worker.join()
    assert failures == []
    assert len(rounds) > SECONDS
    third = len(samples) // 3
    for what, slack, values in zip(
        ("memory", "descriptors", "log"), (8 << 20, 8, 4 << 20), zip(*samples, strict=True), strict=True
    ):
        middle, last = sorted(values[third : 2 * third])[third // 2], sorted(values[-third:])[third // 2]
        assert last <= middle * 1.1 + slack, (what, values[:: max(1, third // 10)])
    assert max(size for _, _, size in samples) < 40 << 20, "the log is checkpointed"
