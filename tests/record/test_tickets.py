"""Tickets named in a summary or a commit message."""

import pytest

from aura.record.tickets import Ticket, found_in, merged


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("fix it [ENG-1]", ["ENG-1"]),
        ("ENG-1: fix, see OPS-22 and ENG-1", ["ENG-1", "OPS-22"]),
        ("a-1 eng-1 E-1 TOOLONG-1 ENG- ENG_1", []),
        ("xENG-1 ENG-1x _ENG-1", []),
        ("UTF-8 is a ticket to this pattern", ["UTF-8"]),
        ("", []),
    ],
)
def test_tickets_are_found_in_text(text: str, ids: list[str]) -> None:
    assert found_in(text, "linear") == [Ticket("linear", id_) for id_ in ids]


def test_the_first_system_said_for_a_ticket_wins() -> None:
    assert merged([Ticket("jira", "A-1")], [Ticket("linear", "A-1"), Ticket("linear", "B-2")]) == [
        Ticket("jira", "A-1"),
        Ticket("linear", "B-2"),
    ]
