"""Contents for the workers: what a snapshot held beside what lies there now."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer
from aura.ids import is_id
from aura.record import held, snapshots
from aura.record.contents import Change, DiffQuery, FileDiff, SnapshotDiff
from aura.record.lookup import Lookup, not_found, place_in
from aura.record.places import relative
from aura.record.snapshots import Snapshot
from aura.repo.blobs import Blobs
from aura.repo.changes import SYMLINK
from aura.repo.requests import Content, text_of
from aura.repo.restores import Step
from aura.repo.snapshots import Held, Look, held_in, looks
from aura.store import Connection
from aura.syntax.naming import with_dots
from aura.syntax.parsing import MAX_BYTES

from .bind import encode, reply

if TYPE_CHECKING:
    from .context import Context

CONTENTS = 64 << 20
"""Bytes that are given to a worker at once; of more, the rest is compared as a whole."""
Files = Mapping[str, Held | None]


async def diff(
    context: "Context", caller: Caller, query: DiffQuery, request: web.Request
) -> web.StreamResponse:
    """Show what changed since a snapshot."""
    keeper = context.snapshots
    of = await context.read(lambda db: snapshots.get(db, query.id))
    old = await context.read(lambda db: held.files_of(db, snapshots.find(db, of.id)))
    async with keeper.holding():
        whole = of.scope == "tree"
        if query.to == "worktree":
            looked = await now(context, place_of(context, of), of, old)
            new: Files = await context.in_thread(lambda: {n: held_in(look) for n, look in looked.items()})
        else:
            new = await context.read(lambda db: held.files_of(db, snapshots.find(db, query.to)))
            whole = whole and await context.read(lambda db: snapshots.get(db, query.to).scope) == "tree"
        names = await context.in_thread(_differing, of.worktree, query.path, old, new, whole)
        sides = [await context.in_thread(contents, keeper.blobs, side, names) for side in (old, new)]
    found = await context.in_thread(context.pool.diff_contents, *sides)
    files = [_file(name, old.get(name), new.get(name), found.patches) for name in names]
    return reply(Answer(200, encode(SnapshotDiff(found.edits, found.degraded, files))))


def _differing(root: str, path: str | None, old: Files, new: Files, whole: bool) -> list[str]:
    """Return the files that differ; those that only one side speaks of do where both are whole."""
    both = {*old, *new} if whole else old.keys() & new.keys()
    inside = held.under(root, path, dict.fromkeys(both))
    return sorted(name for name in inside if old.get(name) != new.get(name))


async def graft(
    context: "Context", caller: Caller, of: Snapshot, files: Files, said: str, paths: list[str]
) -> tuple[Step, Look, str]:
    """Return the step that puts an entity as it was into today's file, with that file, and its name."""
    here, blobs = caller.here, context.snapshots.blobs
    names, known = await context.read(lambda db: _called(context, db, here, said))
    today = await now(context, here, of, files)
    if known is not None and known not in today:
        today |= await context.in_thread(looks, here.path, blobs, [known])
    if paths:
        inside = {
            n
            for path in paths
            for side in (files, dict.fromkeys(today))
            for n in held.under(here.path, path, side)
        }
        files = {name: found for name, found in files.items() if name in inside}
        today = {name: look for name, look in today.items() if name in inside}
    current = await context.in_thread(lambda: {name: held_in(look) for name, look in today.items()})
    differing = await context.in_thread(_differing, here.path, None, files, current, True)
    if known is not None and known not in differing:
        differing.append(known)
    old = await context.in_thread(contents, blobs, files, differing)
    new = await context.in_thread(contents, blobs, current, differing)
    found = await context.in_thread(context.pool.graft, old, new, names)
    name = next(name for name in today if text_of(name) == found.path)
    look = today[name]
    if look is None:
        raise AuraError("entity_not_found", f"cannot find {found.path} any more", "Restore it with --path.")
    sha256 = await context.in_thread(blobs.put, found.data)
    after = Held(look.held.mode, len(found.data), sha256)
    return Step(name, look.held, after), look, f"{found.path}:{found.name}"


async def now(context: "Context", here: Place, of: Snapshot, files: Files) -> dict[str, Look | None]:
    """Keep, as they are now, the files that a snapshot speaks of."""
    if of.scope == "tree":
        found, _ = await context.snapshots.look(here)
        return dict(found)
    return await context.in_thread(looks, here.path, context.snapshots.blobs, files)


def place_of(context: "Context", of: Snapshot) -> Place:
    """Return the work tree that a snapshot is of. Raises `worktree_not_found`."""
    if of.worktree not in context.callers.by_root:
        raise AuraError(
            "worktree_not_found",
            f"cannot find {of.worktree}: it is not registered any more",
            "Name another snapshot, or restore with --here into the work tree that you are in.",
        )
    return context.callers.at_root(of.worktree)


def contents(blobs: Blobs, files: Files, names: list[str]) -> list[Content]:
    """Read contents for a worker; what is too large, or no file, comes without."""
    found, left = [], CONTENTS
    for name in names:
        if (held := files.get(name)) is None:
            continue
        data = None
        if held.size <= min(MAX_BYTES, left) and held.mode != SYMLINK:
            data = blobs.read(held.sha256)
            left -= held.size
        found.append(Content(text_of(name), held.sha256, data))
    return found


def _called(context: "Context", db: Connection, here: Place, said: str) -> tuple[list[str], str | None]:
    """Return the names that may be meant, the given one first, and the file of the one on record."""
    names, known = [], None
    path, line = place_in(said)
    if line is None and not is_id(said, "ent"):
        path, colon, name = said.rpartition(":")
        is_file = colon and not path.endswith(":")
        names.append(f"{relative(here.path, path)}:{with_dots(name)}" if is_file else with_dots(said))
    for found in Lookup(db, here, context.pool, context.ancestry).named(said)[:1]:
        known = found.about.path
        if found.about.qualified_name:
            names.append(f"{known}:{found.about.qualified_name}")
    if not names:
        raise not_found(said)
    return names, known


def _file(name: str, old: Held | None, new: Held | None, patches: Mapping[str, str]) -> FileDiff:
    change: Change = "added" if old is None else "deleted" if new is None else "modified"
    before, after = (held.entry(name, side) if side else None for side in (old, new))
    return FileDiff(text_of(name), change, before, after, patches.get(text_of(name)))
