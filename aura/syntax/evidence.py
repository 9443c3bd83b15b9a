"""What a change shows beyond its edits: the evidence by which it can be said what it did not do."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from aura.syntax.calls import called_names
from aura.syntax.file import File
from aura.syntax.naming import answers_to
from aura.syntax.rewording import Moves, Rewording, moves_of, rewording
from aura.syntax.types import Edit, Kind, Side

Place = tuple[File, int]


class Seen(Struct, frozen=True, array_like=True):
    """An entity on one side of a change, with the names that it calls."""

    path: str
    kind: Kind
    qualified_name: str
    line: int
    calls: tuple[str, ...]


class Sight(Struct, frozen=True, array_like=True):
    """An entity that is meant by `sought`, before and after. `helpers` are what it calls that is new."""

    sought: str
    old: Seen | None
    new: Seen | None
    helpers: tuple[Seen, ...] = ()


class Evidence(Struct, frozen=True):
    """A change: the paths that differ, those not read in full, and its edits, each with its rewording.

    `gone` are the paths that are not there any more.
    """

    paths: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    rewordings: tuple[Rewording, ...] = ()
    sights: tuple[Sight, ...] = ()
    gone: tuple[str, ...] = ()


def examine(
    before: Mapping[str, File], after: Mapping[str, File], edits: Sequence[Edit], sought: Iterable[str]
) -> tuple[tuple[Rewording, ...], tuple[Sight, ...]]:
    """Look closer at edits between files, and for entities by name, whether or not they were edited.

    The files must hold those of the edits; others, given on both sides, are looked through for names alone.
    """
    return _Look(before, after, edits).at(sought)


class _Look:
    def __init__(self, before: Mapping[str, File], after: Mapping[str, File], edits: Sequence[Edit]) -> None:
        self._before, self._after, self._edits = before, after, edits

    def at(self, sought: Iterable[str]) -> tuple[tuple[Rewording, ...], tuple[Sight, ...]]:
        moves = moves_of(self._edits)
        rewordings = tuple(self._rewording(edit, moves) for edit in self._edits)
        return rewordings, tuple(sight for name in dict.fromkeys(sought) for sight in self._sights(name))

    def _rewording(self, edit: Edit, moves: Moves) -> Rewording:
        return rewording(_found(self._before, edit.old), _found(self._after, edit.new), moves)

    def _sights(self, name: str) -> list[Sight]:
        edited = [
            self._sight(name, _seen(_found(self._before, edit.old)), _seen(_found(self._after, edit.new)))
            for edit in self._edits
            if any(s and answers_to(s.path, s.qualified_name, name) for s in (edit.old, edit.new))
        ]
        known = {(seen.path, seen.qualified_name) for sight in edited if (seen := sight.new)}
        kept = [
            self._sight(name, self._before_it(file, index) or seen, seen)
            for path, file in self._after.items()
            for index, entity in enumerate(file.table.entities)
            if answers_to(path, entity.qualified_name, name) and (path, entity.qualified_name) not in known
            if (seen := _seen((file, index)))
        ]
        return edited + kept

    def _before_it(self, file: File, index: int) -> Seen | None:
        """Return what an entity without an edit was: those inside it may have changed."""
        entity, old = file.table.entities[index], self._before.get(file.path)
        key = (entity.kind, entity.qualified_name, entity.ordinal)
        for at, other in enumerate(old.table.entities if old else ()):
            if old and (other.kind, other.qualified_name, other.ordinal) == key:
                return _seen((old, at))
        return None

    def _sight(self, name: str, old: Seen | None, new: Seen | None) -> Sight:
        called = frozenset(new.calls if new else ())
        helpers = (
            _seen(_found(self._after, edit.new))
            for edit in self._edits
            if edit.old is None and edit.new and edit.new.name in called
        )
        return Sight(name, old, new, tuple(filter(None, helpers)))


def _found(files: Mapping[str, File], side: Side | None) -> Place | None:
    file = files.get(side.path) if side else None
    if side is None or file is None:
        return None
    key = (side.kind, side.qualified_name, side.ordinal)
    for index, entity in enumerate(file.table.entities):
        if (entity.kind, entity.qualified_name, entity.ordinal) == key:
            return file, index
    return None


def _seen(place: Place | None) -> Seen | None:
    if place is None:
        return None
    file, index = place
    entity = file.table.entities[index]
    return Seen(file.path, entity.kind, entity.qualified_name, entity.line, called_names(file, index))
