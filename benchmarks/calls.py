"""Who calls an entity, in half a million lines: parts of Python's own standard library."""

import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from . import daemon, stdlib
from .commands import BESIDE, NOTHING
from .figures import Bar, Figure, Settings, median, quantile

LINES = 500_000
ASKED = 5
"""Entities that are asked for: those that most others call."""


def run(settings: Settings) -> list[Figure]:
    """Ask for callers, warm, over the socket and by the command; then again after a file was saved."""
    files = _first(settings.count(LINES))
    lines = sum(data.count(b"\n") for _, data in files)
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        work = Path(folder).resolve() / "work"
        stdlib.committed(work, files)
        with daemon.running(work) as server:
            start = time.perf_counter()
            asked = _called_most(server.ask("GET", "/v1/calls", repo=work)["data"])
            cold = time.perf_counter() - start
            warm = [_asked(server, work, name) for _ in range(settings.count(20, 2)) for name in asked]
            line = [daemon.command(), "callers", asked[0]]
            command, nothing = [], []
            for _ in range(settings.count(20, 2)):
                command.append(daemon.wall(line, work, server.environment))
                nothing.append(daemon.wall(NOTHING, work, server.environment))
            (work / "saved.py").write_text("import json\n\n\ndef saved():\n    return json.dumps(1)\n")
            saved = _asked(server, work, asked[0])
    return [
        Figure(f"callers among {lines:,} lines, warm, median", median(warm), "ms", bar=Bar(50)),
        Figure("the same, p95", quantile(warm, 0.95), "ms"),
        Figure("aura callers, median", median(command), "ms", median(nothing), BESIDE),
        Figure("the first question, nothing read yet", cold, "s"),
        Figure("the first question after a save", saved / 1000, "s"),
    ]


def _called_most(calls: list[dict[str, Any]]) -> list[str]:
    inside = Counter(call["callee"] for call in calls if call["callee_path"])
    return [name for name, _ in inside.most_common(ASKED)]


def _asked(server: daemon.Daemon, work: Path, name: str) -> float:
    start = time.perf_counter()
    server.ask("GET", f"/v1/entities/{quote(name)}/callers", repo=work)
    return (time.perf_counter() - start) * 1000


def _first(lines: int) -> list[tuple[str, bytes]]:
    """Return modules until there are so many lines."""
    found = []
    for path, data in stdlib.modules():
        found.append((path, data))
        lines -= data.count(b"\n")
        if lines <= 0:
            break
    return found
