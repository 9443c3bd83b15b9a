"""Which files there are: in a commit, in a work tree, or in a plain folder."""

import os
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from aura.errors import AuraError
from aura.repo import git
from aura.repo.commits import resolve
from aura.repo.files import Beneath, algorithm_of, blob_id
from aura.repo.requests import SHARES, text_of
from aura.repo.tables import Want
from aura.repo.worktrees import WorkTree
from aura.syntax.parsing import MAX_BYTES


class Choice:
    """Which files are asked for: those at or below some paths (all without any), and of these some shares.

    Shares let several workers divide a listing without a word between them.
    """

    def __init__(self, paths: Sequence[str] = (), first: int = 0, end: int = SHARES) -> None:
        self._paths = frozenset(path.rstrip("/") for path in paths)
        self._first = first
        self._end = end

    def has(self, path: str) -> bool:
        if not self._first <= zlib.crc32(path.encode()) % SHARES < self._end:
            return False
        above = path
        while self._paths and above not in self._paths:
            above, slash, _ = above.rpartition("/")
            if not slash:
                return False
        return True


def committed(git_dir: str, rev: str, choice: Choice) -> Iterator[Want]:
    """List the files of a commit."""
    for item in _tree(git_dir, resolve(git_dir, rev)).split(b"\0"):
        if item:
            about, _, name = item.partition(b"\t")
            mode, _, blob = about.decode().split()[:3]
            path = text_of(name.decode("utf-8", "surrogateescape"))
            if choice.has(path):
                yield Want(path, blob, int(mode, 8))


def holds(git_dir: str, rev: str, path: str) -> bool:
    """Tell whether a commit has a file or a folder at a path; False where there is no such commit."""
    return bool(git.run(git_dir, "ls-tree", "-z", "--full-tree", rev, "--", path, accept=(0, 128)))


@lru_cache(maxsize=1)
def _tree(git_dir: str, sha: str) -> bytes:
    """Return git's listing of a commit, which is mostly asked for part by part."""
    return git.run(git_dir, "ls-tree", "-r", "-z", "--full-tree", sha)


def present(worktree: WorkTree, choice: Choice) -> Iterator[Want]:
    """List and read the files of a work tree, tracked or not, but not ignored ones."""
    return _read(worktree.root, names_in(worktree), choice, algorithm_of(worktree.head.sha or ""))


def names_in(worktree: WorkTree) -> list[str]:
    """List the names in a work tree, tracked or not, but not ignored ones."""
    if worktree.bare:
        message = f"cannot look at the files of {git.shown(worktree.root)}: it is bare"
        raise AuraError(
            "not_a_repository", message, "go into a work tree of this repository: aura worktree list"
        )
    args = ("ls-files", "--cached", "--others", "--exclude-standard", "-z")
    listed = git.run(worktree.git_dir, *args, work_tree=worktree.root).split(b"\0")
    return sorted({name.decode("utf-8", "surrogateescape") for name in listed if name})


def plain(root: str, choice: Choice) -> Iterator[Want]:
    """List and read the files of a folder, whether or not a repository knows them."""

    def names() -> Iterator[str]:
        for folder, folders, found in os.walk(root):
            folders[:] = sorted(name for name in folders if name != ".git")
            inside = os.path.relpath(folder, root)
            yield from (name if inside == "." else f"{inside}/{name}" for name in sorted(found))

    return _read(root, names(), choice, "sha1")


def _read(root: str, names: Iterator[str] | list[str], choice: Choice, algorithm: str) -> Iterator[Want]:
    with Beneath(root) as files:
        for name in names:
            path = text_of(name)
            if not choice.has(path):
                continue
            found = files.read(name, MAX_BYTES)
            if found is not None and found.data is not None:
                yield Want(path, blob_id(found.data, algorithm), found.mode, found.data)
            elif found is not None and (digests := files.digests(name, algorithm)):
                yield Want(path, digests[0], found.mode)
