"""Three versions of some files: where two sides parted, and what each made of it."""

from collections.abc import Mapping, Sequence

from aura.syntax.calling import Calling
from aura.syntax.collisions import collisions
from aura.syntax.diff import diff_files
from aura.syntax.file import File
from aura.syntax.impacts import Finding
from aura.syntax.lost import Use
from aura.syntax.parted import Parted
from aura.syntax.references.around import Imported, imported
from aura.syntax.references.join import join
from aura.syntax.references.program import modules_of
from aura.syntax.references.read import read
from aura.syntax.references.types import Facts

Files = Mapping[str, str]


class Made:
    """What a side made of files."""

    def __init__(self, base: Files, now: Files) -> None:
        self._before = {path: File.read(path, text.encode()) for path, text in base.items()}
        self._after = {path: File.read(path, text.encode()) for path, text in now.items()}
        paths = {path for path in (*base, *now) if base.get(path) != now.get(path)}
        changes = diff_files(
            {path: file for path, file in self._before.items() if path in paths},
            {path: file for path, file in self._after.items() if path in paths},
        )
        self.edits, self.carried = changes.edits, changes.carried

    def before(self, path: str) -> File | None:
        return self._before.get(path)

    def after(self, path: str) -> File | None:
        return self._after.get(path)


class Everyone:
    """All uses among files."""

    def __init__(self, files: Files) -> None:
        read_ones = ((path, read(text.encode(), path)) for path, text in files.items())
        facts: dict[str, Facts] = {path: found for path, found in read_ones if found is not None}
        self._edges = join(facts)
        modules = modules_of(facts)
        self._imports = [
            each
            for path, one in facts.items()
            if one.places
            for each in imported(path, one, modules[one.language], lambda name: facts)
        ]
        self._files = {path: File.read(path, text.encode()) for path, text in files.items()}

    def callers(self, path: str, scope: str) -> list[Use]:
        return [
            Use(edge.caller.path, edge.caller.scope, line, edge.confidence)
            for edge in self._edges
            for line in edge.lines
            if (edge.callee.path, edge.callee.scope) == (path, scope)
        ]

    def importers(self, path: str, name: str) -> list[str]:
        return sorted({each.path for each in self._imports if (each.source, each.name) == (path, name)})

    def imports(self, path: str) -> Sequence[Imported]:
        return [each for each in self._imports if each.path == path]

    def has_members(self, name: str) -> bool:
        entities = (entity for file in self._files.values() for entity in file.table.entities)
        return sum(entity.name == name and entity.kind == "method" for entity in entities) > 1

    def calling(self, path: str) -> Calling | None:
        return Calling(self._files[path]) if path in self._files else None


def collide(base: Files, yours: Files, other: Files) -> list[Finding]:
    """Return what the other's changes mean for yours; a file that a side does not name is as it was."""
    return collide_whole(base, {**base, **yours}, {**base, **other})


def collide_whole(base: Files, mine: Files, theirs: Files) -> list[Finding]:
    """Return the same where each side names all its files, so that it may lack some of them."""
    return collisions(
        Parted(Made(base, mine)), Parted(Made(base, theirs)), Everyone(mine), ("yours", "other")
    )
