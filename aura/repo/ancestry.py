"""What a commit has behind it: which commits it reaches, and which nothing reaches any more."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Set

from aura.repo import git
from aura.repo.objects import CatFile, is_id

LOST_LIMIT = 2_000
KEPT_LIMIT = 50_000
"""Histories of more commits are not kept in memory: git is asked for each reading."""

_HEADS = 4


class Ancestry:
    """Tells which commits a head reaches; for any number of threads.

    What the last few heads reach is kept, and that of a new head is made from that of an older one of the
    same repository: git then lists only what lies between them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Set[str]] = OrderedDict()

    def reached(self, git_dir: str, head: str, shas: Iterable[str]) -> Set[str]:
        """Return those of the commits that `head` reaches."""
        asked = {sha for sha in shas if is_id(sha)}
        if not asked:
            return asked
        with self._lock:
            behind = self._behind(git_dir, head)
        return asked & behind if behind is not None else _reached(git_dir, head, asked)

    def _behind(self, git_dir: str, head: str) -> Set[str] | None:
        key = git_dir, head
        if (known := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return known
        near = next((k for k in reversed(self._kept) if k[0] == git_dir), None)
        found = _all(git_dir, head) if near is None else self._from(git_dir, head, near)
        if found is not None:
            self._kept[key] = found
            while len(self._kept) > _HEADS:
                self._kept.popitem(last=False)
        return found

    def _from(self, git_dir: str, head: str, near: tuple[str, str]) -> Set[str] | None:
        if not _there(git_dir, [near[1]]):
            return _all(git_dir, head)
        lost = _listed(git_dir, near[1], f"^{head}")
        return (self._kept[near] - lost) | _listed(git_dir, head, f"^{near[1]}")


def _all(git_dir: str, head: str) -> Set[str] | None:
    if not _there(git_dir, [head]):
        return frozenset()
    found = _listed(git_dir, f"--max-count={KEPT_LIMIT + 1}", head)
    return found if len(found) <= KEPT_LIMIT else None


def _reached(git_dir: str, head: str, asked: Iterable[str]) -> Set[str]:
    there = _there(git_dir, asked)
    given = "".join(f"{line}\n" for line in (*there, f"^{head}"))
    return set(there) - set(git.run(git_dir, "rev-list", "--stdin", stdin=given.encode()).decode().split())


def _listed(git_dir: str, *args: str) -> frozenset[str]:
    return frozenset(git.run(git_dir, "rev-list", *args).decode().split())


def _there(git_dir: str, shas: Iterable[str]) -> list[str]:
    asked = list(shas)
    with CatFile(git_dir, cap=1 << 20) as cat:
        return [sha for sha, found in zip(asked, cat.info(asked), strict=True) if found]


def lost(git_dir: str, shas: Iterable[str]) -> list[str]:
    """Return the commits at and behind these that no ref and no work tree reaches, newest first."""
    there = _there(git_dir, [sha for sha in shas if is_id(sha)])
    if not there:
        return []
    options = ("--date-order", f"--max-count={LOST_LIMIT}")
    return git.run(git_dir, "rev-list", *options, *there, "--not", "--all").decode().split()
