"""What a person waits for: commands, and git with hooks, against a Python that does nothing."""

import json
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


def agent_hooks(settings: Settings) -> list[Figure]:
    """Run the hooks of an agent's editor as the editor does, beside a Python that does nothing."""
    taken: dict[str, list[float]] = {event: [] for event in ("before-edit", "after-edit", "stop")}
    nothing, asked = [], []
    with history.clone(settings) as work, daemon.running(work) as server:
        server.aura("agent-hooks", "install", "claude-code", cwd=work)
        (work / "changed.py").write_text("def changed(value):\n    return value + 1\n")
        told = {"file_path": str(work / "changed.py"), "old_string": "value + 1", "new_string": "value"}
        payload = json.dumps({"session_id": "one", "cwd": str(work), "tool_name": "Edit", "tool_input": told})
        hooks = json.loads((work / ".claude" / "settings.json").read_text())["hooks"]
        lines = [entry["hooks"][0]["command"] for entries in hooks.values() for entry in entries]
        by_event = {line.split()[-1]: ["sh", "-c", line] for line in lines}
        server.ask("POST", "/v1/zones", {"target": "changed", "mode": "block"}, repo=work)
        for event in ("session-start", *taken):
            daemon.wall(by_event[event], work, server.environment, payload)
        for _ in range(settings.count(40, 2)):
            nothing.append(daemon.wall(NOTHING, work, server.environment))
            for event, times in taken.items():
                times.append(daemon.wall(by_event[event], work, server.environment, payload))
            start = time.perf_counter()
            server.ask("GET", "/v1/check?target=changed.py", repo=work)
            asked.append((time.perf_counter() - start) * 1000)
    bare = median(nothing)
    return [
        *(Figure(f"the hook {e}, median", median(t), "ms", bare, BESIDE, Bar(4.0)) for e, t in taken.items()),
        Figure("the slowest of these hooks, median", max(map(median, taken.values())), "ms", bar=Bar(50.0)),
        Figure("GET /v1/check of a file, median", median(asked), "ms"),
    ]
