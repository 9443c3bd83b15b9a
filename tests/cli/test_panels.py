"""The screen of `aura watch`: everything fits, whatever the size of the terminal and the names in it."""

import io
from typing import Any

import pytest
from aura.cli.board import Board, after, with_list
from aura.cli.fit import GAP, fitted, widths
from aura.cli.follow import Frame
from aura.cli.panels import draw, share
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, Group

ADA = {"id": "ada@example.org", "kind": "human", "name": "Ada"}


def zone(target: str, **more: Any) -> dict[str, Any]:
    until = "2026-04-21T14:23:09Z"
    about = {"mode": "exclusive", "owner": ADA, "worktree": "/w/shop", "expires_at": until, "reason": None}
    return {"target": target, **about, **more}


def board(name: str = "shop", zones: int = 1, happened: int = 3) -> Board:
    made, _ = after(Board(), Frame("", {}))
    lists: dict[str, list[dict[str, Any]]] = {
        "worktrees": [
            {
                "worktree": f"/w/{name}",
                "live": {
                    "state": "watched", "branch": "feat/login", "edits": 3, "zones": 0, "impacts": 1,
                    "sessions": [{"id": "ses_1", "actor": ADA}],
                },
            }
        ],
        "zones": [zone(f"{name}/{n}.py") for n in range(zones)],
        "impacts": [
            {
                "severity": "error", "function": f"{name}.charge", "change": "signature_changed",
                "your_branch": None, "your_worktree": f"/w/{name}", "other_branch": "feat/login",
            }
        ],
        "messages": [
            {
                "from": ADA, "to": {"kind": "broadcast"}, "channel": "team", "body": f"hello\n{name}",
                "created_at": "2026-04-21T14:23:09Z",
            }
        ],
    }  # fmt: skip
    for noun, data in lists.items():
        made = with_list(made, noun, {"data": data})
    for n in range(happened):
        made, _ = after(made, Frame("intent.logged", {"data": {"summary": f"{name} {n}", "source": "log"}}))
    return with_list(made, "status", {"repo": name, "unread_messages": 2})


def shown(board: Board, width: int, height: int) -> list[str]:
    """Render on a console of this size, and return its lines."""
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(Group(*draw(board, width, height)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_small_terminal_shows_every_panel() -> None:
    lines = shown(board(zones=30, happened=50), 80, 24)
    assert len(lines) == 24
    text = "\n".join(lines)
    assert lines[0].startswith("aura  shop  2 unread")
    assert lines[0].endswith("q quits")
    for said in (
        "─ work trees (1) ─", "shop  feat/login  Ada  3 edits  0 zones  1 impact",
        "─ zones (30, 2", "error  shop.charge  signature changed  in feat/login, for shop",
        "hello shop", "aura logged: shop 49",
    ):  # fmt: skip
        assert said.replace("(30, 2", "(30)") in text, said
    assert "more ─" in text


def test_a_wide_terminal_shows_two_columns() -> None:
    lines = shown(board(), 160, 24)
    assert "work trees (1)" in lines[1]
    assert "zones (1)" in lines[1]


def test_a_list_that_the_daemon_does_not_have_has_no_panel() -> None:
    without = with_list(board(), "impacts", None)
    assert "impacts (" in "\n".join(shown(board(), 80, 24))
    assert "impacts (" not in "\n".join(shown(without, 80, 24))


def test_a_daemon_that_is_away_is_shown() -> None:
    away, _ = after(board(), None)
    assert "the daemon is away" in shown(away, 80, 24)[0]


def test_nothing_yet_is_a_screen_too() -> None:
    lines = shown(Board(), 80, 24)
    assert "away" not in lines[0]
    assert lines[1].startswith("─ work trees ─")
    assert "─ zones: none ─" in shown(with_list(Board(), "zones", {"data": []}), 80, 24)[2]


NAMES = ["shop", "店" * 40, "a" * 300, "\x1b[31mred", "a\nb\tc\r", "[bold]x[/]", "e\u0301" * 60]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
@given(width=st.integers(1, 220), height=st.integers(1, 60))
def test_nothing_is_wider_or_higher_than_the_terminal(name: str, width: int, height: int) -> None:
    lines = shown(board(name), width, height)
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    assert "\x1b" not in "".join(lines)


@given(st.lists(st.integers(0, 50), max_size=6), st.integers(0, 100))
def test_room_is_shared_fairly_and_none_is_left_where_it_is_wanted(wanted: list[int], room: int) -> None:
    given_ = share(wanted, room)
    assert all(0 <= g <= w for g, w in zip(given_, wanted, strict=True))
    assert sum(given_) == min(room, sum(wanted))
    cut = [g for g, w in zip(given_, wanted, strict=True) if g < w]
    assert not cut or max(given_) <= min(cut) + 1


@given(st.text(), st.integers(0, 40))
def test_a_text_is_cut_to_its_width(text: str, width: int) -> None:
    assert cell_len(fitted(text, width)) <= max(width, 0)


def test_the_widest_column_gives_way() -> None:
    assert widths([("short", "x" * 200, "until 14:00")], 60) == [5, 60 - 16 - 2 * GAP, 11]


def test_what_is_to_be_kept_gives_way_last() -> None:
    rows = [("n" * 40, "a" * 20, "s" * 70)]
    assert widths(rows, 80, last=[0]) == [40, 18, 18]
    assert widths(rows, 40, last=[0]) == [40 - 2 * 8 - 2 * GAP, 8, 8]
