"""From a save in one work tree to the frame about it at a client of another."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from . import daemon, synthetic
from .figures import Bar, Figure, Settings, median, quantile
from .trees import linked, looked_at

FILES, SAVES = 2_000, 60
SECONDS = 20.0
BARS = {"worktree.edited": 500.0, "impact.opened": 700.0}


def run(settings: Settings) -> list[Figure]:
    """Take a parameter more in one function after the other, each called once in another file.

    The impacts are measured where the daemon knows of them.
    """
    files, saves = settings.count(FILES, 20), settings.count(SAVES, 3)
    delays: dict[str, list[float]] = {"worktree.edited": []}
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        one, other = linked(Path(folder).resolve(), files, 2)
        with daemon.running(one, other) as server, _following(server, other) as frames:
            looked_at(server)
            with contextlib.suppress(RuntimeError):
                server.ask("GET", "/v1/impacts", repo=other)
                delays["impact.opened"] = []
            for number in range(1, saves + 1):
                at = number * (files - 1) // (saves + 1)
                file = one / synthetic.wide_path(at)
                begin = time.time()
                file.write_text(synthetic.wide_text(at, "value, more"))
                missing = set(delays)
                while missing:
                    kind, when = next(frames)
                    if kind in missing:
                        missing.discard(kind)
                        delays[kind].append((when - begin) * 1000)
                time.sleep(0.1)
    return [figure for kind, values in delays.items() for figure in _figures(kind, values)]


def _figures(kind: str, values: list[float]) -> list[Figure]:
    what = f"save to {kind}, {len(values)} saves"
    return [
        Figure(f"{what}, p95", quantile(values, 0.95), "ms", bar=Bar(BARS[kind])),
        Figure(f"{what}, p50", median(values), "ms"),
    ]


@contextlib.contextmanager
def _following(server: daemon.Daemon, work: Path) -> Iterator[Iterator[tuple[str, float]]]:
    """Give the types of the frames that come, and when each came."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stream:
        stream.settimeout(SECONDS)
        stream.connect(server.socket)
        repo = quote(str(work))
        stream.sendall(
            f"GET /v1/events?subscribe=true HTTP/1.1\r\nHost: aura\r\nAura-Repo: {repo}\r\n\r\n".encode()
        )
        got = b""
        while b": aura\n\n" not in got:
            got += stream.recv(1 << 16)
        yield _frames(stream)


def _frames(stream: socket.socket) -> Iterator[tuple[str, float]]:
    rest = b""
    while piece := stream.recv(1 << 16):
        now = time.time()
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                event: dict[str, Any] = json.loads(line[6:])
                yield event["type"], now
    raise RuntimeError("the stream ended")
