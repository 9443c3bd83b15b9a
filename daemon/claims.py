"""Judging claims: on demand, when a commit holds what was claimed, and before one is made."""

import asyncio
import logging
import os
from collections.abc import Sequence

from aiohttp import web

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.record import cases, checks, hooks, intents, judgements, settings
from aura.record.cases import Case
from aura.record.checks import IntentToCheck, change_of
from aura.record.claims import Claim
from aura.record.verdicts import sought
from aura.repo.requests import DiffCommits, DiffStaged, DiffWorktree
from aura.store import Connection
from aura.syntax.evidence import Evidence

from . import asking
from .bind import encode, once, write_once
from .context import SYSTEM, Context

log = logging.getLogger("aura.claims")
_catching_up = asyncio.Lock()


async def examine(
    context: Context, place: Place, change: DiffCommits | DiffWorktree | DiffStaged, claims: Sequence[Claim]
) -> Evidence:
    """Look at a change as closely as these claims need."""
    paths: list[str] = []
    if place.head is not None:
        paths = await context.read(lambda db: checks.places_of(db, place.repo, claims))
    return await context.in_thread(context.pool.examine, change, sought(claims), paths)


async def check(
    context: Context, caller: Caller, at: IntentToCheck, request: web.Request
) -> web.StreamResponse:
    """Judge the claims of one intent now, and answer the intent."""

    async def act(key: Key | None) -> Answer:
        case = await context.read(lambda db: cases.case(db, caller, at.id))
        place = _place_of(context, case) or caller.here
        against = at.against or case.commit or "worktree"
        change = await context.in_thread(change_of, place, against)
        evidence = await examine(context, place, change, case.claims) if case.claims else Evidence()
        sha = change.shas[0] if isinstance(change, DiffCommits) else None
        meant = case._replace(commit=sha)

        def write(db: Connection) -> Answer:
            found = checks.verdicts(db, [meant], evidence)
            judgements.settle(db, caller, place, found, sha or against)
            return Answer(200, encode(intents.by_seq(db, case.seq)))

        return await write_once(context, caller, key, write)

    return await once(context, caller, request, act)


def _place_of(context: Context, case: Case) -> Place | None:
    """Return the work tree that an intent was logged in, else another of its repository."""
    known = context.callers.by_root
    if case.worktree in known:
        return context.callers.at_root(case.worktree)
    return next((place for place in known.values() if place.repo == case.repo), None)


async def catch_up(context: Context) -> None:
    """Judge the claims of intents by the commits that hold them by now."""
    async with _catching_up:
        due = await context.read(cases.due)
        commits = dict.fromkeys((case.repo, case.commit) for case in due)
        for repo, commit in commits:
            held = [case for case in due if (case.repo, case.commit) == (repo, commit)]
            place = _place_of(context, held[0])
            if place is not None and commit is not None:
                await _judge(context, place, commit, held)
        await asking.write(context)


async def _judge(context: Context, place: Place, commit: str, held: list[Case]) -> None:
    change = DiffCommits(os.fsencode(place.git_dir), [commit])
    try:
        evidence = await examine(context, place, change, [claim for case in held for claim in case.claims])
    except AuraError as error:
        log.warning("cannot judge the claims about commit %s: %s", commit, error)
        evidence = None

    def write(db: Connection) -> None:
        if evidence is None:
            found = {case.seq: checks.unreadable(case.claims) for case in held}
        else:
            found = checks.verdicts(db, held, evidence)
        judgements.settle(db, SYSTEM, place, found, commit)

    await context.store.write(write)


async def objections(context: Context, place: Place, index: str | None) -> str:
    """Tell what is staged against what intents claim of it, as the pre-commit hook is answered."""
    mode = await context.read(lambda db: settings.value(db, place.repo, "claims"))
    if mode == "off":
        return "ok"
    open_ = await context.read(lambda db: cases.waiting(db, place.path, place.head))
    if not open_:
        return "ok"
    change = change_of(place, "staged", index)
    evidence = await examine(context, place, change, [claim for case in open_ for claim in case.claims])
    return await context.read(lambda db: hooks.objections(db, open_, evidence, mode))
