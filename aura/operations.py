"""Every operation: importing this module declares them all."""

from aura import openapi
from aura.op import OPERATIONS
from aura.record import (
    audit,
    blame,
    calls,
    checks,
    contents,
    database,
    diff,
    entities,
    events,
    history,
    hooks,
    intents,
    log,
    metrics,
    nodes,
    plans,
    restores,
    retention,
    settings,
    snapshots,
    status,
    why,
    worktrees,
)
from aura.team import agent_hooks, check, impacts, messages, sessions, zones
from aura.work import prove, saved

__all__ = [
    "OPERATIONS", "agent_hooks", "audit", "blame", "calls", "check", "checks", "contents", "database",
    "diff", "entities", "events", "history", "hooks", "impacts", "intents", "log", "messages", "metrics",
    "nodes", "openapi", "plans", "prove", "restores", "retention", "saved", "sessions", "settings",
    "snapshots", "status", "why", "worktrees", "zones",
]  # fmt: skip
