"""Marks: which pairs of words a change wrote and took away, short enough to be kept beside it.

They tell whether a later change of the same entity stands on this one, when its text is long gone.
"""

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from xxhash import xxh3_64_intdigest

MOST = 256
"""So many marks of each side are kept, those with the least hashes: of two changes they are the same ones."""
LONGEST = 256 * 1024
PART = 0.25
"""A change stands where more than this part of what it wrote, or of what it took away, is there."""
_WIDTH = 3
_TOKEN = re.compile(rb"\w+|[^\w\s]")
_WORD = re.compile(rb"\w")


def marks(old: bytes, new: bytes) -> str:
    """Return the marks of a change from one text to another; of longer ones there are none."""
    if max(len(old), len(new)) > LONGEST:
        return ""
    before, after = Counter(_pairs(old)), Counter(_pairs(new))
    return f"{_short(after - before)} {_short(before - after)}"


def stands(said: str, held: str, *, alike: bool) -> bool:
    """Tell whether a change is in a later one of the same entity, as far as their marks know.

    `alike`: both began with the same text, so that what both took away was changed by either.
    """
    if not (said.strip() and held.strip()):
        return True
    (wrote, took), (has, lacks) = (map(_read, each.split(" ")) for each in (said, held))
    return _is_part(wrote, has) or (alike and _is_part(took, lacks))


def _pairs(text: bytes) -> Iterator[bytes]:
    """Yield neighbours within a line, of which one is a word: what moves to another line changes little."""
    for line in text.splitlines():
        tokens = _TOKEN.findall(line)
        pairs = (b" ".join(pair) for pair in pairwise(tokens))
        yield from filter(_WORD.search, pairs if len(tokens) > 1 else tokens)


def _short(found: Counter[bytes]) -> str:
    hashes = sorted({xxh3_64_intdigest(pair) & 0xFFFFFF for pair in found})[:MOST]
    return b64encode(b"".join(each.to_bytes(_WIDTH, "big") for each in hashes)).decode()


def _read(text: str) -> set[int]:
    data = b64decode(text)
    return {int.from_bytes(data[at : at + _WIDTH], "big") for at in range(0, len(data), _WIDTH)}


def _is_part(said: set[int], held: set[int]) -> bool:
    # Beyond the greatest mark of a side that was cut short nothing is known of it.
    known = min((max(side) for side in (said, held) if len(side) == MOST), default=None)
    asked = said if known is None else {mark for mark in said if mark <= known}
    return len(asked & held) > PART * len(asked)
