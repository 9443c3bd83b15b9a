"""Identifiers: a prefix, an underscore and a ULID; they sort by time, also when the clock steps back."""

import hashlib
import re
import secrets
import threading
import time
from typing import Literal

from ulid import ULID

Prefix = Literal[
    "itn", "imp", "msg", "snp", "zon", "prv", "evt", "ses", "req", "run", "tkt", "agt", "wsp", "wfl", "exe",
    "tpl", "whk", "tok", "usr", "scn", "col", "dl", "cmp", "chat", "wkt", "ent", "gol",
]  # fmt: skip

_MAX_MS = (1 << 48) - 1


_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _DIGITS for b in _DIGITS]


class _Generator:
    """ULIDs that rise within the process, also when the clock steps back.

    Their random part is 60 bits of the process and a counter within the millisecond. Only what changed since
    the last one is written anew: python-ulid's generator took a fifth of the time of logging an intent.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = _written(secrets.randbits(60), 6)
        self._at = self._count = 0
        self._begun = ""

    def __call__(self) -> str:
        now = time.time_ns() // 1_000_000
        with self._lock:
            if now > self._at or self._count == 0xFFFFF:
                self._at, self._count = max(now, self._at + 1), -1
                self._begun = _written(self._at, 5) + self._process
            self._count += 1
            return self._begun + _PAIRS[self._count >> 10] + _PAIRS[self._count & 1023]


def _written(number: int, pairs: int) -> str:
    """Write a number in base 32, two digits at a time."""
    return "".join([_PAIRS[(number >> shift) & 1023] for shift in range(10 * (pairs - 1), -1, -10)])


_generate = _Generator()


def new_id(prefix: Prefix) -> str:
    """Return a fresh identifier, greater than every earlier one of this process."""
    return f"{prefix}_{_generate()}"


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
