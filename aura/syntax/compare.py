"""Whether code, signature or documentation differ between two entities whose texts do."""

import re

from aura.syntax.file import File
from aura.syntax.language import Language
from aura.syntax.tokens import Difference, difference

_WORD = re.compile(rb"\w+")
_TRIPLE = (b'"""', b"'''")


def compare(old: File, old_index: int, new: File, new_index: int) -> Difference:
    """Tell what differs between two entities; they are parsed only where the lines cannot tell."""
    before, after = old.table.entities[old_index], new.table.entities[new_index]
    language = new.language
    if language is None or old.language is not language or "file" in (before.kind, after.kind):
        return Difference(False, False, True)
    if before.kind == after.kind == "statements":
        lines = old.own_lines(old_index), new.own_lines(new_index)
        if _is_other_code(*lines, language):
            return Difference(False, False, True)
    return difference(old.slice(old_index), new.slice(new_index), language)


def _is_other_code(old: list[bytes], new: list[bytes], language: Language) -> bool:
    """Tell for sure that the lines that differ hold other words of code; False when in doubt."""
    first = 0
    shorter = min(len(old), len(new))
    while first < shorter and old[first] == new[first]:
        first += 1
    last = 0
    while last < shorter - first and old[-1 - last] == new[-1 - last]:
        last += 1
    hunks = [b"\n".join(side[first : len(side) - last]) for side in (old, new)]
    head = b"\n".join(old[:first])
    both = b"\n".join(hunks)
    if any(mark in both for mark in language.comment):
        return False
    if language.block_comment:
        begin, end = language.block_comment
        if begin in both or end in both or head.count(begin) != head.count(end):
            return False
    if language.docstrings and any(mark in both or head.count(mark) % 2 for mark in _TRIPLE):
        return False
    return _WORD.findall(hunks[0]) != _WORD.findall(hunks[1])
