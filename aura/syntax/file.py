"""A file of a change set: its bytes, its table, and what is read from them only when asked for."""

import re
from functools import cached_property

from aura.syntax.extract import extract
from aura.syntax.language import Language, load
from aura.syntax.margins import BLANK, inner
from aura.syntax.slices import Slice
from aura.syntax.tokens import Tokens, read_tokens
from aura.syntax.types import Entity, Table

# What parts a piece from the entity before it, but not its indentation.
_SEPARATORS = re.compile(rb"\A[ \t\r\f\v;,]*(?:\n[\s;,]*(?<=\n))?")


class File:
    """One file on one side of a change set."""

    def __init__(self, path: str, source: bytes, table: Table) -> None:
        self.path, self.source, self.table = path, source, table
        self._tokens: dict[int, Tokens] = {}
        self._lines: dict[int, list[bytes]] = {}

    @classmethod
    def read(cls, path: str, source: bytes) -> "File":
        """Return the file with its table extracted from `source`."""
        return cls(path, source, extract(source, path))

    @cached_property
    def language(self) -> Language | None:
        return load(self.table.language) if self.table.language else None

    @cached_property
    def inner(self) -> dict[int, list[int]]:
        """The indexes of what is directly inside each entity that has any; at -1, those at the top level."""
        return inner(self.table.entities)

    def spans(self, index: int) -> list[tuple[int, int]]:
        """Return the ranges of an entity's own text."""
        entities = self.table.entities
        if entities[index].kind == "statements":
            start, end = 0, len(self.source)
            inside = self.inner.get(-1, ())
        else:
            start, end = entities[index].start, entities[index].end
            inside = self.inner.get(index, ())
        starts, ends = [entities[i].start for i in inside], [entities[i].end for i in inside]
        return list(zip([start, *ends], [*starts, end], strict=True))

    def own_lines(self, index: int) -> list[bytes]:
        """Return the own text of an entity as lines, without blank ones and white space around them."""
        known = self._lines.get(index)
        if known is None:
            pieces = (self.source[a:b].strip(BLANK) for a, b in self.spans(index))
            lines = (line for piece in pieces for line in map(bytes.strip, piece.splitlines()))
            known = self._lines[index] = [line for line in lines if line]
        return known

    def own_text(self, index: int) -> bytes:
        """Return the own text of an entity: the pieces around the entities inside it, one below the other."""
        first, *others = (self.source[a:b] for a, b in self.spans(index))
        pieces = (first, *(_SEPARATORS.sub(b"", piece) for piece in others))
        return b"\n".join(stripped for piece in pieces if (stripped := piece.rstrip(BLANK))).replace(
            b"\r\n", b"\n"
        )

    def tokens(self, index: int) -> Tokens:
        """Return the token streams of an entity; computed once."""
        known = self._tokens.get(index)
        if known is None:
            known = self._tokens[index] = self._read_tokens(index)
        return known

    def _read_tokens(self, index: int) -> Tokens:
        entity = self.table.entities[index]
        if self.language is None or entity.kind == "file":
            return Tokens((), (), (self.source.replace(b"\r\n", b"\n"),))
        return read_tokens(self._slice(entity, index), self.language)

    def slice(self, index: int) -> Slice:
        """Return the own text of an entity with what is needed to parse it."""
        return self._slice(self.table.entities[index], index)

    def _slice(self, entity: Entity, index: int) -> Slice:
        spans = self.spans(index)
        line = self.source.rfind(b"\n", 0, spans[0][0]) + 1
        indent = self.source[line : spans[0][0]]
        container = self.table.entities[entity.container].kind if entity.container >= 0 else None
        pieces = [self.source[a:b] for a, b in spans]
        return Slice(entity.kind, entity.name, container, b"" if indent.strip() else indent, pieces)
