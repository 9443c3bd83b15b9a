"""The entity tables of Python's own standard library, against the mere parsing of its files."""

import os
import subprocess
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from aura.repo.pool import Pool

from . import parsing
from .figures import Bar, Figure, Settings, median
from .history import git_environment

PARTS = 24


def run(settings: Settings) -> list[Figure]:
    """Read the tables of every module with two workers."""
    files = _files()
    files = files[: settings.count(len(files))]
    parses = parsing.prepared([(path, data) for path, data in files])
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        root = Path(folder).resolve()
        sha = _committed(root / "work", files)
        ours, beside = [], []
        for turn in range(settings.count(3)):
            beside.append(parsing.seconds(parses))
            ours.append(_wall(str(root / "work"), sha, str(root / f"cache{turn}.db"), len(files)))
    what = f"entity tables of {len(files)} files, 2 workers"
    return [Figure(what, median(ours), "s", median(beside), "parsing alone, one process", Bar(0.8))]


def _wall(root: str, sha: str, cache: str, wanted: int) -> float:
    start = time.perf_counter()
    with Pool(size=2, cache=cache) as pool, ThreadPoolExecutor(2) as threads:
        parts = [[f"{part:02}"] for part in range(PARTS)]
        found = sum(threads.map(lambda paths: len(pool.entities(root, sha, paths)), parts))
        taken = time.perf_counter() - start
    if found != wanted:
        raise RuntimeError(f"{found} tables for {wanted} files")
    return taken


def _files() -> list[tuple[str, bytes]]:
    """Return the modules of the standard library, smaller ones last."""
    top = Path(sysconfig.get_paths()["stdlib"])
    found = []
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in ("site-packages", "dist-packages"))
        found += [Path(folder, name) for name in sorted(names) if name.endswith(".py")]
    read = [(path.relative_to(top).as_posix(), path.read_bytes()) for path in found]
    return sorted(read, key=lambda file: -len(file[1]))


def _committed(work: Path, files: list[tuple[str, bytes]]) -> str:
    """Commit the files, dealt out into folders of about the same size that can be asked for one by one."""
    for number, (path, data) in enumerate(files):
        target = work / f"{number % PARTS:02}" / path
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
