"""Identifiers: a prefix, an underscore and a ULID; they sort by time, also when the clock steps back."""

import hashlib
import re
import time
from typing import Literal

from ulid import ULID, ULIDGenerator

Prefix = Literal[
    "itn", "imp", "msg", "snp", "zon", "prv", "evt", "ses", "req", "run", "tkt", "agt", "wsp", "wfl", "exe",
    "tpl", "whk", "tok", "usr", "scn", "col", "dl", "cmp", "chat", "wkt", "ent",
]  # fmt: skip

_MAX_MS = (1 << 48) - 1


class _Clock:
    """Milliseconds that never step back within the process."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> int:
        self.last = max(self.last, time.time_ns() // 1_000_000)
        return self.last


_generator = ULIDGenerator(clock=_Clock())


def new_id(prefix: Prefix) -> str:
    """Return a fresh identifier, greater than every earlier one of this process."""
    return f"{prefix}_{_generator.generate()}"


def derived_id(prefix: Prefix, at_us: int, *parts: str) -> str:
    """Return the identifier of something whose time (microseconds) and name are given: the same for the same
    parts.
    """
    tail = hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=10).digest()
    return f"{prefix}_{ULID(_bounded(at_us).to_bytes(6, 'big') + tail)}"


def lowest_id(prefix: Prefix, at_us: int) -> str:
    """Return the least identifier that a thing of that time can have: the bound of a range over ids."""
    return f"{prefix}_{ULID(_bounded(at_us).to_bytes(6, 'big') + bytes(10))}"


def milliseconds(id_: str) -> int:
    """Return the time that an identifier holds, in milliseconds since the epoch."""
    return ULID.from_str(id_.partition("_")[2]).milliseconds


def is_id(text: str, prefix: Prefix) -> bool:
    """Tell whether `text` has the form of an identifier with this prefix."""
    return re.fullmatch(rf"{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}", text) is not None


def _bounded(at_us: int) -> int:
    return min(max(at_us // 1000, 0), _MAX_MS)
