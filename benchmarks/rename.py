"""One commit that renames functions all over a repository, and calls them by their new names."""

import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from aura.repo.pool import Pool

from . import processes, synthetic
from .figures import Bar, Figure, Settings

FILES, FUNCTIONS, RENAMED = 500, 8, 4


def run(settings: Settings) -> list[Figure]:
    """Compare the commit in one worker that starts afresh, with nothing cached."""
    files = settings.count(FILES, least=2)
    made = files * RENAMED
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        git_dir, sha = synthetic.renaming(Path(folder), files, FUNCTIONS, RENAMED)
        start = time.perf_counter()
        with Pool(size=1, cache=str(Path(folder, "cache.db"))) as pool:
            (diff,) = pool.diff_commits(git_dir, [sha])
            taken = time.perf_counter() - start
            others = processes.family(os.getpid())[1:]
            held = sum(map(processes.peak, others))
    renamed = sum("renamed" in edit.changes for edit in diff.edits)
    return [
        Figure(f"{made} functions renamed in {files} files", taken, "s", bar=Bar(5.0)),
        Figure("most memory of its processes", held / 1e6, "MB", bar=Bar(300.0)),
        Figure("renames found", renamed, "", made, "made", Bar(0.99, at_least=True)),
    ]
