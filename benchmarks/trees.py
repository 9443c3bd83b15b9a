"""What it costs to watch several work trees of a large repository. Reads `/proc`, so for Linux alone."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from . import daemon, history, synthetic
from .figures import Bar, Figure, Settings
from .processes import cpu_seconds, family, resident, spent_in_all

FILES, TREES = 50_000, 8
LONGEST = 120.0


def run(settings: Settings) -> list[Figure]:
    """Register linked work trees, start the daemon anew, and then only watch."""
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        works = linked(Path(folder).resolve(), settings.count(FILES, 50), settings.count(TREES, 2))
        with daemon.running(*works) as server:
            looked_at(server)
            server.stop()
            start = time.perf_counter()
            server.start()
            answered = time.perf_counter() - start
            _until(server, lambda live: live["state"] == "watched")
            watched, busy = time.perf_counter() - start, spent_in_all(server.pid)
            looked_at(server)
            looked = time.perf_counter() - start
            until = time.monotonic() + settings.seconds(60.0)
            while len(family(server.pid)) > 1 and time.monotonic() < until:
                time.sleep(0.5)
            pids = family(server.pid)
            before, begin = cpu_seconds(pids), time.perf_counter()
            time.sleep(settings.seconds(20.0))
            spent = (cpu_seconds(pids) - before) / (time.perf_counter() - begin) * 100
            memory = sum(map(resident, pids)) / 1e6
    return [
        Figure(f"start until {len(works)} trees are watched", watched, "s", bar=Bar(3.0)),
        Figure("processor time until then", busy, "s"),
        Figure("start until it answers", answered, "s"),
        Figure("start until all are looked at", looked, "s"),
        Figure("resident memory of all processes", memory, "MB", bar=Bar(200.0)),
        Figure("processor time at rest", spent, "%", bar=Bar(1.0)),
    ]


def linked(folder: Path, files: int, trees: int) -> list[Path]:
    """Make a repository of so many files with so many work trees."""
    source, works = synthetic.wide(folder, files), [folder / f"tree{number}" for number in range(trees)]
    environment = history.git_environment()
    subprocess.run(["git", "clone", "-q", source, str(works[0])], check=True, env=environment)
    for work in works[1:]:
        line = ["git", "worktree", "add", "-q", "-b", work.name, str(work)]
        subprocess.run(line, check=True, env=environment, cwd=works[0])
    return works


def looked_at(server: daemon.Daemon) -> None:
    """Wait until every work tree was looked at."""
    _until(server, lambda live: live["state"] == "watched" and live["edits"] is not None)


def _until(server: daemon.Daemon, holds: Callable[[dict[str, Any]], bool]) -> None:
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        if all(holds(tree["live"]) for tree in server.ask("GET", "/v1/worktrees")["data"]):
            return
        time.sleep(0.1)
    raise RuntimeError("not every work tree is watched")
