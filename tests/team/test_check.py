"""What is to be known before an edit, from the record alone."""

import pytest

from aura.api import Actor, Caller
from aura.store import Connection
from aura.team import check, messages, zones
from aura.team.areas import Area, covers, meet
from aura.team.check import Neighbour
from aura.team.messages import NewMessage
from aura.team.zones import Mode, NewZone

from .test_zones import ada, bo

__all__ = ["ada", "bo"]
FILE = Area("path", "shop.py", "shop.py")
PAY = Area("entity", "Shop.pay", "shop.py", "ent_pay")


def found(db: Connection, caller: Caller, area: Area, at_work: list[Neighbour] | None = None) -> check.Check:
    return check.made(db, caller, area.target, area, at_work or [])


def claim(db: Connection, caller: Caller, area: Area, mode: Mode) -> None:
    zones.take(db, caller, NewZone(area.target, mode, "rounding"), area)


def test_where_nobody_is_all_is_clear_and_nothing_is_said(db: Connection, ada: Caller) -> None:
    answer = found(db, ada, FILE)
    assert (answer.verdict, answer.lines, answer.zones, answer.unread_count) == ("clear", [], [], 0)


@pytest.mark.parametrize(
    ("mode", "verdict"), [("shared", "caution"), ("exclusive", "caution"), ("block", "blocked")]
)
def test_anothers_zone_is_told_with_its_owner(
    db: Connection, ada: Caller, bo: Caller, mode: Mode, verdict: str
) -> None:
    claim(db, ada, FILE, mode)
    answer = found(db, bo, PAY)
    assert answer.verdict == verdict
    assert "Ada" in answer.lines[0]
    assert "aura message send --to ada@example.org" in answer.lines[0]
    assert found(db, ada, PAY).verdict == "clear"


def test_a_blocked_function_does_not_block_its_whole_file(db: Connection, ada: Caller, bo: Caller) -> None:
    claim(db, ada, PAY, "block")
    assert found(db, bo, PAY).verdict == "blocked"
    assert found(db, bo, FILE).verdict == "caution"
    assert found(db, bo, Area("entity", "Shop.close", "shop.py", "ent_close")).verdict == "clear"


def test_somebody_at_work_is_a_reason_for_caution(db: Connection, ada: Caller) -> None:
    other = Neighbour("/side", "feat", "ses_1", "codex", None, ["Shop.pay signature changed"])
    answer = found(db, ada, PAY, [other])
    assert answer.verdict == "caution"
    assert answer.lines == ["codex edits it in /side (feat), uncommitted: Shop.pay signature changed"]


def test_unread_messages_are_counted_and_stay_unread(db: Connection, ada: Caller, bo: Caller) -> None:
    for number in range(8):
        messages.send(db, ada, NewMessage(f"message {number}\n{'long ' * 100}"))
    answer = found(db, bo, FILE)
    assert answer.unread_count == 8
    assert [message.body[:9] for message in answer.unread] == [f"message {n}" for n in (7, 6, 5, 4, 3)]
    assert answer.verdict == "clear"
    assert max(map(len, answer.lines)) < 250
    assert found(db, bo, FILE).unread_count == 8
    assert found(db, ada, FILE).unread_count == 0


def test_an_answer_stays_small(db: Connection, ada: Caller, bo: Caller) -> None:
    for number in range(40):
        area = Area("entity", f"f{number}", "shop.py", f"ent_{number}")
        zones.take(db, ada, NewZone(area.target, reason="why " * 200), area)
    answer = found(db, bo, FILE, [Neighbour(f"/w{n}", None, None, None, None, ["x"] * 99) for n in range(40)])
    assert len("\n".join(answer.lines)) < 4_000
    assert len(answer.zones) == len(answer.at_work) == check.SHOWN


FOLDER, ALL, GLOB = Area("path", "src", "src/"), Area("path", ".", "/"), Area("glob", "*.py")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (FILE, FILE, True),
        (FILE, PAY, True),
        (PAY, FILE, False),
        (PAY, Area("entity", "Shop.pay.inner", "shop.py"), True),
        (Area("entity", "Shop.pay.inner", "shop.py"), PAY, False),
        (FOLDER, Area("path", "src/a.py", "src/a.py"), True),
        (Area("path", "src/a.py", "src/a.py"), FOLDER, False),
        (ALL, FOLDER, True),
        (ALL, GLOB, True),
        (GLOB, FILE, True),
        (GLOB, FOLDER, False),
        (FILE, GLOB, False),
    ],
)
def test_an_area_covers_what_lies_in_it_as_a_whole(one: Area, other: Area, expected: bool) -> None:
    assert meet(one, other) or not expected
    assert covers(one, other) is expected


def test_a_session_that_ends_leaves_no_zone_behind(db: Connection, ada: Caller, bo: Caller) -> None:
    from msgspec.structs import replace

    from aura.team import sessions
    from aura.team.sessions import NewSession, SessionId

    session = sessions.start(db, ada, NewSession("codex")).id
    agent = replace(ada, session=session, actor=Actor("codex", "agent", "codex"))
    claim(db, agent, FILE, "block")
    assert found(db, bo, FILE).verdict == "blocked"
    sessions.end(db, agent, SessionId(session))
    assert found(db, bo, FILE).verdict == "clear"
