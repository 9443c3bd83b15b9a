"""The semantic diff of commits, from git objects, against the mere parsing of their files."""

import resource
import time
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

from aura.repo.cache import Cache
from aura.repo.objects import CatFile
from aura.repo.pool import Pool
from aura.repo.tables import Tables, Want

from . import history, parsing
from .figures import Bar, Figure, Settings, median, quantile

BESIDE = "parsing alone, one process"


def cold(settings: Settings) -> list[Figure]:
    """Compare commits with nothing cached."""
    with history.repository(settings) as git_dir, TemporaryDirectory(prefix="aura-bench-") as folder:
        shas = history.newest(git_dir, settings.count(history.COMMITS))
        parses = _parses(history.sides(git_dir, shas))
        caches = [str(Path(folder, f"cold{turn}.db")) for turn in range(settings.count(3))]
        compared = _compared(git_dir, shas, parses, caches)
        each = _each(git_dir, shas, str(Path(folder, "each.db")))
    return _figures(f"{len(shas)} commits, {len(parses)} blobs, cold", compared, each, Bar(1.0))


def cached(settings: Settings) -> list[Figure]:
    """Compare commits whose entity tables are all cached, but which were never compared before."""
    with history.repository(settings) as git_dir, TemporaryDirectory(prefix="aura-bench-") as folder:
        shas = history.newest(git_dir, settings.count(history.COMMITS))
        sides = history.sides(git_dir, shas)
        parses, cache = _parses(sides), str(Path(folder, "cache.db"))
        _fill(git_dir, [want for want, _ in sides], cache)
        compared = _compared(git_dir, shas, parses, [cache] * settings.count(3))
        each = _each(git_dir, shas, cache)
    return _figures(f"{len(shas)} commits, {len(parses)} blobs, tables cached", compared, each, Bar(0.3))


def _parses(sides: list[tuple[Want, bytes]]) -> list[parsing.Parse]:
    return parsing.prepared([(want.path, data) for want, data in sides])


def _compared(
    git_dir: str, shas: list[str], parses: list[parsing.Parse], caches: list[str]
) -> list[tuple[float, float, float, float]]:
    """Return for each turn the wall and processor seconds of the workers, then those of mere parsing."""
    turns = []
    for cache in caches:
        spent = time.process_time()
        alone = parsing.seconds(parses)
        spent, others = time.process_time() - spent, _spent_by_children()
        turns.append((_wall(git_dir, shas, cache), _spent_by_children() - others, alone, spent))
    return turns


def _spent_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _wall(git_dir: str, shas: list[str], cache: str) -> float:
    """Compare commits through a pool that starts afresh."""
    start = time.perf_counter()
    with Pool(size=2, cache=cache) as pool:
        failed = [diff.sha for diff in pool.diff_commits(git_dir, shas) if diff.failed]
        taken = time.perf_counter() - start
    if failed:
        raise RuntimeError(f"{len(failed)} commits were not compared, the first is {failed[0]}")
    return taken


def _each(git_dir: str, shas: list[str], cache: str) -> list[float]:
    """Compare commits one at a time in a worker that runs, and return the time of each."""
    taken = []
    with Pool(size=1, cache=cache) as pool:
        pool.diff_trees(git_dir, shas[0], shas[0])
        for sha in shas:
            start = time.perf_counter()
            list(pool.diff_commits(git_dir, [sha]))
            taken.append((time.perf_counter() - start) * 1000)
    return taken


def _figures(
    what: str, compared: list[tuple[float, float, float, float]], each: list[float], bar: Bar
) -> list[Figure]:
    wall, spent, alone, spent_alone = (median(column) for column in zip(*compared, strict=True))
    return [
        Figure(what, wall, "s", alone, BESIDE, bar),
        Figure("processor time of all workers", spent, "s", spent_alone, BESIDE),
        Figure("one commit by itself, p50", quantile(each, 0.5), "ms"),
        Figure("one commit by itself, p99", quantile(each, 0.99), "ms"),
    ]


def _fill(git_dir: str, wants: list[Want], cache: str) -> None:
    with Cache(cache) as kept, CatFile(git_dir) as cat:
        Tables(kept).load(cat, list(dict.fromkeys(wants)), inf)
