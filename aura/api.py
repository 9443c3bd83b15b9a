"""Who calls, from where, with which rights; and how times are written and read."""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal, TypeVar

from msgspec import Meta, Struct

from aura.errors import AuraError

T = TypeVar("T")
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
ActorKind = Literal["human", "agent", "system"]

SCOPES = frozenset(
    [
        "read_intents",
        "write_intents",
        "read_impacts",
        "write_impacts",
        "read_messages",
        "write_messages",
        "read_snapshots",
        "write_snapshots",
        "read_zones",
        "write_zones",
        "read_prove",
        "write_prove",
        "read_events",
        "read_code",
        "read_status",
        "read_team",
        "use_models",
        "manage_models",
        "read_work",
        "write_work",
        "read_space",
        "write_space",
        "manage_webhooks",
        "manage_plugins",
        "admin",
    ]
)


class Actor(Struct, frozen=True):
    """Who acts: a stable id, what kind of actor it is, and a name to show."""

    id: str
    kind: ActorKind = "human"
    name: str = ""


class Place(Struct, frozen=True):
    """A registered work tree of a registered repository, as a request met it."""

    repo: int
    slug: str
    worktree: str
    path: str
    git_dir: str
    common_dir: str
    branch: str | None = None
    head: str | None = None

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing but what git keeps."""
        return self.path == self.git_dir


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, from where, with which rights: resolved once for each request."""

    actor: Actor
    place: Place | None = None
    session: str | None = None
    scopes: frozenset[str] = SCOPES
    request_id: str = ""
    token: str = "socket"

    @property
    def here(self) -> Place:
        """The place of a caller whose operation needs one."""
        if self.place is None:
            raise AuraError(
                "repo_required",
                "cannot tell which repository is meant",
                "Add ?repo= or the header Aura-Repo.",
            )
        return self.place


def now_us() -> int:
    """Return microseconds since the epoch."""
    return time.time_ns() // 1000


def rfc3339(us: int) -> str:
    """Write microseconds since the epoch as RFC 3339 in UTC, without a fraction where there is none."""
    second, fraction = divmod(us, 1_000_000)
    return f"{_second(second)}.{fraction:06d}Z" if fraction else f"{_second(second)}Z"


@lru_cache(4096)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).replace(tzinfo=None).isoformat()


_SPAN = re.compile(r"(\d{1,6})([smhdw])", re.ASCII)
_LOST_PLUS = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$")
_EPOCH = datetime.fromtimestamp(0, UTC)
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def moment(text: str, name: str) -> int:
    """Read an RFC 3339 time, or a span before now (30d, 12h, 15m), as microseconds since the epoch."""
    return max(0, _read(text, name, -1))


def from_now(text: str, name: str) -> int:
    """Read an RFC 3339 time, or a span from now on, as microseconds since the epoch."""
    return _read(text, name, 1)


def _read(text: str, name: str, sign: int) -> int:
    if match := _SPAN.fullmatch(text):
        return now_us() + sign * int(match[1]) * _UNIT[match[2]] * 1_000_000
    try:
        # A bare + of an offset reads as a space in a query.
        at = datetime.fromisoformat(_LOST_PLUS.sub(r"\1+\2", text))
    except ValueError:
        raise AuraError(
            "invalid_request",
            f"cannot read {name}={text!r}: it is neither a time nor a span",
            "Write a time such as 2026-04-21T14:23:09Z or a span such as 30d, 12h or 15m.",
            {"path": f"$.{name}"},
        ) from None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
