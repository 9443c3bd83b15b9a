"""Looking, as work trees change, for what a change on one side means on another.

The sides of a repository are its work trees and the branches that are at work without one. What was touched
is looked at at once; what is touched meanwhile is gathered for the next look.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from aura.api import Place
from aura.errors import AuraError
from aura.record import settings
from aura.repo.branches import unmerged
from aura.repo.requests import Collided, SideAt, Touched
from aura.store import Connection, one
from aura.syntax.impacts import Finding
from aura.team import alerts, impacts
from aura.team.alerts import Party

if TYPE_CHECKING:
    from .context import Context

START_SECONDS, DUE_SECONDS = 1.0, 60.0
BRANCH = "refs/heads/"
TOGETHER = 200
"""More findings are settled in a transaction for each side that they matter to."""
NOTHING = ""
"""The key of no side: to touch it asks for what the last look had no time for."""
log = logging.getLogger("aura.impacts")
Paths = frozenset[str] | None


class _State(NamedTuple):
    """What decides who the sides of a repository are, beside its branches."""

    roots: frozenset[str]
    on: bool
    branches: bool


class Impacts:
    """Looks for impacts, one look at a time for each repository."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._states: dict[int, _State] = {}
        self._tips: dict[int, dict[str, str]] = {}
        self._touched: dict[int, dict[str, Paths]] = {}
        self._moved: set[int] = set()
        self._stale: set[int] = set()
        self._running: set[int] = set()
        self._degraded: dict[int, set[str]] = {}
        self._noticed = asyncio.Event()

    @property
    def busy(self) -> bool:
        """Whether anything is being looked at."""
        return bool(self._running)

    def saved(self, root: str, paths: frozenset[str]) -> None:
        """Hear that files of a work tree were written: their paths, relative to it."""
        self._touch(root, paths)

    def moved(self, root: str) -> None:
        """Hear that HEAD or a branch of a work tree is elsewhere now."""
        if (place := self._context.callers.by_root.get(root)) is not None:
            self._moved.add(place.repo)
            self._touch(root, None)

    def notice(self) -> None:
        """Hear that work trees were registered or forgotten, or that settings were changed."""
        self._noticed.set()

    async def run(self) -> None:
        """Look at everything once; then wake, as long as the daemon lives, what was snoozed until now."""
        from .context import SYSTEM

        await asyncio.sleep(START_SECONDS)
        while True:
            try:
                await self._take_up()
                if await self._context.read(impacts.is_due):
                    await self._context.store.write(lambda db: alerts.wake(db, SYSTEM))
            except AuraError as error:
                log.warning("cannot take up impacts: %s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._noticed.wait(), DUE_SECONDS)
            self._noticed.clear()

    async def _take_up(self) -> None:
        """Look at repositories whose work trees or settings are new, or where the last look failed."""
        places = list(self._context.callers.by_root.values())
        there = {p.repo: frozenset(o.path for o in places if o.repo == p.repo) for p in places}
        states = await self._context.read(lambda db: {r: _state(db, r, roots) for r, roots in there.items()})
        for repo in self._states.keys() - states.keys():
            del self._states[repo]
        for repo, state in states.items():
            if repo in self._stale or self._states.get(repo) != state:
                self._stale.add(repo)
                self._moved.add(repo)
                self._states[repo] = state
                self._touch(next(iter(state.roots)), None)

    def _touch(self, root: str, paths: Paths) -> None:
        place = self._context.callers.by_root.get(root)
        if place is None or place.repo not in self._states:
            return
        if root not in self._states[place.repo].roots:
            self._noticed.set()
        waiting = self._touched.setdefault(place.repo, {})
        known = waiting.get(root, frozenset())
        waiting[root] = None if paths is None or known is None else known | paths
        if place.repo not in self._running:
            self._running.add(place.repo)
            self._context.spawn(self._work(place.repo))

    async def _work(self, repo: int) -> None:
        try:
            while repo in self._touched and repo in self._states:
                touched = self._touched.pop(repo)
                whole = repo in self._stale
                self._stale.discard(repo)
                try:
                    await self._judge(repo, touched, whole=whole)
                except Exception as error:
                    self._stale.add(repo)
                    if not isinstance(error, (AuraError, OSError)):
                        raise
                    log.warning("cannot look for impacts: %s", error)
        except Exception:
            log.exception("cannot look for impacts")
        finally:
            self._running.discard(repo)

    async def _judge(self, repo: int, touched: dict[str, Paths], *, whole: bool) -> None:
        """Look at the sides that were touched, or at all of them, and settle what is found."""
        context, state = self._context, self._states[repo]
        common_dirs = [p.common_dir for p in context.callers.by_root.values() if p.repo == repo]
        if not common_dirs:
            return
        here = self._here(repo) if state.on else {}
        moved = await self._branches(repo, here) if state.branches else self._forget(repo)
        refs = self._tips.get(repo, {})
        parties = {root: Party(root, place.branch) for root, place in here.items()}
        parties |= {ref: Party(None, ref.removeprefix(BRANCH)) for ref in refs}
        found = Collided([], [], [])
        ask = [
            Touched(root, None if paths is None else sorted(paths))
            for root, paths in touched.items()
            if root in here
        ]
        ask += [Touched(ref) for ref in moved]
        if not touched:
            ask.append(Touched(NOTHING, []))
        if len(parties) > 1 and (ask or whole):
            sides = [SideAt(root, root=os.fsencode(root)) for root in here]
            sides += [SideAt(ref, ref=ref) for ref in refs]
            found = await context.in_thread(
                context.graphs.collide, common_dirs[0], sides, [] if whole else ask
            )
        for complaint in set(found.degraded) - self._degraded.get(repo, set()):
            log.info("looking for impacts: %s", complaint)
        self._degraded[repo] = set(found.degraded)
        for judged, findings in _parts(found):
            settle = partial(alerts.settle, sides=parties, judged=judged, findings=findings)
            await context.store.write(partial(_settle, repo=repo, common_dir=common_dirs[0], settle=settle))
        if found.left:
            self._touched.setdefault(repo, {})

    def _here(self, repo: int) -> dict[str, Place]:
        """Return the work trees that are there, with their branches as they are this moment."""
        callers = self._context.callers
        trees = [p.path for p in callers.by_root.values() if p.repo == repo and p.path != p.git_dir]
        return {root: callers.at_root(root) for root in trees if os.path.isdir(root)}

    async def _branches(self, repo: int, here: dict[str, Place]) -> list[str]:
        """Read the branches anew where one has moved, and return which are new or elsewhere now."""
        if repo not in self._moved and repo in self._tips:
            return []
        self._moved.discard(repo)
        places = list(here.values())
        out = {f"{BRANCH}{place.branch}" for place in places if place.branch}
        heads = [place.head for place in places if place.head]
        known = self._tips.get(repo, {})
        tips: dict[str, str] = {}
        if places:
            list_ = partial(unmerged, places[0].common_dir, heads, without=out)
            tips = await self._context.in_thread(list_)
        self._tips[repo] = tips
        return [ref for ref, sha in tips.items() if known.get(ref) != sha]

    def _forget(self, repo: int) -> list[str]:
        self._tips.pop(repo, None)
        return []


def _settle(db: Connection, repo: int, common_dir: str, settle: Callable[..., Any]) -> None:
    """Settle what was found, unless the repository was forgotten meanwhile: another may have its number."""
    from .context import SYSTEM

    met = one(db, "SELECT common_dir FROM repositories WHERE id = ?", repo)
    if met is not None and met[0] == common_dir:
        settle(db, SYSTEM, repo)


def _state(db: Connection, repo: int, roots: frozenset[str]) -> _State:
    on, branches = (settings.value(db, repo, name) == "on" for name in ("impacts", "impacts.branches"))
    return _State(roots, on, branches)


def _parts(found: Collided) -> Iterator[tuple[list[tuple[str, str]], list[Finding]]]:
    """Divide what was found into what one transaction can settle without keeping others waiting."""
    if len(found.findings) <= TOGETHER:
        yield found.judged, found.findings
        return
    for yours in dict.fromkeys(pair[0] for pair in found.judged):
        judged = [pair for pair in found.judged if pair[0] == yours]
        yield judged, [finding for finding in found.findings if finding.yours == yours]
