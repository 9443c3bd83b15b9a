"""What is uncommitted in each work tree, as entity edits: looked at after each save, and told to all."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from aura.api import now_us, rfc3339
from aura.errors import AuraError
from aura.record.events import Transient
from aura.record.places import touches
from aura.record.worktrees import Edited, EditedEntity
from aura.repo import folders
from aura.repo.requests import text_of
from aura.repo.worktrees import discover
from aura.syntax.types import Edit
from aura.team import sessions

from .soon import Soon

if TYPE_CHECKING:
    from .context import Context

GATHER_SECONDS = 0.03
"""Editors save in several steps, and formatters after them."""
SETTLE_SECONDS = 3.0
"""So long after the last save the whole work tree is looked at, so that what moved between files is seen."""
HELD_SECONDS = 2.0
HELD_LONGEST = 30.0
"""How long git may hold the index after the last save, and in all, before a look is taken all the same."""
LINGER_SECONDS = 0.1
"""After it wrote the index, git writes HEAD."""
START_SECONDS = 5.0
BURST = 500
"""More saved files than these are not looked at one by one, but with all others."""
TOGETHER = 40
"""Up to so many changed files are looked at with each saved one: what moved between them shows."""
MOST = 5_000
"""Of more uncommitted edits in a work tree than these, the first are kept and the rest counted."""
TOLD = 300
"""Of more files or entities than these, a frame tells the first."""
log = logging.getLogger("aura.edits")


class Listener(Protocol):
    """Who wants to know of work trees, by their roots."""

    def saved(self, root: str, paths: frozenset[str]) -> None:
        """Hear that these files were saved: their edits may be others than before."""

    def moved(self, root: str) -> None:
        """Hear that HEAD or a branch is elsewhere, or that nothing is known of the time before."""


@dataclass
class Known:
    """What is known of one work tree. `held` and `left`: since when git holds its index, or no longer does.

    `plain` and `ignored` are paths that git was asked about.
    """

    root: str
    soon: Soon
    edits: list[Edit] = field(default_factory=list)
    more: int = 0
    saved: set[str] = field(default_factory=set)
    whole: bool = True
    looked: bool = False
    saved_at: int | None = None
    held: float | None = None
    left: float = 0.0
    heard: float = 0.0
    failed: int = 0
    cost: float = 0.0
    settling: asyncio.TimerHandle | None = None
    plain: set[str] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)

    @property
    def count(self) -> int | None:
        """How many entity edits are uncommitted; None before the first look."""
        return len(self.edits) + self.more if self.looked else None

    def free(self) -> bool:
        """Tell whether git leaves the work tree alone."""
        now = time.monotonic()
        if self.held is None:
            return now - self.left > LINGER_SECONDS
        return now - max(self.held, self.heard) > HELD_SECONDS or now - self.held > HELD_LONGEST


class Edits:
    """The uncommitted edits of all work trees that are watched."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._known: dict[str, Known] = {}
        self._one_whole = asyncio.Semaphore(1)
        self.started = asyncio.Event()
        """Every work tree is watched: until then the first looks would only hold that up."""
        self.listeners: list[Listener] = []

    def of(self, root: str) -> Known | None:
        """Return what is known of a work tree."""
        return self._known.get(root)

    def begin(self, root: str) -> None:
        """Take up a work tree, or look at it anew."""
        known = self._known.get(root)
        if known is None:
            known = Known(root, Soon(self._context, lambda: self._look(root), GATHER_SECONDS))
            self._known[root] = known
        self.look(root)

    def end(self, root: str) -> None:
        """Let go of a work tree that is no longer there."""
        known = self._known.pop(root, None)
        if known is not None and known.settling is not None:
            known.settling.cancel()

    def saved(self, root: str, paths: Iterable[str]) -> None:
        """Hear that files, or whole folders, of a work tree were written, came or went."""
        known = self._known.get(root)
        if known is None:
            return
        fresh = [path for path in paths if path not in known.ignored]
        if not fresh:
            return
        known.heard = time.monotonic()
        known.saved.update(fresh)
        if len(known.saved) > BURST:
            known.whole = True
        known.soon.wake()

    def look(self, root: str) -> None:
        """Ask for a look at a whole work tree."""
        if (known := self._known.get(root)) is not None:
            known.whole = True
            known.soon.wake()

    def rules_changed(self, root: str) -> None:
        """Hear that git may ignore other files than before."""
        if (known := self._known.get(root)) is not None:
            known.plain.clear()
            known.ignored.clear()

    def hold(self, root: str, *, held: bool) -> None:
        """Hear that git began, or ended, to write the index: half a checkout is nobody's edit."""
        if (known := self._known.get(root)) is not None:
            known.held = time.monotonic() if held else None
            if not held:
                known.left = time.monotonic()

    def settle(self, root: str) -> None:
        """Ask for a look at a whole work tree when nothing was saved for a while."""
        known = self._known.get(root)
        if known is None:
            return
        if known.settling is not None:
            known.settling.cancel()
        later = asyncio.get_running_loop().call_later
        seconds = max(SETTLE_SECONDS, 20 * known.cost) * 2 ** min(known.failed, 5)
        known.settling = later(seconds, self.look, root)

    async def _look(self, root: str) -> None:
        known = self._known.get(root)
        if known is None or not (known.whole or known.saved):
            return
        if not known.free():
            await asyncio.sleep(LINGER_SECONDS)
            known.soon.wake()
            return
        try:
            if known.whole:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.started.wait(), START_SECONDS)
                async with self._one_whole:
                    await self._look_whole(known)
            else:
                await self._look_at_saved(known)
            known.failed = 0
        except (AuraError, OSError) as error:
            known.failed += 1
            self.settle(root)
            if os.path.lexists(os.path.join(root, ".git")):
                log.warning("cannot look at %s: %s", root, error)

    async def _look_whole(self, known: Known) -> None:
        if known.settling is not None:
            known.settling.cancel()
        if known.saved:
            known.saved_at = now_us()
        known.whole, saved, known.saved = False, known.saved, set()
        began = time.monotonic()
        diff = await self._context.in_thread(lambda: self._context.pool.diff_worktree(known.root, most=MOST))
        known.cost = time.monotonic() - began
        first, known.looked = not known.looked, True
        known.more = diff.more
        if first:
            known.edits = diff.edits
            self._tell_moved(known.root)
        else:
            await self._became(known, diff.edits, saved)

    async def _look_at_saved(self, known: Known) -> None:
        paths, known.saved = known.saved, set()
        before = self._head(known.root)
        paths = await self._context.in_thread(self._not_ignored, known, paths)
        if not paths:
            return
        known.saved_at = now_us()
        asked = paths | self._beside(known, paths)
        diff = await self._context.in_thread(
            lambda: self._context.pool.diff_worktree(known.root, paths=sorted(asked), most=MOST)
        )
        if self._head(known.root) != before or not known.free():
            # What was looked at is half of what git is doing.
            known.whole = True
            known.soon.wake()
            return
        places = [text_of(path) for path in asked]
        others = [edit for edit in known.edits if not any(touches(edit, place) for place in places)]
        self.settle(known.root)
        await self._became(known, _ordered([*others, *diff.edits]), paths)

    def _not_ignored(self, known: Known, paths: set[str]) -> set[str]:
        """Return the paths that git does not ignore; what a path is like is asked once."""
        new = [path for path in paths if path not in known.plain]
        if new:
            left_out = folders.ignored(discover(known.root), new)
            for seen, more in ((known.ignored, left_out), (known.plain, set(new) - left_out)):
                if len(seen) > 10_000:
                    seen.clear()
                seen.update(more)
            paths = paths - left_out
        return paths

    def _beside(self, known: Known, paths: Collection[str]) -> set[str]:
        """Return the files that must be looked at together with some others."""
        uncommitted = {side.path for edit in known.edits for side in (edit.old, edit.new) if side}
        if len(uncommitted) > TOGETHER:
            mine = [text_of(path) for path in paths]
            uncommitted = {
                side.path
                for edit in known.edits
                if any(touches(edit, place) for place in mine)
                for side in (edit.old, edit.new)
                if side
            }
        # A name that is not UTF-8 is known by another; the look at the whole finds it.
        return {path for path in uncommitted if "\\" not in path}

    def _head(self, root: str) -> tuple[str | None, str | None]:
        try:
            place = self._context.callers.at_root(root)
        except KeyError:
            return None, None
        return place.branch, place.head

    async def _became(self, known: Known, edits: list[Edit], saved: Collection[str]) -> None:
        """Tell what is other than before; who listens, of all that was saved.

        What was written and taken back between two looks is no edit, but who listens may have read it.
        """
        changed = set(known.edits) ^ set(edits)
        known.edits = edits
        paths = sorted({side.path for edit in changed for side in (edit.old, edit.new) if side})
        self._tell_saved(known.root, {*saved, *paths})
        if changed:
            await self._tell(known, paths)

    def _tell_saved(self, root: str, paths: Collection[str]) -> None:
        if len(paths) > BURST or any(path != text_of(path) for path in paths):
            self._tell_moved(root)
        elif paths:
            for listener in self.listeners:
                listener.saved(root, frozenset(paths))

    async def _tell(self, known: Known, paths: list[str]) -> None:
        context = self._context
        place = context.callers.by_root.get(known.root)
        if place is None or not context.tail.followers:
            return
        at_work = await context.read(lambda db: sessions.at_work(db, [known.root]))
        session, actor = next(iter(at_work.get(known.root, [])), (None, None))
        here = set(paths)
        found = [edit for edit in known.edits if any(s.path in here for s in (edit.old, edit.new) if s)]
        more = len(paths) > TOLD or len(found) > TOLD
        entities = [_entity(edit) for edit in found[:TOLD]]
        told = Edited(paths[:TOLD], entities, known.count or 0, more)
        who = actor or await context.callers.actor_at(place)
        at = rfc3339(now_us())
        context.tail.tell(
            place.repo, Transient("worktree.edited", at, place.slug, place.path, session, who, told)
        )

    def _tell_moved(self, root: str) -> None:
        for listener in self.listeners:
            listener.moved(root)

    def moved(self, root: str) -> None:
        """Hear that HEAD or a branch is elsewhere than before."""
        self.look(root)
        self._tell_moved(root)


def _entity(edit: Edit) -> EditedEntity:
    side = edit.new or edit.old
    assert side is not None
    old = edit.old.qualified_name if edit.old else None
    was = old if old != side.qualified_name else None
    return EditedEntity(
        side.path, side.line, edit.kind, side.qualified_name, was, edit.changes, edit.grade, edit.reason
    )


def _ordered(edits: list[Edit]) -> list[Edit]:
    """Return edits by path and line, as a look at the whole gives them."""

    def place(edit: Edit) -> tuple[str, int]:
        side = edit.new or edit.old
        assert side is not None
        return side.path, side.line

    return sorted(edits, key=place)
