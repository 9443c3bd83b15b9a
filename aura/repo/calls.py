"""Who calls whom in a work tree: facts kept by blob, joined when files change, held between questions."""

import logging
import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Self

from aura.errors import AuraError
from aura.repo.cache import Cache, Key, Shelf
from aura.repo.present import Present, Seen
from aura.repo.requests import Calls, CallsOf, Trace, Traced
from aura.repo.worktrees import WorkTree, discover
from aura.syntax.language import language_for
from aura.syntax.references import reach, read
from aura.syntax.references.dialect import dialect_of
from aura.syntax.references.graph import Graph
from aura.syntax.references.join import graph
from aura.syntax.references.linked import Linked
from aura.syntax.references.types import Facts, Symbol

GRAPH_VERSION = 2
"""Rises when a kept graph would lack something."""

TREES = 4
"""Work trees whose graphs are held in memory."""

BATCH = 100
"""Files after which their facts are kept: whoever is out of time has not read in vain."""

WRITTEN = {"cpp": "C++", "csharp": "C#", "php": "PHP"}
READ = "Python, JavaScript, TypeScript, Go, Java and Rust"

_LOG = logging.getLogger(__name__)


class Graphs:
    """The graphs of work trees; for one thread."""

    def __init__(self, cache: Cache) -> None:
        self._facts = Shelf(cache, Facts)
        self._graphs = Shelf(cache, Graph)
        self._trees: OrderedDict[str, _Tree] = OrderedDict()

    def graph(self, root: str) -> Graph:
        """Return the graph of the work tree at a folder, as its files are this moment."""
        worktree = discover(root)
        tree = self._trees.pop(worktree.root, None) or _Tree(worktree, self._facts, self._graphs)
        self._trees[worktree.root] = tree
        if len(self._trees) > TREES:
            self._trees.popitem(last=False)[1].keep()
        return tree.graph()

    def answer(self, request: CallsOf) -> Calls:
        """Answer from the graph of a work tree."""
        graph = self.graph(os.fsdecode(request.root))
        if request.name is None:
            return Calls([], graph.edges(), graph.degraded)
        about = graph.at(request.path, request.name) if request.path else graph.find(request.name)
        if request.path and not about and unread(request.path):
            raise _refusal(request.name, request.path)
        return Calls(about, graph.of(_with_constructors(graph, about), request.direction), graph.degraded)

    def trace(self, request: Trace) -> Traced:
        """Answer a question about calls or types from the graph of a work tree."""
        graph = self.graph(os.fsdecode(request.root))
        if request.question == "kinds":
            return Traced(graph.degraded, kinds=reach.kinds_of(graph, request.source, request.target))
        if request.question == "callers":
            return Traced(graph.degraded, reach.callers(graph, request.target))
        find = reach.direct if request.question == "direct" else reach.path
        return Traced(graph.degraded, find(graph, request.source, request.target))

    def close(self) -> None:
        """Keep the graphs for whoever asks next: not before, for a work tree that is edited has many."""
        while self._trees:
            self._trees.popitem()[1].keep()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _with_constructors(graph: Graph, about: Sequence[Symbol]) -> list[Symbol]:
    """Return symbols with the constructors of those that are classes: calling a class means making one."""
    found = dict.fromkeys(about)
    for symbol in about:
        language = read.language_of(symbol.path) if symbol.path and symbol.scope else None
        dialect = dialect_of(language) if language else None
        for name in dialect.constructors if dialect else ():
            own = symbol.scope.rpartition(".")[2] if name.startswith("<") else name
            found |= dict.fromkeys(graph.at(symbol.path, f"{symbol.scope}.{own}"))
    return list(found)


def unread(path: str) -> str | None:
    """Say that calls are not read in a file, where that is so."""
    if read.language_of(path) is not None:
        return None
    language = language_for(path)
    where = f"{WRITTEN.get(language.name, language.name.capitalize())} ({path})" if language else path
    return f"calls are not read in {where}"


def _refusal(about: str, path: str) -> AuraError:
    """Return the refusal to tell of calls where none are read, which would look like there were none."""
    return AuraError(
        "entity_not_found",
        f"cannot tell who calls whom at {about or path}: {unread(path)}",
        f"They are read in {READ}; elsewhere search for the name: git grep -nw NAME.",
    )


class _Tree:
    def __init__(self, worktree: WorkTree, facts: Shelf[Facts], graphs: Shelf[Graph]) -> None:
        self._present = Present(worktree)
        self._shelf, self._graphs = facts, graphs
        self._keys: dict[str, Key] = {}
        self._files: dict[str, Linked | None] = {}
        self._graph: Graph | None = None
        self._kept = True

    def keep(self) -> None:
        """Put the graph where another process finds it."""
        if self._graph is not None and not self._kept:
            self._graphs.put_many({_whole(self._keys): self._graph})
            self._kept = True

    def graph(self) -> Graph:
        seen = self._present.look()
        keys = {path: key for path, found in seen.items() if (key := _key(path, found))}
        if self._graph is None or keys != self._keys:
            whole = _whole(keys)
            known = self._graphs.get_many([whole]).get(whole)
            self._graph = known or self._joined(keys, seen)
            self._keys, self._kept = keys, known is not None
        return self._graph

    def _joined(self, keys: Mapping[str, Key], seen: Mapping[str, Seen]) -> Graph:
        self._files = {
            path: linked
            for path, linked in self._files.items()
            if path in keys and keys[path] == self._keys.get(path)
        }
        missing = [path for path in keys if path not in self._files]
        for start in range(0, len(missing), BATCH):
            batch = missing[start : start + BATCH]
            self._take({path: keys[path] for path in batch}, seen)
        whole = {path: linked for path, linked in self._files.items() if linked is not None}
        return graph(whole, self._files.keys() - whole.keys())

    def _take(self, keys: Mapping[str, Key], seen: Mapping[str, Seen]) -> None:
        known = self._shelf.get_many(keys.values())
        fresh: dict[Key, Facts] = {}
        for path, key in keys.items():
            facts = known.get(key) or fresh.get(key)
            if facts is None and (facts := self._read(path, seen[path])) is not None:
                fresh[key] = facts
            self._files[path] = Linked(facts) if facts is not None else None
        self._shelf.put_many(fresh)

    def _read(self, path: str, seen: Seen) -> Facts | None:
        source = seen.data if seen.data is not None else self._present.read(path)
        try:
            return read.read(source, path) if source is not None else None
        except Exception:
            # A fault of ours in one file must not hide the calls of all others.
            _LOG.exception("cannot read the calls of %s", path)
            return None


def _key(path: str, seen: Seen) -> Key | None:
    language = read.language_of(path)
    return Key(seen.blob, language, read.fingerprint(language), "facts") if language else None


def _whole(keys: Mapping[str, Key]) -> Key:
    """Return the key of the graph of exactly these files."""
    digest = blake2b(digest_size=20)
    for path in sorted(keys):
        key = keys[path]
        digest.update(f"{path}\0{key.blob}\0{key.version}\0".encode())
    return Key(digest.hexdigest(), "", (read.FACTS_VERSION << 8) + GRAPH_VERSION, "graph")
