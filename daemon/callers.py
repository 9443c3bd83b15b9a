"""Who calls, and from which work tree: resolved once for each request."""

import asyncio
import os
import time
from collections.abc import Callable
from functools import cache

import msgspec

from aura.api import Actor, Caller, Place
from aura.errors import AuraError
from aura.op import Operation
from aura.record import worktrees
from aura.repo.worktrees import Head, WorkTree, discover, head, identity
from aura.store import Connection, Store

from .sessions import Sessions

FRESH_SECONDS = 5.0
LENIENT = ("none", "maybe")
"""What an operation needs, where a repository that is named and unknown is no error."""
GLANCE_SECONDS = 0.005
"""Requests that come this close together share one look at git's files."""
YOUNG_NS = 100_000_000
NOBODY = Actor("local", "human", "")
Stamps = tuple[tuple[int, int], ...]


class Callers:
    """The registered places, kept in memory, and what a request names by path or slug."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.sessions = Sessions(store)
        self._found: dict[str, tuple[float, WorkTree]] = {}
        self._identities: dict[str, tuple[Stamps | None, Actor]] = {}
        self._heads: dict[str, tuple[Stamps | None, Place]] = {}
        self._seen: dict[str | None, tuple[float, tuple[Place, Actor] | None]] = {}
        self.by_root: dict[str, Place] = {}
        self.changed: tuple[Callable[[], None], ...] = ()
        self.reload()

    def reload(self) -> None:
        """Read the registered places anew."""
        self.by_root = {place.path: place for place in self._store.read(worktrees.places)}
        self._found.clear()
        self._heads.clear()
        self._seen.clear()
        self.sessions.reload()
        for tell in self.changed:
            tell()

    async def resolve(
        self,
        operation: Operation,
        named: str | None,
        session: str | None,
        scopes: frozenset[str],
        token: str,
        request_id: str,
    ) -> Caller:
        """Return the caller of a request that names a repository as `named`, path or slug, or not at all."""
        if operation.needs == "none" and not named:
            place, who = None, NOBODY
        else:
            place, who = self._lately(named) or await self._look(operation, named)
        actor = (self.sessions.actor(session) if session else None) or who
        return Caller(
            actor=actor, place=place, session=session, scopes=scopes, token=token, request_id=request_id
        )

    def _lately(self, named: str | None) -> tuple[Place, Actor] | None:
        looked, seen = self._seen.get(named, (0.0, None))
        return seen if time.monotonic() - looked < GLANCE_SECONDS else None

    async def _look(self, operation: Operation, named: str | None) -> tuple[Place | None, Actor]:
        now = time.monotonic()
        place = await self._place(operation, named)
        if place is None:
            return None, NOBODY
        actor = await self.actor_at(place)
        if len(self._seen) > 1000:
            self._seen.clear()
        self._seen[named] = (now, (place, actor))
        return place, actor

    async def _place(self, operation: Operation, named: str | None) -> Place | None:
        if not named:
            return self._only(operation)
        if named.startswith("/"):
            return await self._at(named, operation)
        return self._called(named)

    def _only(self, operation: Operation) -> Place | None:
        repos = {place.repo for place in self.by_root.values()}
        if len(repos) == 1:
            return self._now(next(iter(self.by_root.values())))
        if operation.needs != "required":
            return None
        if not repos:
            raise AuraError(
                "repo_not_found",
                "cannot find a repository: none is registered",
                "Run aura init inside a work tree.",
            )
        raise AuraError(
            "repo_required",
            "cannot tell which repository is meant",
            "Add ?repo= or the header Aura-Repo with one of details.repos, or a path in its work tree.",
            {"repos": sorted({place.slug for place in self.by_root.values()})},
        )

    async def named(self, path: str) -> Place | None:
        """Return the place of a path, or None where it is not registered."""
        try:
            found = self._discover(path)
        except (AuraError, OSError):
            return None
        place = self.by_root.get(found.root) or await self._adopt(found)
        return self._now(place) if place else None

    def at_root(self, root: str) -> Place:
        """Return the registered place with this root, with its branch and head as they are this moment."""
        self._heads.pop(root, None)
        self._seen.clear()
        return self._now(self.by_root[root])

    def _called(self, slug: str) -> Place:
        for place in self.by_root.values():
            if place.slug == slug:
                return self._now(place)
        raise AuraError(
            "repo_not_found",
            f"cannot find the repository {slug}: it is not registered",
            "Run aura init inside its work tree, or choose one of details.repos.",
            {"repos": sorted({place.slug for place in self.by_root.values()})},
        )

    async def _at(self, path: str, operation: Operation) -> Place | None:
        try:
            found = self._discover(path)
        except AuraError:
            if operation.needs in LENIENT:
                return None
            raise
        place = self.by_root.get(found.root)
        if place is None:
            place = await self._adopt(found)
        if place is not None:
            return self._now(place)
        if operation.needs in LENIENT:
            return None
        raise AuraError(
            "repo_not_found",
            f"cannot find {found.root}: it is not registered",
            f"Run aura init in {found.root}.",
        )

    def _discover(self, path: str) -> WorkTree:
        now = time.monotonic()
        kept = self._found.get(path)
        if kept and now - kept[0] < FRESH_SECONDS:
            return kept[1]
        found = discover(path)
        if len(self._found) > 1000:
            self._found.clear()
        self._found[path] = (now, found)
        return found

    async def _adopt(self, found: WorkTree) -> Place | None:
        """A work tree that was linked to a registered repository since belongs to it without being told."""
        if not any(place.common_dir == found.common_dir for place in self.by_root.values()):
            return None
        caller = Caller(actor=Actor("aura", "system", "aura"))
        new = worktrees.NewWorkTree(found.root)

        def register(db: Connection) -> None:
            worktrees.register(db, caller, new, found)

        await self._store.write(register)
        self.reload()
        return self.by_root.get(found.root)

    def _now(self, place: Place) -> Place:
        """Return the place with its branch and head as they are now, read anew only where git wrote one."""
        stamps, known = self._heads.get(place.path, (None, place))
        before = _head_stamps(place, known.branch)
        if stamps == before:
            return known
        try:
            at = head(worktree_of(place))
        except (AuraError, OSError):
            return place
        now = msgspec.structs.replace(place, branch=at.branch, head=at.sha)
        sure = at.branch == known.branch and not _is_young(before)
        self._heads[place.path] = (before if sure else None, now)
        return now

    async def actor_at(self, place: Place) -> Actor:
        """Return who commits in a work tree."""
        known_stamps, known = self._identities.get(place.path, (None, NOBODY))
        stamps = _stamps(place)
        if stamps == known_stamps:
            return known
        try:
            who = await asyncio.to_thread(identity, worktree_of(place))
            actor = Actor(who.id or "local", "human", who.name)
        except (AuraError, OSError):
            actor = NOBODY
        self._identities[place.path] = (stamps, actor)
        return actor


def _head_stamps(place: Place, branch: str | None) -> Stamps:
    """When and as which inodes the files that say where HEAD is were last written."""
    names = ("packed-refs", "reftable/tables.list")
    files = [f"{place.git_dir}/HEAD", *(f"{place.common_dir}/{name}" for name in names)]
    return tuple(map(_stamp, files + ([f"{place.common_dir}/refs/heads/{branch}"] if branch else [])))


def _is_young(stamps: tuple[tuple[int, int], ...]) -> bool:
    """Whether a file was written so lately that it may be written again without another date."""
    return time.time_ns() - max(written for written, _ in stamps) < YOUNG_NS


def _stamps(place: Place) -> Stamps:
    """When the files that say who commits here were last written."""
    return tuple(map(_stamp, (f"{place.common_dir}/config", *_personal())))


@cache
def _personal() -> tuple[str, ...]:
    """Return where git looks for what a user has set everywhere."""
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.expanduser("~/.gitconfig"), f"{config}/git/config"


def _stamp(file: str) -> tuple[int, int]:
    try:
        met = os.stat(file)
    except OSError:
        return 0, 0
    return met.st_mtime_ns, met.st_ino


def worktree_of(place: Place) -> WorkTree:
    """Return a place as the room of git knows it."""
    return WorkTree(place.path, place.git_dir, place.common_dir, False, place.slug, Head(None, None))
