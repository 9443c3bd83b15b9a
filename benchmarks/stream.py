"""From the commit of a row to its frame at each of many clients that follow the events."""

import json
import multiprocessing
import selectors
import socket
import subprocess
import time
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from tempfile import TemporaryDirectory

from . import daemon, history, synthetic
from .figures import Bar, Figure, Settings, quantile

FOLLOWERS = 200
PAUSE_SECONDS = 0.1
_REQUEST = b"GET /v1/events?subscribe=true&type=intent.logged HTTP/1.1\r\nHost: aura\r\n\r\n"


def run(settings: Settings) -> list[Figure]:
    """Log intents one after the other while clients follow.

    The clock of a row starts when it is made, inside the transaction, so that its sync is counted, too.
    """
    followers, posts = settings.count(FOLLOWERS, 2), settings.count(100, 3)
    fork = multiprocessing.get_context("fork")
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        work = Path(folder).resolve() / "work"
        source = synthetic.make(Path(folder), 3)
        subprocess.run(["git", "clone", "-q", source, str(work)], check=True, env=history.git_environment())
        with daemon.running(work) as server:
            ours, theirs = fork.Pipe()
            reader = fork.Process(target=_follow, args=(server.socket, followers, posts, theirs), daemon=True)
            reader.start()
            ours.recv_bytes()
            for number in range(posts):
                body = {"summary": f"Row {number}", "wait_ms": 0}
                server.ask("POST", "/v1/intents", body, repo=work)
                time.sleep(PAUSE_SECONDS)
            delays = ours.recv() if ours.poll(30.0) else []
            reader.join(5.0)
    if len(delays) != followers * posts:
        raise RuntimeError(f"{len(delays)} frames arrived, not {followers * posts}")
    what = f"row to frame, {followers} clients"
    return [
        Figure(f"{what}, p99", quantile(delays, 0.99), "ms", bar=Bar(50.0)),
        Figure(f"{what}, p50", quantile(delays, 0.5), "ms"),
        Figure(f"{what}, worst", max(delays), "ms"),
    ]


def _follow(path: str, followers: int, posts: int, pipe: Pipe) -> None:
    """Read all streams and report the delay of each frame in milliseconds."""
    chooser = selectors.DefaultSelector()
    for _ in range(followers):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        stream.connect(path)
        stream.sendall(_REQUEST)
        got = b""
        while b": aura\n\n" not in got:
            got += stream.recv(1 << 16)
        chooser.register(stream, selectors.EVENT_READ)
    pipe.send_bytes(b"ready")
    arrived: list[tuple[int, bytes]] = []
    until = time.monotonic() + posts * PAUSE_SECONDS * 3 + 10
    while len(arrived) < followers * posts and time.monotonic() < until:
        for key, _ in chooser.select(1.0):
            assert isinstance(key.fileobj, socket.socket)
            piece = key.fileobj.recv(1 << 16)
            now = time.time_ns()
            arrived += [(now, line) for line in piece.split(b"\n") if line.startswith(b"data: ")]
    pipe.send([_delay(now, line) for now, line in arrived])


def _delay(now: int, line: bytes) -> float:
    made = datetime.fromisoformat(json.loads(line[6:])["at"])
    return now / 1e6 - made.timestamp() * 1000
