"""Many clients at once, each a process with one connection that is kept open."""

import multiprocessing
import time
from multiprocessing.connection import Connection as Pipe

from msgspec import Struct

from .daemon import Connection
from .figures import quantile

_READY, _GO = b"ready", b"go"


class Load(Struct, frozen=True):
    """How many requests were acknowledged, in how many seconds, and how long each took (ms)."""

    acknowledged: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.acknowledged / self.seconds

    def latency(self, share: float) -> float:
        return quantile(self.latencies, share)


def drive(socket: str, request: bytes, clients: int, seconds: float) -> Load:
    """Send the same request from all clients for some time, each waiting for its answers."""
    # Forked, for 32 interpreters that import modules would be a load of their own.
    fork = multiprocessing.get_context("fork")
    pipes: list[Pipe] = []
    processes = []
    for _ in range(clients):
        ours, theirs = fork.Pipe()
        process = fork.Process(target=_client, args=(socket, request, seconds, theirs), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        pipe.recv_bytes()
    start = time.perf_counter()
    for pipe in pipes:
        pipe.send_bytes(_GO)
    answers = [pipe.recv() for pipe in pipes]
    taken = time.perf_counter() - start
    for process in processes:
        process.join()
    latencies = [latency for answer in answers for latency in answer]
    return Load(len(latencies), taken, latencies)


def _client(socket: str, request: bytes, seconds: float, pipe: Pipe) -> None:
    latencies = []
    with Connection(socket) as connection:
        pipe.send_bytes(_READY)
        pipe.recv_bytes()
        now = time.perf_counter()
        until = now + seconds
        while now < until:
            status, answer = connection.ask(request)
            if status not in (200, 201):
                raise RuntimeError(answer.decode(errors="replace"))
            began, now = now, time.perf_counter()
            latencies.append((now - began) * 1000)
    pipe.send(latencies)
