"""Answering the hooks of agents' editors: a session for each conversation, and what is to be known before
and after its edits.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from aiohttp import web

from aura.api import Actor, Caller, Place, now_us
from aura.errors import AuraError
from aura.idempotency import Answer, Key
from aura.record import plans
from aura.record.lookup import side_of
from aura.record.snapshots import NewEdit
from aura.repo.files import Beneath
from aura.store import Connection
from aura.team import agent_hooks, check, impacts, messages, sessions, zones
from aura.team.agent_hooks import AgentHook, Planned
from aura.team.areas import Area
from aura.team.sessions import NewSession, SessionId
from aura.team.zones import Zone

from . import asking, snapshots
from . import check as checking
from .agents import Mark
from .bind import encode, once, write_once
from .context import Context
from .zones import touched

STOP_SECONDS = 0.8
"""Longer a stop does not wait to know what is uncommitted."""
KEEP_SECONDS = 0.8
"""Longer no edit waits for its snapshot."""
SOURCE_BYTES = 4 << 20
NAMED = 5
log = logging.getLogger("aura.agent_hooks")
Found = list[tuple[Place, str, Planned]]


async def hear(
    context: Context, caller: Caller, given: AgentHook, request: web.Request
) -> web.StreamResponse:
    """Answer one hook; what fails is an error, which the hook keeps to itself: no edit is held up by it."""
    answers = {
        "session-start": _begun,
        "before-edit": _before,
        "after-edit": _after,
        "stop": _stopped,
        "session-end": _ended,
    }

    async def act(key: Key | None) -> Answer:
        answer = Answer(200, encode(await answers[given.event](context, caller, given)))
        return answer if key is None else await write_once(context, caller, key, lambda _: answer)

    return await once(context, caller, request, act)


async def _begun(context: Context, caller: Caller, given: AgentHook) -> dict[str, Any]:
    """Start a session, and tell who else is there."""
    folder = agent_hooks.folder_of(given)
    place = await context.callers.named(folder) if folder else None
    if place is None:
        return {}
    agent = await _agent(context, caller, given, place)
    lines = await context.read(lambda db: _greeting(db, agent))
    return agent_hooks.context(given, lines, agent.session)


async def _before(context: Context, caller: Caller, given: AgentHook) -> dict[str, Any]:
    """Tell what is in the way of an edit, each thing once, and refuse what another's zone blocks."""
    said: list[str] = []
    denied: list[str] = []
    edited: dict[Caller, list[str]] = {}
    for place, path, plan in await _places(context, given):
        agent = await _agent(context, caller, given, place)
        edited.setdefault(agent, []).append(path)
        refused, warned = await _met(context, agent, path, plan)
        denied += [check.zone_line(zone) for zone in refused]
        news = partial(context.agents.news, agent.session or "")
        area = Area("path", path, path)
        said += [check.zone_line(zone) for zone in warned if news(f"{zone.id} {path}")]
        for other in checking.marked(context, agent, area):
            if news(f"{other.session} {path}"):
                said.append(f"{path}: {check.neighbour_line(other)}")
        for impact in await context.read(partial(impacts.about, worktree=place.path, area=area)):
            if news(impact.id):
                said.append(check.impact_line(impact))
        count, unread = await context.read(partial(messages.newest_unread, caller=agent, most=NAMED))
        if fresh := [message for message in unread if news(message.id)]:
            said += check.unread_lines(count, fresh)
    if denied:
        return agent_hooks.denial(
            given, ["cannot edit this now: a zone of another blocks it", *denied, *said]
        )
    for agent, paths in edited.items():
        await _keep(context, agent, paths)
    return agent_hooks.context(given, said)


async def _keep(context: Context, agent: Caller, paths: list[str]) -> None:
    """Keep files as they are before an edit, where that is wanted; a failure holds no edit up."""
    try:
        async with asyncio.timeout(KEEP_SECONDS):
            await snapshots.before_edit(context, agent, NewEdit(paths))
    except (AuraError, OSError, TimeoutError) as error:
        log.warning("cannot keep %s before an edit: %s", ", ".join(paths), error)


async def _after(context: Context, caller: Caller, given: AgentHook) -> dict[str, Any]:
    """Note who edited what."""
    for place, path, _ in await _places(context, given):
        agent = await _agent(context, caller, given, place)
        context.agents.mark(place.repo, Mark(agent.session or "", place.path, path, now_us()))
    return {}


async def _stopped(context: Context, caller: Caller, given: AgentHook) -> dict[str, Any]:
    """Have an agent that changed something say why, once."""
    folder = agent_hooks.folder_of(given)
    session = _known(context, caller, given)
    place = await context.callers.named(folder) if folder else None
    if session is None or place is None or not agent_hooks.may_go_on(given):
        return {}
    planned = await context.read(lambda db: plans.waiting(db, place.path))
    if any(plan.files is None and plan.session in (session, None) for plan in planned):
        return {}
    since = await context.read(lambda db: agent_hooks.last_logged(db, place.path, session))
    marks = [m for m in context.agents.unexplained(session, since) if m.worktree == place.path]
    if not marks or place.head is None:
        return {}
    paths = sorted(mark.path for mark in marks)
    try:
        async with asyncio.timeout(STOP_SECONDS):
            diff = partial(context.pool.diff_worktree, place.path, place.head, paths=paths)
            edits = (await context.in_thread(diff)).edits
    except (AuraError, OSError, TimeoutError):
        return {}
    changed = sorted({side.path for edit in edits if (side := edit.new or edit.old) is not None})
    if not changed:
        return {}
    context.agents.remind(session)
    more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return agent_hooks.going_on(
        given,
        f"You changed {', '.join(changed[:NAMED])}{more}, and no intent says why. Log one, in one line, with"
        f" the tool aura_log_intent or: AURA_SESSION={session} aura intent log 'what changed and why'",
    )


async def _ended(context: Context, caller: Caller, given: AgentHook) -> dict[str, Any]:
    """End the session of a conversation."""
    key = agent_hooks.key_of(given)
    session = context.agents.session(key) if key else None
    if key is None or session is None:
        return {}
    actor = context.callers.sessions.who(session)
    await context.in_thread(context.agents.bind, key, None)
    context.agents.forget(session)
    if actor is not None:
        ending = Caller(actor=actor, session=session)
        await context.store.write(lambda db: sessions.end(db, ending, SessionId(session)))
        context.callers.sessions.reload()
        await asking.write(context)
    return {}


async def _places(context: Context, given: AgentHook) -> Found:
    """Return the files that an edit is about, each with the registered work tree that it lies in."""
    found = []
    for plan in agent_hooks.planned(given):
        place = await context.callers.named(os.path.dirname(plan.path))
        if place is not None:
            whole = os.path.join(os.path.realpath(os.path.dirname(plan.path)), os.path.basename(plan.path))
            found.append((place, os.path.relpath(whole, place.path), plan))
    return found


def _known(context: Context, caller: Caller, given: AgentHook) -> str | None:
    """Return the live session of this conversation: that of its environment, or the one that was started."""
    key = agent_hooks.key_of(given)
    for session in (caller.session, context.agents.session(key) if key else None):
        if session is not None and context.callers.sessions.actor(session) is not None:
            return session
    return None


async def _agent(context: Context, caller: Caller, given: AgentHook, place: Place) -> Caller:
    """Return the agent as a caller in a work tree, with its session, which is started where there is none.

    A session that the agent's MCP server started there is the same agent.
    """
    async with context.agents.lock:
        session = _known(context, caller, given)
        if session is None:
            session = await _session(context, given, place)
    actor = context.callers.sessions.who(session) or _actor(given)
    return msgspec.structs.replace(caller, actor=actor, place=place, session=session)


async def _session(context: Context, given: AgentHook, place: Place) -> str:
    key, actor = agent_hooks.key_of(given), _actor(given)
    live = await context.read(lambda db: sessions.live(db, place.repo))
    there = [session.id for session in live if (session.worktree, session.actor) == (place.path, actor)]
    free = [session for session in there if session not in context.agents.sessions]
    if len(free) == 1:
        session = free[0]
    else:
        new, who = NewSession(given.editor), Caller(actor=actor, place=place)
        session = (await context.store.write(lambda db: sessions.start(db, who, new))).id
        context.callers.sessions.reload()
    if key is not None:
        await context.in_thread(context.agents.bind, key, session)
    return session


def _actor(given: AgentHook) -> Actor:
    return Actor(given.editor, "agent", given.editor)


async def _met(
    context: Context, agent: Caller, path: str, plan: Planned
) -> tuple[Sequence[Zone], Sequence[Zone]]:
    """Return the zones of others that refuse an edit, and those that it only touches, or may touch."""
    met = await context.read(lambda db: zones.meeting(db, agent, Area("path", path, path)))
    within = [zone for zone in met if zone.kind == "entity"]
    surely = [zone for zone in met if zone.kind != "entity"]
    unsure: list[Zone] = []
    if within:
        entered = await context.in_thread(_entered, context, agent, path, plan)
        unsure = within if entered is None else []
        surely += [zone for zone in within if entered is not None and zone.id in entered]
    refused = [zone for zone in surely if zone.mode == "block"]
    return refused, [zone for zone in (*surely, *unsure) if zone not in refused]


def _entered(context: Context, agent: Caller, path: str, plan: Planned) -> set[str] | None:
    """Return the zones on entities of a file that an edit enters; None where nobody can tell."""
    here = agent.here
    with Beneath(here.path) as files:
        found = files.read(path, SOURCE_BYTES)
    if found is None:
        return set()
    tables = context.pool.entities(here.path, None, [path])
    if found.data is None or not tables:
        return None
    entities = agent_hooks.touched(plan, found.data, tables[0].table.entities)
    if entities is None:
        return None
    sides = [side_of(path, entity) for entity in entities]

    def read(db: Connection) -> set[str]:
        about = [touched(db, here.repo, side) for side in sides]
        return {zone.id for zone, _ in zones.entered(db, agent, about)}

    return context.store.read(read)


def _greeting(db: Connection, agent: Caller) -> list[str]:
    """Tell an agent, as it begins, its session, who else is there, and what is unread."""
    here = agent.here
    said = [f"aura records why each function changes here. Your session: AURA_SESSION={agent.session}"]
    said += [check.zone_line(zone) for zone in zones.meeting(db, agent, Area("path", "/", "/"))[:NAMED]]
    opened = impacts.about(db, here.path, Area("path", "/", "/"))
    said += [check.impact_line(impact) for impact in opened[:NAMED]]
    said += [f"{len(opened)} impacts are open: aura impact list"] if len(opened) > NAMED else []
    others = [session for session in sessions.live(db, here.repo, NAMED + 1) if session.id != agent.session]
    said += [f"{zones.called(s.actor)} is at work in {s.worktree} ({s.id})" for s in others[:NAMED]]
    count, unread = messages.newest_unread(db, agent, NAMED)
    if count:
        said += check.unread_lines(count, unread)
    said.append(
        "Before you edit: aura check FILE, or the tool aura_check."
        " When you are done: aura intent log 'what and why', or the tool aura_log_intent."
    )
    return said
