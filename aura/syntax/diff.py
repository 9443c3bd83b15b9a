"""The semantic diff of two versions of some files."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from aura.syntax.carried import carried
from aura.syntax.edits import edits
from aura.syntax.extract import extract_versions, whole_file
from aura.syntax.file import File
from aura.syntax.match import match
from aura.syntax.types import Changes, Edit, Table


def diff(before: Mapping[str, bytes | None], after: Mapping[str, bytes | None]) -> list[Edit]:
    """Return the edits between two sets of files by path; None or a missing path means no file."""
    paths = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    sides: tuple[dict[str, File], dict[str, File]] = ({}, {})
    for path in paths:
        versions = [
            (side, source) for side in (0, 1) if (source := (before, after)[side].get(path)) is not None
        ]
        tables = extract_versions([source for _, source in versions], path)
        for (side, source), table in zip(versions, tables, strict=True):
            sides[side][path] = File(path, source, table)
    return diff_files(*sides).edits


def diff_files(before: Mapping[str, File], after: Mapping[str, File]) -> Changes:
    """Return what differs between files whose tables are known; give only those that changed."""
    matches = match(*_alike(before, after))
    found = edits(matches)
    changes = Changes(found, carried(matches, found))
    matches.release()
    return changes


def _alike(
    before: Mapping[str, File], after: Mapping[str, File]
) -> tuple[Mapping[str, File], Mapping[str, File]]:
    """Take a file as a whole on both sides if one could not be read: else all in it would seem gone."""
    sides = dict(before), dict(after)
    for path in before.keys() & after.keys():
        one, two = before[path].table, after[path].table
        if (one.degraded or two.degraded) and _is_whole(one) != _is_whole(two):
            for side in sides:
                side[path] = _whole(side[path])
    return sides


def _is_whole(table: Table) -> bool:
    return any(entity.kind == "file" for entity in table.entities)


def _whole(file: File) -> File:
    return File(
        file.path, file.source, whole_file(file.source, file.path, file.table.language, degraded=True)
    )


def diff_folders(a: Path, b: Path) -> list[Edit]:
    """Return the edits between two plain folders; symbolic links and `.git` are left out."""
    left, right = dict(_walk(a)), dict(_walk(b))
    before: dict[str, bytes | None] = {}
    after: dict[str, bytes | None] = {}
    for path in sorted(left.keys() | right.keys()):
        old = left[path].read_bytes() if path in left else None
        new = right[path].read_bytes() if path in right else None
        if old != new:
            before[path], after[path] = old, new
    return diff(before, after)


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in names:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if S_ISREG(mode) and not S_ISLNK(mode):
                # A name that is no text is written with its bytes, so that every answer can be encoded.
                yield os.fsencode(path.relative_to(root)).decode("utf-8", "backslashreplace"), path
