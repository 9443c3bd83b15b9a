"""The files of a work tree as one program: modules, names that cross files, classes and their order."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from aura.syntax.references.dialect import Dialect, dialect_of
from aura.syntax.references.linked import Linked
from aura.syntax.references.modules import Module, Modules
from aura.syntax.references.types import (
    ALIAS,
    ANY_NAME,
    ATTRIBUTE,
    DECORATION,
    DEFINITION,
    ELEMENT,
    FREE,
    GENERATOR,
    PLAIN,
    RESULT,
    Facts,
    Import,
    Scope,
)

BUILTIN = "<builtin>"
MAX_BASES = 8
MAX_ORDER = 64


class File(NamedTuple):
    """A file among the others: its places and scopes have numbers from `place` and `scope` on."""

    path: str
    linked: Linked
    dialect: Dialect
    modules: Modules
    place: int
    scope: int


def modules_of(files: Mapping[str, Facts]) -> dict[str, Modules]:
    """Return the modules by language; languages that share a dialect import each other's files."""
    groups: dict[int, dict[str, Facts]] = {}
    languages: dict[str, int] = {}
    for path in sorted(files):
        language = files[path].language
        languages[language] = key = id(dialect_of(language))
        groups.setdefault(key, {})[path] = files[path]
    made: dict[int, Modules] = {}
    for language, key in languages.items():
        dialect = dialect_of(language)
        if key not in made and dialect is not None:
            made[key] = dialect.modules(groups[key])
    return {language: made[key] for language, key in languages.items()}


class Found(NamedTuple):
    """What a name means in another file: places whose values it has, modules, or a name outside.

    Or it is an attribute of what the places of `exports` hold.
    """

    places: tuple[int, ...] = ()
    modules: tuple[Module, ...] = ()
    outside: str = ""
    exports: tuple[int, ...] = ()


NOT_FOUND = Found()


class Program:
    """All files, with one numbering of places and one of scopes.

    `modules`, by language, are those of more files than are joined, where there are any.
    """

    def __init__(self, linked: Mapping[str, Linked], modules: Mapping[str, Modules] | None = None) -> None:
        self.files: list[File] = []
        self.by_path: dict[str, File] = {}
        modules = (
            modules_of({path: one.facts for path, one in linked.items()}) if modules is None else modules
        )
        place = scope = 0
        self.scope_of: list[Scope] = []
        self.file_of_scope: list[int] = []
        for index, path in enumerate(sorted(linked)):
            one = linked[path]
            dialect = dialect_of(one.facts.language)
            assert dialect is not None
            file = File(path, one, dialect, modules[one.facts.language], place, scope)
            self.files.append(file)
            self.by_path[path] = file
            place += len(one.facts.places)
            scope += len(one.facts.scopes)
            self.scope_of += one.facts.scopes
            self.file_of_scope += [index] * len(one.facts.scopes)
        self.places = place
        self._starts = [file.place for file in self.files]
        self._derived: dict[int, list[int]] = {}
        self._beside: dict[int, tuple[tuple[str, ...], dict[str, list[int]]]] = {}
        self._searched: set[tuple[int, str]] = set()
        self._orders: dict[int, tuple[int | str, ...]] = {}
        self._known_bases: dict[int, list[int | str]] = {}
        self._members: dict[tuple[int, str, str], Found] = {}
        self._derive()

    def file_at(self, place: int) -> File:
        return self.files[bisect_right(self._starts, place) - 1]

    def file_with(self, scope: int) -> File:
        return self.files[self.file_of_scope[scope]]

    def name_of(self, scope: int) -> str:
        """Return the dotted name of a scope, that of its module first."""
        file = self.file_with(scope)
        module, name = file.modules.dotted(file.path), self.scope_of[scope].name
        return f"{module}.{name}" if name else module

    # Names across files

    def imported(self, file: File, entry: Import) -> Found:
        """Return what an import brings."""
        module = file.modules.find(file.path, entry.module, entry.level)
        if module is None:
            outside = file.modules.outside(file.path, entry.module, entry.level)
            return Found(outside=f"{outside}.{entry.name}" if entry.name else outside)
        if not entry.name:
            return Found(modules=(module,))
        found = self.member(file.modules, module, entry.name)
        if entry.place >= 0 and file.place + file.linked.node[entry.place] in found.places:
            child = file.modules.child(module, entry.name)
            return Found(modules=(child,)) if child is not None else found
        return found

    def member(self, modules: Modules, module: Module, name: str) -> Found:
        """Return what importers of a module see under a name."""
        key = id(modules), module.key, name
        known = self._members.get(key)
        if known is None:
            self._members[key] = NOT_FOUND
            known = self._members[key] = self._member(modules, module, name)
        return known

    def _member(self, modules: Modules, module: Module, name: str) -> Found:
        places: list[int] = []
        exports: list[int] = []
        for path in module.paths:
            if (file := self.by_path.get(path)) is None:
                continue
            if file.linked.facts.exports >= 0:
                exports.append(file.place + file.linked.node[file.linked.facts.exports])
                continue
            place = file.linked.members_of(0).get(name)
            if place is not None:
                places.append(file.place + place)
        if places or exports:
            return Found(tuple(places), exports=tuple(exports))
        child = modules.child(module, name)
        if child is not None:
            return Found(modules=(child,))
        for path in module.paths:
            if path in self.by_path and (found := self._starred(self.by_path[path], name)) is not NOT_FOUND:
                return found
        return NOT_FOUND

    def _starred(self, file: File, name: str) -> Found:
        """Return what a name means that a file may have from an import of all that a module has."""
        for entry in reversed(file.linked.stars):
            module = file.modules.find(file.path, entry.module, entry.level)
            if module is None or not self._hands_out(module, name):
                continue
            if (found := self.member(file.modules, module, name)) is not NOT_FOUND:
                return found
        return NOT_FOUND

    def _hands_out(self, module: Module, name: str) -> bool:
        """Tell whether a name is among all that a module has for others."""
        listed = {
            given
            for path in module.paths
            if path in self.by_path
            for given in self.by_path[path].linked.listed
        }
        return name in listed or (not name.startswith("_") and (not listed or ANY_NAME in listed))

    def free(self, file: File, name: str) -> Found:
        """Return what a name means that its file does not bind."""
        places = self._seen_beside(file.modules.beside(file.path)).get(name)
        if places:
            return Found(tuple(places))
        found = self._starred(file, name)
        if found is NOT_FOUND and name in file.dialect.builtins:
            return Found(outside=f"{BUILTIN}.{name}")
        return found

    def _seen_beside(self, paths: tuple[str, ...]) -> dict[str, list[int]]:
        """Return the places of the top-level names of files that see each other's."""
        known = self._beside.get(id(paths))
        if known is None:
            names: dict[str, list[int]] = {}
            for path in paths:
                if (file := self.by_path.get(path)) is None:
                    continue
                for name, place in file.linked.members_of(0).items():
                    names.setdefault(name, []).append(file.place + place)
            known = self._beside[id(paths)] = (paths, names)
        return known[1]

    # Classes

    def order(self, scope: int) -> tuple[int | str, ...]:
        """Return the classes in which a member of a class is looked up: scopes, and names outside.

        As C3 orders them (Barrett et al., OOPSLA 1996); depth first where that is not possible.
        """
        open_ones = [scope]
        while scope not in self._orders:
            last = open_ones[-1]
            bases = self._bases(last)
            above = (base for base in bases if isinstance(base, int) and base not in open_ones)
            wanted = next((base for base in above if base not in self._orders), None)
            if wanted is not None:
                open_ones.append(wanted)
                continue
            orders = [self._orders.get(base, ()) if isinstance(base, int) else (base,) for base in bases]
            merged = _merge([*orders, tuple(bases)])
            self._orders[last] = (last, *(base for base in merged if base != last))[:MAX_ORDER]
            open_ones.pop()
        return self._orders[scope]

    def _derive(self) -> None:
        """Learn which classes derive from others by statements of their own."""
        derived: dict[int, list[int]] = {}
        for file in self.files:
            node, pairs = file.linked.node, iter(file.linked.facts.derived)
            for place, base in zip(pairs, pairs, strict=True):
                for scope in self.static(file.place + node[place], set()):
                    if isinstance(scope, int):
                        derived.setdefault(scope, []).append(file.place + node[base])
        self._derived = derived

    def _bases(self, scope: int) -> list[int | str]:
        known = self._known_bases.get(scope)
        if known is None:
            file = self.file_with(scope)
            places = [file.place + file.linked.node[base] for base in self.scope_of[scope].bases]
            places += self._derived.get(scope, ())
            found = (value for place in places for value in self.static(place, set()))
            bases = dict.fromkeys(v for v in found if not isinstance(v, Module) and v != scope)
            known = self._known_bases[scope] = list(bases)[:MAX_BASES]
        return known

    def has_unknown_base(self, scope: int) -> bool:
        """Tell whether a class is said to derive from something that was not found."""
        file = self.file_with(scope)
        places = [file.place + file.linked.node[base] for base in self.scope_of[scope].bases]
        return not all(self.static(place, set()) for place in [*places, *self._derived.get(scope, ())])

    def static(self, place: int, seen: set[int]) -> list[int | str | Module]:
        """Return the classes and modules that a place holds by assignments and imports alone."""
        if place in seen or len(seen) > 100:
            return []
        seen.add(place)
        file = self.file_at(place)
        local = place - file.place
        row = file.linked.facts.places[local]
        names = file.linked.facts.names
        found: list[int | str | Module] = []
        if row.op == DEFINITION:
            if file.linked.facts.scopes[row.a].kind == "class":
                found.append(file.scope + row.a)
        elif row.op == FREE:
            found += self._values(self.free(file, names[row.b]), seen, names[row.b])
        elif row.op == ATTRIBUTE:
            for value in self.static(file.place + file.linked.node[row.a], seen):
                found += self._static_member(file, value, names[row.b], seen)
        elif row.op in (ELEMENT, ALIAS):
            found += self.static(file.place + file.linked.node[row.a], seen)
        elif row.op == RESULT:
            call = file.linked.facts.calls[row.a]
            if call.kind == DECORATION and call.arguments:
                found += self.static(file.place + file.linked.node[call.arguments[0]], seen)
            elif call.kind == PLAIN:
                for returned in self.returned(file.place + file.linked.node[call.callee]):
                    found += self.static(returned, seen)
        for entry in file.linked.imported.get(local, ()):
            found += self._values(self.imported(file, entry), seen, entry.name)
        for source in file.linked.sources.get(local, ()):
            found += self.static(file.place + source, seen)
        return list(dict.fromkeys(found))

    def origins(self, file: File, local: int) -> list[int]:
        """Return the places that a place has its values from by assignments and imports."""
        found = [file.place + source for source in file.linked.sources.get(local, ())]
        for entry in file.linked.imported.get(local, ()):
            found += self.imported(file, entry).places
        return found

    def returned(self, callee: int, depth: int = 6) -> list[int]:
        """Return the place of what a callee gives back, where that is one function by its name."""
        file = self.file_at(callee)
        local = callee - file.place
        row = file.linked.facts.places[local]
        if row.op == DEFINITION:
            scope, place = file.linked.facts.scopes[row.a], file.linked.returned.get(row.a)
            is_plain = scope.kind == "function" and not scope.flags & GENERATOR
            return [file.place + place] if is_plain and place is not None else []
        found = self.origins(file, local)
        return self.returned(found[0], depth - 1) if len(found) == 1 and depth else []

    def whole(self, modules: tuple[Module, ...]) -> list[int]:
        """Return the places of what modules export as a whole."""
        files = [self.by_path[path] for module in modules for path in module.paths if path in self.by_path]
        exports = [(file, file.linked.facts.exports) for file in files]
        return [file.place + file.linked.node[place] for file, place in exports if place >= 0]

    def _exported(self, place: int, name: str, seen: set[int]) -> list[int | str | Module]:
        """Return the classes and modules that the exports of a file have under a name."""
        file, found = self.file_at(place), list[int | str | Module]()
        linked, local = file.linked, place - file.place
        for base in (local, *linked.sources.get(local, ())):
            for writer in linked.writers.get(base, ()):
                row = linked.facts.places[writer]
                if row.op == ATTRIBUTE and linked.facts.names[row.b] == name:
                    found += self.static(file.place + writer, seen)
        for entry in linked.imported.get(local, ()):
            for module in self.imported(file, entry).modules:
                if (place, module.key) not in self._searched:
                    self._searched.add((place, module.key))
                    found += self._values(self.member(file.modules, module, name), seen, name)
                    self._searched.discard((place, module.key))
        return found

    def _static_member(
        self, file: File, value: int | str | Module, name: str, seen: set[int]
    ) -> list[int | str | Module]:
        if isinstance(value, str):
            return [f"{value}.{name}"]
        if isinstance(value, Module):
            return self._values(self.member(file.modules, value, name), seen, name)
        owner = self.file_with(value)
        place = owner.linked.members_of(value - owner.scope).get(name)
        return self.static(owner.place + place, seen) if place is not None else []

    def _values(self, found: Found, seen: set[int], name: str) -> list[int | str | Module]:
        values: list[int | str | Module] = [value for at in found.places for value in self.static(at, seen)]
        values += found.modules
        values += [value for at in self.whole(found.modules) for value in self.static(at, seen)]
        values += [value for at in found.exports for value in self._exported(at, name, seen)]
        return [*values, found.outside] if found.outside else values


def _merge(orders: list[tuple[int | str, ...]]) -> list[int | str]:
    """Merge lookup orders so that each is kept, as C3 does; depth first when they contradict each other."""
    rest = [list(order) for order in orders if order]
    merged: list[int | str] = []
    while rest:
        heads = (order[0] for order in rest)
        head = next((head for head in heads if not any(head in order[1:] for order in rest)), None)
        if head is None:
            return list(dict.fromkeys(item for order in orders for item in order))
        merged.append(head)
        rest = [kept for order in rest if (kept := [item for item in order if item != head])]
    return merged
