"""What a file hands on to those who import from it, though it is defined elsewhere or otherwise called."""

import re

from aura.syntax.file import File
from aura.syntax.items import VALUES
from aura.syntax.language import SCRIPTS
from aura.syntax.types import Entity

_WORD = re.compile(rb"\w+")
_ALIAS = re.compile(rb"=\s*(require\([^()]*\)|[A-Za-z_$][\w$.]*)\s*;?\s*\Z")


def hands_on(file: File, name: str) -> bool:
    """Tell whether the top-level code of a file imports something under a name."""
    language = file.table.language
    if language not in ("python", "rust", *SCRIPTS):
        return False
    marks = (b"export", b"exports") if language in SCRIPTS else (b"import", b"use")
    for index, entity in enumerate(file.table.entities):
        if entity.kind == "statements":
            words = set(_WORD.findall(file.own_text(index)))
            if name.encode() in words and any(mark in words for mark in marks):
                return True
    return False


def target(file: File, entity: Entity) -> bytes | None:
    """Return what a value is another name for, where it is nothing else."""
    found = _ALIAS.search(file.source, entity.start, entity.end) if entity.kind in VALUES else None
    return found and found[1]


def aliases(file: File, name: str) -> bool:
    """Tell whether a file gives something another name by which it may be had."""
    return any(
        entity.qualified_name == name and target(file, entity) is not None for entity in file.table.entities
    )
