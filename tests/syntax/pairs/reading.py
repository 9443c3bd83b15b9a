"""Reads the pairs beside this file and writes edits as those files do.

A pair is a title (`===`), a source or several with their paths before and after, and the edits: one line for
each, `KIND NAME: CHANGES; GRADE, REASON`, with a line for each typed edit below. The first line of a file is
the path of sources without one. `name#1` is the second of that name and kind.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from aura.syntax.types import Edit, Side

_PAIR = re.compile(r"^=== (.+)\n", re.MULTILINE)
_PART = re.compile(r"^--- (before|after|edits)(?: (\S+))?\n", re.MULTILINE)


class Pair(Struct, frozen=True):
    """Two versions of some files and the lines that say what happened between them."""

    language: str
    title: str
    before: dict[str, bytes]
    after: dict[str, bytes]
    edits: list[str]

    def __str__(self) -> str:
        return f"{self.language}: {self.title}"


def read_pairs(file: Path) -> Iterator[Pair]:
    """Yield the pairs of one file."""
    first, *parts = _PAIR.split(file.read_text())
    default = first.split()[1]
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        sides: dict[str, dict[str, bytes]] = {"before": {}, "after": {}}
        edits: list[str] = []
        _, *sections = _PART.split(body)
        for part, path, text in zip(sections[::3], sections[1::3], sections[2::3], strict=True):
            if part == "edits":
                edits = text.strip().splitlines()
            else:
                sides[part][path or default] = text.encode()
        yield Pair(file.stem, title, sides["before"], sides["after"], edits)


def described(edits: list[Edit], pair: Pair) -> list[str]:
    """Return the lines that say what edits are."""
    is_one_file = len(pair.before.keys() | pair.after.keys()) == 1
    return [line for edit in edits for line in _lines(edit, is_one_file)]


def _lines(edit: Edit, is_one_file: bool) -> Iterator[str]:
    names = dict.fromkeys(_name(side, is_one_file) for side in (edit.old, edit.new) if side)
    yield f"{edit.kind} {' -> '.join(names)}: {'+'.join(edit.changes)}; {edit.grade}, {edit.reason}"
    for p in edit.parameters:
        name = f"{p.old_name} -> {p.name}" if p.old_name else p.name
        yield f"    parameter {p.edit} {name}" + _values(p.old, p.new)
    for d in edit.decorators:
        yield f"    decorator {d.edit} {d.name}"
    for m in edit.modifiers:
        yield f"    modifier {m.edit} {m.name}"
    if edit.result:
        yield "    result" + _values(edit.result.old, edit.result.new).removeprefix(":")
    for r in edit.related:
        yield f"    related {r.qualified_name}"


def _name(side: Side, is_one_file: bool) -> str:
    name = side.qualified_name + (f"#{side.ordinal}" if side.ordinal else "")
    return name if is_one_file else f"{side.path} {name}"


def _values(old: str | None, new: str | None) -> str:
    return f": {old or 'none'} -> {new or 'none'}" if old or new else ""


PAIRS = [pair for file in sorted(Path(__file__).parent.glob("*.txt")) for pair in read_pairs(file)]
