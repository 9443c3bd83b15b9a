"""The same commits told by other tools: their time beside ours, and what they tell that we do not.

Each tool gets both sides of every changed file in the form it likes best, before its clock starts, so its
time is a lower bound; ours begins at git objects, and at starting its workers. A definition that a tool
tells as come, gone or changed counts as told by us, too, where one of our edits meets its lines on that side.

What is not looked for: PyDriller also measures methods (complexity, length, tokens), ast-grep finds any
pattern, ctags knows far more languages. Tools that are not installed are left out: `pip install ast-grep-cli
pydriller`, and universal-ctags from the system's packages.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from aura.errors import AuraError
from aura.repo.pool import Pool

from .. import history
from ..figures import Figure, Settings
from . import astgrep, ctags, driller
from .sides import Told, write_sides

TOOLS: dict[str, Callable[[Path, str, list[str]], Iterable[Told]] | None] = {
    "universal-ctags": ctags.tell if ctags.found() else None,
    "ast-grep": astgrep.tell if astgrep.found() else None,
    "PyDriller": driller.tell if driller.found() else None,
}
COMMITS = 100


class _Span(Struct, frozen=True):
    first: int
    last: int


def run(settings: Settings) -> list[Figure]:
    """Compare commits with each tool that is installed."""
    with history.repository(settings) as git_dir, TemporaryDirectory(prefix="aura-bench-") as folder:
        shas = history.newest(git_dir, settings.count(COMMITS))
        known = write_sides(git_dir, shas, Path(folder, "sides"))
        start = time.perf_counter()
        covered = _covered(git_dir, shas, str(Path(folder, "cache.db")))
        ours = time.perf_counter() - start
        figures = []
        for name, tell in TOOLS.items():
            if tell is None:
                figures.append(Figure(f"{name} is not installed", ours, "s"))
                continue
            start = time.perf_counter()
            told = list(tell(Path(folder, "sides"), git_dir, shas))
            taken = time.perf_counter() - start
            told = [one for one in told if (one.sha, one.side, one.path) in known]
            figures.append(Figure(f"{len(shas)} commits, cold", ours, "s", taken, name))
            figures += _alone(name, told, covered)
    return figures


def _covered(git_dir: str, shas: list[str], cache: str) -> dict[tuple[str, str, str], list[_Span]]:
    """Return for each side of a commit's files the lines of what we tell."""
    covered: dict[tuple[str, str, str], list[_Span]] = {}
    with Pool(size=2, cache=cache) as pool:
        for diff in pool.diff_commits(git_dir, shas):
            if diff.failed:
                raise AuraError("analysis_failed", f"cannot compare {diff.sha}", "Look at the worker's log.")
            for edit in diff.edits:
                for side, entity in (("old", edit.old), ("new", edit.new)):
                    if entity:
                        spans = covered.setdefault((diff.sha, side, entity.path), [])
                        spans.append(_Span(entity.line, entity.end_line))
    return covered


def _alone(name: str, told: list[Told], covered: dict[tuple[str, str, str], list[_Span]]) -> list[Figure]:
    """Return how much a tool tells that no edit of ours covers, by kind, and one example of each."""
    kinds: Counter[str] = Counter()
    example: dict[str, Told] = {}
    for one in told:
        spans = covered.get((one.sha, one.side, one.path), ())
        if not any(span.first <= one.end_line and one.line <= span.last for span in spans):
            kinds[one.kind] += 1
            example.setdefault(one.kind, one)
    share = Figure(f"told by {name}, not by us", kinds.total(), "names", len(told) or None, f"told by {name}")
    return [share] + [
        Figure(f"  {kind}, such as {_where(example[kind])}", count, "names")
        for kind, count in kinds.most_common()
    ]


def _where(told: Told) -> str:
    return f"{told.name} ({told.sha[:8]} {told.path}:{told.line}, {told.side})"
