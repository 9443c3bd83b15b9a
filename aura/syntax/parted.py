"""What a side did since it parted from another, to be asked by entity."""

import re
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from aura.syntax.file import File
from aura.syntax.types import Carried, Change, Edit, Entity, Kind, Side

NOTHING: frozenset[Change] = frozenset({"doc_changed", "formatting_only"})
"""Changes that nobody who runs the code notices."""
BY_FOLDER = frozenset({"go", "java"})
"""Languages where files of one folder see each other's definitions without an import."""

_PACKAGE = re.compile(rb"^\s*package\s+([\w.]+)", re.MULTILINE)


class Key(NamedTuple):
    """Names an entity of one state of the files."""

    path: str
    kind: Kind
    qualified_name: str
    ordinal: int


class Work(Protocol):
    """What a side did: `before` gives the files that differ as they were, `after` any file as it is."""

    edits: Sequence[Edit]
    carried: Sequence[Carried]

    def before(self, path: str) -> File | None: ...

    def after(self, path: str) -> File | None: ...


class Parted:
    """The work of a side by entity, as it was and as it is."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.of_old: dict[Key, Edit] = {}
        self.of_new: dict[Key, Edit] = {}
        self.added: dict[Key, Edit] = {}
        for edit in work.edits:
            if edit.old is not None:
                self.of_old[key_of(edit.old)] = edit
            elif edit.new is not None:
                self.added[key_of(edit.new)] = edit
            if edit.new is not None:
                self.of_new[key_of(edit.new)] = edit
        self._carried = {key_of(each.old): each.new for each in work.carried}
        self._origins = {key_of(each.new): key_of(each.old) for each in work.carried}

    def now(self, side: Side) -> Side | None:
        """Return what an entity of the common past is on this side; None where it is gone."""
        key = key_of(side)
        edit = self.of_old.get(key)
        return edit.new if edit is not None else self._carried.get(key, side)

    def origin(self, key: Key) -> Key | None:
        """Return what a present entity was in the common past; None where it is new."""
        edit = self.of_new.get(key)
        if edit is not None:
            return key_of(edit.old) if edit.old is not None else None
        return self._origins.get(key, key)

    def wrote(self, key: Key) -> bool:
        """Tell whether a present entity is new or was changed, beyond documentation and layout."""
        edit = self.of_new.get(key)
        return edit is not None and does_more(edit)

    def changed(self, key: Key | None) -> bool:
        """Tell whether an entity of the common past was changed or is gone."""
        edit = self.of_old.get(key) if key is not None else None
        return edit is not None and does_more(edit)

    def took(self, key: Key | None) -> bool:
        """Tell whether an entity of the common past went along, as it was, into another file."""
        new = self._carried.get(key) if key is not None else None
        return new is not None and key is not None and new.path != key.path


def does_more(edit: Edit) -> bool:
    """Tell whether an edit changes more than documentation and layout."""
    return not NOTHING.issuperset(edit.changes)


def key_of(side: Side) -> Key:
    return Key(side.path, side.kind, side.qualified_name, side.ordinal)


def key_in(path: str, entity: Entity) -> Key:
    return Key(path, entity.kind, entity.qualified_name, entity.ordinal)


def entity_of(file: File | None, side: Side) -> Entity | None:
    """Return an entity from the table of the file that it is in."""
    key = key_of(side)
    entities = file.table.entities if file is not None else ()
    return next((entity for entity in entities if key_in(side.path, entity) == key), None)


def index_of(file: File | None, side: Side) -> int | None:
    """Return the place of an entity in the table of its file."""
    key = key_of(side)
    entities = file.table.entities if file is not None else ()
    return next((at for at, entity in enumerate(entities) if key_in(side.path, entity) == key), None)


def lines_of(file: File | None, side: Side) -> list[bytes] | None:
    """Return the lines that belong to an entity itself, blank ones left out; None if it is not there."""
    at = index_of(file, side)
    if file is None or at is None:
        return None
    if side.kind == "file":
        return [line for line in map(bytes.strip, file.source.splitlines()) if line]
    return file.own_lines(at)


def around(file: File | None, scope: str, line: int) -> Entity | None:
    """Return the innermost entity that a line in a scope of the call graph lies in: at last, top-level code.

    Of overloads it is the one that holds the line; top-level code may be the value of a constant.
    """
    if file is None:
        return None
    by_name: dict[str, list[Entity]] = {}
    rest = None
    for entity in file.table.entities:
        if entity.kind in ("statements", "file"):
            rest = entity
        elif scope or (entity.kind == "constant" and entity.line <= line <= entity.end_line):
            by_name.setdefault(entity.qualified_name if scope else "", []).append(entity)
    while scope not in by_name and scope:
        scope = scope.rpartition(".")[0]
    found = by_name.get(scope, [])
    holding = (entity for entity in found if entity.line <= line <= entity.end_line)
    return next(holding, found[0] if found else rest)


def is_inside(name: str, outer: str) -> bool:
    """Tell whether a qualified name is that of a member, at whatever depth."""
    return name.startswith(f"{outer}.")


def owner_of(qualified_name: str) -> str:
    """Return the last part of what encloses a qualified name."""
    return qualified_name.rpartition(".")[0].rpartition(".")[2]


def package_of(file: File) -> str | None:
    """Return the package that a file says it belongs to, in languages where one does."""
    found = _PACKAGE.search(file.source) if file.table.language in BY_FOLDER else None
    return found[1].decode("utf-8", "replace") if found else None
