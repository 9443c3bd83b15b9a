"""From commits, trees and work trees to entity edits."""

import logging
import os
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Self

from aura.errors import AuraError
from aura.repo.cache import Cache
from aura.repo.changes import SYMLINK, CommitChanges, FileChange, tree_changes
from aura.repo.files import blob_id
from aura.repo.listing import Choice, committed, plain, present
from aura.repo.objects import CatFile, unreadable
from aura.repo.requests import (
    CommitDiff,
    Compared,
    Content,
    Diff,
    DiffCommits,
    DiffStaged,
    Examine,
    Examined,
    FileEntities,
    text_of,
)
from aura.repo.tables import Tables, Want, opaque
from aura.repo.uncommitted import Scan, staged_changes
from aura.repo.worktrees import WorkTree, boundary, discover
from aura.syntax.diff import diff_files
from aura.syntax.evidence import Evidence, Rewording
from aura.syntax.file import File
from aura.syntax.parsing import MAX_BYTES
from aura.syntax.shapes import with_shapes
from aura.syntax.types import Edit, Grafted

if TYPE_CHECKING:
    from aura.syntax.examine import Look

SECONDS = 10.0
"""Time for reading the files of one change set; those after it are compared as a whole."""
LOOK_SECONDS = 8.0
"""Time for a closer look at the edits of a change; those after it are not judged."""
FILES = 5000
"""Of a change set of more files, the rest are compared as a whole."""

_BATCH = 40
_GROUP = 6
_REPOSITORIES = 4
_LOG = logging.getLogger(__name__)
_Changed = Sequence[tuple[FileChange, bytes | None]]
_Pair = tuple[Want | None, Want | None]


class Analyst:
    """Answers what changed, entity by entity; for one thread."""

    def __init__(self, cache: Cache) -> None:
        self._tables = Tables(cache)
        self._open: OrderedDict[str, _Repository] = OrderedDict()

    def diff_commits(
        self, git_dir: str, shas: Sequence[str], *, shapes: bool = False
    ) -> Iterator[CommitDiff]:
        """Compare each commit with its first parent."""
        repository = self._repository(git_dir)
        repository.start()
        cut = boundary(git_dir)
        pending = iter(shas)
        while chunk := list(islice(pending, _BATCH)):
            known = dict(repository.changes.of(sha for sha in chunk if sha not in cut))
            for place, sha in enumerate(chunk):
                if place % _GROUP == 0:
                    self._read_ahead(repository.cat, [known.get(s) for s in chunk[place : place + _GROUP]])
                if sha in cut:
                    yield CommitDiff(sha, shallow=True)
                elif (changed := known[sha]) is None:
                    yield CommitDiff(sha, failed="unreadable_object")
                else:
                    yield self._commit(repository.cat, sha, changed, shapes=shapes)

    def diff_trees(self, git_dir: str, old: str | None, new: str | None) -> Diff:
        """Compare two commits or trees."""
        changed = tree_changes(git_dir, old, new)
        whole = [(change, None) for change in changed]
        return self._compare(self._repository(git_dir).cat, whole, shapes=False)

    def diff_worktree(
        self, root: str, base: str, *, shapes: bool = False, paths: Sequence[str] | None = None
    ) -> Diff:
        """Compare what lies in a work tree, or only at these paths of it, with a commit."""
        worktree = discover(root)
        changed = _uncommitted(worktree, base, paths)
        return self._compare(self._repository(worktree.git_dir).cat, changed, shapes=shapes)

    def diff_staged(self, root: str, base: str, index: str | None) -> Diff:
        """Compare what is staged in a work tree with a commit."""
        worktree = discover(root)
        return self._compare(
            self._repository(worktree.git_dir).cat, _staged(worktree, base, index), shapes=False
        )

    def examine(self, asked: Examine) -> Examined:
        """Look closer at the change of a commit, or at an uncommitted one. Raises `unreadable_object`."""
        # What follows calls is half of the syntax room, and few workers are ever asked.
        from aura.syntax.examine import Look

        change, choice = asked.change, Choice(asked.paths)
        if isinstance(change, DiffCommits):
            git_dir = os.fsdecode(change.git_dir)
            (sha,) = change.shas
            changed = self._of_commit(git_dir, sha)
            others = committed(git_dir, sha, choice)
        else:
            worktree = discover(os.fsdecode(change.root))
            git_dir = worktree.git_dir
            if isinstance(change, DiffStaged):
                index = os.fsdecode(change.index) if change.index else None
                changed = _staged(worktree, change.base, index)
                others = committed(git_dir, change.base, choice)
            else:
                only = None if change.paths is None else [os.fsdecode(path) for path in change.paths]
                changed = _uncommitted(worktree, change.base, only)
                others = present(worktree, choice)
        cat = self._repository(git_dir).cat
        sides = self._sides(cat, changed)
        edits = with_shapes(diff_files(sides.before, sides.after).edits, sides.before, sides.after)
        paths = tuple(text_of(change.path) for change, _ in changed)
        if asked.paths:
            wants = [want for want in others if want.path not in paths]
            for file in filter(None, self._tables.load(cat, wants, monotonic() + SECONDS)):
                sides.before[file.path] = sides.after[file.path] = file
        look = Look(sides.before, sides.after, edits)
        gone = tuple(text_of(change.path) for change, _ in changed if change.new_path is None)
        rewordings, late = _reworded(look, edits)
        degraded = tuple(dict.fromkeys([*sides.degraded, *late]))
        return Examined(Evidence(paths, degraded, tuple(edits), rewordings, look.sights(asked.sought), gone))

    def _of_commit(self, git_dir: str, sha: str) -> _Changed:
        known = dict(self._repository(git_dir).changes.of([sha]))[sha]
        if known is None or sha in boundary(git_dir):
            raise unreadable(sha)
        return [(change, None) for change in known]

    def entities(self, root: str, rev: str | None, choice: Choice) -> Iterator[FileEntities]:
        """Read the tables of files, of a commit or of the work tree."""
        worktree = discover(root)
        cat = self._repository(worktree.git_dir).cat
        wants = present(worktree, choice) if rev is None else committed(worktree.git_dir, rev, choice)
        return self._entities(cat, wants)

    def folder_entities(self, root: str, choice: Choice) -> Iterator[FileEntities]:
        """Read the tables of the files of a plain folder."""
        return self._entities(None, plain(root, choice))

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _repository(self, git_dir: str) -> "_Repository":
        known = self._open.pop(git_dir, None)
        if known is None:
            cat = CatFile(git_dir, cap=MAX_BYTES)
            known = _Repository(cat, CommitChanges(cat))
            if len(self._open) >= _REPOSITORIES:
                self._open.popitem(last=False)[1].close()
        self._open[git_dir] = known
        return known

    def _entities(self, cat: CatFile | None, wants: Iterator[Want]) -> Iterator[FileEntities]:
        while batch := list(islice(wants, _BATCH)):
            tables = self._tables.read_tables(cat, batch, monotonic() + SECONDS)
            for want, table in zip(batch, tables, strict=True):
                if table is None:
                    table = opaque(want.path, want.blob, degraded=True).table
                yield FileEntities(want.path, want.blob, table)

    def _commit(self, cat: CatFile, sha: str, changed: Sequence[FileChange], *, shapes: bool) -> CommitDiff:
        try:
            diff = self._compare(cat, [(change, None) for change in changed], shapes=shapes)
        except AuraError as error:
            return CommitDiff(sha, failed=error.code)
        except Exception:
            # One commit that we cannot make sense of must not hide the others.
            _LOG.exception("cannot analyse commit %s", sha)
            return CommitDiff(sha, failed="internal_error")
        return CommitDiff(sha, diff.edits, diff.degraded, carried=diff.carried)

    def _read_ahead(self, cat: CatFile, listed: Sequence[list[FileChange] | None]) -> None:
        """Ask git once for the files of several small commits, instead of once for each."""
        wants = dict.fromkeys(
            want
            for changed in listed
            for change in (changed or ())[:_BATCH]
            # The newer side first: commits mostly come so.
            for want in reversed(_wants(change, None))
            if want
        )
        try:
            self._tables.load(cat, list(wants), monotonic() + SECONDS)
        except Exception:
            # It will be met again at the commit that it concerns.
            _LOG.debug("cannot read ahead", exc_info=True)

    def _compare(self, cat: CatFile, changed: _Changed, *, shapes: bool) -> Diff:
        sides = self._sides(cat, changed)
        changes = diff_files(sides.before, sides.after)
        edits = with_shapes(changes.edits, sides.before, sides.after) if shapes else changes.edits
        return Diff(edits, sides.degraded, changes.carried)

    def diff_contents(self, old: Sequence[Content], new: Sequence[Content]) -> Compared:
        """Compare what files held with what they hold."""
        from aura.repo.patches import patches

        sides = self._read_sides(None, _paired(old, new))
        return Compared(diff_files(sides.before, sides.after).edits, sides.degraded, patches(old, new))

    def graft(self, old: Sequence[Content], new: Sequence[Content], said: Sequence[str]) -> Grafted:
        """Put an entity as it was into what files hold. Raises `entity_not_found`, `invalid_request`."""
        from aura.syntax.graft import graft

        sides = self._read_sides(None, _paired(old, new))
        return graft(sides.before, sides.after, said)

    def _sides(self, cat: CatFile, changed: _Changed) -> "_Sides":
        """Read both sides of every file that differs."""
        return self._read_sides(cat, [pair for change, data in changed if any(pair := _wants(change, data))])

    def _read_sides(self, cat: CatFile | None, pairs: Sequence[_Pair]) -> "_Sides":
        before: dict[str, File] = {}
        after: dict[str, File] = {}
        degraded: list[str] = []
        deadline = monotonic() + SECONDS
        for start in range(0, len(pairs), _BATCH):
            batch = pairs[start : start + _BATCH]
            late = start >= FILES
            wants = [want for pair in batch for want in pair if want]
            found = iter([None] * len(wants) if late else self._tables.load(cat, wants, deadline))
            for pair in batch:
                files = [next(found) if want else None for want in pair]
                # One side as code and the other as a whole would read as if all had been deleted.
                whole = any(want and file is None for want, file in zip(pair, files, strict=True))
                for side, want, file in zip((before, after), pair, files, strict=True):
                    if want:
                        side[want.path] = (
                            opaque(want.path, want.blob, degraded=True) if whole or not file else file
                        )
                path = next(want.path for want in pair if want)
                if whole or any(file and file.table.degraded for file in files):
                    degraded.append(path)
        return _Sides(before, after, degraded)


class _Sides(NamedTuple):
    """The files of a change before and after; `degraded` are the paths that were not read in full."""

    before: dict[str, File]
    after: dict[str, File]
    degraded: list[str]


class _Repository(NamedTuple):
    cat: CatFile
    changes: CommitChanges

    def start(self) -> None:
        self.cat.start()
        self.changes.start()

    def close(self) -> None:
        self.cat.close()
        self.changes.close()


def _reworded(look: "Look", edits: Sequence[Edit]) -> tuple[tuple[Rewording, ...], list[str]]:
    """Tell how each edit rewords, and the paths of those for which there was no time."""
    deadline = monotonic() + LOOK_SECONDS
    found: list[Rewording] = []
    late: list[str] = []
    for edit in edits:
        if monotonic() < deadline:
            found.append(look.rewording(edit))
        else:
            found.append(Rewording(None, None, None))
            late += [side.path for side in (edit.old, edit.new) if side]
    return tuple(found), late


def _uncommitted(worktree: WorkTree, base: str, paths: Sequence[str] | None = None) -> _Changed:
    with Scan(worktree, base, cap=MAX_BYTES, paths=paths) as scan:
        return list(scan.changes())


def _staged(worktree: WorkTree, base: str, index: str | None) -> _Changed:
    return [(change, None) for change in staged_changes(worktree, base, index)]


def _paired(old: Sequence[Content], new: Sequence[Content]) -> list[_Pair]:
    """Return both sides of every file, by path."""
    sides = [{content.path: content for content in contents} for contents in (old, new)]
    paths = sorted(sides[0].keys() | sides[1].keys())
    return [(_want_of(sides[0].get(path)), _want_of(sides[1].get(path))) for path in paths]


def _want_of(content: Content | None) -> Want | None:
    if content is None:
        return None
    # By git's id of it the table may be cached; what is not read only has to differ from what differs.
    blob = content.sha256 if content.data is None else blob_id(content.data, "sha1")
    return Want(content.path, blob, SYMLINK if content.data is None else 0o100644, content.data)


def _wants(change: FileChange, data: bytes | None) -> _Pair:
    """Return the sides of a change of content; neither when only the executable bit changed."""
    if change.old_blob == change.new_blob and _kind(change.old_mode) == _kind(change.new_mode):
        return None, None
    old = new = None
    if change.old_path is not None and change.old_blob and change.old_mode:
        old = Want(text_of(change.old_path), change.old_blob, change.old_mode)
    if change.new_path is not None and change.new_blob and change.new_mode:
        new = Want(text_of(change.new_path), change.new_blob, change.new_mode, data)
    return old, new


def _kind(mode: int | None) -> int:
    return (mode or 0) & 0o170000
