"""What `aura watch` knows: frames and lists in, the next state out. No screen, no socket."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from . import show
from .follow import Frame
from .told import told

Rows = list[dict[str, Any]]
LISTS: Mapping[str, str] = MappingProxyType(
    {
        "status": "/v1/status",
        "worktrees": "/v1/worktrees?limit=100",
        "zones": "/v1/zones?limit=100",
        "impacts": "/v1/impacts?limit=100",
        "messages": "/v1/messages?limit=50",
    }
)
"""What is read from the daemon; a list that it does not have is left out."""

AGAIN = {
    "": ("worktrees",),
    "worktree": ("worktrees",),
    "intent": ("worktrees",),
    "repo": ("worktrees",),
    "session": ("worktrees",),
    "zone": ("zones", "worktrees"),
    "impact": ("impacts", "worktrees"),
    "message": ("messages", "status"),
}
"""Which lists an event about a noun makes old. A sign of life without one (every half minute) stands for what
no event tells of: a branch that was checked out, a first look that found nothing."""

ELSEWHERE = {"message.posted", "message.read", "intent.analyzed", "intent.linked"}
"""Events that a list shows better, or that only end what another began."""

KEPT = 200
LONGEST = 500
"""Signs of a text that any terminal may show in a line."""


class Happening(NamedTuple):
    at: str
    type: str
    said: str


UNSURE = "starting"


class Board(NamedTuple):
    """The lists as they were read last (None where the daemon has no such list), and what happened since.

    `connected` is None before the first try.
    """

    connected: bool | None = None
    lists: Mapping[str, Any] = MappingProxyType({})
    happened: tuple[Happening, ...] = ()

    def rows(self, noun: str) -> Rows:
        """Return the rows of a list, none where it is not known."""
        return list((self.lists.get(noun) or {}).get("data", ()))

    @property
    def is_settled(self) -> bool:
        """Whether every work tree was looked at since the daemon began."""
        return all((tree.get("live") or {}).get("state") != UNSURE for tree in self.rows("worktrees"))

    def title(self, noun: str, called: str) -> str:
        """Return the title of a list with how many rows it has, once that is known."""
        if noun not in self.lists:
            return called
        return f"{called} ({len(self.rows(noun))})" if self.rows(noun) else f"{called}: none"

    def has(self, noun: str) -> bool:
        """Tell whether the daemon has such a list, as far as is known."""
        return self.lists.get(noun, {}) is not None


def after(board: Board, frame: Frame | None) -> tuple[Board, frozenset[str]]:
    """Return the board after a frame (None: the stream broke), and the lists that are old by it."""
    if frame is None:
        return board._replace(connected=False), frozenset()
    old = frozenset(LISTS if not board.connected else AGAIN.get(frame.type.partition(".")[0], ()))
    board = board._replace(connected=True)
    return (_happened(board, frame.type, frame.data) if frame.type else board), old


def with_list(board: Board, noun: str, answer: dict[str, Any] | None) -> Board:
    """Return the board with a list as it was read just now, and free of what could steer a terminal."""
    return board._replace(lists=MappingProxyType({**board.lists, noun: show.printable(answer)}))


def with_past(board: Board, events: Rows) -> Board:
    """Return the board with what happened before it was there; the newest event comes first."""
    for event in reversed(events):
        board = _happened(board, event["type"], event)
    return board


def _happened(board: Board, type_: str, event: dict[str, Any]) -> Board:
    if type_ in ELSEWHERE:
        return board
    new = Happening(str(event.get("at") or ""), type_, told({"type": type_, "data": {}, **event})[:LONGEST])
    rest = board.happened
    # Who saves a file ten times, or reads a history in batches, is told of once.
    if rest and (rest[0].type, rest[0].said) == (new.type, new.said):
        rest = rest[1:]
    if rest and rest[0].type == new.type == "repo.backfilled":
        rest = rest[1:]
    return board._replace(happened=(new, *rest)[:KEPT])
