"""Python: its names, and where its imports lead."""

import builtins
from collections.abc import Mapping

from tree_sitter import Node

from aura.syntax.references.dialect import Dialect
from aura.syntax.references.modules import Module, Modules
from aura.syntax.references.python_statements import Statements
from aura.syntax.references.types import Facts


class PythonModules(Modules):
    """Packages and modules, found from the folders that hold top-level packages and from that of a script."""

    def __init__(self, files: Mapping[str, Facts]) -> None:
        super().__init__(files)
        self.modules: dict[str, Module] = {}
        self.packages: set[str] = set()
        for path in sorted(files, key=lambda path: (path.endswith(".pyi"), path)):
            key = _key(path)
            if path.rpartition("/")[2].startswith("__init__."):
                self.packages.add(key)
            if not self.modules.get(key, Module(key, ())).paths:
                self.modules[key] = Module(key, (path,))
            while "/" in key:
                key = key.rpartition("/")[0]
                self.modules.setdefault(key, Module(key, ()))
        parents = {package.rpartition("/")[0] for package in self.packages if package}
        self.roots = ["", *sorted((parents - self.packages - {""}), key=lambda root: (root.count("/"), root))]

    def dotted(self, path: str) -> str:
        return _key(path).replace("/", ".") or "__init__"

    def find(self, path: str, module: str, level: int) -> Module | None:
        folder = path.rpartition("/")[0]
        parts = module.replace(".", "/")
        if level:
            for _ in range(level - 1):
                folder = folder.rpartition("/")[0]
            return self.modules.get("/".join(part for part in (folder, parts) if part))
        if folder not in self.packages and (found := self._at(folder, parts)):
            return found
        return next((found for root in self.roots if (found := self._at(root, parts))), None)

    def outside(self, path: str, module: str, level: int) -> str:
        if not level:
            return module
        folders = path.split("/")[:-level]
        return ".".join([*folders, module] if module else folders)

    def child(self, module: Module, name: str) -> Module | None:
        return self.modules.get(f"{module.key}/{name}" if module.key else name)

    def _at(self, root: str, parts: str) -> Module | None:
        return self.modules.get(f"{root}/{parts}" if root else parts)


def _key(path: str) -> str:
    key = path.rpartition(".")[0]
    return key.removesuffix("__init__").removesuffix("/") if key.rpartition("/")[2] == "__init__" else key


def _read(root: Node, source: bytes) -> Facts:
    return Statements(source).read(root)


_TYPES = (str, bytes, list, dict, set, tuple, int, float)

DIALECT = Dialect(
    read=_read,
    modules=PythonModules,
    constructors=("__new__", "__init__"),
    completing="__post_init__",
    invoke="__call__",
    builtins=frozenset(name for name in dir(builtins) if not name.startswith("__")) | {"__import__"},
    common=frozenset(name for made in _TYPES for name in dir(made)),
)
