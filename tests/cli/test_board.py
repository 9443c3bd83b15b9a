"""The board of `aura watch`: frames and lists in, the next state out."""

from typing import Any

from aura.cli.board import KEPT, LISTS, Board, after, with_list, with_past
from aura.cli.follow import Frame

ADA = {"id": "ada@example.org", "kind": "human", "name": "Ada"}


def event(type_: str, data: dict[str, Any], seq: int = 1) -> dict[str, Any]:
    at = "2026-04-21T14:23:09Z"
    return {"seq": seq, "type": type_, "at": at, "worktree": "/src/shop", "actor": ADA, "data": data}


def frame(type_: str, data: dict[str, Any], seq: int = 1) -> Frame:
    return Frame(type_, event(type_, data, seq), str(seq))


CONNECTED, _ = after(Board(), Frame("", {}))


def test_with_the_stream_every_list_is_to_be_read() -> None:
    board, old = after(Board(), Frame("", {}))
    assert board.connected
    assert old == set(LISTS)
    assert after(board, Frame("", {})) == (board, {"worktrees"})


def test_a_break_is_shown_and_ends_with_the_next_frame_which_makes_every_list_old() -> None:
    board, old = after(CONNECTED, None)
    assert (board.connected, old) == (False, frozenset())
    board, old = after(board, frame("intent.logged", {"summary": "x", "source": "log"}))
    assert board.connected
    assert old == set(LISTS)
    assert board.happened[0].said == "shop: Ada logged: x"


def test_an_event_makes_the_lists_of_its_noun_old() -> None:
    released = {"target": "a.py", "mode": "shared"}
    assert after(CONNECTED, frame("zone.released", released))[1] == {"zones", "worktrees"}
    assert after(CONNECTED, frame("impact.opened", {}))[1] == {"impacts", "worktrees"}
    assert after(CONNECTED, frame("message.read", {"messages": ["m"]}))[1] == {"messages", "status"}
    assert after(CONNECTED, Frame("worktree.edited", {"worktree": "/src/shop"}))[1] == {"worktrees"}
    assert after(CONNECTED, frame("setting.changed", {"name": "claims", "value": "off"}))[1] == frozenset()


def test_what_happened_comes_newest_first_and_is_kept_for_a_while() -> None:
    board = CONNECTED
    for number in range(KEPT + 10):
        board, _ = after(board, frame("intent.logged", {"summary": str(number), "source": "log"}))
    assert len(board.happened) == KEPT
    assert board.happened[0].said == f"shop: Ada logged: {KEPT + 9}"


def test_what_a_list_shows_is_not_told_twice() -> None:
    posted = {"message": "msg_1", "channel": "team", "to": {"kind": "broadcast"}, "body": "hello"}
    assert after(CONNECTED, frame("message.posted", posted))[0].happened == ()


def test_the_same_thing_again_takes_the_place_of_the_first() -> None:
    board, _ = after(CONNECTED, frame("worktree.edited", {"reason": "f"}))
    board, _ = after(board, frame("worktree.edited", {"reason": "f"}))
    board, _ = after(board, frame("repo.backfilled", {"done": 1, "wanted": 9}))
    board, _ = after(board, frame("repo.backfilled", {"done": 2, "wanted": 9}))
    assert [h.type for h in board.happened] == ["repo.backfilled", "worktree.edited"]
    assert board.happened[0].said == "shop: history: 2 of 9 commits read"


def test_the_past_is_shown_in_order() -> None:
    past = [event("intent.logged", {"summary": text, "source": "log"}) for text in ("newest", "older")]
    said = [happening.said for happening in with_past(Board(), past).happened]
    assert said == ["shop: Ada logged: newest", "shop: Ada logged: older"]


def test_work_trees_that_were_not_looked_at_yet_are_asked_for_again() -> None:
    assert CONNECTED.is_settled
    for state, is_settled in (("starting", False), ("watched", True), ("missing", True)):
        trees = {"data": [{"live": {"state": "watched"}}, {"live": {"state": state}}]}
        assert with_list(CONNECTED, "worktrees", trees).is_settled == is_settled


def test_a_list_that_the_daemon_does_not_have_is_known_to_be_missing() -> None:
    board = with_list(with_list(Board(), "impacts", None), "zones", {"data": [{"id": "zon_1"}]})
    assert not board.has("impacts")
    assert board.rows("impacts") == []
    assert board.has("messages")
    assert board.rows("zones") == [{"id": "zon_1"}]
