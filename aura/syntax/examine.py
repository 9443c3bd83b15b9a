"""A closer look at a change: how its edits reword, and what the entities that are asked for call."""

import logging
from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from aura.syntax.calls import called_names
from aura.syntax.evidence import Rewording, Seen, Sight, Target
from aura.syntax.file import File
from aura.syntax.naming import answers_to
from aura.syntax.references.join import join
from aura.syntax.references.read import read
from aura.syntax.references.types import Facts
from aura.syntax.rewording import moves_of, rewording
from aura.syntax.types import Edit, Side

JOINED = 60
"""Of more files, those that hold what is asked for come first; in what is left calls are known by name."""

Place = tuple[File, int]
Targets = Mapping[tuple[str, str], Sequence[Target]]
_LOG = logging.getLogger(__name__)


class Look:
    """One change, looked at closely.

    The files must hold those of the edits; others, given on both sides, are looked through for names alone.
    """

    def __init__(self, before: Mapping[str, File], after: Mapping[str, File], edits: Sequence[Edit]) -> None:
        self._before, self._after, self._edits = before, after, edits
        self._moves = moves_of(edits)

    def rewording(self, edit: Edit) -> Rewording:
        """Tell how the entity of an edit is worded anew."""
        return rewording(_found(self._before, edit.old), _found(self._after, edit.new), self._moves)

    def sights(self, sought: Iterable[str]) -> tuple[Sight, ...]:
        """Find entities by name, edited or not, with their calls resolved among the files."""
        found = [sight for name in dict.fromkeys(sought) for sight in self._sights(name)]
        old = _targets(self._before, [sight.old for sight in found])
        new = _targets(self._after, [s for sight in found for s in (sight.new, *sight.helpers)])
        return tuple(
            Sight(
                sight.sought,
                _resolved(sight.old, old),
                _resolved(sight.new, new),
                tuple(filter(None, (_resolved(helper, new) for helper in sight.helpers))),
            )
            for sight in found
        )

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


def _targets(files: Mapping[str, File], seen: Iterable[Seen | None]) -> Targets:
    """Resolve the calls among the files of some entities and others that may hold what is called."""
    holding = dict.fromkeys(each.path for each in seen if each)
    paths = list(holding | dict.fromkeys(files))[:JOINED] if holding else []
    facts = {path: known for path in paths if (known := _facts(files[path]))}
    found: dict[tuple[str, str], list[Target]] = {}
    for edge in join(facts) if facts else ():
        if edge.callee.path and edge.confidence != "name_only":
            target = Target(edge.callee.path, edge.callee.scope, edge.lines[0] if edge.lines else 1)
            scope = edge.caller.scope
            while scope:
                found.setdefault((edge.caller.path, scope), []).append(target)
                scope = scope.rpartition(".")[0]
    return found


def _facts(file: File) -> Facts | None:
    try:
        return read(file.source, file.path)
    except Exception:
        # A fault of ours in one file must not hide what is known by name.
        _LOG.exception("cannot read the calls of %s", file.path)
        return None


def _resolved(seen: Seen | None, targets: Targets) -> Seen | None:
    if seen is None:
        return None
    return replace(seen, targets=tuple(targets.get((seen.path, seen.qualified_name), ())))
