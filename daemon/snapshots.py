"""Snapshots over HTTP: files are read and kept in threads, and then the record is written."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from aura import home, idempotency
from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.record import held, settings, snapshots
from aura.record.held import Files
from aura.record.places import relative
from aura.record.snapshots import Edited, NewEdit, NewSnapshot, NewSnapshots, Outcome, Snapshot, Taken, taken
from aura.repo.blobs import Blobs
from aura.repo.files import may_be
from aura.repo.requests import text_of
from aura.repo.snapshots import Copies, Held, Look, below, held_in, keep
from aura.store import Connection

from .bind import encode, once, write_once
from .callers import worktree_of
from .decode import body_of

if TYPE_CHECKING:
    from .context import Context

CREATED = 201
MOST_CHANGED = 0.2
"""A snapshot that differs from its base in more than this share of the files is a base of its own."""
log = logging.getLogger("aura.snapshots")
_Bases = dict[str, tuple[int, Files]]


class Keeper:
    """Keeps the contents of snapshots, and knows what the work trees held when it looked last."""

    def __init__(self, context: "Context") -> None:
        self.context = context
        self.blobs = Blobs(Path(home.path("blobs.db")))
        self._copies: dict[str, Copies] = {}
        self._bases: _Bases = {}
        self._trees: dict[str, asyncio.Lock] = {}
        self._inside, self._sweeping = 0, False
        self._changed = asyncio.Condition()

    def tree(self, root: str) -> asyncio.Lock:
        """Return the lock of a work tree: who looks at all of it, or restores, does so alone.

        It is taken before contents are held.
        """
        return self._trees.setdefault(root, asyncio.Lock())

    @asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Keep contents from being swept until what needs them is on record."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._sweeping)
            self._inside += 1
        try:
            yield
        finally:
            async with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def sweeping(self) -> AsyncIterator[None]:
        """Let nobody hold contents meanwhile, and forget what was known of them."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._sweeping)
            self._sweeping = True
            await self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            for copies in self._copies.values():
                copies.forget()
            self._bases.clear()
            async with self._changed:
                self._sweeping = False
                self._changed.notify_all()

    async def look(self, place: Place) -> tuple[dict[str, Look], int]:
        """Keep every file of a work tree; return them, and how many were too large."""
        root, context = place.path, self.context
        if place.is_bare:
            raise AuraError(
                "not_a_repository", f"cannot look at the files of {root}: it is bare", "Name a work tree."
            )
        largest = int(await context.read(lambda db: settings.value(db, place.repo, "snapshots.largest")))
        copies = self._copies.setdefault(root, Copies(worktree_of(place), self.blobs))
        found = await context.in_thread(copies.tree, largest * 1_000_000, context.stopping.is_set)
        return found.files, len(found.omitted)

    async def whole(self, place: Place) -> Taken:
        """Keep a work tree; return what its snapshot shall hold."""
        looks, omitted = await self.look(place)
        return await self.context.read(lambda db: self._taken(db, place, looks, omitted))

    def _taken(self, db: Connection, place: Place, looks: dict[str, Look], omitted: int) -> Taken:
        files = {name: look.held for name, look in looks.items()}
        total, size = len(files), sum(held.size for held in files.values())
        known = self._bases.get(place.path)
        candidates = [known] if known else []
        for base, before in candidates or self._bases_of(db, place):
            changed: dict[str, Held | None] = {n: h for n, h in files.items() if before.get(n) != h}
            changed.update((name, None) for name in before if name not in files)
            if len(changed) <= max(20, MOST_CHANGED * total):
                self._bases[place.path] = base, before
                return Taken("tree", "asked", changed, total, size, base, omitted)
        return Taken("tree", "asked", files, total, size, None, omitted)

    def _bases_of(self, db: Connection, place: Place) -> list[tuple[int, Files]]:
        return [(seq, held.own_files(db, seq)) for seq in held.bases(db, place.repo, place.path)]

    async def add(
        self,
        caller: Caller,
        what: Taken,
        message: str | None,
        key: Key | None,
        then: Callable[[Connection, Snapshot], Answer],
    ) -> Answer:
        """Record a snapshot, many files in several transactions, before which nobody sees it."""
        context, rest = self.context, list(what.files.items())
        begun: list[int] = []
        if len(rest) > snapshots.ROWS_AT_ONCE:
            begun.append(await context.store.write(lambda db: snapshots.begin(db, caller, what, message)))
            for start in range(0, len(rest), snapshots.ROWS_AT_ONCE):
                part = rest[start : start + snapshots.ROWS_AT_ONCE]
                await context.store.write(partial(_add_files, seq=begun[0], files=part))
            rest = []
        seqs = [0]

        def write(db: Connection) -> Answer:
            seqs[0] = begun[0] if begun else snapshots.begin(db, caller, what, message)
            held.add_files(db, seqs[0], rest)
            return then(db, snapshots.finish(db, caller, seqs[0]))

        answer = await write_once(context, caller, key, write)
        if what.scope == "tree" and what.base is None and seqs[0]:
            self._bases[caller.here.path] = seqs[0], what.files
        return answer


async def create(
    context: "Context", caller: Caller, new: NewSnapshot, request: web.Request
) -> web.StreamResponse:
    """Create a snapshot of some files, or of the work tree."""
    keeper = context.snapshots
    caller = await _where(context, caller, new.paths)

    async def act(key: Key | None) -> Answer:
        async with _alone(keeper, caller, [new]), keeper.holding():
            what = await _take(context, caller, new)
            return await keeper.add(caller, what, new.message, key, _created)

    return await once(context, caller, request, act)


async def edit(context: "Context", caller: Caller, new: NewEdit, request: web.Request) -> web.StreamResponse:
    """Keep files that are about to be edited, where that is wanted."""
    caller = await _where(context, caller, new.paths)
    return await once(context, caller, request, partial(before_edit, context, caller, new))


async def before_edit(context: "Context", caller: Caller, new: NewEdit, key: Key | None = None) -> Answer:
    """Keep files of the caller's work tree that are about to be edited, where that is wanted."""
    keeper = context.snapshots
    if caller.place is None or not await context.read(lambda db: snapshots.is_auto(db, caller.here.repo)):
        return Answer(200, encode(Edited(False)))
    async with keeper.holding():
        files = await context.in_thread(_files, keeper.blobs, caller.here, new.paths)

        def write(db: Connection) -> Answer:
            known = snapshots.newest_of(db, caller.here.path, files)
            made = known or snapshots.add(db, caller, taken(files, "edit"))
            return Answer(200, encode(Edited(True, made)))

        return await write_once(context, caller, key, write)


async def batch(
    context: "Context", caller: Caller, new: NewSnapshots, request: web.Request
) -> web.StreamResponse:
    """Create many snapshots in one transaction."""
    keeper = context.snapshots
    given = msgspec.json.decode(await body_of(request))["snapshots"]

    async def act(key: Key | None) -> Answer:
        async with _alone(keeper, caller, new.snapshots), keeper.holding():
            items = [await _taken_or_error(context, caller, item) for item in new.snapshots]

            def write(db: Connection) -> Answer:
                outcomes = [_item(db, caller, item, said) for item, said in zip(items, given, strict=True)]
                return Answer(200, b"[" + b",".join(outcomes) + b"]")

            return await write_once(context, caller, key, write)

    return await once(context, caller, request, act)


def _item(db: Connection, caller: Caller, item: tuple[Taken, str | None] | AuraError, said: Any) -> bytes:
    def write(db: Connection) -> bytes:
        if isinstance(item, AuraError):
            raise item
        return encode(Outcome(ok=snapshots.add(db, caller, *item)))

    return idempotency.item(db, caller, "POST /v1/snapshots:batch", said, write)


async def _taken_or_error(
    context: "Context", caller: Caller, item: Any
) -> tuple[Taken, str | None] | AuraError:
    if isinstance(item, AuraError):
        return item
    try:
        return await _take(context, caller, item), item.message
    except AuraError as error:
        return error


def _add_files(db: Connection, seq: int, files: list[tuple[str, Held | None]]) -> None:
    held.add_files(db, seq, files)


def _created(db: Connection, made: Snapshot) -> Answer:
    return Answer(CREATED, encode(made))


@asynccontextmanager
async def _alone(keeper: Keeper, caller: Caller, news: Sequence[Any]) -> AsyncIterator[None]:
    """Look at a whole work tree alone: not while it is being restored."""
    if all(isinstance(new, AuraError) or new.paths for new in news):
        yield
        return
    async with keeper.tree(caller.here.path):
        yield


async def _where(context: "Context", caller: Caller, paths: Sequence[str]) -> Caller:
    """Return the caller in the work tree that the first path lies in, wherever it stands itself."""
    if not paths or not paths[0].startswith("/"):
        return caller
    place = await context.callers.named(paths[0])
    return msgspec.structs.replace(caller, place=place) if place else caller


async def _take(context: "Context", caller: Caller, new: NewSnapshot) -> Taken:
    keeper, here = context.snapshots, caller.here
    if new.content is None and not new.paths:
        return await keeper.whole(here)
    if new.content is not None and len(new.paths) != 1:
        raise AuraError(
            "invalid_request",
            "cannot keep a content without knowing of which file it is",
            "Give one path with it.",
            {"path": "$.paths"},
        )
    files = await context.in_thread(_files, keeper.blobs, here, new.paths, new.content)
    absent = [name for name, found in files.items() if found is None]
    if absent or not files:
        raise AuraError(
            "file_not_found",
            f"cannot find {text_of(absent[0]) if absent else 'a file in ' + new.paths[0]}",
            "aura snapshot create keeps files that are there; without a path, all of them.",
            {"path": "$.paths"},
        )
    return taken(files, "asked")


def _files(blobs: Blobs, here: Place, paths: Sequence[str], content: bytes | None = None) -> Files:
    """Keep the files that are named, those of a folder too; or a content as that of the one that is."""
    names: dict[str, None] = {}
    for path in paths:
        name = relative(here.path, path)
        whole = os.path.join(here.path, name)
        if os.path.isdir(whole) and not os.path.islink(whole) and content is None:
            names |= dict.fromkeys(below(worktree_of(here), name))
        else:
            names[name] = None
    if content is None:
        looks = keep(here.path, blobs, names)
        return {name: held_in(look) for name, look in looks.items()}
    (name,) = names
    if not may_be(name):
        keep(here.path, blobs, [name])
    mode = os.lstat(whole).st_mode & 0o777 if os.path.isfile(whole) else 0o644
    return {name: Held(0o100000 | mode, len(content), blobs.put(content))}
