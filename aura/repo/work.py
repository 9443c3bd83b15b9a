"""What a side did since it parted from another, file by file, so that a save costs the work of one file."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aura.repo.sides import State, Store
from aura.repo.tables import Want
from aura.syntax.diff import diff_files
from aura.syntax.file import File
from aura.syntax.types import Carried, Change, Changes, Edit

FILES = 2000
"""Of a side that differs in more files, the rest are not looked at."""
TOGETHER = 200
"""Files among which is looked for what was moved from one to another."""
KEPT = 5000

_AWAY: frozenset[Change] = frozenset({"deleted", "renamed", "moved", "inlined", "split"})
_COME: frozenset[Change] = frozenset({"added", "renamed", "moved", "extracted"})
_Pair = tuple[Want | None, Want | None]
_Blobs = tuple[str, str | None, str | None]


class Work:
    """The edits of a side since a commit, and its files before and after."""

    def __init__(self, store: Store, base: str, state: State, found: "Found") -> None:
        self._store, self._base, self._state = store, base, state
        self.edits, self.carried, self.left = found

    def before(self, path: str) -> File | None:
        return self._file(self._store.at(self._base, path))

    def after(self, path: str) -> File | None:
        return self._file(self._store.now(self._state, path))

    def _file(self, want: Want | None) -> File | None:
        return self._store.one(want) if want is not None else None


class Found(NamedTuple):
    """Edits, what was carried along, and the paths that were not looked at."""

    edits: Sequence[Edit]
    carried: Sequence[Carried]
    left: Sequence[str]


class Differ:
    """Compares sides with commits; for one repository and one thread.

    Each file is compared with itself first. Only those from which something went, and to which something
    came, are compared once more together, for it may be the same.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: OrderedDict[_Blobs, Changes] = OrderedDict()
        self._joint: OrderedDict[frozenset[_Blobs], Changes] = OrderedDict()

    def work(self, base: str, state: State) -> Work:
        """Return what a side did since a commit."""
        pairs = self._store.between(base, state)
        paths = sorted(pairs)
        alone = {path: self._alone(path, pairs[path]) for path in paths[:FILES]}
        loose = [path for path, changes in alone.items() if _is_loose(changes)]
        joint: Changes | None = None
        if _may_be_related([alone[path] for path in loose]) and len(loose) > 1:
            joint = self._together({path: pairs[path] for path in loose[:TOGETHER]})
            for path in loose[:TOGETHER]:
                del alone[path]
        every = [*alone.values(), *([joint] if joint else [])]
        edits = [edit for changes in every for edit in changes.edits]
        carried = [each for changes in every for each in changes.carried]
        return Work(self._store, base, state, Found(edits, carried, paths[FILES:]))

    def _alone(self, path: str, pair: _Pair) -> Changes:
        at = _blobs(path, pair)
        known = self._known.pop(at, None)
        if known is None:
            known = self._compared({path: pair})
        self._known[at] = known
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return known

    def _together(self, pairs: Mapping[str, _Pair]) -> Changes:
        at = frozenset(_blobs(path, pair) for path, pair in pairs.items())
        known = self._joint.pop(at, None)
        if known is None:
            known = self._compared(pairs)
        self._joint[at] = known
        if len(self._joint) > 64:
            self._joint.popitem(last=False)
        return known

    def _compared(self, pairs: Mapping[str, _Pair]) -> Changes:
        wants = [want for pair in pairs.values() for want in pair if want is not None]
        found = iter(self._store.load(wants))
        before: dict[str, File] = {}
        after: dict[str, File] = {}
        for path, pair in pairs.items():
            files = [next(found) if want is not None else None for want in pair]
            # A side that cannot be had would read as if all had been deleted.
            if any(want is not None and file is None for want, file in zip(pair, files, strict=True)):
                continue
            for side, file in zip((before, after), files, strict=True):
                if file is not None:
                    side[path] = file
        return diff_files(before, after)


def _blobs(path: str, pair: _Pair) -> _Blobs:
    old, new = pair
    return path, old.blob if old else None, new.blob if new else None


def _is_loose(changes: Changes) -> bool:
    return any(
        not _AWAY.isdisjoint(edit.changes) or not _COME.isdisjoint(edit.changes) for edit in changes.edits
    )


def _may_be_related(loose: Sequence[Changes]) -> bool:
    """Tell whether something went from one file and something came to another."""
    away = [not all(_AWAY.isdisjoint(edit.changes) for edit in changes.edits) for changes in loose]
    come = [not all(_COME.isdisjoint(edit.changes) for edit in changes.edits) for changes in loose]
    return any(a and b for i, a in enumerate(away) for j, b in enumerate(come) if i != j)
