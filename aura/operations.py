"""Every operation: importing this module declares them all."""

from aura import openapi
from aura.op import OPERATIONS
from aura.record import (
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
    nodes,
    settings,
    status,
    why,
    worktrees,
)
from aura.team import messages, sessions, zones

__all__ = [
    "OPERATIONS", "blame", "calls", "checks", "database", "diff", "entities", "events", "history",
    "hooks", "intents", "log", "messages", "nodes", "openapi", "sessions", "settings", "status", "why",
    "worktrees", "zones",
]  # fmt: skip
