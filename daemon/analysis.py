"""Which entities a logged intent changed: computed beside requests, and attached in a second transaction."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.record import checks, judgements, plans
from aura.record.analysis import Analysed, finish, finish_unchanged, pending
from aura.record.cases import within
from aura.record.claims import Claim, parse
from aura.record.intents import Intent
from aura.record.places import touches
from aura.record.verdicts import judge
from aura.repo.requests import DiffCommits, DiffWorktree
from aura.store import Connection
from aura.syntax.evidence import Evidence
from aura.syntax.types import Edit

from . import claims as claiming

if TYPE_CHECKING:
    from .context import Context

GATHER_SECONDS, PATIENCE_SECONDS = 0.25, 3.0
"""A scan that nobody waits for lets others gather until none comes for a while, but not for ever."""
TOGETHER, UNCHANGED_TOGETHER = 50, 200
"""How many intents one transaction finishes, with edits and without."""
log = logging.getLogger("aura.analysis")


@dataclass(slots=True)
class Job:
    """One intent that waits for its analysis. `after` runs in the transaction that attaches the edits."""

    seq: int
    place: Place
    caller: Caller
    base: str | None
    commit: str | None
    files: tuple[str, ...]
    claims: tuple[Claim, ...] = ()
    after: Callable[[Connection, Intent], None] = lambda _db, _intent: None
    done: "asyncio.Future[Intent] | None" = None
    """Where somebody waits for it."""


class Analyst:
    """Analyses intents; those of one work tree that wait at the same time share one scan."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._waiting: dict[str, list[Job]] = {}
        self._running: set[str] = set()
        self._awaited: set[asyncio.Future[Intent]] = set()

    @property
    def waiting(self) -> int:
        """How many intents wait."""
        return sum(len(jobs) for jobs in self._waiting.values())

    def add(self, job: Job) -> None:
        """Take up an intent."""
        if job.done is not None:
            self._awaited.add(job.done)
            job.done.add_done_callback(self._awaited.discard)
        tree = job.commit or job.place.path
        self._waiting.setdefault(tree, []).append(job)
        if tree not in self._running:
            self._running.add(tree)
            self._context.spawn(self._work(tree))

    def close(self) -> None:
        """Let nobody wait any longer: the daemon stops, and the next one takes up what is pending."""
        for done in list(self._awaited):
            done.set_exception(TimeoutError())

    async def resume(self) -> None:
        """Take up what an earlier daemon left pending."""
        waiting = await self._context.read(pending)
        claims = await self._context.read(lambda db: judgements.of(db, [row[0] for row in waiting]))
        for seq, worktree, base, commit, files in waiting:
            place = self._context.callers.by_root.get(worktree)
            if place is not None:
                from .context import SYSTEM

                named = tuple(msgspec.json.decode(files or "[]"))
                said = tuple(parse(judged.claim) for judged in claims.get(seq, ()))
                self.add(Job(seq, place, SYSTEM, base, commit, named, said))

    async def scan(
        self,
        place: Place,
        base: str | None,
        commit: str | None,
        files: tuple[str, ...],
        claims: Sequence[Claim] = (),
    ) -> Analysed:
        """Compute the entity edits of a commit, or of the uncommitted changes of a work tree."""
        context = self._context
        if claims:
            evidence = await self._examine(place, base, commit, claims)
            part = within(evidence, files)
            return Analysed(list(part.edits), bool(evidence.degraded), evidence=part)
        if commit is not None:
            found = await context.in_thread(
                lambda: next(iter(context.pool.diff_commits(place.git_dir, [commit], shapes=True)))
            )
            if found.failed:
                return Analysed([], True, failed=True)
            edits, degraded = found.edits, bool(found.degraded)
        else:
            diff = await context.in_thread(
                lambda: context.pool.diff_worktree(place.path, base or "HEAD", shapes=True)
            )
            edits, degraded = diff.edits, bool(diff.degraded)
        return Analysed(_within(edits, files), degraded)

    async def _examine(
        self, place: Place, base: str | None, commit: str | None, claims: Sequence[Claim]
    ) -> Evidence:
        change: DiffCommits | DiffWorktree = DiffWorktree(os.fsencode(place.path), base or "HEAD")
        if commit is not None:
            change = DiffCommits(os.fsencode(place.git_dir), [commit])
        return await claiming.examine(self._context, place, change, claims)

    async def _work(self, tree: str) -> None:
        try:
            while tree in self._waiting:
                await self._gather(tree)
                await self._scan_for(self._waiting.pop(tree))
        finally:
            self._running.discard(tree)

    async def _gather(self, tree: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        jobs, met = self._waiting[tree], 0
        while met < len(jobs) and time.monotonic() < until and all(job.done is None for job in jobs[met:]):
            met = len(jobs)
            await asyncio.sleep(GATHER_SECONDS)

    async def _scan_for(self, jobs: list[Job]) -> None:
        first = jobs[0]
        claims = [claim for job in jobs for claim in job.claims]
        try:
            whole = await self.scan(first.place, first.base, first.commit, (), claims)
        except AuraError as error:
            log.warning("cannot analyze the changes of %s: %s", first.place.path, error)
            whole = Analysed([], True, failed=True)
        except Exception:
            log.exception("cannot analyze the changes of %s", first.place.path)
            whole = Analysed([], True, failed=True)
        mine = [job for job in jobs if job.base == first.base]
        if others := [job for job in jobs if job.base != first.base]:
            self._waiting.setdefault(first.commit or first.place.path, []).extend(others)
        together = TOGETHER if whole.edits else UNCHANGED_TOGETHER
        for start in range(0, len(mine), together):
            await self._finish(mine[start : start + together], whole)

    async def _finish(self, jobs: list[Job], whole: Analysed) -> None:
        def attach(db: Connection) -> list[Intent | None]:
            if not whole.edits:
                finish_unchanged(db, [(job.caller, job.place, job.seq) for job in jobs], whole)
            return [self._attach(db, job, whole) for job in jobs]

        for job, intent in zip(jobs, await self._context.store.write(attach), strict=True):
            if job.done is not None and not job.done.done() and intent is not None:
                job.done.set_result(intent)
        first = jobs[0]
        if first.commit is None and not whole.edits:
            here = await self._context.callers.named(first.place.path)
            if here is not None and here.head != first.base:
                # A commit may have followed already while it was looked for changes.
                await self._context.backfills.give_plans(here)
        if any(job.claims for job in jobs):
            # What a commit held before the analysis ended is judged by that commit.
            self._context.spawn(claiming.catch_up(self._context))

    def _attach(self, db: Connection, job: Job, whole: Analysed) -> Intent | None:
        if whole.edits:
            if job.commit is None:
                plans.pick_up(db, job.caller, job.place, job.seq, whole.edits)
            found = Analysed(_within(whole.edits, job.files), whole.degraded, whole.failed)
            finish(db, job.caller, job.place, job.seq, found)
        if job.claims:
            _settle(db, job, whole)
        if job.done is None:
            return None
        intent = plans.told(db, job.seq)
        job.after(db, intent)
        return intent


def _settle(db: Connection, job: Job, whole: Analysed) -> None:
    """Give the claims of an intent their first verdicts."""
    if whole.evidence is None:
        judged = checks.unreadable(job.claims)
    else:
        judged = judge(job.claims, within(whole.evidence, job.files))
    judgements.settle(db, job.caller, job.place, {job.seq: judged}, job.commit or "worktree")


def _within(edits: list[Edit], files: tuple[str, ...]) -> list[Edit]:
    if not files:
        return edits
    return [e for e in edits if any(touches(e, file) for file in files)]
