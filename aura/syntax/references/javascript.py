"""JavaScript and TypeScript: where their imports lead."""

import posixpath
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from aura.syntax.references.dialect import Dialect
from aura.syntax.references.manifests import Manifest, manifests
from aura.syntax.references.modules import Module, Modules
from aura.syntax.references.types import Facts
from aura.syntax.references.typescript_lowering import TypeScript

_ENDINGS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts")
_SOURCES = {".js": (".ts", ".tsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}


class JavaScriptModules(Modules):
    """Files by relative path, by the patterns of `tsconfig.json`, and packages of the same work tree."""

    def __init__(self, files: Mapping[str, Facts]) -> None:
        super().__init__(files)
        packages = manifests(files, "package.json")
        self.folders = packages
        self.packages = {found.name: folder for folder, found in packages.items() if found.name}
        self.configs = manifests(files, "tsconfig.json", "jsconfig.json")

    def find(self, path: str, module: str, level: int) -> Module | None:
        folder = path.rpartition("/")[0]
        for candidate in self._candidates(folder, module):
            found = self._file(candidate)
            if found is not None:
                return Module(found, (found,))
        return None

    def _candidates(self, folder: str, module: str) -> Iterator[str]:
        """Yield what a module may be, by path without ending."""
        if module.startswith("."):
            yield _joined(folder, module)
            return
        config = self._config(folder)
        if config is not None:
            yield from _mapped(*config, module)
        name, rest = module, ""
        while name:
            if name in self.packages:
                yield _joined(self.packages[name], rest)
            name, _, last = name.rpartition("/")
            rest = f"{last}/{rest}" if rest else last

    def _config(self, folder: str) -> tuple[str, Manifest] | None:
        """Return the nearest configuration around a folder that says where imports lead."""
        while True:
            found = self.configs.get(folder)
            if found is not None and found.base is not None:
                return folder, found
            if not folder:
                return None
            folder = folder.rpartition("/")[0]

    def _file(self, candidate: str) -> str | None:
        if candidate in self.files and not candidate.endswith(".json"):
            return candidate
        stem, ending = posixpath.splitext(candidate)
        endings = [stem + other for other in _SOURCES.get(ending, ())]
        endings += [candidate + other for other in _ENDINGS]
        found = next((path for path in endings if path in self.files), None)
        if found is not None:
            return found
        package = self.folders.get(candidate)
        if package is not None and package.main:
            main = _joined(candidate, package.main)
            found = self._file(main) if main != candidate else None
        starts = (_joined(candidate, "index"), _joined(candidate, "src/index"))
        indexes = (start + other for start in starts[: 1 + (package is not None)] for other in _ENDINGS)
        return found or next((path for path in indexes if path in self.files), None)


def _joined(folder: str, module: str) -> str:
    path = posixpath.normpath(posixpath.join(folder, module))
    return "" if path == "." else path


def _mapped(folder: str, config: Manifest, module: str) -> Iterator[str]:
    base = _joined(folder, config.base or "")
    for pattern, targets in config.paths.items():
        before, star, behind = pattern.partition("*")
        if star and module.startswith(before) and module.endswith(behind):
            inner = module[len(before) : len(module) - len(behind)]
            yield from (_joined(base, target.replace("*", inner)) for target in targets)
        elif module == pattern:
            yield from (_joined(base, target) for target in targets)
    yield _joined(base, module)


# Methods of what is built in: of an unknown receiver, they are no class's of the repository.
_COMMON = frozenset(
    {
        *(
            "add",
            "append",
            "apply",
            "at",
            "bind",
            "call",
            "catch",
            "clear",
            "close",
            "concat",
            "copy",
            "create",
        ),
        *("delete", "emit", "end", "entries", "error", "every", "exec", "fill", "filter", "finally", "find"),
        *("flat", "flatMap", "forEach", "get", "has", "includes", "indexOf", "info", "init", "join", "keys"),
        *(
            "length",
            "load",
            "log",
            "map",
            "match",
            "next",
            "off",
            "on",
            "once",
            "open",
            "parse",
            "pipe",
            "pop",
        ),
        *("push", "read", "reduce", "remove", "replace", "reset", "resolve", "reverse", "run", "send", "set"),
        *("shift", "slice", "some", "sort", "splice", "split", "start", "stop", "stringify", "test", "then"),
        *("toString", "trim", "update", "use", "values", "valueOf", "warn", "write", "constructor", "render"),
    }
)
_KEEPING = frozenset({"push", "unshift", "add", "set", "append", "fill", "splice"})


def _read(root: Node, source: bytes) -> Facts:
    return TypeScript(source, "javascript").read(root)


DIALECT = Dialect(
    read=_read,
    modules=JavaScriptModules,
    constructors=("constructor",),
    common=_COMMON,
    records=frozenset({"object"}),
    typed=True,
    names_classes=True,
    callbacks=True,
    transparent=frozenset({"then", "catch", "finally"}),
    keeping=_KEEPING,
    mapping=frozenset({"then", "map", "flatMap", "reduce", "reduceRight"}),
    guesses=2,
)
