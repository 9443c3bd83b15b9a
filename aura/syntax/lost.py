"""Whether a use still finds what was removed, renamed or moved."""

import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from aura.syntax.calling import Calling, Given
from aura.syntax.file import File
from aura.syntax.fits import FITS, Verdict, broken, doubtful, misfit
from aura.syntax.handed import hands_on
from aura.syntax.impacts import ImpactChange
from aura.syntax.items import CODE
from aura.syntax.parted import BY_FOLDER, Key, Parted, owner_of
from aura.syntax.references.around import Imported
from aura.syntax.references.dialect import dialect_of
from aura.syntax.references.types import Confidence
from aura.syntax.types import Edit, Entity

LOST: tuple[ImpactChange, ...] = ("removed", "renamed", "moved")

_BASES = re.compile(rb"\A[^{:]*?(?:\(\s*(?!object\s*\))[\w.]|\bextends\b|\bimplements\b)")


class Use(Struct, frozen=True, array_like=True, gc=False):
    """A call from a scope of a file on your side, as the call graph has it."""

    path: str
    scope: str
    line: int
    confidence: Confidence = "imported"


class Users(Protocol):
    """Who uses what in the present state of your side."""

    def callers(self, path: str, scope: str) -> Iterable[Use]: ...

    def importers(self, path: str, name: str) -> Iterable[str]: ...

    def imports(self, path: str) -> Sequence[Imported]: ...

    def calling(self, path: str) -> Calling | None: ...

    def has_members(self, name: str) -> bool:
        """Tell whether several classes have a member of that name, or it cannot be said."""
        ...


class Losses:
    """Looks for what is not any more where it was."""

    def __init__(self, yours: Parted, other: Parted, users: Users) -> None:
        self._yours, self._other, self._users = yours, other, users

    def of(self, edit: Edit, change: ImpactChange, use: Use) -> Verdict:
        """Judge a call. What is called under another name came there as a value: it is named elsewhere."""
        return self._found(edit, change, use) if self._is_named(edit, use) else FITS

    def of_import(self, edit: Edit, change: ImpactChange, use: Use) -> Verdict:
        """Judge an import by name."""
        return self._found(edit, change, use)

    def given(self, edit: Edit, use: Use) -> Given | None:
        """Return the call as it is written."""
        calling = self._users.calling(use.path)
        return calling.at(use.line, _names(edit)) if calling is not None else None

    def _is_named(self, edit: Edit, use: Use) -> bool:
        calling = self._users.calling(use.path)
        return calling is not None and calling.names(use.line, _names(edit))

    def _found(self, edit: Edit, change: ImpactChange, use: Use) -> Verdict:
        """Tell whether a use still finds what was removed, renamed or moved."""
        before, after = edit.old, edit.new
        assert before is not None
        rest = self._other.work.after(before.path)
        top = before.qualified_name == before.name
        standing = namesakes(rest, before.qualified_name) if rest is not None else []
        if rest is not None and standing:
            return self._replaced(edit, use, standing, rest.table.language)
        if top and rest is not None and hands_on(rest, before.name):
            return Verdict("fits", "its old place still names it")
        if top and use.path != before.path and self._is_mended(use.path, before.name, change):
            return Verdict("fits", "they changed the import")
        if change == "moved" and after is not None:
            return self._moved(edit, use)
        if change == "renamed" and after is not None:
            return broken(f"it is {after.qualified_name} now")
        if not top and rest is not None and self._may_inherit(rest, before.qualified_name):
            return doubtful("it is gone, unless a base has it")
        return broken("it is gone")

    def _replaced(self, edit: Edit, use: Use, standing: Sequence[Entity], language: str) -> Verdict:
        """Judge a use of what has its name now: another definition, an overload, or an alias."""
        if not any(entity.kind in CODE for entity in standing):
            return Verdict("fits", "its name is still there")
        given = self.given(edit, use)
        if given is None:
            return doubtful("another has its name now")
        reasons = [misfit(given, entity, language) for entity in standing if entity.kind in CODE]
        if None not in reasons:
            return broken(f"another has its name now, and this {reasons[0]}")
        return doubtful("another has its name now") if edit.new is not None else FITS

    def _is_mended(self, path: str, name: str, change: ImpactChange) -> bool:
        """Tell whether the other side changed the imports of a file, and you did not: theirs will count."""
        key = Key(path, "statements", "statements", 0)
        if not self._other.changed(key) or self._yours.changed(key):
            return False
        file = self._other.work.after(path)
        return change == "moved" or (file is not None and hands_on(file, name))

    def _moved(self, edit: Edit, use: Use) -> Verdict:
        before, after = edit.old, edit.new
        assert before is not None
        assert after is not None
        where = after.path if after.path != before.path else after.qualified_name
        elsewhere = broken(f"it is in {where} now")
        file = self._other.work.after(after.path)
        beside = before.path.rpartition("/")[0] == after.path.rpartition("/")[0]
        same_name = before.qualified_name == after.qualified_name
        if "moved to a base" in edit.reason:
            return Verdict("fits", "it is found in a base")
        if same_name and beside and file is not None and file.table.language in BY_FOLDER:
            return Verdict("fits", "it is found by the same name")
        if same_name and use.path == before.path and self._is_file_renamed(before.path, after.path):
            return Verdict("fits", "it went with the whole file")
        if before.qualified_name != before.name or use.path == before.path:
            return elsewhere
        imports = self._users.imports(use.path)
        if any(each.source == before.path for each in imports):
            return elsewhere
        by_way = {each.source for each in imports if each.name == before.name}
        if any(self._other.changed(Key(source, "statements", "statements", 0)) for source in by_way):
            return Verdict("fits", "what it is imported from was changed along")
        return elsewhere

    def _is_file_renamed(self, old: str, new: str) -> bool:
        """Tell whether a file is elsewhere as a whole: a merge takes there what you wrote in it."""
        work = self._other.work
        return work.after(old) is None and work.before(new) is None

    def _may_inherit(self, file: File, name: str) -> bool:
        """Tell whether a member may still be had from what its class derives from."""
        outer, _, last = name.rpartition(".")
        owners = [entity for entity in file.table.entities if entity.qualified_name == outer]
        if not any(
            _BASES.match(file.source[each.start : each.end].partition(b"class")[2]) for each in owners
        ):
            return False
        dialect = dialect_of(file.table.language)
        is_common = last.startswith("__") or (dialect is not None and last in dialect.common)
        return is_common or self._users.has_members(last)


def _names(edit: Edit) -> frozenset[str]:
    """Return the names under which an entity is called: a constructor by its class, too."""
    old = edit.old
    assert old is not None
    return frozenset((old.name, owner_of(old.qualified_name)) if old.kind == "constructor" else (old.name,))


def namesakes(file: File, name: str) -> list[Entity]:
    """Return the entities of a file that have a qualified name."""
    entities = file.table.entities
    return [e for e in entities if e.qualified_name == name and e.kind not in ("statements", "file")]
