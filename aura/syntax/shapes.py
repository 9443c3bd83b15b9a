"""Shapes: what tells that two versions are alike but for their lay-out and their own name."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace
from xxhash import xxh3_64_hexdigest

from aura.syntax.file import File
from aura.syntax.types import Edit


def with_shapes(edits: Iterable[Edit], after: Mapping[str, File]) -> list[Edit]:
    """Return the edits, each new side with its shape: the hash of its token streams, the own name masked."""
    where = {path: _indexes(after[path]) for path in {e.new.path for e in edits if e.new} & after.keys()}
    return [_shaped(edit, after, where) for edit in edits]


def shape(file: File, index: int) -> str:
    """Return the shape of one entity of a file, in hexadecimal."""
    tokens = file.tokens(index)
    return xxh3_64_hexdigest(repr((tokens.doc, tokens.signature, tokens.body)).encode())


_Key = tuple[str, str, int]


def _indexes(file: File) -> dict[_Key, int]:
    return {(e.kind, e.qualified_name, e.ordinal): i for i, e in enumerate(file.table.entities)}


def _shaped(edit: Edit, after: Mapping[str, File], where: Mapping[str, Mapping[_Key, int]]) -> Edit:
    new = edit.new
    if new is None:
        return edit
    index = where.get(new.path, {}).get((new.kind, new.qualified_name, new.ordinal))
    if index is None:
        return edit
    return replace(edit, new=replace(new, shape=shape(after[new.path], index)))
