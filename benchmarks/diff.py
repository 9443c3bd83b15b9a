"""The semantic diff of commits, from git objects, against the mere parsing of their files.

Both have their grammars at hand before the clock starts, the workers as well as the parser; what it takes to
start the workers is a figure of its own.
"""

import time
from collections.abc import Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from aura.repo.cache import Cache
from aura.repo.objects import CatFile
from aura.repo.tables import Tables

from . import history, parsing, workers
from .figures import Bar, Figure, Settings, median, quantile
from .history import Side
from .workers import Cost

BESIDE = "parsing alone, one process"
Sides = dict[str, list[Side]]


class _Turn(NamedTuple):
    start: Cost
    workers: Cost
    parser: Cost


def cold(settings: Settings) -> list[Figure]:
    """Compare commits with nothing cached."""
    with history.repository(settings) as git_dir, TemporaryDirectory(prefix="aura-bench-") as folder:
        sides = history.sides(git_dir, history.newest(git_dir, settings.count(history.COMMITS)))
        caches = [str(Path(folder, f"cold{turn}.db")) for turn in range(settings.count(3))]
        return _figures("cold", git_dir, sides, caches, str(Path(folder, "each.db")), Bar(1.0))


def cached(settings: Settings) -> list[Figure]:
    """Compare commits whose entity tables are all cached, but which were never compared before."""
    with history.repository(settings) as git_dir, TemporaryDirectory(prefix="aura-bench-") as folder:
        sides = history.sides(git_dir, history.newest(git_dir, settings.count(history.COMMITS)))
        cache = str(Path(folder, "cache.db"))
        _fill(git_dir, sides, cache)
        return _figures("tables cached", git_dir, sides, [cache] * settings.count(3), cache, Bar(0.3))


def _figures(how: str, git_dir: str, sides: Sides, caches: list[str], cache: str, bar: Bar) -> list[Figure]:
    """Compare all commits once with each of `caches`, and one by one with `cache`."""
    parses = [parsing.prepared([(want.path, data) for want, data in one]) for one in sides.values()]
    turns = [_turn(git_dir, sides, parses, one) for one in caches]
    start, ours, alone = (
        Cost(*(median(column) for column in zip(*costs, strict=True))) for costs in zip(*turns, strict=True)
    )
    what = f"{len(parses)} commits, {sum(map(len, parses))} blobs, {how}"
    each, parsed = _each(git_dir, sides, cache), [parsing.seconds(one) * 1000 for one in parses]
    return [
        Figure(what, ours.wall, "s", alone.wall, BESIDE, bar),
        Figure("processor time of the workers", ours.spent, "s", alone.spent, BESIDE),
        Figure(f"start of {workers.SIZE} workers", start.wall, "s"),
        Figure("processor time of the start", start.spent, "s"),
        Figure("one commit by itself, p50", quantile(each, 0.5), "ms"),
        Figure(
            "one commit by itself, p99", quantile(each, 0.99), "ms", quantile(parsed, 0.99), BESIDE, Bar(2.0)
        ),
    ]


def _turn(git_dir: str, sides: Sides, parses: Sequence[Sequence[parsing.Parse]], cache: str) -> _Turn:
    spent = time.process_time()
    alone = Cost(sum(map(parsing.seconds, parses)), time.process_time() - spent)
    start = workers.start(_paths(sides))
    before = workers.spent()
    with workers.running(_paths(sides), cache) as pool:
        begun = time.perf_counter()
        failed = [diff.sha for diff in pool.diff_commits(git_dir, list(sides)) if diff.failed]
        wall = time.perf_counter() - begun
    if failed:
        raise RuntimeError(f"{len(failed)} commits were not compared, the first is {failed[0]}")
    return _Turn(start, Cost(wall, workers.spent() - before - start.spent), alone)


def _each(git_dir: str, sides: Sides, cache: str) -> list[float]:
    """Compare commits one at a time, and return the milliseconds of each."""
    taken = []
    with workers.running(_paths(sides), cache, size=1) as pool:
        for sha in sides:
            begun = time.perf_counter()
            list(pool.diff_commits(git_dir, [sha]))
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _paths(sides: Sides) -> list[str]:
    return [want.path for one in sides.values() for want, _ in one]


def _fill(git_dir: str, sides: Sides, cache: str) -> None:
    wants = dict.fromkeys(want for one in sides.values() for want, _ in one)
    with Cache(cache) as kept, CatFile(git_dir) as cat:
        Tables(kept).load(cat, list(wants), inf)
