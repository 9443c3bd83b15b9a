"""Drawing the board of `aura watch` into so many columns and lines, never more."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from . import show
from .board import LONGEST, Board
from .fit import GAP, Row, fitted, widths
from .told import called, place, sides, until

SIDE_BY_SIDE = 140
COLOURS = {
    "exclusive": "yellow", "block": "red", "shared": "green",
    "error": "red", "warning": "yellow", "info": "dim",
}  # fmt: skip


class Panel(NamedTuple):
    """A title and its rows; the last column takes what the others leave."""

    title: str
    rows: Sequence[Row]


def draw(board: Board, width: int, height: int) -> list[Text]:
    """Return the lines of the whole screen, as many as there are or fewer."""
    top = _heading(board, width)
    room = height - 1
    work, happened = _worktrees(board), _happened(board)
    others = [make(board) for noun, make in OTHERS.items() if board.has(noun)]
    if width < SIDE_BY_SIDE:
        return [top, *_column([work, *others, happened], width, room)][:height]
    left = _column([work, happened], width - width // 2 - GAP, room)
    right = _column(others, width // 2, room)
    return [top, *_beside(left, right, width - width // 2)][:height]


def share(wanted: Sequence[int], room: int) -> list[int]:
    """Share room out so that who wants little gets it, and the rest is cut alike."""
    given = [0] * len(wanted)
    while room > 0 and (short := [n for n, want in enumerate(wanted) if given[n] < want]):
        for n in short[:room]:
            given[n] += 1
        room -= len(short[:room])
    return given


def _heading(board: Board, width: int) -> Text:
    status = board.lists.get("status") or {}
    said = ["aura", status.get("repo") or "all repositories"]
    if unread := status.get("unread_messages"):
        said.append(f"{unread} unread")
    state = "the daemon is away: waiting for it  " if board.connected is False else ""
    left = fitted("  ".join(map(_line_of, said)), max(width - len(state) - 10, 0))
    line = Text(left, style="bold", no_wrap=True)
    line.append(" " * max(width - cell_len(left) - len(state) - 7, 1))
    line.append(state, style="red")
    line.append("q quits", style="dim")
    line.truncate(width)
    return line


def _column(panels: Sequence[Panel], width: int, room: int) -> list[Text]:
    given = share([len(panel.rows) for panel in panels], room - len(panels))
    return [line for panel, rows in zip(panels, given, strict=True) for line in _panel(panel, width, rows)]


def _panel(panel: Panel, width: int, rows: int) -> list[Text]:
    hidden = f", {len(panel.rows) - rows} more" if 0 < len(panel.rows) > rows else ""
    title = fitted(f"─ {panel.title}{hidden} ", width)
    lines = [Text(title + "─" * (width - cell_len(title)), style="cyan", no_wrap=True)]
    shown = [[_line_of(cell) for cell in row] for row in panel.rows[:rows]]
    across = widths(shown, width) if shown else []
    return lines + [_line(row, across, width) for row in shown]


def _line(row: Row, across: Sequence[int], width: int) -> Text:
    line = Text(no_wrap=True)
    for n, (cell, room) in enumerate(zip(row, across, strict=True)):
        text = fitted(cell, room)
        line.append(text, style=COLOURS.get(cell, ""))
        if n < len(row) - 1:
            line.append(" " * (room - cell_len(text) + GAP))
    line.truncate(width)
    return line


def _beside(left: Sequence[Text], right: Sequence[Text], at: int) -> list[Text]:
    lines = []
    for n in range(max(len(left), len(right))):
        line = left[n].copy() if n < len(left) else Text(no_wrap=True)
        if n < len(right):
            line.append(" " * (at - line.cell_len))
            line.append_text(right[n])
        lines.append(line)
    return lines


def _line_of(text: str) -> str:
    return " ".join(text.split())


def _worktrees(board: Board) -> Panel:
    rows = []
    for tree in board.rows("worktrees"):
        live = tree.get("live") or {}
        at_work = ", ".join(called(session["actor"]) for session in live.get("sessions", ()))
        counts = [_counted(live.get(noun + "s"), noun) for noun in ("edit", "zone", "impact")]
        state = "" if live.get("state") == "watched" else live.get("state") or ""
        rows.append((place(tree["worktree"]), live.get("branch") or "-", at_work or "-", *counts, state))
    return Panel(board.title("worktrees", "work trees"), rows)


def _counted(number: int | None, noun: str) -> str:
    return "-" if number is None else show.count(number, noun)


def _zones(board: Board) -> Panel:
    return Panel(
        board.title("zones", "zones"),
        [
            (z["target"], z["mode"], called(z["owner"]), f"until {until(z['expires_at'])}", z["reason"] or "")
            for z in board.rows("zones")
        ],
    )


def _impacts(board: Board) -> Panel:
    return Panel(
        board.title("impacts", "impacts"),
        [
            (i["severity"], i["function"], i["change"].replace("_", " "), sides(i))
            for i in board.rows("impacts")
        ],
    )  # fmt: skip


def _messages(board: Board) -> Panel:
    rows = []
    for message in board.rows("messages"):
        to = message["to"].get("id") or f"#{message['channel']}"
        body = message["body"][:LONGEST]
        rows.append((show.when(message["created_at"])[11:], f"{called(message['from'])} -> {to}", body))
    return Panel(board.title("messages", "messages"), rows)


def _happened(board: Board) -> Panel:
    return Panel("what happens", [(_clock(h.at), h.said) for h in board.happened])


def _clock(at: str) -> str:
    return show.when(at)[11:] if at else "now"


OTHERS: dict[str, Callable[[Board], Panel]] = {
    "zones": _zones,
    "impacts": _impacts,
    "messages": _messages,
}
