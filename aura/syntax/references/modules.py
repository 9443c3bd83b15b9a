"""Which files an import means: what languages share; each has its own rules in a subclass."""

from collections.abc import Mapping
from typing import NamedTuple

from aura.syntax.references.types import Facts


class Module(NamedTuple):
    """What can be imported: a file, a package, a folder.

    `key` tells it from others; importers see the top-level names, or the exports, of the files `paths`.
    """

    key: str
    paths: tuple[str, ...]


class Modules:
    """The modules of one language among the files of a work tree.

    Made anew when files come or go; `files` are those of the language, by path.
    """

    def __init__(self, files: Mapping[str, Facts]) -> None:
        self.files = files

    def dotted(self, path: str) -> str:
        """Return the name of the module that a file is, by its path: `pkg/mod.py` is `pkg.mod`."""
        folder, slash, name = path.rpartition("/")
        return f"{folder}{slash}{name.rpartition('.')[0] or name}".replace("/", ".")

    def find(self, path: str, module: str, level: int) -> Module | None:
        """Return what the file at `path` imports under this name, or None where it lies outside."""
        return None

    def child(self, module: Module, name: str) -> Module | None:
        """Return a module inside another: a submodule that is named as if it were an attribute."""
        return None

    def beside(self, path: str) -> tuple[str, ...]:
        """Return the files whose top-level names are seen at `path` without an import, it may be among them.

        Files that see the same are given the same tuple.
        """
        return ()

    def outside(self, path: str, module: str, level: int) -> str:
        """Return the dotted name of a module that lies outside, as the file at `path` imports it."""
        return module
