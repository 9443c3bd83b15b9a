"""The sides of a repository: which files each has now, told as what differs from one commit.

A work tree of a large repository is mostly what a commit has: only what differs is held, of each side.
"""

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from aura.errors import AuraError
from aura.repo import git
from aura.repo.changes import FileChange, tree_changes
from aura.repo.commits import merge_base, resolve
from aura.repo.listing import Choice, committed
from aura.repo.objects import CatFile
from aura.repo.requests import SideAt, text_of
from aura.repo.tables import Tables, Want
from aura.repo.uncommitted import Scan
from aura.repo.worktrees import boundary, discover, head
from aura.syntax.file import File
from aura.syntax.language import language_for
from aura.syntax.parsing import MAX_BYTES

SECONDS = 10.0
"""Time for reading files at once; what comes later is compared as a whole."""
PATCHES = 64
"""Commits whose differences from the reference are held."""
HELD = 16 << 20
"""Bytes of uncommitted code that are held, of each side."""
PROSE = 64 << 10
"""Bytes of another file that are held."""
NEAR = 500
"""Files that are at hand while one question is answered."""

_IGNORING = (".gitignore", ".gitattributes")
_BATCH = 40

Patch = Mapping[str, Want | None]
"""What a state has at some paths: None where there is nothing."""


class State(NamedTuple):
    """What a side is made of: a commit, and what lies over it; `number` is another one for each change."""

    key: str
    head: str
    over: Patch
    number: int


class Store:
    """The objects of a repository, and its files as differences from one commit; for one thread."""

    def __init__(self, git_dir: str, tables: Tables) -> None:
        self.git_dir = git_dir
        self.cat = CatFile(git_dir, cap=MAX_BYTES)
        self._tables = tables
        self._reference = ""
        self._all: dict[str, Want] = {}
        self._patches: OrderedDict[str, Patch] = OrderedDict()
        self._near: dict[tuple[str, str], File | None] = {}
        self._mentions: dict[str, Sequence[str]] = {}
        self._bases: dict[tuple[str, str], str | None] = {}

    @property
    def reference(self) -> str:
        return self._reference

    @property
    def files(self) -> Mapping[str, Want]:
        """The files of the reference."""
        return self._all

    def refer(self, sha: str) -> None:
        """Take another commit as the one from which all else is told."""
        if sha != self._reference:
            self._all = {want.path: want for want in committed(self.git_dir, sha, Choice())}
            self._reference = sha
            self._patches.clear()
            self._mentions.clear()

    def patch(self, sha: str) -> Patch:
        """Return how a commit differs from the reference."""
        known = self._patches.pop(sha, None)
        if known is None:
            changes = tree_changes(self.git_dir, self._reference, sha) if sha != self._reference else []
            known = {}
            for change in changes:
                path = text_of(change.path)
                there = change.new_blob is not None and change.new_mode is not None
                known[path] = Want(path, change.new_blob or "", change.new_mode or 0) if there else None
        self._patches[sha] = known
        if len(self._patches) > PATCHES:
            self._patches.popitem(last=False)
        return known

    def at(self, sha: str, path: str) -> Want | None:
        """Return a file of a commit."""
        patch = self.patch(sha)
        return patch[path] if path in patch else self._all.get(path)

    def now(self, state: State, path: str) -> Want | None:
        """Return a file of a side."""
        return state.over[path] if path in state.over else self.at(state.head, path)

    def differing(self, state: State) -> set[str]:
        """Return the paths at which a side may differ from the reference."""
        return {*self.patch(state.head), *state.over}

    def between(self, base: str, state: State) -> dict[str, tuple[Want | None, Want | None]]:
        """Return the files in which a side differs from a commit."""
        found = {}
        for path in {*self.patch(base), *self.differing(state)}:
            old, new = self.at(base, path), self.now(state, path)
            if (old and (old.blob, old.mode & 0o170000)) != (new and (new.blob, new.mode & 0o170000)):
                found[path] = (old, new)
        return found

    def base(self, one: str, two: str) -> str | None:
        """Return where two commits parted; None where they have nothing in common."""
        pair = (min(one, two), max(one, two))
        if pair not in self._bases:
            if len(self._bases) > 4096:
                self._bases.clear()
            self._bases[pair] = one if one == two else merge_base(self.git_dir, *pair)
        return self._bases[pair]

    def mentioning(self, word: str) -> Sequence[str]:
        """Return the files of the reference that hold a word."""
        known = self._mentions.get(word)
        if known is None:
            args = ("grep", "-l", "-z", "-I", "-w", "-F", "--no-recurse-submodules", "-e", word)
            out = git.run(self.git_dir, *args, self._reference, "--", accept=(0, 1)).split(b"\0")
            found = (name.partition(b":")[2].decode("utf-8", "surrogateescape") for name in out if name)
            known = self._mentions[word] = [path for path in map(text_of, found) if path in self._all]
        return known

    def is_shallow(self) -> bool:
        return bool(boundary(self.git_dir))

    def one(self, want: Want) -> File | None:
        """Return a file with its table; those asked for lately are at hand."""
        at = want.path, want.blob
        if at not in self._near:
            if len(self._near) >= NEAR:
                self._near.clear()
            (self._near[at],) = self.load([want])
        return self._near[at]

    def forget(self) -> None:
        """Let go of files at hand."""
        self._near.clear()

    def load(self, wants: Sequence[Want]) -> list[File | None]:
        """Return files with their tables; None for what is missing, too large or too late."""
        deadline = monotonic() + SECONDS
        found: list[File | None] = []
        for start in range(0, len(wants), _BATCH):
            found += self._tables.load(self.cat, wants[start : start + _BATCH], deadline)
        return found

    def close(self) -> None:
        self.cat.close()


class Sides:
    """Looks at the sides of one repository, time and again, as little as will do."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._states: dict[str, State] = {}
        self._good: dict[tuple[str, str], Want] = {}
        self._unread: dict[str, set[str]] = {}
        self._number = 0

    def get(self, key: str) -> State | None:
        return self._states.get(key)

    def keep_only(self, keys: set[str]) -> None:
        """Forget sides that are gone."""
        self._states = {key: state for key, state in self._states.items() if key in keys}
        self._unread = {key: paths for key, paths in self._unread.items() if key in keys}
        self._good = {at: want for at, want in self._good.items() if at[0] in keys}

    def unread(self, key: str) -> list[str]:
        """Return the paths that cannot be read as code as they are now."""
        return sorted(self._unread.get(key, ()))

    def look(self, side: SideAt, paths: Sequence[str] | None) -> State | None:
        """Look at a side, if it may have changed at certain paths alone only there; None before any commit.

        Raises the AuraError that says why it cannot be looked at.
        """
        before = self._states.get(side.key)
        try:
            sha, over = self._looked(side, before, paths)
        except AuraError:
            self._states.pop(side.key, None)
            raise
        if sha is None:
            self._states.pop(side.key, None)
            return None
        if before is not None and before.head == sha and _same(before.over, over):
            return before
        self._number += 1
        self._states[side.key] = State(side.key, sha, over, self._number)
        return self._states[side.key]

    def _looked(
        self, side: SideAt, before: State | None, paths: Sequence[str] | None
    ) -> tuple[str | None, Patch]:
        if side.root is None:
            return (resolve(self._store.git_dir, side.ref) if side.ref else None), {}
        worktree = discover(os.fsdecode(side.root))
        if worktree.bare:
            return head(worktree).sha, {}
        sha = head(worktree).sha
        if sha is None:
            return None, {}
        if not self._store.reference:
            self._store.refer(sha)
        if paths is not None:
            paths = [path for path in paths if _is_beneath(path)]
        names = {text_of(path).rstrip("/") for path in paths or ()}
        partly = paths is not None and before is not None and before.head == sha
        partly = partly and not any(name.rpartition("/")[2] in _IGNORING for name in names)
        kept: dict[str, Want | None] = {}
        unread: set[str] = set()
        if partly and before is not None:
            kept = {path: want for path, want in before.over.items() if not _is_at(path, names)}
            unread = {path for path in self._unread.get(side.key, ()) if not _is_at(path, names)}
        self._unread[side.key] = unread
        with Scan(worktree, sha, cap=MAX_BYTES, paths=paths if partly else None) as scan:
            found = {
                (path := text_of(change.path)): (
                    Want(path, change.new_blob, change.new_mode, data)
                    if change.new_blob and change.new_mode
                    else None
                )
                for change, data in _lightened(scan.changes())
            }
        return sha, {**kept, **dict(self._readable(side.key, sha, found))}

    def _readable(
        self, key: str, sha: str, found: Mapping[str, Want | None]
    ) -> Iterator[tuple[str, Want | None]]:
        """Yield files, of those that cannot be parsed as they are the last version that could.

        Whoever is in the middle of a line has not removed what the parser no longer finds.
        """
        there = [want for want in found.values() if want is not None]
        files = dict(zip((want.path for want in there), self._store.load(there), strict=True))
        for path, want in found.items():
            file = files.get(path)
            if want is None or file is None or not file.table.degraded or not file.table.language:
                if want is not None:
                    self._good[key, path] = want
                yield path, want
                continue
            good = self._good.get((key, path)) or self._store.at(sha, path)
            was = self._store.load([good])[0] if good is not None else None
            if good is None or was is None or was.table.degraded:
                yield path, want
                continue
            self._unread.setdefault(key, set()).add(path)
            if good != self._store.at(sha, path):
                yield path, good


def _lightened(
    changes: Iterator[tuple[FileChange, bytes | None]],
) -> Iterator[tuple[FileChange, bytes | None]]:
    """Yield changes without the content of what would fill the memory: it is then told by its id alone."""
    weight = 0
    for change, data in changes:
        is_code = language_for(change.path, b"") is not None
        weight += len(data or b"") if is_code else 0
        fits = weight <= HELD if is_code else len(data or b"") <= PROSE
        yield change, data if fits else None


def _is_beneath(path: str) -> bool:
    """Tell whether a path can be one of a work tree's own files."""
    return not path.startswith("/") and not {"..", ".git", ""}.intersection(path.rstrip("/").split("/"))


def _is_at(path: str, names: set[str]) -> bool:
    return path in names or any(path[:at] in names for at, c in enumerate(path) if c == "/")


def _same(one: Patch, two: Patch) -> bool:
    return one.keys() == two.keys() and all(
        (a and (a.blob, a.mode)) == (b and (b.blob, b.mode))
        for a, b in zip(one.values(), map(two.get, one), strict=True)
    )
