"""Logging intents over HTTP: durable first, then analysed, and answered with counts where that is quick."""

import asyncio
import os
from typing import Any

import msgspec
from aiohttp import web

from aura import idempotency
from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.ids import lowest_id
from aura.record import checks, intents, nodes, plans
from aura.record.claims import parsed
from aura.record.intents import Intent, NewIntent, NewIntents, NewItem
from aura.record.places import relative
from aura.record.plans import IntentToBind
from aura.record.verdicts import judge
from aura.repo import commits
from aura.repo.listing import holds
from aura.store import Connection, one

from . import claims
from .analysis import Job
from .bind import encode, once, reply, write_once
from .context import Context
from .decode import body_of

CREATED = 201


class _Undo(Exception):
    """Carries a dry run's intent out of the transaction that is then undone."""

    def __init__(self, intent: Intent) -> None:
        self.intent = intent


async def log(context: Context, caller: Caller, new: NewIntent, request: web.Request) -> web.StreamResponse:
    """Log one intent, and wait for its analysis as long as the caller wants."""
    if new.dry_run:
        new = await _settled(context, caller, new)
        return reply(Answer(200, encode(await _dry_run(context, caller, new))))

    async def act(key: Key | None) -> Answer:
        settled = await _settled(context, caller, new)
        if key is None:
            return await _log(context, caller, settled)
        return await _log_once(context, caller, settled, key)

    return await once(context, caller, request, act)


async def _log(context: Context, caller: Caller, new: NewIntent) -> Answer:
    seq, intent = await context.store.write_among(intents.add, (caller, new))
    job = _job(caller, new, seq)
    context.analyst.add(job)
    if job.done is not None:
        intent = await _analysed(job.done, new.wait_ms) or intent
    return Answer(CREATED, encode(intent))


async def _log_once(context: Context, caller: Caller, new: NewIntent, key: Key) -> Answer:
    logged: list[int] = []

    def write(db: Connection) -> Answer:
        logged.clear()
        [(seq, intent)] = intents.add(db, [(caller, new)])
        logged.append(seq)
        return Answer(CREATED, encode(intent))

    answer = await write_once(context, caller, key, write)
    if not logged or answer.replayed:
        return answer
    waiting = [new.wait_ms > 0]

    def after(db: Connection, analysed: Intent) -> None:
        if waiting[0]:
            idempotency.keep(db, key, Answer(CREATED, encode(analysed)))

    job = _job(caller, new, logged[0], after)
    context.analyst.add(job)
    if job.done is None:
        return answer
    if (analysed := await _analysed(job.done, new.wait_ms)) is not None:
        return Answer(CREATED, encode(analysed))
    waiting[0] = False
    # The analysis may have been attached and its answer kept while the wait ran out: that is then said.
    return await context.store.write(lambda db: _kept(db, key, answer))


async def _analysed(done: "asyncio.Future[Intent]", wait_ms: int) -> Intent | None:
    """Wait for an analysed intent; None where it takes longer."""
    try:
        async with asyncio.timeout(wait_ms / 1000):
            return await asyncio.shield(done)
    except TimeoutError:
        return None


def _kept(db: Connection, key: Key, answer: Answer) -> Answer:
    row = db.execute(
        "SELECT status, body FROM idempotency WHERE caller = ? AND route = ? AND key = ?", key[:3]
    ).fetchone()
    return Answer(row[0], row[1]) if row else answer


async def bind(
    context: Context, caller: Caller, at: IntentToBind, request: web.Request
) -> web.StreamResponse:
    """Bind an intent to a commit, which is read before where it was not."""

    async def act(key: Key | None) -> Answer:
        here = caller.here
        sha = await context.in_thread(commits.resolve, here.git_dir, at.commit)
        await context.backfills.catch_up(here, sha)

        def write(db: Connection) -> Answer:
            return Answer(200, encode(plans.bind(db, caller, at, sha)))

        answer = await write_once(context, caller, key, write)
        context.spawn(claims.catch_up(context))
        return answer

    return await once(context, caller, request, act)


async def batch(
    context: Context, caller: Caller, new: NewIntents, request: web.Request
) -> web.StreamResponse:
    """Log many intents in one transaction, and answer without waiting for their analysis."""
    given = msgspec.json.decode(await body_of(request))["intents"]
    return await once(context, caller, request, lambda key: _batch(context, caller, new, key, given))


async def _batch(
    context: Context, caller: Caller, new: NewIntents, key: Key | None, given: list[Any]
) -> Answer:
    items = [await _settled_or_error(context, caller, item) for item in new.intents]
    logged: dict[int, NewItem] = {}

    def write(db: Connection) -> Answer:
        logged.clear()
        outcomes = [_item(db, caller, item, said, logged) for item, said in zip(items, given, strict=True)]
        return Answer(200, b"[" + b",".join(outcomes) + b"]")

    answer = await write_once(context, caller, key, write)
    if not answer.replayed:
        for seq, item in logged.items():
            context.analyst.add(_job(caller, msgspec.structs.replace(item, wait_ms=0), seq))
    return answer


async def _settled_or_error(context: Context, caller: Caller, item: Any) -> NewItem | AuraError:
    try:
        settled: NewItem | AuraError = item
        if not isinstance(item, AuraError):
            settled = await _settled(context, caller, item)
        return settled
    except AuraError as error:
        return error


def _item(
    db: Connection, caller: Caller, item: NewItem | AuraError, said: Any, logged: dict[int, NewItem]
) -> bytes:
    """Log one item, or replay what it was answered before; its own failure is its answer."""

    def write(db: Connection) -> bytes:
        if isinstance(item, AuraError):
            raise item
        outcome = intents.outcome(db, caller, item)
        if outcome.ok is not None:
            logged[_seq(db, outcome.ok.id)] = item
        return encode(outcome)

    return idempotency.item(db, caller, "POST /v1/intents:batch", said, write)


def _seq(db: Connection, id_: str) -> int:
    return int(one(db, "SELECT seq FROM intents WHERE id = ?", id_)[0])


def _job(caller: Caller, new: NewIntent, seq: int, after: Any = lambda _db, _intent: None) -> Job:
    here = caller.here
    done = asyncio.get_running_loop().create_future() if new.wait_ms else None
    said = tuple(parsed(new.claims))
    return Job(seq, here, caller, here.head, new.commit, tuple(new.files), said, after, done)


async def _settled(context: Context, caller: Caller, new: Any) -> Any:
    """Resolve the commit's name, and write paths as git has them, before the writer is entered."""
    if new.commit is None and not new.files:
        return new
    here = caller.here
    commit = await context.in_thread(commits.resolve, here.git_dir, new.commit) if new.commit else None
    files = [relative(here.path, file) for file in new.files]
    await context.in_thread(_refuse_unknown, here, files, commit)
    return msgspec.structs.replace(new, commit=commit, files=files)


def _refuse_unknown(here: Place, files: list[str], commit: str | None) -> None:
    """Refuse files that are neither in the work tree nor in what it is compared with."""
    for file in files:
        # A backslash may stand for bytes that are no text.
        if os.path.lexists(os.path.join(here.path, file)) or "\\" in file:
            continue
        revs = [commit, f"{commit}^"] if commit else [here.head] if here.head else []
        if not any(holds(here.git_dir, rev, file) for rev in revs):
            also = f" or in commit {commit[:12]}" if commit else " or in HEAD" if here.head else ""
            message = f"cannot find {file} in the work tree{also}"
            raise AuraError("file_not_found", message, "aura diff shows what is changed, and where.")


async def _dry_run(context: Context, caller: Caller, new: NewIntent) -> Intent:
    def write(db: Connection) -> None:
        raise _Undo(intents.log(db, caller, new))

    try:
        await context.store.write(write)
    except _Undo as undo:
        intent = undo.intent
    said = parsed(new.claims)
    found = await context.analyst.scan(caller.here, caller.here.head, new.commit, tuple(new.files), said)
    changed, added, deleted = nodes.counts(found.edits)
    return msgspec.structs.replace(
        intent,
        id=lowest_id("itn", 0),
        analysis="done",
        binding=intent.binding if new.commit or found.edits else "waiting",
        degraded=found.degraded,
        nodes_changed=changed,
        nodes_added=added,
        nodes_deleted=deleted,
        claims=judge(said, found.evidence) if found.evidence else checks.unreadable(said),
    )
