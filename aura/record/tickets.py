"""Tickets that a summary or a commit message names."""

import re
from typing import Annotated

from msgspec import Meta, Struct

PATTERN = re.compile(r"(?<![A-Za-z0-9_])[A-Z]{2,6}-\d+(?![A-Za-z0-9_])")
STANDARDS = frozenset({"CVE", "HTTP", "IEEE", "ISO", "PEP", "RFC", "SHA", "TLS", "UTF"})
"""What looks like a project's key in a commit message, and is none."""
_LONGER = re.compile(r"[A-Z]{2,6}-\d+(?:-\d+)+")


class Ticket(Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket of a tracker."""

    system: Annotated[str, Meta(min_length=1)]
    id: Annotated[str, Meta(min_length=1)]


def found_in(text: str, system: str) -> list[Ticket]:
    """Return the tickets named in `text`, in order, each once."""
    ids = dict.fromkeys(PATTERN.findall(text))
    return [Ticket(system, id_) for id_ in ids]


def named_in_message(message: str, system: str) -> list[Ticket]:
    """Return the tickets that a commit message names; a standard such as UTF-8 or CVE-2026-1234 is none."""
    return [t for t in found_in(_LONGER.sub("", message), system) if t.id.partition("-")[0] not in STANDARDS]


def merged(*groups: list[Ticket]) -> list[Ticket]:
    """Return the tickets of all groups, each id once, the first system said for it winning."""
    by_id: dict[str, Ticket] = {}
    for ticket in (t for group in groups for t in group):
        by_id.setdefault(ticket.id, ticket)
    return list(by_id.values())
