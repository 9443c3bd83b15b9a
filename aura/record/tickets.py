"""Tickets that a summary or a commit message names."""

import re
from typing import Annotated

from msgspec import Meta, Struct

PATTERN = re.compile(r"(?<![A-Za-z0-9_])[A-Z]{2,6}-\d+(?![A-Za-z0-9_])")
STANDARDS = frozenset(
    (
        "AES", "CVE", "CWE", "GH", "GHSA", "HTTP", "IEEE", "ISO", "PEP", "RFC", "SHA", "SSL",
        "TLS", "UTC", "UTF",
    )
)  # fmt: skip
"""What looks like a project's key in a text, and is none; such a ticket is named by hand."""
_LONGER = re.compile(r"[A-Z]{2,6}-\d+(?:-\d+)+")


class Ticket(Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket of a tracker."""

    system: Annotated[str, Meta(min_length=1)]
    id: Annotated[str, Meta(min_length=1)]


class NewTicket(Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket of a tracker, that of the repository where none is named."""

    id: Annotated[str, Meta(min_length=1)]
    system: Annotated[str, Meta(min_length=1)] | None = None


def found_in(text: str, system: str) -> list[Ticket]:
    """Return the tickets named in `text`, in order, each once; a standard such as UTF-8 or CVE-2026-1234 is
    none.
    """
    ids = dict.fromkeys(PATTERN.findall(text))
    return [Ticket(system, id_) for id_ in ids if id_.partition("-")[0] not in STANDARDS]


def named_in_message(message: str, system: str) -> list[Ticket]:
    """Return the tickets that a commit message names; dates and the like, of several numbers, are none."""
    return found_in(_LONGER.sub("", message), system)


def in_system(tickets: list[NewTicket], system: str) -> list[Ticket]:
    """Return tickets as they were given, those without a system in that of the repository."""
    return [Ticket(ticket.system or system, ticket.id) for ticket in tickets]


def merged(*groups: list[Ticket]) -> list[Ticket]:
    """Return the tickets of all groups, each id once, the first system said for it winning."""
    by_id: dict[str, Ticket] = {}
    for ticket in (t for group in groups for t in group):
        by_id.setdefault(ticket.id, ticket)
    return list(by_id.values())
