"""Tickets named in a summary or a commit message."""

import pytest

from aura.record.tickets import NewTicket, Ticket, found_in, in_system, merged


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("fix it [ENG-1]", ["ENG-1"]),
        ("ENG-1: fix, see OPS-22 and ENG-1", ["ENG-1", "OPS-22"]),
        ("a-1 eng-1 E-1 TOOLONG-1 ENG- ENG_1", []),
        ("xENG-1 ENG-1x _ENG-1", []),
        ("[UTF-8] and [SHA-256] are none, CVE-2020-1234, CWE-807 and GH-2957 neither; [ENG-8]", ["ENG-8"]),
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


def test_a_ticket_without_a_system_is_of_the_repository_s() -> None:
    assert in_system([NewTicket("ABC-3"), NewTicket("OPS-1", "jira")], "linear") == [
        Ticket("linear", "ABC-3"),
        Ticket("jira", "OPS-1"),
    ]
