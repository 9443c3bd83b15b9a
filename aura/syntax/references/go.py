"""Go: its packages are folders, and their names begin with what `go.mod` says."""

from collections.abc import Mapping

from tree_sitter import Node

from aura.syntax.references.dialect import Dialect
from aura.syntax.references.go_lowering import Go
from aura.syntax.references.manifests import manifests
from aura.syntax.references.modules import Module, Modules
from aura.syntax.references.types import Facts


class GoModules(Modules):
    """Packages by folder."""

    def __init__(self, files: Mapping[str, Facts]) -> None:
        super().__init__(files)
        self.roots = {
            found.name: folder for folder, found in manifests(files, "go.mod").items() if found.name
        }
        self.folders: dict[str, list[str]] = {}
        for path in sorted(files):
            if path.endswith(".go"):
                self.folders.setdefault(path.rpartition("/")[0], []).append(path)
        packages: dict[tuple[str, str], list[str]] = {}
        for folder, paths in self.folders.items():
            for path in paths:
                packages.setdefault((folder, files[path].package), []).append(path)
        self.packages = {key: tuple(paths) for key, paths in packages.items()}

    def find(self, path: str, module: str, level: int) -> Module | None:
        name, rest = module, ""
        while name:
            if name in self.roots:
                return self._package("/".join(part for part in (self.roots[name], rest) if part))
            name, _, last = name.rpartition("/")
            rest = f"{last}/{rest}" if rest else last
        return None

    def _package(self, folder: str) -> Module | None:
        paths = [path for path in self.folders.get(folder, ()) if not path.endswith("_test.go")]
        names = [self.files[path].package for path in paths]
        chosen = max(set(names), key=lambda name: (name != "main", names.count(name), name), default="")
        kept = tuple(path for path in paths if self.files[path].package == chosen)
        return Module(folder, kept) if kept else None

    def beside(self, path: str) -> tuple[str, ...]:
        return self.packages.get((path.rpartition("/")[0], self.files[path].package), ())


# Methods of many types outside: of an unknown receiver, they are no type's of the repository.
_COMMON = frozenset(
    {
        *(
            "Add",
            "Close",
            "Copy",
            "Delete",
            "Do",
            "Done",
            "Error",
            "Errorf",
            "Fatal",
            "Fatalf",
            "Find",
            "Flush",
        ),
        *("Format", "Get", "Header", "Helper", "Init", "Int", "Len", "Less", "Load", "Lock", "Log", "Logf"),
        *(
            "Name",
            "New",
            "Next",
            "Open",
            "Parse",
            "Print",
            "Printf",
            "Println",
            "Put",
            "Read",
            "Remove",
            "Reset",
        ),
        *(
            "Run",
            "Send",
            "Set",
            "Sort",
            "Start",
            "Stop",
            "Store",
            "String",
            "Swap",
            "Type",
            "Unlock",
            "Unwrap",
        ),
        *("Update", "Value", "Wait", "Write", "WriteString", "Kind", "Method", "Path", "Bytes", "Size"),
    }
)


def _read(root: Node, source: bytes) -> Facts:
    return Go(source, "go").read(root)


DIALECT = Dialect(
    read=_read,
    modules=GoModules,
    common=_COMMON,
    records=frozenset({"struct"}),
    typed=True,
    structural=True,
    guesses=2,
    converts=True,
    callbacks=True,
)
