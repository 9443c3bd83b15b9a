"""Every operation: importing this module declares them all."""

from aura import openapi
from aura.op import OPERATIONS
from aura.record import (
    database,
    diff,
    entities,
    events,
    history,
    hooks,
    intents,
    nodes,
    settings,
    status,
    why,
    worktrees,
)
from aura.team import messages, sessions

__all__ = [
    "OPERATIONS", "database", "diff", "entities", "events", "history", "hooks", "intents", "messages",
    "nodes", "openapi", "sessions", "settings", "status", "why", "worktrees",
]  # fmt: skip
