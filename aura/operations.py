"""Every operation: importing this module declares them all."""

from aura import openapi
from aura.op import OPERATIONS
from aura.record import (
    audit,
    blame,
    calls,
    checks,
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
    settings,
    status,
    why,
    worktrees,
)
from aura.team import impacts, messages, sessions, zones

__all__ = [
    "OPERATIONS", "audit", "blame", "calls", "checks", "database", "diff", "entities", "events",
    "history", "hooks", "impacts", "intents", "log", "messages", "metrics", "nodes", "openapi",
    "sessions", "settings", "status", "why", "worktrees", "zones",
]  # fmt: skip
