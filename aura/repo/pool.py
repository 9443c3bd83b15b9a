"""A pool of analysis workers, as the daemon sees it: calls that answer, whatever becomes of a worker."""

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal, Self, TypeVar

from aura.errors import AuraError
from aura.repo.process import Worker, WorkerEnded, WorkerTimeout
from aura.repo.requests import (
    SHARES,
    Answer,
    Calls,
    CallsOf,
    Collide,
    Collided,
    CommitDiff,
    Compared,
    Content,
    Diff,
    DiffCommits,
    DiffContents,
    DiffStaged,
    DiffTrees,
    DiffWorktree,
    Entities,
    Examine,
    Examined,
    FileEntities,
    FolderEntities,
    GraftEntity,
    Request,
    SideAt,
    Touched,
    Trace,
    Traced,
)
from aura.syntax.evidence import Evidence
from aura.syntax.references.graph import Direction
from aura.syntax.types import Grafted

CHUNK = 48
"""Neighbouring commits share files: a worker is given this many at a time, where there are that many."""
SHARE = 4
"""A chunk is this part of what each worker would get of the rest: towards the end none waits long."""
LEAST = 4
"""The least shares of the files of a commit at a time."""
LISTED = SHARES // 4
"""The least shares of files at a time where each question lists all of them."""

_BACKOFF = (0.0, 0.1, 0.5, 2.0, 5.0)
_CAREFUL = 8
_A = TypeVar("_A")


class Pool:
    """Answers from worker processes; for any number of threads.

    Workers start when they are needed and leave when they have been idle for `idle_s`. `deadline_s` is for
    each answer; `background` workers leave the processor to others.
    """

    def __init__(
        self,
        *,
        size: int = 2,
        idle_s: float = 30.0,
        deadline_s: float = 30.0,
        cache: str | None = None,
        background: bool = False,
    ) -> None:
        self.size = size
        self._deadline_s = deadline_s
        limit = max(1, int(deadline_s * 2))
        self._options = [f"idle={idle_s}", f"limit={limit}"]
        self._options += [f"cache={cache}"] if cache else []
        self._options += ["background=yes"] if background else []
        self._changed = threading.Condition()
        self._free: list[Worker] = []
        self._busy: set[Worker] = set()
        self._starting = 0
        self._failures = 0
        self._closed = threading.Event()

    def diff_commits(
        self, git_dir: str, shas: Sequence[str], *, shapes: bool = False
    ) -> Iterator[CommitDiff]:
        """Compare commits with their first parents. The answers come in any order, as they are ready.

        `shapes`: give what they hold its shape, which takes longer.

        A commit for which a worker takes too long, or dies twice, is answered as `failed`. Raises the
        AuraError that concerns the repository as a whole.
        """
        chunks = _chunks(shas, self.size)
        return self._spread([partial(self._chunk, git_dir, chunk, shapes) for chunk in chunks])

    def diff_trees(self, git_dir: str, old: str | None, new: str | None) -> Diff:
        """Compare two commits or trees, given by id; None is the empty tree."""
        return self._diff(DiffTrees(os.fsencode(git_dir), old, new))

    def diff_worktree(
        self,
        root: str,
        base: str = "HEAD",
        *,
        shapes: bool = False,
        paths: Sequence[str] | None = None,
        most: int | None = None,
    ) -> Diff:
        """Compare what lies in the work tree at a folder, or only at these paths of it, with a commit.

        Of more edits than `most`, the first are given, and what they carry along is left out.
        """
        only = None if paths is None else [os.fsencode(path) for path in paths]
        return self._diff(DiffWorktree(os.fsencode(root), base, shapes, only, most))

    def diff_staged(self, root: str, base: str = "HEAD", index: str | None = None) -> Diff:
        """Compare what is staged in the work tree at a folder, or in another index, with a commit."""
        return self._diff(DiffStaged(os.fsencode(root), base, os.fsencode(index) if index else None))

    def diff_contents(self, old: Sequence[Content], new: Sequence[Content]) -> Compared:
        """Compare what files held with what they hold."""
        (answer,) = self._whole(DiffContents(list(old), list(new)))
        assert isinstance(answer, Compared)
        return answer

    def graft(self, old: Sequence[Content], new: Sequence[Content], said: Sequence[str]) -> Grafted:
        """Put an entity as it was, by one of these names, into what files hold.

        Raises `entity_not_found`, and `invalid_request` where several are meant.
        """
        (answer,) = self._whole(GraftEntity(list(old), list(new), list(said)))
        assert isinstance(answer, Grafted)
        return answer

    def examine(
        self, change: DiffCommits | DiffWorktree | DiffStaged, sought: Sequence[str], paths: Sequence[str]
    ) -> Evidence:
        """Look closer at one change, and for entities by name in the files that differ and at these paths."""
        (answer,) = self._whole(Examine(change, list(sought), list(paths)))
        assert isinstance(answer, Examined)
        return answer.evidence

    def entities(self, root: str, rev: str | None = None, paths: Sequence[str] = ()) -> list[FileEntities]:
        """Read the entity tables of files, by path, of a commit or (None) of the work tree."""
        few = 0 < len(paths) < CHUNK
        # Small parts end at about the same time; but files of a work tree are listed anew for each.
        parts = [range(SHARES)] if few else _chunks(range(SHARES), self.size, LEAST if rev else LISTED)
        folder, named = os.fsencode(root), list(paths)
        return self._files([Entities(folder, rev, named, part[0], part[-1] + 1) for part in parts])

    def folder_entities(self, root: str) -> list[FileEntities]:
        """Read the entity tables of all files of a plain folder, by path."""
        parts = _chunks(range(SHARES), self.size, LISTED)
        return self._files([FolderEntities(os.fsencode(root), part[0], part[-1] + 1) for part in parts])

    @property
    def load(self) -> tuple[int, int]:
        """How many workers are at work, and how many wait for some."""
        with self._changed:
            return len(self._busy) + self._starting, len(self._free)

    def close(self) -> None:
        """End all workers; calls that wait for one raise AuraError `shutting_down`."""
        self._closed.set()
        with self._changed:
            free, self._free = self._free, []
            busy = list(self._busy)
            self._changed.notify_all()
        for worker in busy:
            worker.interrupt()
        for worker in free:
            worker.dismiss()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _spread(self, tasks: Sequence[Callable[[], Iterable[_A]]]) -> Iterator[_A]:
        """Run tasks side by side, as many as there are workers, and yield what they yield."""
        if self.size < 2 or len(tasks) < 2:
            for task in tasks:
                yield from task()
            return
        waiting = deque(tasks)
        answers: queue.SimpleQueue[tuple[_A] | BaseException | None] = queue.SimpleQueue()
        stop = threading.Event()

        def work() -> None:
            try:
                while not stop.is_set() and (task := _taken(waiting)):
                    for answer in task():
                        answers.put((answer,))
                        if stop.is_set():
                            return
            except BaseException as error:
                answers.put(error)
            finally:
                answers.put(None)

        running = min(self.size, len(tasks))
        for _ in range(running):
            threading.Thread(target=work, name="aura-analysis", daemon=True).start()
        try:
            while running:
                answer = answers.get()
                if isinstance(answer, BaseException):
                    raise answer
                if answer is None:
                    running -= 1
                else:
                    yield answer[0]
        finally:
            stop.set()

    def _files(self, asked: Sequence[Entities | FolderEntities]) -> list[FileEntities]:
        answers = self._spread([partial(self._whole, request) for request in asked])
        return sorted((a for a in answers if isinstance(a, FileEntities)), key=lambda found: found.path)

    def _diff(self, request: Request) -> Diff:
        (answer,) = self._whole(request)
        assert isinstance(answer, Diff)
        return answer

    def _whole(self, request: Request) -> list[Answer]:
        """Return all answers to a request that is worth a second try when a worker dies."""
        for _ in range(2):
            try:
                return list(self._ask(request))
            except WorkerTimeout:
                hint = "ask for fewer files or commits at a time"
                raise AuraError("analysis_timeout", "cannot analyse this in time", hint) from None
            except WorkerEnded:
                continue
        raise AuraError(
            "internal_error", "cannot analyse this: the worker died twice", "see the daemon's log"
        )

    def _chunk(self, git_dir: str, shas: Sequence[str], shapes: bool) -> Iterator[CommitDiff]:
        """Answer each commit; after a failure one at a time, to learn which one it is."""
        left = deque(shas)
        suspect, careful = "", 0
        while left:
            part = [left[0]] if careful else list(left)
            try:
                for answer in self._ask(DiffCommits(os.fsencode(git_dir), part, shapes)):
                    assert isinstance(answer, CommitDiff)
                    left.popleft()
                    yield answer
                careful = max(0, careful - 1)
            except (WorkerTimeout, WorkerEnded) as error:
                if not left:
                    return
                late = isinstance(error, WorkerTimeout)
                careful = _CAREFUL
                # With several commits the files of all may have been at work; a death may have been bad luck.
                if len(part) > 1 or (not late and suspect != left[0]):
                    suspect = left[0]
                    continue
                yield CommitDiff(left.popleft(), failed="analysis_timeout" if late else "internal_error")

    def _ask(self, request: Request) -> Iterator[Answer]:
        while True:
            worker = self._acquire()
            try:
                yield from worker.ask(request, self._deadline_s)
                self._failures = 0
                return
            except WorkerEnded as ended:
                if self._closed.is_set():
                    raise _shutting_down() from None
                if ended.idle:
                    continue
                self._failures += 1
                raise
            finally:
                self._release(worker)

    def _acquire(self) -> Worker:
        """Return an idle worker, or a new one where there is room, or wait."""
        with self._changed:
            while True:
                if self._closed.is_set():
                    raise _shutting_down()
                while self._free:
                    worker = self._free.pop()
                    if worker.alive:
                        self._busy.add(worker)
                        return worker
                    worker.kill()
                if len(self._busy) + self._starting < self.size:
                    self._starting += 1
                    break
                self._changed.wait()
        worker = self._start()
        if self._closed.is_set():
            self._release(worker)
            raise _shutting_down()
        return worker

    def _start(self) -> Worker:
        worker = None
        try:
            # A fault that kills every worker must not keep the machine busy with starting them.
            self._closed.wait(_BACKOFF[min(self._failures, len(_BACKOFF) - 1)])
            worker = Worker(self._options)
        except OSError as error:
            raise AuraError("overloaded", f"cannot start an analysis worker: {error.strerror}") from None
        finally:
            with self._changed:
                self._starting -= 1
                if worker is not None:
                    self._busy.add(worker)
                self._changed.notify()
        return worker

    def _release(self, worker: Worker) -> None:
        with self._changed:
            self._busy.discard(worker)
            keep = worker.alive and not self._closed.is_set()
            if keep:
                self._free.append(worker)
            self._changed.notify()
        if not keep:
            worker.kill()


class CallPool(Pool):
    """One worker for what is joined over work trees: each question meets what the last one left.

    It waits longer than others for the next question: whoever works saves every few minutes.
    """

    def __init__(self, cache: str | None = None) -> None:
        super().__init__(size=1, idle_s=600.0, deadline_s=120.0, cache=cache)

    def calls(
        self, root: str, name: str | None = None, path: str | None = None, direction: Direction = "callers"
    ) -> Calls:
        """Look for the calls of a work tree: all, or to or from what a name, or a scope at a path, means."""
        (answer,) = self._whole(CallsOf(os.fsencode(root), direction, name, path))
        assert isinstance(answer, Calls)
        return answer

    def collide(self, git_dir: str, sides: Sequence[SideAt], touched: Sequence[Touched] = ()) -> Collided:
        """Look for the impacts between every two sides of a repository, where touched; without any, all."""
        (answer,) = self._whole(Collide(os.fsencode(git_dir), list(sides), list(touched)))
        assert isinstance(answer, Collided)
        return answer

    def trace(
        self, root: str, question: Literal["direct", "path", "callers", "kinds"], source: str, target: str
    ) -> Traced:
        """Ask what a name calls or reaches of another, who reaches it, or whether one type is of another."""
        (answer,) = self._whole(Trace(os.fsencode(root), question, source, target))
        assert isinstance(answer, Traced)
        return answer


def _chunks(whole: Sequence[_A], workers: int, least: int = 1) -> list[Sequence[_A]]:
    """Part commits or shares into chunks, smaller and smaller ones."""
    chunks = []
    start = 0
    while start < len(whole):
        size = max(least, min(CHUNK, (len(whole) - start) // (SHARE * workers)))
        chunks.append(whole[start : start + size])
        start += size
    return chunks


def _taken(waiting: deque[Callable[[], Iterable[_A]]]) -> Callable[[], Iterable[_A]] | None:
    try:
        return waiting.popleft()
    except IndexError:
        return None


def _shutting_down() -> AuraError:
    return AuraError("shutting_down", "cannot analyse: the daemon is shutting down", "try again when it runs")
