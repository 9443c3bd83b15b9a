"""What git's hooks ask and tell."""

from msgspec import Struct

from aura.api import Caller
from aura.op import op
from aura.record import settings
from aura.store import Connection, one


class Drained(Struct, frozen=True):
    """How many hook reports were read."""

    reports: int


@op("POST /v1/hooks:drain", scope="write_intents", needs="none", manual=True)
def drain(caller: Caller) -> Drained:
    """Read what git's hooks left in the spool; the hooks call this."""
    raise LookupError("answered by the daemon")


@op("GET /v1/hooks:check", scope="read_intents", needs="none", manual=True, media="text/plain")
def check(db: Connection, caller: Caller) -> str:
    """Tell whether a commit may be made: `ok`, or `refused` with the reason; the pre-commit hook asks.

    In strict mode a commit needs an intent with a ticket, logged on top of the present HEAD and held by no
    commit yet.
    """
    here = caller.place
    if here is None or settings.value(db, here.repo, "strict_mode") != "on":
        return "ok"
    found = one(
        db,
        "SELECT 1 FROM intents i WHERE i.worktree = ? AND i.source = 'log' AND i.base_sha IS ?"
        " AND EXISTS (SELECT 1 FROM tickets t WHERE t.intent = i.seq) LIMIT 1",
        here.path,
        here.head,
    )
    if found:
        return "ok"
    return (
        "refused: strict mode is on, and no intent with a ticket explains this change\n"
        "hint: aura intent log 'what and why [ENG-123]', then commit; git commit --no-verify passes by"
    )


def strict_somewhere(db: Connection) -> bool:
    """Tell whether strict mode is on for any repository."""
    return one(db, "SELECT 1 FROM settings WHERE name = 'strict_mode' AND value = 'on'") is not None
