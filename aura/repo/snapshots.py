"""Copies of the files of a work tree: what did not change since the last look is not read again."""

import os
import stat
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from time import time_ns
from typing import NamedTuple

from aura.errors import AuraError
from aura.repo.blobs import Batch, Blobs, Seen
from aura.repo.changes import SYMLINK
from aura.repo.files import Beneath, Opened, Stamp, may_be, stamp_of
from aura.repo.git import shown
from aura.repo.listing import names_in
from aura.repo.present import YOUNG_NS
from aura.repo.worktrees import WorkTree

WHOLE = 8 << 20
"""Files of more bytes are not read into memory as a whole."""
ATTEMPTS = 3
"""How often a file that changes while it is read is read anew."""
_STAMP = struct.Struct("<qqqqI")


class Held(NamedTuple):
    """A file as a snapshot holds it: git's kind with the file's own rights, and its content."""

    mode: int
    size: int
    sha256: str


class Look(NamedTuple):
    """A file that was kept, with what it looked like from outside when that began."""

    held: Held
    stamp: Stamp


class Tree(NamedTuple):
    """Every file of a work tree by name; `omitted` are those that were too large."""

    files: dict[str, Look]
    omitted: list[str]


class Copies:
    """Keeps the files of one work tree; for one thread at a time, others wait."""

    def __init__(self, worktree: WorkTree, blobs: Blobs) -> None:
        self._worktree = worktree
        self._blobs = blobs
        self._lock = threading.Lock()
        self._known: dict[str, Look] | None = None

    def forget(self) -> None:
        """Forget what is known of contents, some of which may be gone."""
        with self._lock:
            self._known = None

    def tree(self, largest: int, stop: Callable[[], bool] = lambda: False) -> Tree:
        """Keep all files, tracked or not, but not ignored ones; those of more bytes than `largest` not."""
        root = self._worktree.root
        with self._lock, beneath(root) as files, self._blobs.batch() as batch:
            if self._known is None:
                self._known = {n: _look(seen) for n, seen in self._blobs.seen(root).items()}
            before, known = self._known, dict[str, Look]()
            found: dict[str, Look] = {}
            omitted: list[str] = []
            for name, stamp in _stamps(root, names_in(self._worktree)):
                look = before.get(name)
                if look is None or look.stamp != stamp:
                    if stamp[2] > largest and not stat.S_ISLNK(stamp[4]):
                        omitted.append(name)
                        continue
                    if stop():
                        raise AuraError("shutting_down", "cannot go on: the daemon is stopping", "Try again.")
                    if (look := _kept(files, name, batch, self._blobs)) is None:
                        continue
                    found[name] = look
                    if time_ns() - max(look.stamp[:2]) < YOUNG_NS:
                        continue
                    batch.see(root, name, Seen(_STAMP.pack(*look.stamp), look.held.sha256))
                known[name] = found[name] = look
            for name in before.keys() - known.keys():
                batch.see(root, name, None)
            batch.flush()
            self._known = known
            return Tree(found, omitted)


def keep(root: str, blobs: Blobs, names: Iterable[str]) -> dict[str, Look | None]:
    """Keep some files as they are now; None for one that is not there.

    Raises `invalid_request` for what is there and no file, or cannot be reached.
    """
    found = looks(root, blobs, names)
    with beneath(root) as files:
        for name in (name for name, look in found.items() if look is None):
            _must_be_absent(root, files, name)
    return found


def looks(root: str, blobs: Blobs, names: Iterable[str]) -> dict[str, Look | None]:
    """Keep some files as they are now; None where there is no file."""
    with beneath(root) as files, blobs.batch() as batch:
        return {name: _kept(files, name, batch, blobs) for name in names}


def beneath(root: str) -> Beneath:
    """Open a work tree. Raises `worktree_not_found`."""
    try:
        return Beneath(root)
    except OSError as error:
        raise AuraError(
            "worktree_not_found",
            f"cannot look into {shown(root)}: {(error.strerror or 'it is gone').lower()}",
            "Look whether the folder still exists; aura snapshot restore --here restores into another one.",
        ) from None


def current(files: Beneath, name: str, blobs: Blobs) -> Look | None:
    """Keep one file as it is now; None where there is no file."""
    with blobs.batch() as batch:
        return _kept(files, name, batch, blobs)


def below(worktree: WorkTree, folder: str) -> list[str]:
    """List the files in a folder of a work tree, tracked or not, but not ignored ones."""
    names = (name for name, _ in _stamps(worktree.root, names_in(worktree)))
    return [name for name in names if folder == "." or name.startswith(f"{folder}/")]


def held_in(look: Look | None) -> Held | None:
    """Return the file that was looked at, where there was one."""
    return look.held if look else None


def _look(seen: Seen) -> Look:
    stamp: Stamp = _STAMP.unpack(seen.stamp)
    return Look(Held(_mode(stamp[4]), stamp[2], seen.sha256), stamp)


def _mode(mode: int) -> int:
    """Return git's kind with the file's own rights; a link has none, nor does anything run as another."""
    return SYMLINK if stat.S_ISLNK(mode) else stat.S_IFREG | mode & 0o777


def _stamps(root: str, names: Iterable[str]) -> Iterator[tuple[str, Stamp]]:
    """Look at files and links from outside, but not through links."""
    reached: dict[str, bool] = {"": True}

    def reach(folder: str) -> bool:
        if (known := reached.get(folder)) is None:
            known = reach(folder.rpartition("/")[0]) and stat.S_ISDIR(os.lstat(f"{root}/{folder}").st_mode)
            reached[folder] = known
        return known

    for name in names:
        try:
            if not reach(name.rpartition("/")[0]):
                continue
            met = os.lstat(f"{root}/{name}")
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(met.st_mode) or stat.S_ISLNK(met.st_mode):
            yield name, stamp_of(met)


def _kept(files: Beneath, name: str, batch: Batch, blobs: Blobs) -> Look | None:
    for attempt in range(1, ATTEMPTS + 1):
        met = files.met(name)
        if met is None:
            return None
        with files.open(name) as opened:
            if opened.link is not None:
                held = Held(SYMLINK, len(opened.link), batch.put(opened.link))
                return Look(held, stamp_of(met))
            if opened.fd < 0:
                return None
            begun = os.fstat(opened.fd)
            mode = _mode(begun.st_mode)
            if begun.st_size <= WHOLE:
                data = b"".join(opened.pieces())
                same = _same(begun, os.fstat(opened.fd))
                if same or attempt == ATTEMPTS:
                    return Look(Held(mode, len(data), batch.put(data)), stamp_of(begun))
                continue
            try:
                sha256, size = blobs.put_pieces(partial(_again, opened))
            except AuraError as error:
                if error.code != "conflict" or attempt == ATTEMPTS:
                    raise
                continue
            return Look(Held(mode, size, sha256), stamp_of(begun))
    return None


def _again(opened: Opened) -> Iterator[bytes]:
    os.lseek(opened.fd, 0, os.SEEK_SET)
    return opened.pieces()


def _same(one: os.stat_result, two: os.stat_result) -> bool:
    return (one.st_mtime_ns, one.st_size) == (two.st_mtime_ns, two.st_size)


def _must_be_absent(root: str, files: Beneath, name: str) -> None:
    """Make sure that nothing lies at a path. Raises `invalid_request`."""
    reason = None
    if not may_be(name):
        reason = "it is git's own, or leads out of the work tree"
    elif files.met(name) is not None:
        reason = "it is neither a file nor a link, or may not be read"
    elif _through_link(root, name):
        reason = "a folder on the way to it is a symbolic link"
    if reason is not None:
        raise AuraError(
            "invalid_request",
            f"cannot keep {name}: {reason}",
            "Name a file of the work tree.",
            {"path": "$.paths"},
        )


def _through_link(root: str, name: str) -> bool:
    above = name.rpartition("/")[0]
    while above:
        if os.path.islink(f"{root}/{above}"):
            return True
        above = above.rpartition("/")[0]
    return False
