"""The operations that are bound by hand, because they stream, wait, or speak of the daemon itself."""

from . import (
    agent_hooks,
    backfill,
    check,
    claims,
    commits,
    events,
    intents,
    metrics,
    prove,
    spool,
    status,
    zones,
)
from .context import Manual

MANUAL: dict[str, Manual] = {
    "agent_hooks.hear": agent_hooks.hear,
    "check.show": check.show,
    "events.list": events.list_or_stream,
    "history.backfill": backfill.backfill,
    "hooks.check": commits.may_commit,
    "hooks.drain": spool.drain_now,
    "intents.batch": intents.batch,
    "intents.check": claims.check,
    "intents.log": intents.log,
    "metrics.show": metrics.show,
    "openapi.document": status.document,
    "openapi.page": status.page,
    "prove.prove": prove.ask,
    "status.healthz": status.ready,
    "status.livez": status.live,
    "status.readyz": status.ready,
    "status.show": status.show,
    "status.token": status.token,
    "zones.claim": zones.claim,
}
