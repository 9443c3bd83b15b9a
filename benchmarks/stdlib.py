"""The entity tables of Python's own standard library, against the mere parsing of its files."""

import os
import subprocess
import sysconfig
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from . import parsing, workers
from .figures import Bar, Figure, Settings, median
from .history import git_environment


def run(settings: Settings) -> list[Figure]:
    """Read the tables of every module."""
    files = modules()
    files = files[: settings.count(len(files))]
    parses = parsing.prepared(files)
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        root = Path(folder).resolve()
        sha = committed(root / "work", files)
        ours, beside = [], []
        for turn in range(settings.count(3)):
            beside.append(parsing.seconds(parses))
            ours.append(_wall(str(root / "work"), sha, str(root / f"cache{turn}.db"), len(files)))
    what = f"entity tables of {len(files)} files, {workers.SIZE} workers"
    return [
        Figure(what, median(ours), "s", median(beside), "parsing alone, one process", Bar(0.8)),
        Figure(f"start of {workers.SIZE} workers", workers.start(["one.py"]).wall, "s"),
    ]


def _wall(root: str, sha: str, cache: str, wanted: int) -> float:
    with workers.running(["one.py"], cache) as pool:
        start = time.perf_counter()
        found = len(pool.entities(root, sha))
        taken = time.perf_counter() - start
    if found != wanted:
        raise RuntimeError(f"{found} tables for {wanted} files")
    return taken


def modules() -> list[tuple[str, bytes]]:
    """Return the modules of the standard library."""
    top = Path(sysconfig.get_paths()["stdlib"])
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in ("site-packages", "dist-packages"))
        found += [Path(folder, name) for name in sorted(names) if name.endswith(".py")]
    return [(path.relative_to(top).as_posix(), path.read_bytes()) for path in found]


def committed(work: Path, files: list[tuple[str, bytes]]) -> str:
    """Commit files to a new repository, and return the commit."""
    for path, data in files:
        target = work / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def git(*args: str) -> str:
        line = ["git", "-C", str(work), *args]
        return subprocess.run(line, check=True, capture_output=True, text=True, env=git_environment()).stdout

    git("init", "-q")
    git("add", "--all")
    git("-c", "gc.auto=0", "commit", "-q", "-m", "modules")
    git("repack", "-q", "-a", "-d")
    return git("rev-parse", "HEAD").strip()
