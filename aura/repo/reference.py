"""The commit from which all sides of a repository are told: who calls and imports what in it."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from itertools import takewhile

from msgspec import Struct

from aura.repo.cache import Key
from aura.repo.sides import Store
from aura.repo.tables import Want
from aura.syntax.references import read
from aura.syntax.references.around import Imported, imported, outline
from aura.syntax.references.graph import Graph
from aura.syntax.references.join import graph
from aura.syntax.references.linked import Linked
from aura.syntax.references.manifests import manifest_language, read_manifest
from aura.syntax.references.modules import Modules
from aura.syntax.references.program import modules_of
from aura.syntax.references.types import Edge, Facts, Import

DEFINERS = 8
"""A name that more files than these define says nothing of where it leads."""

_PACKAGE = re.compile(rb"^[ \t]*package[ \t]+([\w.]+)", re.MULTILINE)
_MODULE = re.compile(rb"^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?mod[ \t]+(\w+)[ \t]*;", re.MULTILINE)
_SAYING = frozenset({"go", "java", "rust"})
_BATCH = 200


class Reference(Struct, frozen=True, array_like=True, dict=True):
    """The calls and imports of a commit, and of each file what modules are found by.

    A sketch, of a repository that is too large, has no calls and imports.
    """

    graph: Graph
    outlines: dict[str, Facts]
    imports: tuple[Imported, ...]
    is_sketch: bool = False

    @cached_property
    def modules(self) -> dict[str, Modules]:
        return modules_of(self.outlines)

    @cached_property
    def called(self) -> dict[tuple[str, str], list[Edge]]:
        """The edges to an entity by its path and scope; made when asked for, entity by entity."""
        return {}

    @cached_property
    def defining(self) -> dict[str, list[str]]:
        """The files that define a name; of a sketch, those that are called so."""
        found: dict[str, dict[str, None]] = {}
        for path in self.outlines if self.is_sketch else ():
            found.setdefault(path.rpartition("/")[2].partition(".")[0], {})[path] = None
        for symbol in self.graph.symbols:
            if symbol.path and symbol.scope:
                found.setdefault(symbol.scope.rpartition(".")[2], {})[symbol.path] = None
        return {name: list(paths) for name, paths in found.items() if len(paths) <= DEFINERS}

    @cached_property
    def methods(self) -> dict[str, int]:
        """How many methods there are of each name."""
        found: dict[str, int] = {}
        for symbol in self.graph.symbols:
            if symbol.path and "." in symbol.scope:
                name = symbol.scope.rpartition(".")[2]
                found[name] = found.get(name, 0) + 1
        return found

    @cached_property
    def importers(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        for each in self.imports:
            found.setdefault((each.source, each.name), []).append(each.path)
        return found

    @cached_property
    def by_importer(self) -> dict[str, list[Imported]]:
        found: dict[str, list[Imported]] = {}
        for each in self.imports:
            found.setdefault(each.path, []).append(each)
        return found

    def edges_to(self, path: str, scope: str) -> list[Edge]:
        known = self.called.get((path, scope))
        if known is None:
            known = self.called[path, scope] = self.graph.of(self.graph.at(path, scope), "callers")
        return known


def joined(facts: Mapping[str, Facts], degraded: Iterable[str]) -> Reference:
    """Join all files of a commit."""
    outlines = {path: outline(one) for path, one in facts.items()}
    whole = graph({path: Linked(one) for path, one in facts.items()}, degraded)
    modules = modules_of(outlines)
    reference = Reference(whole, outlines, ())
    found: list[Imported] = []
    for path, one in facts.items():
        found += imported(path, one, modules[one.language], lambda name: reference.defining.get(name, ()))
    return Reference(whole, outlines, tuple(found))


def sketched(store: Store, keys: Mapping[str, Key]) -> Reference:
    """Say of the files of a commit only what their modules are, without reading more than it takes."""
    plain = {key.language: Facts(key.language, (), (), (), (), ()) for key in keys.values()}
    outlines = {path: plain[key.language] for path, key in keys.items()}
    telling = [path for path, key in keys.items() if key.language in _SAYING or manifest_language(path)]
    for start in range(0, len(telling), _BATCH):
        batch = telling[start : start + _BATCH]
        contents = store.cat.read_many([store.files[path].blob for path in batch])
        for path, found in zip(batch, contents, strict=True):
            if found is not None and found.data is not None:
                outlines[path] = _sketch(path, keys[path].language, found.data) or outlines[path]
    return Reference(Graph((), ()), outlines, (), is_sketch=True)


def _sketch(path: str, language: str, source: bytes) -> Facts | None:
    if manifest_language(path):
        return read_manifest(source, path)
    said = _PACKAGE.search(source) if language != "rust" else None
    package = said[1].decode("utf-8", "replace") if said else ""
    names = _MODULE.findall(source) if language == "rust" else []
    declared = tuple(Import(0, f"self::{name.decode()}") for name in names)
    return Facts(language, (), (), (), (), (), declared, package)


def nearest(path: str, others: Collection[str], limit: int) -> list[str]:
    """Return those of some files that lie nearest to another one."""
    if len(others) <= limit:
        return list(others)
    steps = path.split("/")

    def far(other: str) -> tuple[int, int]:
        parts = other.split("/")
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(steps, parts, strict=False)))
        return -shared, len(parts)

    return sorted(others, key=far)[:limit]


def key_of(want: Want) -> Key | None:
    """Return what the facts of a file are kept by; None for one that has none."""
    language = read.language_of(want.path)
    return Key(want.blob, language, read.fingerprint(language), "facts") if language else None
