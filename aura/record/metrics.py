"""What the daemon counts, for those who collect numbers."""

from aura.api import Caller
from aura.op import op
from aura.store import Connection, rows


def events(db: Connection) -> dict[str, int]:
    """Return how many events of each type are in the log."""
    return dict(rows(db, "SELECT type, count(*) FROM events GROUP BY type ORDER BY type"))


@op(
    "GET /metrics",
    scope="read_status",
    needs="none",
    manual=True,
    media="text/plain; version=0.0.4; charset=utf-8",
)
def show(caller: Caller) -> str:
    """Show what the daemon counts, as Prometheus reads it."""
    raise LookupError("answered by the daemon")
