"""Restoring: what lies there is kept and the plan is on record before the first file is written."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from aiohttp import web

from aura import idempotency
from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.record import held, restores, snapshots
from aura.record.restores import Action, NewRestore, Restore, Restored, Turn
from aura.record.snapshots import Snapshot, taken
from aura.repo.files import Stamp
from aura.repo.requests import text_of
from aura.repo.restores import Outcome, Step, carry_out, clear
from aura.repo.snapshots import Held, Look, held_in, looks
from aura.store import Connection

from . import grafts
from .bind import encode, once, write_once

if TYPE_CHECKING:
    from .context import Context

MOST_NAMED = 5
CHANGED_SINCE = "it was changed since"
log = logging.getLogger("aura.snapshots")


class _Plan(NamedTuple):
    """What is to be done, and how the files looked when they were kept."""

    steps: list[Step]
    kept: Mapping[str, Stamp | None]
    entity: str | None = None


async def restore(
    context: "Context", caller: Caller, new: NewRestore, request: web.Request
) -> web.StreamResponse:
    """Restore a snapshot, or a part of it."""
    keeper = context.snapshots

    async def act(key: Key | None) -> Answer:
        of = await context.read(lambda db: snapshots.get(db, new.id))
        into = msgspec.structs.replace(caller, place=_target(context, caller, of, new))
        async with keeper.tree(into.here.path), keeper.holding():
            if (done := await _done_meanwhile(context, key)) is not None:
                return done
            plan = await _plan(context, into, of, new)
            return await _restore(context, into, of, plan, key)

    return await once(context, caller, request, act)


async def undo(context: "Context", caller: Caller, turn: Turn, request: web.Request) -> web.StreamResponse:
    """Undo the last restore."""
    return await _turn(context, caller, "undo", turn, request)


async def redo(context: "Context", caller: Caller, turn: Turn, request: web.Request) -> web.StreamResponse:
    """Restore again what was undone last."""
    return await _turn(context, caller, "redo", turn, request)


async def resume(context: "Context") -> None:
    """Finish what a daemon that was killed left half done; nobody restores there before.

    Where HEAD has moved, or the work tree is gone, it stays as it is, and can be undone. What was changed
    since is left alone.
    """
    try:
        unfinished = await context.read(restores.unfinished)
    except AuraError as error:
        log.warning("cannot look for restores that were cut short: %s", error)
        return
    locks = [context.snapshots.tree(root) for root in {left.worktree for left in unfinished}]
    for lock in locks:
        await lock.acquire()

    async def finish() -> None:
        try:
            for left in unfinished:
                try:
                    await _resume(context, left)
                except Exception as error:
                    log.warning("cannot finish the restore of %s: %s", left.worktree, error)
        finally:
            for lock in locks:
                lock.release()

    context.spawn(finish())


async def _resume(context: "Context", left: Restore) -> None:
    caller = msgspec.json.decode(left.caller, type=Caller)
    place = context.callers.by_root.get(left.worktree)
    if place is None or context.callers.at_root(left.worktree).head != left.head:
        await context.store.write(lambda db: restores.interrupt(db, left.seq))
        if place is not None:
            steps = await context.read(lambda db: restores.steps_of(db, left.seq, left.action))
            await context.in_thread(clear, left.worktree, steps, _part(left))
        return
    key = msgspec.json.decode(left.answer_key, type=Key) if left.answer_key else None
    before = left.before if left.action == "restore" else None
    await _carry_out(context, caller, left, left.action, {}, key, before=before, overwrite=False)
    log.info("finished the restore of %s that was cut short", left.worktree)


def _target(context: "Context", caller: Caller, of: Snapshot, new: NewRestore) -> Place:
    """Return the work tree to restore into."""
    if new.here:
        if caller.here.slug != of.repo:
            raise AuraError(
                "conflict",
                f"cannot restore {of.id} here: it is of {of.repo}",
                "Go to a work tree of that repository.",
            )
        return caller.here
    if of.worktree not in context.callers.by_root:
        raise AuraError(
            "worktree_not_found",
            f"cannot restore into {of.worktree}: it is not registered any more",
            "Add --here to restore into the work tree that you are in.",
        )
    return context.callers.at_root(of.worktree)


async def _plan(context: "Context", caller: Caller, of: Snapshot, new: NewRestore) -> _Plan:
    here, blobs = caller.here, context.snapshots.blobs
    files = await context.read(lambda db: held.files_of(db, snapshots.find(db, of.id)))
    if new.entity is not None:
        step, look, entity = await grafts.graft(context, caller, of, files, new.entity, new.paths)
        return _Plan([step] if step.after != step.before else [], {step.name: look.stamp}, entity)
    wanted = files
    if new.paths:
        wanted = {n: h for path in new.paths for n, h in held.under(here.path, path, files).items()}
        if not wanted and of.scope == "files":
            raise _not_in(of, new.paths[0])
    if of.scope == "files":
        now = await context.in_thread(looks, here.path, blobs, wanted)
    else:
        now = await _tree_now(context, here, new.paths, wanted)
        if new.paths and not now and not wanted:
            raise _not_in(of, new.paths[0])
    return await context.in_thread(_steps, wanted, now)


def _steps(wanted: Mapping[str, Held | None], now: Mapping[str, Look | None]) -> _Plan:
    steps = []
    for name in sorted({*wanted, *now}):
        before = held_in(now.get(name))
        if before != wanted.get(name):
            steps.append(Step(name, before, wanted.get(name)))
    return _Plan(steps, {step.name: _stamp(now.get(step.name)) for step in steps})


async def _tree_now(
    context: "Context", here: Place, paths: list[str], wanted: Mapping[str, Held | None]
) -> dict[str, Look | None]:
    """Keep all files as they are now; those, too, that git ignores by now but did not then."""
    found, _ = await context.snapshots.look(here)
    now, missing = await context.in_thread(_inside, here, paths, found, wanted)
    return now | await context.in_thread(looks, here.path, context.snapshots.blobs, missing)


def _inside(
    here: Place, paths: list[str], found: Mapping[str, Look], wanted: Mapping[str, Held | None]
) -> tuple[dict[str, Look | None], list[str]]:
    """Return what lies at or below some paths, all without any, and what is wanted there besides."""
    now: dict[str, Look | None] = dict(found)
    if paths:
        all_held = {name: look.held for name, look in found.items()}
        inside = {name for path in paths for name in held.under(here.path, path, all_held)}
        now = {name: look for name, look in found.items() if name in inside}
    return now, [name for name in wanted if name not in now]


async def _restore(context: "Context", caller: Caller, of: Snapshot, plan: _Plan, key: Key | None) -> Answer:
    if not plan.steps:
        same = Answer(200, encode(Restored("restore", of.id, None, caller.here.path, 0, [], plan.entity)))
        return await write_once(context, caller, key, lambda db: same)

    def begin(db: Connection) -> Restore:
        before = snapshots.add(db, caller, taken({s.name: s.before for s in plan.steps}, "restore"))
        return restores.begin(
            db, caller, of.id, before.id, plan.steps, entity=plan.entity, answer_key=_written(key)
        )

    begun = await context.store.write(begin)
    return await _carry_out(context, caller, begun, "restore", plan.kept, key, before=begun.before)


async def _turn(
    context: "Context", caller: Caller, action: Action, turn: Turn, request: web.Request
) -> web.StreamResponse:
    keeper = context.snapshots

    async def act(key: Key | None) -> Answer:
        async with keeper.tree(caller.here.path), keeper.holding():
            if (done := await _done_meanwhile(context, key)) is not None:
                return done
            return await _turned(context, caller, action, turn, key)

    return await once(context, caller, request, act)


async def _turned(context: "Context", caller: Caller, action: Action, turn: Turn, key: Key | None) -> Answer:
    here = caller.here
    meant = await context.read(lambda db: restores.next_turn(db, here.path, action))
    steps = await context.read(lambda db: restores.steps_of(db, meant.seq, action))
    names = [step.name for step in steps]
    now = await context.in_thread(looks, here.path, context.snapshots.blobs, names)
    there = {name: held_in(look) for name, look in now.items()}
    changed = [s for s in steps if there[s.name] not in (s.before, s.after)]
    if changed and not turn.force:
        raise _changed(action, [step.name for step in changed])
    before: list[str | None] = [None]

    def begin(db: Connection) -> Restore:
        if changed:
            rest = taken({step.name: there[step.name] for step in changed}, "restore")
            before[0] = snapshots.add(db, caller, rest).id
            really = [Step(step.name, there[step.name], step.after) for step in changed]
            restores.replan(db, meant.seq, action, really)
        return restores.turn(db, caller, meant, action, _written(key))

    begun = await context.store.write(begin)
    # Who is where the plan leads already is not where it begins.
    stamps = {s.name: _stamp(now[s.name]) for s in steps if there[s.name] != s.after}
    return await _carry_out(context, caller, begun, action, stamps, key, before=before[0])


async def _carry_out(
    context: "Context",
    caller: Caller,
    begun: Restore,
    action: Action,
    kept: Mapping[str, Stamp | None],
    key: Key | None,
    *,
    before: str | None = None,
    overwrite: bool = True,
) -> Answer:
    """Write the files of a plan that is on record, and record the end."""
    steps = await context.read(lambda db: restores.steps_of(db, begun.seq, action))
    by_name = {step.name: step for step in steps}

    def rescue(name: str, found: Held | None) -> None:
        # Somebody was quicker than we: what they wrote is on record before it is replaced.
        step = by_name[name]._replace(before=found)
        context.store.submit(lambda db: restores.replan(db, begun.seq, action, [step])).result()

    def work() -> Outcome:
        return carry_out(
            begun.worktree,
            context.snapshots.blobs,
            steps,
            _part(begun),
            overwrite=overwrite,
            kept=kept,
            rescue=rescue,
            stop=context.stopping.is_set,
        )

    try:
        outcome = await context.in_thread(work)
    except Exception as error:
        if not isinstance(error, AuraError) or error.code != "shutting_down":
            await context.store.write(lambda db: restores.interrupt(db, begun.seq))
        raise

    def end(db: Connection) -> Answer:
        rescued = None
        if overwrite and outcome.changed:
            rescued = snapshots.add(db, caller, taken(outcome.changed, "restore")).id
        left = {} if overwrite else {text_of(name): CHANGED_SINCE for name in outcome.changed}
        paths = sorted(text_of(name) for name in outcome.done)
        done = Restored(
            action, begun.snapshot, before or rescued, begun.worktree,
            len(paths), paths[: restores.SHOWN], begun.entity,
            {text_of(name): why for name, why in outcome.blocked.items()} | left,
        )  # fmt: skip
        restores.finish(db, caller, begun, done)
        return Answer(200, encode(done))

    if key is not None and not overwrite:
        return await context.store.write(lambda db: _kept(db, key, end(db)))
    return await write_once(context, caller, key, end)


def _part(restore: Restore) -> str:
    """Return how the names of files begin that are not whole yet."""
    return f".aura-{restore.seq}-"


def _stamp(look: Look | None) -> Stamp | None:
    return look.stamp if look else None


async def _done_meanwhile(context: "Context", key: Key | None) -> Answer | None:
    """Return what a daemon that was killed began under this key, and this one finished at its start."""
    return await context.read(lambda db: idempotency.replay(db, key)) if key else None


def _written(key: Key | None) -> str | None:
    return msgspec.json.encode(key).decode() if key else None


def _kept(db: Connection, key: Key, answer: Answer) -> Answer:
    """Keep the answer for the client of a daemon that was killed: it will ask again."""
    idempotency.keep(db, key, answer)
    return answer


def _changed(action: Action, names: list[str]) -> AuraError:
    named = ", ".join(text_of(name) for name in names[:MOST_NAMED])
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return AuraError(
        "conflict",
        f"cannot {action}: {named}{more} changed since",
        f"aura {action} --force keeps a snapshot of that first.",
        {"paths": [text_of(name) for name in names]},
    )


def _not_in(of: Snapshot, path: str) -> AuraError:
    return AuraError(
        "file_not_found", f"cannot find {path} in {of.id}", f"aura snapshot show {of.id} lists its files."
    )
