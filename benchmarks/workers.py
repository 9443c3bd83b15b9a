"""Workers as they are while a daemon works: they run, and have met the languages that they will read."""

import random
import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

from aura.repo.pool import Pool

SIZE = 2
_FILES = 64
"""So many small files of each language that each worker gets some."""
_BYTES = 128
"""So many bytes of white space that no two files are alike."""


class Cost(NamedTuple):
    """Seconds on the clock, and those that workers and their git spent on processors."""

    wall: float
    spent: float


@contextmanager
def running(paths: Iterable[str], cache: str, *, size: int = SIZE) -> Iterator[Pool]:
    """Give a pool whose workers have read files with the suffixes of `paths`, but none of the paths."""
    with TemporaryDirectory(prefix="aura-bench-") as folder, Pool(size=size, cache=cache) as pool:
        for suffix in {PurePosixPath(path).suffix for path in paths}:
            for number in range(_FILES):
                # What was read before, now or by another pool with this cache, would be found there.
                Path(folder, f"{number}{suffix}").write_bytes(bytes(random.choices(b" \n", k=_BYTES)))
        pool.folder_entities(str(Path(folder).resolve()))
        yield pool


def start(paths: Iterable[str]) -> Cost:
    """Return what it costs until workers run."""
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        begun, before = time.perf_counter(), spent()
        with running(paths, str(Path(folder, "cache.db"))):
            wall = time.perf_counter() - begun
        return Cost(wall, spent() - before)


def spent() -> float:
    """Return the processor seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
