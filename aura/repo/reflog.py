"""Git's own log of a branch: which tips were put aside for others."""

import os

from msgspec import Struct

from aura.repo.objects import is_id

LINES, TAIL = 20, 64 << 10
_PLAIN = ("commit:", "commit (initial)", "commit (merge)", "checkout:", "clone:", "branch:", "merge ")


class Replaced(Struct, frozen=True):
    """One tip in the place of another; `amended` where one commit took the place of one."""

    old: str
    new: str
    amended: bool


def replacements(git_dir: str, common_dir: str, branch: str | None) -> list[Replaced]:
    """Return the newest changes of a branch, or of a detached HEAD, that may have put commits aside."""
    ref = os.path.join(common_dir, "logs", "refs", "heads", branch) if branch else ""
    found = []
    for line in _tail(ref or os.path.join(git_dir, "logs", "HEAD")):
        place, _, said = line.partition("\t")
        words = place.split(" ", 2)
        if len(words) < 3 or not is_id(words[0]) or not is_id(words[1]) or said.startswith(_PLAIN):
            continue
        if words[0].strip("0") and words[0] != words[1]:
            found.append(Replaced(words[0], words[1], said.startswith("commit (amend)")))
    return found


def _tail(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL))
            return file.read(TAIL).decode("utf-8", "replace").split("\n")[-LINES - 1 :]
    except OSError:
        return []
