"""A snapshot of a work tree that is unchanged but for three files, against `git stash create` of the same."""

import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from . import daemon, history
from .figures import Bar, Figure, Settings, median

FILES, CHANGED, LINES = 2_000, 3, 60
BESIDE = "git stash create"


def run(settings: Settings) -> list[Figure]:
    """Change three files, then take both, in turns; each sees the same state."""
    files = settings.count(FILES, least=20)
    taken: dict[str, list[float]] = {"git": [], "ours": [], "command": [], "restore": []}
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        work = Path(folder).resolve() / "work"
        names = _made(work, files)
        with daemon.running(work) as server, daemon.Connection(server.socket) as connection:
            start = time.perf_counter()
            first = server.ask("POST", "/v1/snapshots", {}, repo=work)
            whole = time.perf_counter() - start
            for number in range(settings.count(30, 2)):
                for name in names[number :: files // CHANGED][:CHANGED]:
                    with open(work / name, "a") as file:
                        file.write(f"    # {number}\n")
                turns = [lambda: _git(server, work), lambda: _ours(connection, work)]
                # Who comes second finds the folders in the machine's memory.
                order = (0, 1) if number % 2 else (1, 0)
                for which in order:
                    taken[("git", "ours")[which]].append(turns[which]())
                taken["command"].append(
                    daemon.wall([daemon.command(), "snapshot", "create"], work, server.environment)
                )
            start = time.perf_counter()
            server.ask("POST", f"/v1/snapshots/{first['id']}:restore", {}, repo=work)
            back = (time.perf_counter() - start) * 1000
    git, ours, what = median(taken["git"]), median(taken["ours"]), f"{files} files, {CHANGED} changed"
    return [
        Figure(f"snapshot of {what}, median", ours, "ms", git, BESIDE, Bar(1.5)),
        Figure("the least of each", min(taken["ours"]), "ms", min(taken["git"]), BESIDE),
        Figure("the command aura snapshot create, median", median(taken["command"]), "ms"),
        Figure(f"the first snapshot of {files} files", whole * 1000, "ms"),
        Figure("restore of all that changed since", back, "ms"),
    ]


def _made(work: Path, files: int) -> list[str]:
    """Make a repository of Python files, all committed, and return their names."""
    names = [f"pkg{n // 50:03}/sub{n % 5}/m{n:04}.py" for n in range(files)]
    for number, name in enumerate(names):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        lines = (f"def f{n}(value):\n    return value + {number * n}\n" for n in range(LINES // 2))
        (work / name).write_text("\n".join(lines))
    for line in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "Begin"]):
        subprocess.run(["git", *line], cwd=work, check=True, env=history.git_environment())
    # Files as young as git's index would be read by git each time.
    time.sleep(1.1)
    subprocess.run(["git", "status", "-s"], cwd=work, check=True, env=history.git_environment())
    return names


def _git(server: daemon.Daemon, work: Path) -> float:
    return daemon.wall(["git", "stash", "create"], work, server.environment)


def _ours(connection: daemon.Connection, work: Path) -> float:
    request = daemon.message("POST", "/v1/snapshots", {}, work)
    start = time.perf_counter()
    status, answer = connection.ask(request)
    taken = (time.perf_counter() - start) * 1000
    if status != 201:
        raise RuntimeError(answer.decode(errors="replace"))
    return taken
