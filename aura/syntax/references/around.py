"""A part of a program: the calls and imports of one file, with as many others as it takes to follow them."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec import Struct

from aura.syntax.references.join import join_linked
from aura.syntax.references.linked import Linked
from aura.syntax.references.modules import Modules
from aura.syntax.references.types import Edge, Facts

DEPTH = 2
"""Imports are followed so far: to what a package hands on, and to the class that a function gives back."""
WIDTH = 24
"""So many files are joined with the one that is asked about."""

Load = Callable[[str], Linked | None]
Defining = Callable[[str], Iterable[str]]


class Imported(Struct, frozen=True, array_like=True, gc=False):
    """That the file at `path` imports `name` from the file `source`; without a name, the module itself."""

    path: str
    source: str
    name: str


def imported(path: str, facts: Facts, modules: Modules, defining: Defining) -> list[Imported]:
    """Return what a file imports from others; `defining` gives the files that define a top-level name."""
    found: dict[Imported, None] = {}
    for entry in facts.imports:
        module = modules.find(path, entry.module, entry.level)
        if module is None:
            continue
        child = modules.child(module, entry.name) if entry.name else None
        if child is not None:
            found.update(dict.fromkeys(Imported(path, source, "") for source in child.paths))
        sources: Iterable[str] = module.paths
        if len(module.paths) > 1 and entry.name not in ("", "*"):
            sources = set(module.paths).intersection(defining(entry.name))
        found.update(
            dict.fromkeys(Imported(path, source, entry.name) for source in sources if source != path)
        )
    return list(found)


def around(path: str, load: Load, modules: Mapping[str, Modules], defining: Defining) -> dict[str, Linked]:
    """Return a file and those that its calls may lead to: what it imports, and what its package defines."""
    first = load(path)
    if first is None:
        return {}
    found = {path: first}
    waiting = [path]
    for _ in range(DEPTH):
        wanted = [other for each in waiting for other in _neighbours(each, found[each], modules, defining)]
        waiting = []
        for other in dict.fromkeys(wanted):
            if other in found or len(found) > WIDTH:
                continue
            linked = load(other)
            if linked is not None:
                found[other] = linked
                waiting.append(other)
    return found


def _neighbours(
    path: str, linked: Linked, modules: Mapping[str, Modules], defining: Defining
) -> Iterator[str]:
    facts = linked.facts
    own = modules.get(facts.language)
    if own is None or path not in own.files:
        return
    for entry in imported(path, facts, own, defining):
        yield entry.source
    beside = set(own.beside(path)) - {path}
    # Rust's paths begin at the crate, which says nothing of where they lead.
    if beside or facts.language == "rust":
        for name in facts.names:
            found = defining(name)
            yield from sorted(beside.intersection(found)) if beside else found


def calls_of(path: str, part: Mapping[str, Linked], modules: Mapping[str, Modules]) -> list[Edge]:
    """Return the edges from a file to others, and within it, as far as these files tell."""
    return [edge for edge in join_linked(part, modules) if edge.caller.path == path and edge.callee.path]


def defined_in(facts: Facts) -> frozenset[str]:
    """Return the names that a file defines: functions, classes, their members, and top-level variables."""
    scopes = (scope.name.rpartition(".")[2] for scope in facts.scopes if scope.name)
    variables = (facts.names[place.b] for place in facts.places if place.op == 0 and place.a == 0)
    return frozenset((*scopes, *variables))


def mentioned_in(facts: Facts) -> frozenset[str]:
    """Return the names that a file mentions, those included that it imports under another name.

    Where overloads go by their number of parameters, names in the facts end in it: here they do not.
    """
    imported = (entry.name for entry in facts.imports)
    return frozenset((*facts.names, *(name.partition("/")[0] for name in facts.names), *imported))


def outline(facts: Facts) -> Facts:
    """Return of a file's facts what modules are found by, without its code."""
    declared = tuple(entry for entry in facts.imports if facts.language == "rust" and not entry.name)
    return Facts(facts.language, (), (), (), (), (), declared, facts.package)
