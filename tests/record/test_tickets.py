"""Tickets are found where somebody wrote them, and nowhere else."""

from aura.record.tickets import Ticket, found_in, merged, named_in_message


def test_every_ticket_in_a_summary_is_found_once_in_order() -> None:
    found = found_in("ENG-12: retry, see OPS-7 and ENG-12", "linear")
    assert found == [Ticket("linear", "ENG-12"), Ticket("linear", "OPS-7")]


def test_a_longer_word_is_no_ticket() -> None:
    assert found_in("xENG-12 ENGINEER-1 eng-12 A-1", "linear") == []


def test_standards_in_a_commit_message_are_no_tickets() -> None:
    message = "Fix CVE-2026-1234 in UTF-8 and SHA-256 handling [SEC-9]"
    assert named_in_message(message, "jira") == [Ticket("jira", "SEC-9")]


def test_the_system_that_was_said_wins_over_the_default() -> None:
    said = [Ticket("jira", "ENG-1")]
    assert merged(said, found_in("ENG-1 ENG-2", "linear")) == [
        Ticket("jira", "ENG-1"),
        Ticket("linear", "ENG-2"),
    ]
