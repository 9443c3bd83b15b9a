"""The files of a work tree as they lie there now, cheap to ask for again while few of them change."""

import os
from collections.abc import Mapping
from time import time_ns
from typing import NamedTuple

from aura.repo.files import Beneath, algorithm_of, blob_id
from aura.repo.listing import names_in
from aura.repo.requests import text_of
from aura.repo.worktrees import WorkTree
from aura.syntax.parsing import MAX_BYTES

YOUNG_NS = 100_000_000
"""A file that changed so shortly before it was read may change again without a later date."""


class Seen(NamedTuple):
    """A file that lies in the work tree: its blob id, and its content where it was read for this look."""

    blob: str
    data: bytes | None


class _Known(NamedTuple):
    stat: tuple[int, ...]
    blob: str
    young: bool


class Present:
    """Looks at one work tree time and again; for one thread."""

    def __init__(self, worktree: WorkTree) -> None:
        self._worktree = worktree
        self._algorithm = algorithm_of(worktree.head.sha or "")
        self._known: dict[str, _Known] = {}

    def look(self) -> Mapping[str, Seen]:
        """Return the regular files, tracked or not, but not ignored ones, by path.

        What has the date, size and number that it had at the last look is not read again. Files beyond the
        parse budget are left out.
        """
        known, self._known = self._known, {}
        found: dict[str, Seen] = {}
        with Beneath(self._worktree.root) as files:
            for name in names_in(self._worktree):
                stat = _stat(f"{self._worktree.root}/{name}")
                before = known.get(name)
                if stat is None:
                    continue
                if before is not None and before.stat == stat and not before.young:
                    self._known[name] = before
                    found[text_of(name)] = Seen(before.blob, None)
                    continue
                read = files.read(name, MAX_BYTES)
                if read is None or read.data is None or read.mode == 0o120000:
                    continue
                blob = blob_id(read.data, self._algorithm)
                self._known[name] = _Known(stat, blob, time_ns() - max(stat[:2]) < YOUNG_NS)
                found[text_of(name)] = Seen(blob, read.data)
        return found

    def read(self, path: str) -> bytes | None:
        """Read one file; None where it can no longer be had."""
        with Beneath(self._worktree.root) as files:
            found = files.read(path, MAX_BYTES)
            return found.data if found else None


def _stat(path: str) -> tuple[int, ...] | None:
    try:
        met = os.lstat(path)
    except (OSError, ValueError):
        return None
    return met.st_mtime_ns, met.st_ctime_ns, met.st_size, met.st_ino, met.st_mode
