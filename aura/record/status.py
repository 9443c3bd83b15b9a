"""What the daemon says of itself."""

from msgspec import Struct

from aura.api import Caller, Time
from aura.op import op
from aura.record.worktrees import WorkTree


class Team(Struct, frozen=True):
    connected: bool = False


class Database(Struct, frozen=True):
    path: str
    bytes: int
    schema: int


class Queue(Struct, frozen=True):
    """Work that waits: calls for the writer, intents for their analysis, running back-fills."""

    writer: int
    analysis: int
    backfills: int


class Status(Struct, frozen=True):
    """The daemon's health, and what it knows of the caller's work tree.

    `unread_messages` are the caller's; null where no repository is known, and so nobody either.
    `worktrees` are those of the caller's repository, or all, as they are at this moment.
    """

    version: str
    api_version: str
    repo: str | None
    worktree: str | None
    branch: str | None
    head: str | None
    session: str | None
    unread_messages: int | None
    strict_mode: bool
    team: Team
    pid: int
    started_at: Time
    uptime_seconds: int
    http: str | None
    database: Database
    queue: Queue
    sandbox: str
    environment: str
    features: list[str]
    worktrees: list[WorkTree]


class Check(Struct, frozen=True):
    name: str
    ok: bool
    detail: str = ""


class Health(Struct, frozen=True):
    """Whether the daemon can do its work, and each thing that was checked."""

    status: str
    checks: list[Check]


class Token(Struct, frozen=True):
    """A short-lived bearer token; it is shown once."""

    token: str
    expires_in_seconds: int


@op("GET /v1/status", command="status", scope="read_status", needs="maybe", manual=True, tool="aura_status")
def show(caller: Caller) -> Status:
    """Show the daemon's health and what it knows of this work tree."""
    raise LookupError("answered by the daemon")


@op("POST /v1/tokens:short", scope="admin", needs="none", manual=True, status=201)
def token(caller: Caller) -> Token:
    """Make a short-lived token for TCP."""
    raise LookupError("answered by the daemon")


@op("GET /livez", scope=None, needs="none", manual=True, aliases=("/health/live",))
def livez(caller: Caller) -> Health:
    """Tell that the daemon lives."""
    raise LookupError("answered by the daemon")


@op("GET /readyz", scope=None, needs="none", manual=True, also=(503,), aliases=("/health/ready",))
def readyz(caller: Caller) -> Health:
    """Tell whether the daemon can write its log."""
    raise LookupError("answered by the daemon")


@op("GET /healthz", scope=None, needs="none", manual=True, also=(503,), aliases=("/health/",))
def healthz(caller: Caller) -> Health:
    """Tell how the daemon's parts are."""
    raise LookupError("answered by the daemon")
