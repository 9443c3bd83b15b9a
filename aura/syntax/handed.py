"""What a file hands on to those who import from it, though it is defined elsewhere."""

import re

from aura.syntax.file import File
from aura.syntax.language import SCRIPTS

_WORD = re.compile(rb"\w+")


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
