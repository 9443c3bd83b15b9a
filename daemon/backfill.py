"""Reading history: back-fills in chunks that yield to callers, and new commits as they appear."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType

import msgspec
from aiohttp import web

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.record import binding, commits, history, plans, rewrites, worktrees
from aura.record.commits import Read
from aura.repo import ancestry, reflog
from aura.repo.commits import Commit
from aura.repo.commits import commits as read_commits
from aura.repo.commits import read_commits as each_commit
from aura.store import Connection

from . import claims
from .bind import encode, reply
from .context import SYSTEM, Context

CHUNK_COMMITS = 100
CHUNK_ROWS = 200
LIVE_LIMIT = 5_000
QUIET_ABOVE = 100
SETTLE_SECONDS = 1.5
Melted = Callable[[Connection, int, Iterable[str], Iterable[str]], Mapping[str, str]]
log = logging.getLogger("aura.backfill")


class Backfills:
    """Reads commits into the record; one reading of new commits at a time for each repository."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._heads: dict[str, tuple[str | None, str | None]] = {}
        self._reading: dict[int, asyncio.Lock] = {}
        self._followed: set[tuple[int, str]] = set()
        self._running: set[tuple[int, str]] = set()
        self._swept: dict[int, tuple[list[str], list[str]]] = {}

    @property
    def running(self) -> int:
        """How many back-fills run."""
        return len(self._running)

    async def start(self, place: Place, depth: int, rest: bool) -> None:
        """Begin to read the history of a place; the newest `depth` commits first."""
        if place.head is None:
            return
        head = place.head
        if await self._context.read(lambda db: history.heads(db, place.repo)):
            # What came since is new, not history: it may hold what was logged.
            await self.catch_up(place)
        await self._context.store.write(lambda db: history.read_up_to(db, place, head))
        self._heads[place.path] = place.branch, head
        if depth == 0 or (place.repo, head) in self._running:
            return
        self._running.add((place.repo, head))
        try:
            found = await self._list(place, head, depth)
            todo = await self._unread(place, found)
            done = len(found) - len(todo)
            await self._context.store.write(lambda db: history.begin(db, place, head, len(found), done, rest))
        except BaseException:
            self._running.discard((place.repo, head))
            raise
        self._context.spawn(self._run(place, head, found, todo, rest))

    async def resume(self) -> None:
        """Take up the back-fills that a restart interrupted."""
        places = {p.repo: p for p in self._context.callers.by_root.values()}
        for left in await self._context.read(history.unfinished):
            if (place := places.get(left.repo)) is not None:
                here = msgspec.structs.replace(place, branch=left.branch, head=left.head)
                try:
                    await self.start(here, left.wanted, bool(left.rest))
                except AuraError as error:
                    log.warning("cannot take up the back-fill of %s: %s", place.slug, error)

    async def _run(
        self, place: Place, head: str, found: Sequence[Commit], todo: list[Commit], rest: bool
    ) -> None:
        context = self._context
        try:
            await self._read_all(place, head, found, todo)
            await context.store.write(lambda db: history.complete(db, SYSTEM, place, head, rest))
            if rest:
                await self._read_rest(place, head)
        except Exception as error:
            if context.stopping.is_set():
                return
            log.error("cannot read the history of %s: %s", place.slug, error, exc_info=error)
            await context.store.write(lambda db: history.fail(db, place, head))
        finally:
            self._running.discard((place.repo, head))

    async def _read_rest(self, place: Place, head: str) -> None:
        """Read what is older than the foreground part, one chunk after the other, at low priority."""
        found = await self._list(place, head, None)
        todo = await self._unread(place, found)
        if todo:
            done = len(found) - len(todo)
            await self._context.store.write(lambda db: history.begin(db, place, head, len(found), done, True))
            await self._read_all(place, head, found, todo, background=True)
        await self._context.store.write(lambda db: history.complete(db, SYSTEM, place, head, False))

    async def _read_all(
        self,
        place: Place,
        head: str,
        found: Sequence[Commit],
        todo: list[Commit],
        *,
        background: bool = False,
    ) -> None:
        at = commits.positions(found)
        chunks = iter([todo[i : i + CHUNK_COMMITS] for i in range(0, len(todo), CHUNK_COMMITS)])

        async def work() -> None:
            for chunk in chunks:
                reads = await self._analyse(place, chunk, at, background=background, shapes=False)
                await self._store(place, reads, live=False, head=head)

        await asyncio.gather(*(work() for _ in range(1 if background else 2)))

    async def _list(self, place: Place, head: str, limit: int | None) -> list[Commit]:
        return await self._context.in_thread(lambda: list(read_commits(place.git_dir, [head], limit=limit)))

    async def _unread(self, place: Place, found: Sequence[Commit]) -> list[Commit]:
        known = await self._context.read(lambda db: commits.known(db, place.repo, [c.sha for c in found]))
        return [c for c in found if c.sha not in known]

    async def _analyse(
        self, place: Place, chunk: list[Commit], at: dict[str, int], *, background: bool, shapes: bool
    ) -> list[Read]:
        pool = self._context.background if background else self._context.pool
        by_sha = {c.sha: c for c in chunk}

        def work() -> list[Read]:
            return [
                Read(
                    by_sha[d.sha],
                    at.get(d.sha, 0),
                    d.edits,
                    bool(d.degraded or d.shallow),
                    d.failed is not None,
                    d.carried,
                )
                for d in pool.diff_commits(place.git_dir, list(by_sha), shapes=shapes)
            ]

        return await self._context.in_thread(work)

    async def _store(
        self,
        place: Place,
        reads: list[Read],
        *,
        live: bool,
        head: str | None = None,
        made_on: Mapping[str, str | None] = MappingProxyType({}),
    ) -> None:
        """Write what was read in groups of at most CHUNK_ROWS rows, so that callers get their turn."""
        quiet = not live or len(reads) > QUIET_ABOVE
        waiting = iter(reads)
        while group := list(_group(waiting)):

            def write(db: Connection, group: list[Read] = group) -> None:
                for read in group:
                    branch = made_on.get(read.commit.sha, place.branch)
                    there = msgspec.structs.replace(place, branch=branch)
                    commits.record(db, SYSTEM, there, read, live=live, quiet=quiet)
                if quiet and head is not None:
                    history.advance(db, SYSTEM, place, head, len(group))

            await self._context.store.write(write)

    # new commits

    async def settle(self, place: Place) -> None:
        """Before a reading is answered: wait a moment for commits that git has and the record has not."""
        if place.head is None or self._heads.get(place.path) == (place.branch, place.head):
            return
        task = self._context.spawn(self.catch_up(place))
        await asyncio.wait({task}, timeout=SETTLE_SECONDS)

    async def catch_up(self, place: Place, sha: str | None = None) -> None:
        """Read the commits that a work tree's head (or `sha`) reaches and that were not read before."""
        head = sha or place.head
        if head is None:
            return
        async with self._reading.setdefault(place.repo, asyncio.Lock()):
            if sha is None and self._heads.get(place.path) == (place.branch, head):
                return
            known = await self._context.read(lambda db: history.heads(db, place.repo))
            if head not in known:
                await self._read_new(place, head, known)
                await self._context.store.write(lambda db: history.read_up_to(db, place, head))
            await self._give_plans(place)
            if sha is None:
                await self._follow(place, head)
                if place.repo not in self._swept:
                    await self._sweep(place)
                self._heads[place.path] = place.branch, head

    async def _read_new(self, place: Place, head: str, known: list[str]) -> None:
        def listed() -> list[Commit]:
            return list(
                islice(read_commits(place.git_dir, [head], exclude=known, limit=LIVE_LIMIT), LIVE_LIMIT)
            )

        try:
            found = await self._context.in_thread(listed)
        except AuraError as error:
            log.warning("cannot read new commits of %s: %s", place.slug, error)
            return
        todo = await self._unread(place, found)
        at = commits.positions(found)
        moves = await self._context.in_thread(reflog.moves, place.git_dir)
        made_on = reflog.made_on(moves, place.branch)
        todo.reverse()
        for start in range(0, len(todo), CHUNK_COMMITS):
            chunk = todo[start : start + CHUNK_COMMITS]
            reads = await self._analyse(place, chunk, at, background=False, shapes=True)
            order = {c.sha: i for i, c in enumerate(todo)}
            reads.sort(key=lambda read: order[read.commit.sha])
            await self._store(place, reads, live=True, made_on=made_on)
        if todo:
            self._context.spawn(claims.catch_up(self._context))
            self._context.on_commit.committed(place.path)

    async def give_plans(self, place: Place) -> None:
        """Give what was logged before anything was changed its part of the commits made here since."""
        async with self._reading.setdefault(place.repo, asyncio.Lock()):
            await self._give_plans(place)

    async def _give_plans(self, place: Place) -> None:
        if not await self._context.read(lambda db: plans.waiting(db, place.path)):
            return
        moves = await self._context.in_thread(reflog.moves, place.git_dir)
        for sha in await self._context.read(lambda db: plans.unread(db, place, moves)):
            known = await self._context.read(lambda db: history.heads(db, place.repo))
            await self._read_new(place, sha, known)
        await self._context.store.write(lambda db: plans.take(db, SYSTEM, place, moves))
        self._context.spawn(claims.catch_up(self._context))

    # rewritten commits

    async def rewritten(self, place: Place, pairs: list[tuple[str, str]]) -> None:
        """Carry intents from commits that an amend or a rebase replaced to those that took their place."""
        come = list(dict.fromkeys(new for _, new in pairs))
        for new in await self._context.read(lambda db: commits.unknown(db, place.repo, come)):
            await self.catch_up(place, new)
        await self._carry(place, pairs, [old for old, _ in pairs], come)

    async def _follow(self, place: Place, head: str) -> None:
        """Where a branch was rewritten and no hook said so, pair what is gone with what came."""
        try:
            logged = await self._context.in_thread(
                reflog.replacements, place.git_dir, place.common_dir, place.branch
            )
            put_aside = [entry.old for entry in logged if (place.repo, entry.old) not in self._followed]
            found = await self._context.read(lambda db: commits.known(db, place.repo, put_aside))
            tips = [sha for sha in put_aside if sha in found]
            if not tips:
                return
            lost = await self._context.in_thread(ancestry.lost, place.git_dir, tips)
            gone = await self._context.read(lambda db: commits.standing(db, place.repo, lost))
            if not gone:
                # What is lost has its successors: there is nothing more to follow from there.
                self._followed |= {(place.repo, sha) for sha in tips if sha in lost}
                return
            old, new = await self._context.in_thread(_both, place.git_dir, gone, [head], tips)
        except AuraError as error:
            log.warning("cannot tell what was rewritten in %s: %s", place.path, error)
            return
        amended = {entry.old: entry.new for entry in logged if entry.amended}
        pairs = list(rewrites.pairs(old, new, amended).items())
        await self._carry(place, pairs, gone, [commit.sha for commit in reversed(new)])

    async def sweep(self, place: Place) -> None:
        """Where a branch went, carry what was said of its commits to those that hold the same by now.

        Those may have come long before, or by way of another branch, so that no log of git's pairs them.
        """
        async with self._reading.setdefault(place.repo, asyncio.Lock()):
            await self._sweep(place)

    async def _sweep(self, place: Place) -> None:
        context, repo = self._context, place.repo
        before, self._swept[repo] = self._swept.get(repo, ([], [])), ([], [])
        if not (said := await context.read(lambda db: rewrites.spoken_of(db, repo))):
            return
        try:
            lost = await context.in_thread(ancestry.lost, place.git_dir, said)
            gone = await context.read(lambda db: commits.standing(db, repo, lost))
            if not gone:
                return
            heads = self._heads_of(place)
            # What was dropped for good is compared only with what came since it was last looked for.
            seen = before[1] if before[0] == gone else []
            old, new = await context.in_thread(_both, place.git_dir, gone, heads, [*gone, *seen])
        except AuraError as error:
            log.warning("cannot tell what became of the commits that went in %s: %s", place.path, error)
            return
        self._swept[repo] = gone, heads
        came = [commit.sha for commit in reversed(new)]
        come = await context.read(lambda db: commits.standing(db, repo, came))
        if not come:
            return
        there = set(come)
        pairs = rewrites.pairs(old, [commit for commit in new if commit.sha in there], {})
        await self._carry(place, list(pairs.items()), gone, come, rewrites.absorbed)

    def _heads_of(self, place: Place) -> list[str]:
        """Return what the work trees of a repository have checked out."""
        places = [p for p in self._context.callers.by_root.values() if p.repo == place.repo]
        there = (self._context.callers.at_root(p.path).head for p in places)
        return list(dict.fromkeys(head for head in there if head is not None))

    async def _carry(
        self,
        place: Place,
        pairs: list[tuple[str, str]],
        gone: list[str],
        come: list[str],
        melted: Melted = rewrites.melted,
    ) -> None:
        def carry(db: Connection) -> None:
            told = {old for old, _ in pairs}
            left = [sha for sha in gone if sha not in told]
            both = [*pairs, *melted(db, place.repo, left, come).items()]
            reopened = [binding.rewrite(db, SYSTEM, place, old, new) for old, new in both]
            if any(reopened):
                binding.bind_again(db, SYSTEM, place, come)
            binding.rehome(db, SYSTEM, place, gone, come)

        await self._context.store.write(carry)
        self._context.spawn(claims.catch_up(self._context))


def _both(
    git_dir: str, gone: list[str], heads: Iterable[str], tips: list[str]
) -> tuple[list[Commit], list[Commit]]:
    """Read the commits that are gone, and those that came since, newest first."""
    old = [commit for commit in each_commit(git_dir, gone) if commit]
    return old, list(read_commits(git_dir, list(heads), exclude=tips, limit=ancestry.LOST_LIMIT))


def _group(reads: Iterator[Read]) -> Iterator[Read]:
    rows = 0
    for read in reads:
        yield read
        rows += 1 + len(read.edits)
        if rows >= CHUNK_ROWS:
            return


async def backfill(
    context: Context, caller: Caller, new: history.NewBackfill, request: web.Request
) -> web.StreamResponse:
    """Begin a back-fill and answer how far it is."""
    tree = await context.read(lambda db: worktrees.get(db, new.id))
    place = context.callers.at_root(tree.worktree)
    await context.backfills.start(place, new.depth, new.rest)
    now = await context.read(lambda db: worktrees.get(db, new.id))
    return reply(Answer(202, encode(now)))
