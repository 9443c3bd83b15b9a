"""Server-sent events are read whole, or not at all."""

from aura.cli.follow import Frame, frames
from hypothesis import given
from hypothesis import strategies as st

STREAM = (
    b": aura\n\n"
    b'id: 7\nevent: zone.claimed\ndata: {"seq": 7}\n\n'
    b": heartbeat\n\n"
    b'event: worktree.edited\ndata: {"worktree": "/w"}\n\n'
)
MEANT = [
    Frame("", {}),
    Frame("zone.claimed", {"seq": 7}, "7"),
    Frame("", {}),
    Frame("worktree.edited", {"worktree": "/w"}),
]


def test_comments_events_and_passing_frames_are_told_apart() -> None:
    assert list(frames(STREAM.splitlines(keepends=True))) == MEANT


@given(st.integers(0, len(STREAM)))
def test_what_a_break_cuts_off_is_dropped(cut: int) -> None:
    whole = [line for line in STREAM[:cut].splitlines(keepends=True) if line.endswith(b"\n")]
    found = list(frames(whole))
    assert found == MEANT[: len(found)]
    assert len(found) == STREAM[:cut].count(b"\n\n")
