"""Notice what happens in registered work trees: saves, checkouts, commits, and work trees that come and go.

Watched are the folders that hold tracked files, and new ones that git does not ignore; what git writes to say
where HEAD, the index and the branches are; and the spool of the hooks. What is saved belongs to the work tree
that it lies in, whoever saved it from wherever.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

from aura import home
from aura.api import Place
from aura.errors import AuraError
from aura.record import worktrees
from aura.record.places import lies_in
from aura.repo import folders
from aura.repo.worktrees import WorkTree, discover

from . import notices, spool
from .context import SYSTEM
from .notices import Exhausted, Notice, Notices, beneath
from .soon import Soon

if TYPE_CHECKING:
    from .context import Context

POLL_SECONDS = 5.0
"""How often a work tree is looked at whose folders the system does not watch, where that is cheap."""
POLL_SHARE = 50
"""Looks at all of those take at most one part in so many of the time."""
MISSING_SECONDS = 1.0
RETRY_SECONDS = 300.0
"""How often it is tried again to watch what could not be watched."""
GATHER_SECONDS = 0.02
LINK_SECONDS = (0.2, 1.0)
"""When to look for a work tree that git is about to link."""
REFS = ("packed-refs", "tables.list")
log = logging.getLogger("aura.watch")
State = Literal["starting", "watched", "polled", "missing"]


@dataclass
class Tree:
    """One registered work tree as it is watched; `note` says why it is not."""

    place: Place
    bare: bool = False
    state: State = "starting"
    note: str | None = None
    head: tuple[str | None, str | None] | None = None
    again: asyncio.TimerHandle | None = None
    away: float = MISSING_SECONDS
    tried: float = 0.0
    new: set[str] = field(default_factory=set)
    renew: bool = True
    soon: Soon = field(init=False)

    @property
    def root(self) -> str:
        return self.place.path


@dataclass
class Repository:
    """One registered repository; `refs_changed` since it was last looked at."""

    common_dir: str
    soon: Soon
    refs_changed: bool = False


class Watch:
    """One watcher for all registered work trees and the spool."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._changed = asyncio.Event()
        self._notices: Notices | None = None
        self._spool = Soon(context, self._drain)
        self._repositories: dict[str, Repository] = {}
        self._home, self._spool_folder = os.path.realpath(home.folder()), home.path("spool")
        self.trees: dict[str, Tree] = {}

    def restart(self) -> None:
        """Take up the places as they are registered now."""
        self._changed.set()

    async def run(self) -> None:
        """Catch up with everything once, then follow what changes."""
        context = self._context
        os.makedirs(home.path("spool"), mode=0o700, exist_ok=True)
        loop = asyncio.get_running_loop()
        try:
            self._notices = await context.in_thread(notices.begin, loop, self._hear, self._missed)
            await self._watch([home.path("spool")])
        except OSError as error:
            log.warning("cannot watch: %s", error)
        try:
            self._spool.wake()
            while True:
                self._changed.clear()
                self._take_up()
                await self._changed.wait()
        finally:
            if self._notices is not None:
                self._notices.close()

    def _take_up(self) -> None:
        places = self._context.callers.by_root
        for root in [root for root in self.trees if root not in places]:
            tree = self.trees.pop(root)
            self._let_go(tree)
        for root, place in places.items():
            if place.common_dir not in self._repositories:
                look = Soon(
                    self._context, partial(self._look_at_repository, place.common_dir), GATHER_SECONDS
                )
                self._repositories[place.common_dir] = Repository(place.common_dir, look)
                look.wake()
            known = self.trees.get(root)
            if known is None:
                tree = self.trees[root] = Tree(place)
                tree.soon = Soon(self._context, partial(self._renew, tree), GATHER_SECONDS)
                tree.soon.wake()
                continue
            known.place = place
            if known.state == "polled":
                # There may be room for it now.
                self._renew_soon(known)

    def _let_go(self, tree: Tree) -> None:
        """Watch a work tree no longer, but those that lie in it or share its git folder."""
        self._context.edits.end(tree.root)
        if tree.again is not None:
            tree.again.cancel()
        if self._notices is not None:
            self._notices.drop(beneath(self._notices, tree.root))
        for other in self.trees.values():
            shares = other.place.common_dir == tree.place.common_dir or lies_in(other.root, tree.root)
            if other is not tree and shares and other.state == "watched":
                self._renew_soon(other)

    def _later(self, tree: Tree, seconds: float, what: Callable[[Tree], None]) -> None:
        if tree.again is not None:
            tree.again.cancel()
        tree.again = asyncio.get_running_loop().call_later(seconds, what, tree)

    def _renew_soon(self, tree: Tree) -> None:
        tree.renew = True
        tree.soon.wake()

    # one work tree

    async def _renew(self, tree: Tree) -> None:
        """Watch what is to be watched now, all of it or what is new, and look at it afterwards."""
        if self.trees.get(tree.root) is not tree:
            return
        new, tree.new = sorted(tree.new), set()
        try:
            if tree.renew:
                tree.renew = False
                await self._watch_tree(tree)
            elif new and tree.state == "watched":
                found = await self._context.in_thread(discover, tree.root)
                await self._watch(await self._context.in_thread(folders.beneath, found, new))
                self._context.edits.saved(tree.root, new)
        except Exhausted as error:
            self._poll(tree, str(error.strerror))
        except (AuraError, OSError) as error:
            self._miss(tree, str(error))
        if not any(other.state == "starting" for other in self.trees.values()):
            self._context.edits.started.set()

    async def _watch_tree(self, tree: Tree) -> None:
        context = self._context
        found = await context.in_thread(discover, tree.root)
        if found.root != tree.root:
            self._miss(tree, f"{tree.root} belongs to {found.root} now")
            return
        tree.bare = found.bare
        await self._watch(await context.in_thread(folders.git_folders, found.git_dir, found.common_dir))
        if not found.bare:
            await self._watch_folders(tree, found)
            context.edits.begin(tree.root)
            if os.path.exists(os.path.join(found.git_dir, "index.lock")):
                context.edits.hold(tree.root, held=True)
        tree.state, tree.note = "watched", None
        self._repositories[tree.place.common_dir].soon.wake()

    async def _watch_folders(self, tree: Tree, found: WorkTree) -> None:
        wanted, here = await self._context.in_thread(lambda: (folders.folders(found), self._watched(tree)))
        assert self._notices is not None
        self._notices.drop(set(here).difference(wanted))
        await self._watch(sorted(set(wanted).difference(here)))

    def _watched(self, tree: Tree) -> list[str]:
        """Return the folders of a work tree that are watched."""
        watched = beneath(self._notices, tree.root) if self._notices else []
        return [path for path in watched if self._tree_of(path) is tree]

    async def _watch(self, paths: Iterable[str]) -> None:
        if self._notices is None:
            raise Exhausted(0, "there is nothing to watch with")
        await self._context.in_thread(self._notices.watch, paths)

    def _poll(self, tree: Tree, why: str) -> None:
        """Look at a work tree now and then instead of watching it."""
        if tree.state != "polled":
            log.warning("cannot watch %s, and look at it now and then: %s", tree.root, why)
        tree.state, tree.note, tree.tried = "polled", why, time.monotonic()
        if self._notices is not None:
            # Some folders would tell and others not: better all alike, and room for others.
            self._notices.drop(self._watched(tree))
        self._context.edits.begin(tree.root)
        self._beat(tree)

    def _beat(self, tree: Tree) -> None:
        if time.monotonic() - tree.tried > RETRY_SECONDS:
            self._renew_soon(tree)
            return
        self._context.edits.look(tree.root)
        self._repositories[tree.place.common_dir].soon.wake()
        polled = [other.root for other in self.trees.values() if other.state == "polled"]
        cost = sum(known.cost for root in polled if (known := self._context.edits.of(root)))
        self._later(tree, max(POLL_SECONDS, POLL_SHARE * cost), self._beat)

    def _miss(self, tree: Tree, why: str) -> None:
        if tree.state != "missing":
            log.info("%s is not there: %s", tree.root, why)
            self._let_go(tree)
            tree.away = MISSING_SECONDS
        tree.state, tree.note = "missing", why
        self._context.spawn(self._take_leave(tree))
        self._later(tree, tree.away, self._renew_soon)
        tree.away = min(2 * tree.away, RETRY_SECONDS)

    async def _take_leave(self, tree: Tree) -> None:
        """Let a linked work tree go that git has no longer."""
        place, context = tree.place, self._context
        if place.git_dir == place.common_dir or not os.path.isdir(place.common_dir):
            return
        if await context.in_thread(folders.knows, place.git_dir, place.path):
            return
        if await context.store.write(lambda db: worktrees.removed(db, SYSTEM, place)):
            context.callers.reload()

    # one repository

    async def _look_at_repository(self, common_dir: str) -> None:
        """See whose HEAD is elsewhere than before, read new commits, and take up work trees linked since."""
        repository, trees = self._repositories[common_dir], self._of(common_dir)
        if not trees:
            del self._repositories[common_dir]
            return
        changed, repository.refs_changed = repository.refs_changed, False
        there = [tree for tree in trees if tree.state != "missing"]
        moved = [tree for tree in there if self._head_moved(tree)]
        for tree in moved or (there[:1] if changed else []):
            self._context.edits.moved(tree.root)
        for tree in trees:
            if tree in there:
                await self._catch_up(tree)
            elif os.path.lexists(os.path.join(tree.root, ".git")):
                self._renew_soon(tree)
            else:
                await self._take_leave(tree)
        if changed and there:
            await self._context.backfills.sweep(self._context.callers.at_root(there[0].root))
        await self._adopt(common_dir)

    def _head_moved(self, tree: Tree) -> bool:
        place = self._context.callers.at_root(tree.root)
        before, tree.head = tree.head, (place.branch, place.head)
        return before not in (None, tree.head)

    async def _catch_up(self, tree: Tree) -> None:
        try:
            await self._context.backfills.catch_up(self._context.callers.at_root(tree.root))
        except (AuraError, OSError, KeyError) as error:
            log.warning("cannot read new commits of %s: %s", tree.root, error)

    async def _adopt(self, common_dir: str) -> None:
        """Register the linked work trees of a registered repository, save those that were forgotten since."""
        context = self._context
        found, making = await context.in_thread(folders.linked, common_dir)
        if making:
            asyncio.get_running_loop().call_later(LINK_SECONDS[0], self._repositories[common_dir].soon.wake)
        new = [root for root in found if root not in context.callers.by_root]
        if not new:
            return
        forgotten = await context.read(lambda db: worktrees.forgotten(db, new))
        for root in new:
            if found[root] > forgotten.get(root, 0) / 1_000_000:
                await context.callers.named(root)

    # what is heard

    def _missed(self) -> None:
        """Look at everything: the system could not tell all that happened."""
        log.warning("too much happened at once: everything is looked at anew")
        for tree in self.trees.values():
            self._renew_soon(tree)
        self._spool.wake()

    def _hear(self, told: list[Notice]) -> None:
        saved: dict[str, set[str]] = {}
        owners: dict[str, Tree | None] = {}
        for notice in told:
            folder = notice.folder
            if folder == self._spool_folder:
                self._spool.wake()
                continue
            if folder not in owners:
                owners[folder] = self._tree_of(folder)
            if (tree := owners[folder]) is not None:
                self._hear_tree(tree, notice, saved)
            else:
                self._hear_git(notice)
        for root, paths in saved.items():
            self._context.edits.saved(root, paths)

    def _hear_tree(self, tree: Tree, notice: Notice, saved: dict[str, set[str]]) -> None:
        assert self._notices is not None
        whole = f"{notice.folder}/{notice.name}" if notice.name else notice.folder
        if whole == tree.root or notice.name == ".git":
            self._renew_soon(tree)
            return
        path = whole[len(tree.root) + 1 :]
        if notice.what == "come":
            if notice.is_folder:
                tree.new.add(path)
                tree.soon.wake()
            return
        if notice.is_folder and notice.what == "left":
            self._notices.drop(beneath(self._notices, whole))
        if notice.name == ".gitignore":
            self._rules_changed(tree)
        saved.setdefault(tree.root, set()).add(path)

    def _hear_git(self, notice: Notice) -> None:
        """Take what git wrote for itself."""
        folder, name = notice.folder, notice.name
        tree = next((tree for tree in self.trees.values() if tree.place.git_dir == folder), None)
        if tree is not None and name == "index.lock":
            self._context.edits.hold(tree.root, held=notice.what == "come")
        elif tree is not None and name == "index":
            self._context.edits.settle(tree.root)
        elif tree is not None and name == "HEAD":
            self._repositories[tree.place.common_dir].soon.wake()
        else:
            for repository in self._repositories.values():
                if lies_in(folder, repository.common_dir):
                    self._hear_repository(repository, notice)

    def _hear_repository(self, repository: "Repository", notice: Notice) -> None:
        where, name = os.path.relpath(notice.folder, repository.common_dir), notice.name
        trees = self._of(repository.common_dir)
        if notice.is_folder and notice.what == "come" and trees:
            self._renew_soon(trees[0])
        if name in REFS or (lies_in(where, "refs") and not name.endswith(".lock")):
            repository.refs_changed = True
            repository.soon.wake()
        elif where == "info" and name == "exclude":
            for tree in trees:
                self._rules_changed(tree)
        elif where == "worktrees" or name == "worktrees":
            for seconds in LINK_SECONDS:
                asyncio.get_running_loop().call_later(seconds, repository.soon.wake)

    def _rules_changed(self, tree: Tree) -> None:
        self._context.edits.rules_changed(tree.root)
        self._renew_soon(tree)

    def _of(self, common: str) -> list[Tree]:
        return [tree for tree in self.trees.values() if tree.place.common_dir == common]

    def _tree_of(self, folder: str) -> Tree | None:
        """Return the tree that a folder lies in: of one within another the inner one; none for git's own."""
        found = None
        if lies_in(folder, self._home):
            # What we write ourselves must not be what we look at.
            return None
        for root, tree in self.trees.items():
            if not tree.bare and lies_in(folder, root) and (found is None or len(root) > len(found.root)):
                found = tree
        if found is not None and lies_in(folder, f"{found.root}/.git"):
            return None
        return found

    async def _drain(self) -> None:
        await spool.drain(self._context)
