"""What a person waits for: commands, and git with hooks, against a Python that does nothing."""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from . import daemon, history, synthetic
from .figures import Bar, Figure, Settings, median

NOTHING = [sys.executable, "-c", "pass"]
BESIDE = "python -c pass"


def start(settings: Settings) -> list[Figure]:
    """Run `aura status` and `aura intent log` with one changed file, while the daemon runs."""
    status, log = [daemon.command(), "status"], [daemon.command(), "intent", "log", "Say it again"]
    taken: dict[str, list[float]] = {"nothing": [], "status": [], "log": []}
    with history.clone(settings) as work, daemon.running(work) as server:
        (work / "changed.py").write_text("def changed(value):\n    return value + 1\n")
        server.aura("intent", "log", "Start the worker", cwd=work)
        for _ in range(settings.count(40, 2)):
            for name, line in (("nothing", NOTHING), ("status", status), ("log", log)):
                taken[name].append(daemon.wall(line, work, server.environment))
    nothing = median(taken["nothing"])
    return [
        Figure("aura status, median", median(taken["status"]), "ms", nothing, BESIDE, Bar(5.0)),
        Figure("aura intent log, median", median(taken["log"]), "ms", nothing, BESIDE, Bar(5.0)),
    ]


def hooks(settings: Settings) -> list[Figure]:
    """Commit with the hooks and without."""
    bare: list[float] = []
    hooked: list[float] = []
    nothing = []
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        work = Path(folder).resolve() / "work"
        source = synthetic.make(Path(folder), 5)
        subprocess.run(["git", "clone", "-q", source, str(work)], check=True, env=history.git_environment())
        with daemon.running(work) as server:
            server.aura("hooks", "install", cwd=work)
            for number in range(settings.count(40, 2)):
                for option, into in (("core.hooksPath=/dev/null", bare), ("core.abbrev=auto", hooked)):
                    (work / "counted.py").write_text(f"def counted():\n    return {number}, '{option}'\n")
                    subprocess.run(["git", "add", "counted.py"], cwd=work, check=True)
                    line = ["git", "-c", option, "commit", "-q", "-m", f"count {number}"]
                    into.append(daemon.wall(line, work, server.environment))
                    _drained(server)
                nothing.append(daemon.wall(NOTHING, work, server.environment))
    added = median(hooked) - median(bare)
    return [
        Figure("what hooks add to git commit, median", added, "ms", median(nothing), BESIDE, Bar(2.0)),
        Figure("git commit without hooks, median", median(bare), "ms"),
    ]


def _drained(server: daemon.Daemon) -> None:
    """Wait for the reports that hooks leave in the background, so that no commit pays for an earlier one."""
    time.sleep(0.1)
    until = time.monotonic() + 5.0
    while any((server.home / "spool").iterdir()) and time.monotonic() < until:
        time.sleep(0.02)
    server.settle()
