"""The analysis worker: reads requests on stdin, writes answers on stdout, exits at the end of its input.

It ends itself when it is idle, and when one answer takes far too long: nobody may be left to do so. Options
are `cache=FILE`, `idle=SECONDS`, `limit=SECONDS`, `background=yes`; argparse would be a tenth of the start.
"""

import contextlib
import gc
import os
import resource
import select
import signal
import sys
import traceback
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from aura.errors import AuraError
from aura.repo.analysis import Analyst
from aura.repo.cache import Cache
from aura.repo.listing import Choice
from aura.repo.requests import (
    Answer,
    CallsOf,
    Collide,
    DiffCommits,
    DiffContents,
    DiffStaged,
    DiffTrees,
    DiffWorktree,
    Done,
    Examine,
    Failed,
    FolderEntities,
    GraftEntity,
    Request,
    Trace,
    decode_request,
    first_of,
    framed,
    length_of,
)

if TYPE_CHECKING:
    from aura.repo.calls import Graphs
    from aura.repo.impacts import Impacts

MEMORY = 3 << 30


def main() -> None:
    """Serve requests until there are no more."""
    options = dict(option.split("=", 1) for option in sys.argv[1:])
    idle, limit = float(options.get("idle", "30")), int(options.get("limit", "60"))
    _settle(background="background" in options)
    with Cache(options.get("cache")) as cache, _Desk(cache) as desk:
        # What is there now stays; only what the requests make is worth looking through.
        gc.freeze()
        while not desk.is_worn and (request := _next(idle)) is not None:
            _serve(desk, request, limit)


def _settle(*, background: bool) -> None:
    # Our tables are trees of small objects without cycles.
    gc.set_threshold(100_000, 20, 20)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard > MEMORY:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, hard))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if background:
        os.nice(10)


class _Desk(contextlib.ExitStack):
    """Who answers which request; what only some workers are asked for is loaded with the first request."""

    def __init__(self, cache: Cache) -> None:
        super().__init__()
        self._cache = cache
        self._analyst = self.enter_context(Analyst(cache))

    @property
    def is_worn(self) -> bool:
        """Whether it has done what leaves much memory behind: another worker goes on with what was kept."""
        return "_impacts" in self.__dict__ and self._impacts.is_worn

    def answers(self, request: Request) -> Iterator[Answer]:
        analyst = self._analyst
        if isinstance(request, DiffCommits):
            git_dir = os.fsdecode(request.git_dir)
            return analyst.diff_commits(git_dir, request.shas, shapes=request.shapes)
        if isinstance(request, DiffTrees):
            return iter([analyst.diff_trees(os.fsdecode(request.git_dir), request.old, request.new)])
        if isinstance(request, DiffWorktree):
            root = os.fsdecode(request.root)
            paths = None if request.paths is None else [os.fsdecode(path) for path in request.paths]
            diff = analyst.diff_worktree(root, request.base, shapes=request.shapes, paths=paths)
            return iter([first_of(diff, request.most)])
        if isinstance(request, DiffStaged):
            index = os.fsdecode(request.index) if request.index else None
            return iter([analyst.diff_staged(os.fsdecode(request.root), request.base, index)])
        if isinstance(request, DiffContents):
            return iter([analyst.diff_contents(request.old, request.new)])
        if isinstance(request, GraftEntity):
            return iter([analyst.graft(request.old, request.new, request.said)])
        if isinstance(request, Examine):
            return iter([analyst.examine(request)])
        if isinstance(request, FolderEntities):
            return analyst.folder_entities(os.fsdecode(request.root), Choice((), request.first, request.end))
        if isinstance(request, CallsOf):
            return iter([self._graphs.answer(request)])
        if isinstance(request, Collide):
            return iter([self._impacts.answer(request)])
        if isinstance(request, Trace):
            return iter([self._graphs.trace(request)])
        choice = Choice(request.paths, request.first, request.end)
        return analyst.entities(os.fsdecode(request.root), request.rev, choice)

    @cached_property
    def _graphs(self) -> "Graphs":
        from aura.repo.calls import Graphs

        return self.enter_context(Graphs(self._cache))

    @cached_property
    def _impacts(self) -> "Impacts":
        from aura.repo.impacts import Impacts

        return self.enter_context(Impacts(self._cache))


def _serve(desk: _Desk, request: Request, limit: int) -> None:
    end: Answer = Done()
    try:
        signal.alarm(limit)
        for answer in desk.answers(request):
            # A reader that takes its time is not our fault.
            signal.alarm(0)
            _write(answer)
            signal.alarm(limit)
    except AuraError as error:
        end = Failed(error.code, error.message, error.hint)
    except Exception as error:
        traceback.print_exc()
        end = Failed("internal_error", f"cannot analyse: {type(error).__name__}", "see the daemon's log")
    finally:
        signal.alarm(0)
    _write(end)


def _next(idle: float) -> Request | None:
    """Wait for a request; None at the end of the input, or when none has come for a while."""
    ready, _, _ = select.select([0], [], [], min(1.0, idle))
    if not ready:
        gc.collect()
        ready, _, _ = select.select([0], [], [], max(0.0, idle - 1.0))
    head = _read(4) if ready else b""
    return decode_request(_read(length_of(head))) if len(head) == 4 else None


def _read(size: int) -> bytes:
    parts = []
    while size and (part := os.read(0, size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _write(answer: Answer) -> None:
    view = memoryview(framed(answer))
    while view:
        view = view[os.write(1, view) :]


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
    # Taking the interpreter and all trees apart would cost as much as a commit or two.
    os._exit(0)
