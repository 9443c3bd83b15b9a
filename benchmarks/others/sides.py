"""Both sides of what commits changed, as files for tools that know no git."""

from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct

from aura.repo.changes import GITLINK, SYMLINK, commit_changes
from aura.repo.objects import CatFile
from aura.syntax.language import HEAD, language_for
from aura.syntax.parsing import MAX_BYTES

SideName = Literal["old", "new"]
Place = tuple[str, SideName, str]
_T = TypeVar("_T")


class Told(Struct, frozen=True):
    """A definition that a tool tells as come, gone or changed: where it is on that side of a commit."""

    sha: str
    side: SideName
    path: str
    line: int
    end_line: int
    name: str
    kind: str


def write_sides(git_dir: str, shas: list[str], folder: Path) -> set[Place]:
    """Write SHA/old/PATH and SHA/new/PATH for every changed file of a known language."""
    wanted = [
        ((sha, side, path), blob)
        for sha, changes in commit_changes(git_dir, shas)
        for change in changes or ()
        for side, path, blob, mode in (
            ("old", change.old_path, change.old_blob, change.old_mode),
            ("new", change.new_path, change.new_blob, change.new_mode),
        )
        if path and blob and mode and mode not in (SYMLINK, GITLINK)
    ]
    written: set[Place] = set()
    with CatFile(git_dir, cap=MAX_BYTES) as cat:
        for (place, _), blob in zip(wanted, cat.read_many(b for _, b in wanted), strict=True):
            sha, side, path = place
            if blob and blob.data and language_for(path, blob.data[:HEAD]):
                target = folder / sha / side / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(blob.data)
                written.add((sha, _side(side), path))
    return written


def place(file: str, folder: Path) -> Place:
    """Return which side of which commit a written file is."""
    sha, side, path = Path(file).relative_to(folder).as_posix().split("/", 2)
    return sha, _side(side), path


def one_sided(found: Iterable[tuple[Hashable, Told]]) -> Iterator[Told]:
    """Yield what stands on one side only; the key of a definition says what makes two the same."""
    groups: dict[Hashable, dict[SideName, list[Told]]] = {}
    for key, told in found:
        groups.setdefault((told.sha, key), {"old": [], "new": []})[told.side].append(told)
    for group in groups.values():
        shared = min(map(len, group.values()))
        for side in group.values():
            yield from side[shared:]


def _side(name: str) -> SideName:
    return "old" if name == "old" else "new"
