"""Shapes and marks: what tells that two versions are alike but for their lay-out and their own name, and that
one change stands on another.
"""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace
from xxhash import xxh3_64_hexdigest

from aura.syntax.file import File
from aura.syntax.marks import marks
from aura.syntax.types import Edit, Side


def with_shapes(edits: Iterable[Edit], before: Mapping[str, File], after: Mapping[str, File]) -> list[Edit]:
    """Return the edits with their marks, each new side with its shape: the hash of its token streams, the own
    name masked.
    """
    olds, news = _Files(before), _Files(after)
    return [_shaped(edit, olds, news) for edit in edits]


def shape(file: File, index: int) -> str:
    """Return the shape of one entity of a file, in hexadecimal."""
    tokens = file.tokens(index)
    return xxh3_64_hexdigest(repr((tokens.doc, tokens.signature, tokens.body)).encode())


_Key = tuple[str, str, int]


class _Files:
    """Finds the entities that sides of edits mean in the files of one side of a change."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = files
        self._indexes: dict[str, Mapping[_Key, int]] = {}

    def find(self, side: Side) -> tuple[File, int] | None:
        file = self._files.get(side.path)
        if file is None:
            return None
        if side.path not in self._indexes:
            self._indexes[side.path] = _indexes(file)
        index = self._indexes[side.path].get((side.kind, side.qualified_name, side.ordinal))
        return None if index is None else (file, index)

    def text(self, side: Side | None) -> bytes:
        found = self.find(side) if side else None
        return found[0].own_text(found[1]) if found else b""


def _indexes(file: File) -> dict[_Key, int]:
    return {(e.kind, e.qualified_name, e.ordinal): i for i, e in enumerate(file.table.entities)}


def _shaped(edit: Edit, before: _Files, after: _Files) -> Edit:
    edit = replace(edit, marks=marks(before.text(edit.old), after.text(edit.new)))
    found = after.find(edit.new) if edit.new else None
    if edit.new is None or found is None:
        return edit
    return replace(edit, new=replace(edit.new, shape=shape(*found)))
