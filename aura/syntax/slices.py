"""The own text of one entity as it is parsed: by itself, wherever it stands."""

import re

from msgspec import Struct

from aura.syntax.language import SCRIPTS, Language
from aura.syntax.margins import is_silent
from aura.syntax.types import Kind


class Slice(Struct, frozen=True):
    """The own text of an entity: the pieces around the entities inside it."""

    kind: Kind
    name: str
    container: Kind | None
    indent: bytes
    pieces: list[bytes]


class Text:
    """The text to parse: fillers in the place of inner entities, and a wrapper around it all."""

    def __init__(self, part: Slice, language: Language) -> None:
        pieces = [piece.replace(b"\r\n", b"\n") for piece in part.pieces]
        before, after = language.wrapper(part.kind, part.container, b"".join(pieces))
        content = before + part.indent
        self.start = len(content)
        self.fillers: set[tuple[int, int]] = set()
        for number, piece in enumerate(pieces):
            if number:
                piece = _SEPARATORS.sub(b"", piece)
            if number < len(pieces) - 1 and language.name in SCRIPTS:
                piece = _DECLARING.sub(rb'"\1";\2', piece)
            if number and language.filler:
                self.fillers.add((len(content), len(content) + len(language.filler)))
                content += language.filler
            content += piece
        self.end = len(content)
        self.comma = _last_comma(content, self.start, language)
        # A comment that ends the text must not hold what is put behind it.
        self.content = content + b"\n" + after if after else content


def _last_comma(content: bytes, start: int, language: Language) -> int:
    """Return where the comma is that parts a definition from the next one, or -1."""
    comma = content.rfind(b",", start)
    return comma if comma >= 0 and is_silent(content[comma:], language) else -1


# What is left of a declaration of several names, each of which is an entity.
_DECLARING = re.compile(rb"\b((?:export\s+)?(?:const|let|var))(\s*)\Z")
_SEPARATORS = re.compile(rb"\A\s*[,;]+")
