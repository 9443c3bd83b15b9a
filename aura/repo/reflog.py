"""Git's own logs: where HEAD was, and which tips of a branch were put aside for others."""

import os
from collections.abc import Sequence

from msgspec import Struct

from aura.repo.objects import is_id

LINES, MOVES, TAIL = 20, 400, 64 << 10
_PLAIN = ("commit:", "commit (initial)", "commit (merge)", "checkout:", "clone:", "branch:", "merge ")


class Replaced(Struct, frozen=True):
    """One tip in the place of another; `amended` where one commit took the place of one."""

    old: str
    new: str
    amended: bool


class Move(Struct, frozen=True):
    """HEAD of a work tree was at `old` (None: nowhere), and then at `new`."""

    old: str | None
    new: str
    said: str

    @property
    def makes(self) -> bool:
        """Whether a commit was made here, rather than fetched, checked out or carried along."""
        return self.said.startswith(_MADE)

    @property
    def amends(self) -> bool:
        """Whether the new commit took the place of the old one."""
        return self.said.startswith("commit (amend)")


_LEFT = "checkout: moving from "
_MADE = ("commit:", "commit (initial)", "commit (amend)", "cherry-pick:", "revert:", "am:")


def moves(git_dir: str) -> list[Move]:
    """Return the newest moves of a work tree's HEAD, oldest first."""
    found = []
    for line in _tail(os.path.join(git_dir, "logs", "HEAD"), MOVES):
        if read := _read(line):
            old, new, said = read
            found.append(Move(old if old.strip("0") else None, new, said))
    return found


def made_on(moves: Sequence[Move], branch: str | None) -> dict[str, str | None]:
    """Return the commits that a work tree made, each with the branch that it was on then; `branch` is the
    present one.
    """
    found: dict[str, str | None] = {}
    for move in reversed(moves):
        if move.makes:
            found[move.new] = branch
        elif move.said.startswith(_LEFT):
            before = move.said.removeprefix(_LEFT).partition(" to ")[0]
            branch = None if is_id(before) else before
    return found


def replacements(git_dir: str, common_dir: str, branch: str | None) -> list[Replaced]:
    """Return the newest changes of a branch, or of a detached HEAD, that may have put commits aside."""
    ref = os.path.join(common_dir, "logs", "refs", "heads", branch) if branch else ""
    found = []
    for line in _tail(ref or os.path.join(git_dir, "logs", "HEAD")):
        if (read := _read(line)) is None or read[2].startswith(_PLAIN):
            continue
        old, new, said = read
        if old.strip("0") and old != new:
            found.append(Replaced(old, new, said.startswith("commit (amend)")))
    return found


def _read(line: str) -> tuple[str, str, str] | None:
    """Return both ids of a line and what is said of it, or None where it is cut short."""
    place, _, said = line.partition("\t")
    words = place.split(" ", 2)
    if len(words) < 3 or not is_id(words[0]) or not is_id(words[1]):
        return None
    return words[0], words[1], said


def _tail(path: str, lines: int = LINES) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            return file.read(TAIL).decode("utf-8", "replace").split("\n")[-lines - 1 :]
    except OSError:
        return []
