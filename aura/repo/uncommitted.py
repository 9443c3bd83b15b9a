"""What a work tree and an index hold beyond a commit.

Git compares dates and sizes; contents we read ourselves, for git would pass them through filters, which are
programs that the repository names.
"""

import hashlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

from aura.errors import AuraError
from aura.repo import git
from aura.repo.changes import GITLINK, RAW, SYMLINK, FileChange, change
from aura.repo.commits import resolve
from aura.repo.files import Beneath, algorithm_of, blob_id
from aura.repo.objects import CAP, CatFile, is_id
from aura.repo.worktrees import WorkTree, discover, head

_RAW = (*RAW, "--ignore-submodules=dirty")
UNTRACKED_LIMIT = 10_000
"""Of more untracked files than these, the first are looked at: something was not ignored that should be."""
ARGUMENTS = 64 << 10
"""Of more bytes of paths than these, git is not told: all is listed, and the rest left out."""

_POINTER = re.compile(rb"version https://git-lfs\S+\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d+)\n")
_LOG = logging.getLogger(__name__)


def worktree_changes(
    worktree: WorkTree, base: str = "HEAD", paths: Sequence[str] | None = None
) -> list[FileChange]:
    """List the files that differ between a commit and the work tree, untracked and not ignored ones included.

    Blob ids on the new side are those of the raw bytes found, whether or not the object store has them. What
    differs only by line ends that a checkout converts, or only in its date, is left out. A conflicted file is
    compared as it lies there. With paths, only these are looked at, and what lies beneath them.
    """
    with Scan(worktree, base, paths=paths) as scan:
        return [found for found, _ in scan.changes()]


def staged_changes(worktree: WorkTree, base: str = "HEAD", index: str | None = None) -> list[FileChange]:
    """List the files that differ between a commit and the index; conflicted ones are not staged.

    `index` is the file that git keeps the index in for the time of a commit, where that is another one.
    """
    found = _cached(worktree, _base(worktree, base), index)
    return [staged for _, (status, staged) in sorted(found.items()) if status != "U"]


class Scan:
    """One look at a work tree, or at some paths of it; for one thread."""

    def __init__(
        self,
        worktree: WorkTree,
        base: str = "HEAD",
        *,
        cap: int = CAP,
        paths: Sequence[str] | None = None,
    ) -> None:
        if worktree.bare:
            hint = "name a commit, or a work tree of this repository"
            message = f"cannot look for uncommitted changes in {git.shown(worktree.root)}: it is bare"
            raise AuraError("not_a_repository", message, hint)
        self._worktree = worktree
        self._base = _base(worktree, base)
        self._algorithm = algorithm_of(self._base)
        self._cap = cap
        self._only = None if paths is None else _Only(paths)
        self._drivers = _filter_drivers(worktree.git_dir)
        self._cat = CatFile(worktree.git_dir, cap=cap)
        try:
            self._files = Beneath(worktree.root)
        except OSError:
            message = f"cannot read the work tree {git.shown(worktree.root)}"
            raise AuraError("permission_denied", message, "look whether the folder still exists") from None

    def close(self) -> None:
        self._cat.close()
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def changes(self) -> Iterator[tuple[FileChange, bytes | None]]:
        """Yield changes by path, each with its new content where that was read from the work tree."""
        if self._only is not None and not self._only.paths:
            return
        cached = _cached(self._worktree, self._base, only=self._only)
        dirty = _dirty(self._worktree, self._drivers, self._only)
        untracked = _untracked(self._worktree, self._only)
        for path in sorted({*cached, *dirty, *untracked}):
            known = cached.get(path) or dirty.get(path)
            old = _Side(known[1].old_mode, known[1].old_blob) if known else _ABSENT
            data = None
            if path in untracked:
                new, data = self._look(path, old, None)
            elif path in dirty:
                mode = dirty[path][1].new_mode
                new, data = self._look(path, old, mode) if mode else (_ABSENT, None)
            else:
                staged = cached[path][1]
                new = _Side(staged.new_mode, staged.new_blob)
            if new != old:
                sides = (path if old.mode else None, path if new.mode else None, old.blob, new.blob)
                yield FileChange(*sides, old.mode, new.mode), data

    def _look(self, path: str, old: "_Side", mode: int | None) -> tuple["_Side", bytes | None]:
        """Return what lies at a path, as git would store it; `mode` is what git takes it for."""
        if mode == GITLINK:
            return _Side(GITLINK, self._submodule(path)), None
        found = self._files.read(path, self._cap)
        if found is None:
            return _ABSENT, None
        # Where a file system has no symlinks or no executable bits, git knows better than we.
        kind = found.mode if mode is None or found.mode == SYMLINK else mode
        if found.data is None:
            digests = self._files.digests(path, self._algorithm)
            if digests is None:
                return _ABSENT, None
            blob, plain = digests
            return _Side(kind, old.blob if self._points_at(old, plain) else blob), None
        if self._points_at(old, found.data):
            return _Side(kind, old.blob), None
        data = found.data if kind == SYMLINK else self._unconverted(found.data, old)
        return _Side(kind, blob_id(data, self._algorithm)), data

    def _unconverted(self, data: bytes, old: "_Side") -> bytes:
        """Return a text with the line ends that it has in the object store."""
        if b"\r\n" not in data or b"\0" in data:
            return data
        if old.blob is None or old.mode in (SYMLINK, GITLINK):
            converts = _converts(self._worktree.git_dir)
        else:
            before = next(self._cat.read_many([old.blob]))
            converts = before is not None and before.data is not None and b"\r\n" not in before.data
        return data.replace(b"\r\n", b"\n") if converts else data

    def _points_at(self, old: "_Side", content: bytes | str) -> bool:
        """Tell whether the stored blob is a Git LFS pointer to a content, given whole or by its SHA-256."""
        if "lfs" not in self._drivers or old.blob is None or old.mode in (SYMLINK, GITLINK):
            return False
        about = next(self._cat.info([old.blob]))
        if about is None or about.size > 1024:
            return False
        pointer = _POINTER.match(self._cat.read(old.blob).data or b"")
        if pointer is None:
            return False
        plain = content if isinstance(content, str) else hashlib.sha256(content).hexdigest()
        return pointer[1].decode() == plain

    def _submodule(self, path: str) -> str | None:
        root = os.path.join(self._worktree.root, path)
        try:
            found = discover(root)
        except AuraError:
            return None
        return found.head.sha if found.root == os.path.realpath(root) else None


class _Side(NamedTuple):
    mode: int | None
    blob: str | None


_ABSENT = _Side(None, None)
_Listed = dict[str, tuple[str, FileChange]]


class _Only:
    """The paths that a look is limited to, names and not patterns; git is told where they fit on its line."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = frozenset(path.rstrip("/") for path in paths) - {""}
        fits = sum(len(os.fsencode(path)) + 1 for path in self.paths) <= ARGUMENTS
        self.args = sorted(self.paths) if fits else []

    def has(self, path: str) -> bool:
        """Tell whether this is one of the paths, or lies beneath one."""
        if path in self.paths:
            return True
        return any(path[:at] in self.paths for at, c in enumerate(path) if c == "/")


def _ask(worktree: WorkTree, only: _Only | None, *args: str, **kwargs: Any) -> bytes:
    """Run a git command that ends with paths, which are taken literally."""
    names = only.args if only else ()
    return git.run(worktree.git_dir, "--literal-pathspecs", *args, "--", *names, **kwargs)


def _base(worktree: WorkTree, base: str) -> str:
    if base != "HEAD":
        return base if is_id(base) else resolve(worktree.git_dir, base)
    if sha := head(worktree).sha:
        return sha
    return git.run(worktree.git_dir, "hash-object", "-t", "tree", "--stdin").decode().strip()


def _cached(worktree: WorkTree, base: str, index: str | None = None, only: _Only | None = None) -> _Listed:
    args = ("diff-index", "--cached", "--ita-invisible-in-index", *_RAW, base)
    extra = {"GIT_INDEX_FILE": index} if index else None
    return _listed(_ask(worktree, only, *args, extra=extra), only)


def _dirty(worktree: WorkTree, drivers: frozenset[str], only: _Only | None) -> _Listed:
    """List what is not as the index says, by date and size; `old` is the side of the index."""
    # Entries as young as the index itself are read after all, through the filters: those are taken away.
    settings, extra = _without(worktree.git_dir, drivers)
    args = (*settings, "diff-files", "-0", "--ita-invisible-in-index", *_RAW)
    return _listed(_ask(worktree, only, *args, work_tree=worktree.root, extra=extra), only)


def _untracked(worktree: WorkTree, only: _Only | None) -> frozenset[str]:
    args = ("ls-files", "--others", "--exclude-standard", "-z")
    listed = _ask(worktree, only, *args, work_tree=worktree.root).split(b"\0")
    # A name with a slash at its end is a repository of its own.
    names = [name.decode("utf-8", "surrogateescape") for name in listed if name and not name.endswith(b"/")]
    names = [name for name in names if only is None or only.has(name)]
    if len(names) > UNTRACKED_LIMIT:
        _LOG.warning("%s untracked files in %s: too many", len(names), git.shown(worktree.root))
    return frozenset(names[:UNTRACKED_LIMIT])


def _listed(output: bytes, only: _Only | None = None) -> _Listed:
    tokens = iter(output.split(b"\0"))
    found: _Listed = {}
    for meta in tokens:
        if meta:
            path = next(tokens)
            name = path.decode("utf-8", "surrogateescape")
            if only is None or only.has(name):
                found.setdefault(name, (meta[-1:].decode(), change(meta, path)))
    return found


def _filter_drivers(git_dir: str) -> frozenset[str]:
    """Return the names of the filters that any configuration declares."""
    out = git.run(git_dir, "config", "-z", "--name-only", "--get-regexp", r"^filter\.", accept=(0, 1))
    keys = os.fsdecode(out).split("\0")
    return frozenset(key[len("filter.") :].rpartition(".")[0] for key in keys if key)


def _without(git_dir: str, drivers: frozenset[str]) -> tuple[list[str], dict[str, str]]:
    """Return the options and the environment under which no filter is run."""
    settings: list[str] = []
    extra: dict[str, str] = {}
    for name in sorted(drivers):
        for key, value in (("clean", ""), ("process", ""), ("required", "false")):
            if "=" not in name:
                settings += ["-c", f"filter.{name}.{key}={value}"]
                continue
            count = len(extra) // 2
            extra[f"GIT_CONFIG_KEY_{count}"] = f"filter.{name}.{key}"
            extra[f"GIT_CONFIG_VALUE_{count}"] = value
    if not extra:
        return settings, extra
    extra["GIT_CONFIG_COUNT"] = str(len(extra) // 2)
    # Git before 2.31 does not know these variables: better no answer than a program of the repository.
    for name in drivers:
        for key in ("clean", "process"):
            asked = ("config", "--get", f"filter.{name}.{key}")
            if git.run(git_dir, *settings, *asked, extra=extra, accept=(0, 1)).strip():
                raise AuraError("git_failed", f"cannot take away the filter {name!r}", "install a newer git")
    return settings, extra


def _converts(git_dir: str) -> bool:
    asked = ("config", "--get", "core.autocrlf")
    return git.run(git_dir, *asked, accept=(0, 1)).strip().lower() in (b"true", b"input", b"yes", b"on", b"1")
