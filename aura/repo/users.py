"""Who uses what on each side of a repository: one joined graph of a commit, and what sides add to it.

Of a file that is as the commit has it, the edges are those of the commit. A file that differs is joined with
the few around it, and only when what is asked for is named in it.
"""

import logging
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import NamedTuple

from aura.repo.cache import Cache, Key, Shelf
from aura.repo.reference import Reference, joined, key_of, nearest, sketched
from aura.repo.sides import State, Store
from aura.repo.tables import Want
from aura.syntax.calling import Calling
from aura.syntax.file import File
from aura.syntax.lost import Use
from aura.syntax.references import read
from aura.syntax.references.around import (
    Imported,
    around,
    calls_of,
    defined_in,
    imported,
    mentioned_in,
    outline,
)
from aura.syntax.references.dialect import dialect_of
from aura.syntax.references.linked import Linked
from aura.syntax.references.modules import Modules
from aura.syntax.references.program import modules_of
from aura.syntax.references.types import Edge, Facts

FILES = 4000
"""Of a repository of more files no graph is joined: who mentions a name is looked at one by one."""
MENTIONING = 60
"""Of more files that mention a name, those nearest to where it is defined are looked at."""
SMALL = 300
"""The join of no more files than these leaves little memory behind."""
LINKED = 200
"""Files whose facts are held."""
PARTS = 2000
"""Files whose own calls are held, of all sides together."""
MODULES = 16
"""Sets of files whose modules are held: sides that have the same files share them."""

_BATCH = 100
_LOG = logging.getLogger(__name__)


class _Words(NamedTuple):
    mentioned: frozenset[str]
    defined: frozenset[str]


_NO_WORDS = _Words(frozenset(), frozenset())


class _Part(NamedTuple):
    """The calls and imports of one file, as they are while the files around it are these."""

    around: Mapping[str, str]
    modules: object
    calls: Sequence[Edge]
    imports: Sequence[Imported]


class Library:
    """Facts of files, and what they were joined to; for one repository and one thread."""

    def __init__(self, store: Store, cache: Cache) -> None:
        self.store = store
        self._facts = Shelf(cache, Facts)
        self._references = Shelf(cache, Reference)
        self._linked: OrderedDict[Key, Linked | None] = OrderedDict()
        self._words: dict[str, _Words] = {}
        self._modules: OrderedDict[tuple[tuple[str, Facts | None], ...], dict[str, Modules]] = OrderedDict()
        self.parts: OrderedDict[tuple[str, str, str], _Part] = OrderedDict()
        self._calling: OrderedDict[tuple[str, str], Calling] = OrderedDict()
        self._reference: tuple[str, Reference] | None = None
        self.has_joined = False

    # The reference

    @property
    def reference(self) -> Reference:
        """The calls of the commit that the store refers to; joined once and kept."""
        sha = self.store.reference
        if self._reference is None or self._reference[0] != sha:
            self._reference = None
            self.parts.clear()
            self._modules.clear()
            self._reference = sha, self._found_reference()
        return self._reference[1]

    def prepare(self) -> None:
        """Have the reference at hand."""
        assert self.reference is not None

    def _found_reference(self) -> Reference:
        keys = {path: key for path, want in self.store.files.items() if (key := key_of(want))}
        if len(keys) > FILES:
            return sketched(self.store, keys)
        digest = blake2b(digest_size=20)
        for path in sorted(keys):
            digest.update(f"{path}\0{keys[path].blob}\0{keys[path].version}\0".encode())
        whole = Key(digest.hexdigest(), "impacts", read.FACTS_VERSION, "graph")
        known = self._references.get_many([whole]).get(whole)
        if known is None:
            known = self._joined(keys)
            self.has_joined = len(keys) > SMALL
            self._references.put_many({whole: known})
        return known

    def _joined(self, keys: Mapping[str, Key]) -> Reference:
        facts: dict[str, Facts] = {}
        paths = sorted(keys)
        for start in range(0, len(paths), _BATCH):
            facts |= self._read(
                {path: keys[path] for path in paths[start : start + _BATCH]}, self.store.files
            )
        return joined(facts, keys.keys() - facts.keys())

    # Facts of single files

    def _read(self, keys: Mapping[str, Key], wants: Mapping[str, Want]) -> dict[str, Facts]:
        """Return the facts of files, from the cache or from their text; those that have none are left out."""
        known = self._facts.get_many(keys.values())
        missing = [path for path, key in keys.items() if key not in known]
        stored = [wants[path].blob for path in missing if wants[path].data is None]
        contents = dict(zip(stored, self.store.cat.read_many(stored), strict=True))
        fresh: dict[Key, Facts] = {}
        for path in missing:
            source = wants[path].data
            if source is None:
                blob = contents[wants[path].blob]
                source = blob.data if blob is not None else None
            try:
                found = read.read(source, path) if source is not None else None
            except Exception:
                # A fault of ours in one file must not hide the calls of all others.
                _LOG.exception("cannot read the calls of %s", path)
                continue
            if found is not None:
                fresh[keys[path]] = found
        self._facts.put_many(fresh)
        known |= fresh
        return {path: known[key] for path, key in keys.items() if key in known}

    def linked(self, want: Want) -> Linked | None:
        """Return the facts of a file."""
        key = key_of(want)
        if key is None:
            return None
        if key in self._linked:
            self._linked.move_to_end(key)
            return self._linked[key]
        found = self._read({want.path: key}, {want.path: want}).get(want.path)
        self._linked[key] = Linked(found) if found is not None else None
        if len(self._linked) > LINKED:
            self._linked.popitem(last=False)
        return self._linked[key]

    def words(self, want: Want) -> "_Words":
        """Return the names that a file mentions, and those that it defines."""
        known = self._words.get(want.blob)
        if known is None:
            linked = self.linked(want)
            known = _Words(mentioned_in(linked.facts), defined_in(linked.facts)) if linked else _NO_WORDS
            if len(self._words) > 4 * PARTS:
                self._words.clear()
            self._words[want.blob] = known
        return known

    def modules(self, changed: Mapping[str, Facts | None]) -> dict[str, Modules]:
        """Return the modules of the reference with some other outlines; None for a file that is gone."""
        if not changed:
            return self.reference.modules
        at = tuple(sorted(changed.items(), key=lambda item: item[0]))
        found = self._modules.pop(at, None)
        if found is None:
            whole = {**self.reference.outlines, **changed}
            found = modules_of({path: facts for path, facts in whole.items() if facts is not None})
        self._modules[at] = found
        if len(self._modules) > MODULES:
            self._modules.popitem(last=False)
        return found

    def calling(self, want: Want, file: File) -> Calling:
        """Return the calls of a file as they are written."""
        at = want.path, want.blob
        found = self._calling.pop(at, None) or Calling(file)
        self._calling[at] = found
        if len(self._calling) > 64:
            self._calling.popitem(last=False)
        return found


class SideUsers:
    """Who uses what on one side, while it is in one state."""

    def __init__(self, library: Library, state: State) -> None:
        self._library, self._store, self._state = library, library.store, state
        self._paths = sorted(library.store.differing(state))
        self._reference = library.reference
        self._callers: dict[tuple[str, str], list[Use]] = {}

    def callers(self, path: str, scope: str) -> Iterable[Use]:
        known = self._callers.get((path, scope))
        if known is None:
            known = self._callers[path, scope] = list(dict.fromkeys(self._found(path, scope)))
        return known

    def importers(self, path: str, name: str) -> Iterable[str]:
        found = dict.fromkeys(
            other for other in self._reference.importers.get((path, name), ()) if other not in self._differing
        )
        for want in self._mentioning(path, {name}):
            part = self._part(want)
            if any((each.source, each.name) == (path, name) for each in part.imports):
                found[want.path] = None
        return list(found)

    def imports(self, path: str) -> Sequence[Imported]:
        if path not in self._differing and not self._reference.is_sketch:
            return self._reference.by_importer.get(path, ())
        want = self._store.now(self._state, path)
        return self._part(want).imports if want is not None and key_of(want) else ()

    def calling(self, path: str) -> Calling | None:
        want = self._store.now(self._state, path)
        file = self._store.one(want) if want is not None else None
        return self._library.calling(want, file) if want is not None and file is not None else None

    def has_members(self, name: str) -> bool:
        return self._reference.is_sketch or self._reference.methods.get(name, 0) > 1

    def _found(self, path: str, scope: str) -> Iterator[Use]:
        for edge in self._reference.edges_to(path, scope):
            if edge.caller.path not in self._differing:
                for line in edge.lines:
                    yield Use(edge.caller.path, edge.caller.scope, line, edge.confidence)
        for want in self._mentioning(path, _words(scope)):
            for edge in self._part(want).calls:
                if (edge.callee.path, edge.callee.scope) == (path, scope):
                    for line in edge.lines:
                        yield Use(edge.caller.path, edge.caller.scope, line, edge.confidence)

    @cached_property
    def _differing(self) -> frozenset[str]:
        return frozenset(self._paths)

    @cached_property
    def _present(self) -> list[Want]:
        """The files of code that differ from the reference, as far as they are there."""
        wants = (self._store.now(self._state, path) for path in self._paths)
        return [want for want in wants if want is not None and key_of(want)]

    def _mentioning(self, path: str, words: set[str]) -> Iterator[Want]:
        """Yield the files that may use what is defined at a path, as far as the reference does not tell."""
        for want in self._present:
            if not words.isdisjoint(self._library.words(want).mentioned):
                yield want
        if self._reference.is_sketch:
            found = [other for word in words for other in self._store.mentioning(word)]
            there = dict.fromkeys(other for other in found if other not in self._differing)
            for other in nearest(path, there, MENTIONING):
                want = self._store.files[other]
                if key_of(want):
                    yield want

    # A file with those around it

    def _part(self, want: Want) -> _Part:
        parts, at = self._library.parts, (self._state.key, want.path, want.blob)
        known = parts.get(at)
        if known is not None and known.modules is self._modules and self._is_as_before(known):
            parts.move_to_end(at)
            return known
        part = self._joined(want)
        parts[at] = part
        if len(parts) > PARTS:
            parts.popitem(last=False)
        return part

    def _is_as_before(self, part: _Part) -> bool:
        now = ((path, self._store.now(self._state, path)) for path in part.around)
        return all(want is not None and want.blob == part.around[path] for path, want in now)

    def _joined(self, want: Want) -> _Part:
        files = around(want.path, self._load, self._modules, self._defining)
        first = files.get(want.path)
        if first is None:
            return _Part({want.path: want.blob}, self._modules, (), ())
        blobs = {path: there.blob for path in files if (there := self._store.now(self._state, path))}
        language = first.facts.language
        imports = imported(want.path, first.facts, self._modules[language], self._defining)
        calls = [
            edge for edge in calls_of(want.path, files, self._modules) if self._is_likely(edge, language)
        ]
        return _Part(blobs, self._modules, calls, imports)

    def _is_likely(self, edge: Edge, language: str) -> bool:
        """Tell whether a callee that was guessed by name would be guessed among all files, too."""
        dialect = dialect_of(language)
        if edge.confidence != "name_only" or dialect is None:
            return True
        if self._reference.is_sketch:
            return False
        return self._reference.methods.get(edge.callee.scope.rpartition(".")[2], 0) <= dialect.guesses

    def _load(self, path: str) -> Linked | None:
        want = self._store.now(self._state, path)
        return self._library.linked(want) if want is not None else None

    def _defining(self, name: str) -> Iterable[str]:
        found = [path for path in self._reference.defining.get(name, ()) if path not in self._differing]
        return [*found, *self._defined.get(name, ())]

    @cached_property
    def _defined(self) -> dict[str, list[str]]:
        """The files that differ, by the names that they define."""
        found: dict[str, list[str]] = {}
        for want in self._present:
            for name in self._library.words(want).defined:
                found.setdefault(name, []).append(want.path)
        return found

    @cached_property
    def _modules(self) -> dict[str, Modules]:
        """The modules of this side; those of the reference where the same files are there."""
        outlines = self._reference.outlines
        changed: dict[str, Facts | None] = {}
        for path in self._paths:
            linked = self._load(path)
            now = outline(linked.facts) if linked is not None else None
            if now != outlines.get(path):
                changed[path] = now
        return self._library.modules(changed)


def _words(scope: str) -> set[str]:
    """Return what a file mentions if it calls a scope: its name, or for what needs none its class."""
    outer, _, name = scope.rpartition(".")
    if outer and (name.startswith(("__", "<")) or name == "constructor"):
        return {outer.rpartition(".")[2]}
    return {name}
