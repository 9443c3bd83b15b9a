"""What a side wrote, asked for the names in it that no call says."""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from aura.syntax.file import File
from aura.syntax.lost import Use, Users
from aura.syntax.mentions import mentions
from aura.syntax.parted import BY_FOLDER, Parted, does_more, index_of, package_of
from aura.syntax.types import Side

_USE = re.compile(rb"\buse\s[^;]+;")
_WORD = re.compile(rb"\w+")


class Written:
    """The entities of your side that are new or changed, beyond documentation and layout."""

    def __init__(self, yours: Parted, users: Users) -> None:
        self._yours, self._users = yours, users

    @cached_property
    def by_path(self) -> dict[str, list[Side]]:
        found: dict[str, list[Side]] = {}
        for edit in self._yours.of_new.values():
            if edit.new is not None and edit.new.kind != "file" and does_more(edit):
                found.setdefault(edit.new.path, []).append(edit.new)
        return found

    def mentions(self, place: Side) -> Iterator[Use]:
        """Yield where a top-level entity of your side is named in what you wrote, and not called."""
        for path, sides in self.by_path.items():
            file = self._yours.work.after(path)
            if file is None or place.name.encode() not in file.source:
                continue
            calling = self._users.calling(path)
            for holder in self.holders(place, path, file):
                for side in sides:
                    index = index_of(file, side)
                    if index is None or calling is None or side == place:
                        continue
                    scope = "" if side.kind == "statements" else side.qualified_name
                    for line in mentions(calling, file.spans(index), place.name, holder):
                        yield Use(path, scope, line)

    def holders(self, place: Side, path: str, file: File) -> list[str | None]:
        """Return what an entity is named by in a file: itself (None), what it stands in, or nothing."""
        if path == place.path:
            return [None]
        imports = self._users.imports(path)
        ours = [each.name for each in imports if each.source == place.path]
        found: list[str | None] = []
        if place.name in ours or "*" in ours:
            found.append(None)
        home = self._yours.work.after(place.path)
        if home is None:
            return found
        if home.table.language == "rust":
            return _by_use(file, place)
        package = package_of(home)
        if "" in ours:
            found.append(package or _module(place.path))
        if found or not self._is_beside(place.path, home, path, file):
            return found
        elsewhere = rb"^import .*\b" + place.name.encode() + rb"\s*;"
        taken = any(each.name == place.name for each in imports)
        return [] if taken or re.search(elsewhere, file.source, re.MULTILINE) else [None]

    @staticmethod
    def _is_beside(path: str, file: File, other: str, beside: File) -> bool:
        """Tell whether two files see what the other defines, as files of one package do."""
        language = file.table.language
        return (
            language in BY_FOLDER
            and language == beside.table.language
            and path.rpartition("/")[0] == other.rpartition("/")[0]
            and package_of(file) == package_of(beside)
        )


def _by_use(file: File, place: Side) -> list[str | None]:
    """Return what something of Rust is named by: its module before it, and where it is used itself."""
    module = _module(place.path)
    said = (set(_WORD.findall(use)) for use in _USE.findall(file.source))
    used = any({module.encode(), place.name.encode()} <= words for words in said)
    return [module, None] if used else [module]


def _module(path: str) -> str:
    """Return the name of the module that a file is."""
    pure = PurePosixPath(path)
    inner = pure.stem in ("__init__", "mod", "index", "lib")
    return pure.parent.name if inner else pure.stem
