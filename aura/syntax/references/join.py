"""The files of a work tree joined: who calls whom.

Values are followed over all files at once, without regard to the order of statements or to who calls
(Andersen 1994), as PyCG does for Python (Salis et al., ICSE 2021). What is not known by making is supposed
afterwards, weaker knowledge after stronger: decorators that nothing is known of leave what they decorate,
then declared types, then what a class has from bases outside.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from aura.syntax.references.graph import Graph, Loose, draw
from aura.syntax.references.linked import Linked
from aura.syntax.references.modules import Modules
from aura.syntax.references.program import NOT_FOUND, Program
from aura.syntax.references.typed import Typed
from aura.syntax.references.types import (
    ABSTRACT,
    ATTRIBUTE,
    DECORATION,
    FREE,
    IMPLICIT_RECEIVER,
    MEMBER,
    PLAIN,
    Edge,
    Facts,
    Symbol,
)


def join(files: Mapping[str, Facts]) -> tuple[Edge, ...]:
    """Return all edges among files, given by path, and from them to what lies outside; sorted."""
    return join_linked({path: Linked(facts) for path, facts in files.items()})


def join_linked(
    files: Mapping[str, Linked], modules: Mapping[str, Modules] | None = None
) -> tuple[Edge, ...]:
    """Return the same, from facts that are linked already: they may be kept while their file is unchanged.

    `modules` are those of more files than these, where these are but a part.
    """
    with _collector_paused():
        return _Join(Program(files, modules)).solve()


def graph(files: Mapping[str, Linked], degraded: Iterable[str] = ()) -> Graph:
    """Return the edges with all definitions, those that nobody calls, too."""
    with _collector_paused():
        joined = _Join(Program(files))
        edges = joined.solve()
        return draw(edges, joined.definitions(), degraded, joined.loose(), joined.kinds())


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from walking, again and again, what lives until the end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Join(Typed):
    """The whole of it: what is known, what is supposed, and the edges."""

    def solve(self) -> tuple[Edge, ...]:
        self.prepare()
        self.run()
        self.suppose_receivers()
        self._pass_decorated()
        self.find_methods()
        self.suppose_declared(receivers=True)
        self.run()
        self.suppose_declared(receivers=False)
        self._suppose_outside()
        self.run()
        self._pass_decorated()
        self.suppose_called()
        return tuple(sorted([*self._sure(), *self._guessed()], key=_order))

    def definitions(self) -> list[Symbol]:
        return [self._symbol(scope) for scope in range(len(self.program.scope_of))]

    def loose(self) -> list[Loose]:
        """Return the calls of methods of whose receiver nothing is known, by names that too many have."""
        return [(self._symbol(scope), name, tuple(sorted(at))) for (scope, name), at in self._loose.items()]

    def kinds(self) -> Iterator[tuple[Symbol, Symbol | None]]:
        """Yield each class with all that it is one of, and with None where a base could not be found."""
        for above, classes in self.subclasses.items():
            yield from ((self._symbol(scope), self._symbol(above)) for scope in classes)
        for scope, row in enumerate(self.program.scope_of):
            if row.kind == "class":
                order = self.program.order(scope)
                yield from ((self._symbol(scope), Symbol(name)) for name in order if isinstance(name, str))
                if any(self.program.has_unknown_base(above) for above in order if isinstance(above, int)):
                    yield self._symbol(scope), None

    def _pass_decorated(self) -> None:
        """Let what an unknown decorator decorates stay; likewise where nothing is known to come back."""
        for with_known in (False, True):
            for decorator, function, result in self._decorations():
                if result not in self.held and (decorator in self.held) == with_known:
                    self.connect(function, result)
            self.run()

    def _decorations(self) -> Iterator[tuple[int, int, int]]:
        for file in self.program.files:
            node, base = file.linked.node, file.place
            for call in file.linked.facts.calls:
                if call.kind == DECORATION and call.result >= 0 and call.arguments and call.arguments[0] >= 0:
                    yield base + node[call.callee], base + node[call.arguments[0]], base + node[call.result]

    def _suppose_outside(self) -> None:
        """Let an attribute that no class of the repository has be that of a base outside."""
        for place in sorted(self.fallbacks):
            if place not in self.held:
                for value in sorted(self.fallbacks[place]):
                    self.add(place, value)

    # Edges

    def _symbol(self, end: int | str) -> Symbol:
        if isinstance(end, str):
            return Symbol(end)
        known = self._symbols.get(end)
        if known is None:
            scope, file = self.program.scope_of[end], self.program.file_with(end)
            known = Symbol(self.program.name_of(end), file.path, scope.name, scope.line)
            self._symbols[end] = known
        return known

    def _sure(self) -> list[Edge]:
        self._symbols: dict[int, Symbol] = {}
        edges = []
        for (caller, callee), lines in self._concrete().items():
            source, target = self._symbol(caller), self._symbol(callee)
            near = source.path == target.path or target.name.startswith("<builtin>.")
            edges.append(Edge(source, target, "exact" if near else "imported", tuple(sorted(set(lines)))))
        return edges

    def _concrete(self) -> dict[tuple[int, int | str], list[int]]:
        """Return the edges without those to an abstract method where what defines it is reached, too."""
        abstract = {callee: name for _, callee in self.found if (name := self._abstract_name(callee))}
        reached: set[tuple[int, str, int]] = set()
        for (caller, callee), lines in self.found.items():
            if isinstance(callee, int) and callee not in abstract:
                name = self.program.scope_of[callee].name.rpartition(".")[2]
                reached.update((caller, name, line) for line in lines)
        kept: dict[tuple[int, int | str], list[int]] = {}
        for (caller, callee), lines in self.found.items():
            name = abstract.get(callee, "")
            if left := [line for line in lines if (caller, name, line) not in reached]:
                kept[caller, callee] = left
        return kept

    def _abstract_name(self, callee: int | str) -> str:
        """Return the name of a method that is only declared, of a language where types are."""
        if isinstance(callee, str) or not self.program.scope_of[callee].flags & ABSTRACT:
            return ""
        is_typed = self.program.file_with(callee).dialect.typed
        return self.program.scope_of[callee].name.rpartition(".")[2] if is_typed else ""

    def _guessed(self) -> list[Edge]:
        """Guess the callee from the name of the method where nothing is known of the receiver."""
        namesakes, functions = self._namesakes(), self._functions()
        guessed: dict[tuple[int, int], set[int]] = {}
        self._loose: dict[tuple[int, str], set[int]] = {}
        for file in self.program.files:
            facts, node = file.linked.facts, file.linked.node
            for call in facts.calls:
                row = facts.places[node[call.callee]]
                if row.op == FREE and (id(file.dialect), facts.names[row.b]) in functions:
                    name = facts.names[row.b]
                    if self.program.free(file, name) is NOT_FOUND:
                        self._loose.setdefault((file.scope + call.scope, name), set()).add(call.line)
                    continue
                if row.op != ATTRIBUTE or call.kind != PLAIN:
                    continue
                member = facts.names[row.b]
                found = namesakes.get((id(file.dialect), member.removesuffix("/")), ())
                if not found:
                    continue
                if file.place + node[call.callee] in self.held or file.place + node[row.a] in self.held:
                    continue
                if len(found) > file.dialect.guesses or _plain(member) in file.dialect.common:
                    self._loose.setdefault((file.scope + call.scope, _plain(member)), set()).add(call.line)
                    continue
                for callee in found:
                    if (file.scope + call.scope, callee) not in self.found:
                        guessed.setdefault((file.scope + call.scope, callee), set()).add(call.line)
        return [
            Edge(self._symbol(caller), self._symbol(callee), "name_only", tuple(sorted(lines)))
            for (caller, callee), lines in guessed.items()
        ]

    def _functions(self) -> set[tuple[int, str]]:
        """Return the names of the functions of each dialect that are no members of anything."""
        return {
            (id(self.program.file_with(number).dialect), row.name)
            for number, row in enumerate(self.program.scope_of)
            if row.kind == "function" and "." not in row.name
        }

    def _namesakes(self) -> dict[tuple[int, str], list[int]]:
        """Return the methods of each dialect by name, and by name and number of parameters (`put/2`)."""
        found: dict[tuple[int, str], list[int]] = {}
        for number, row in enumerate(self.program.scope_of):
            if row.kind != "function":
                continue
            file = self.program.file_with(number)
            if row.flags & MEMBER or file.linked.facts.scopes[row.parent].kind == "class":
                name = row.name.rpartition(".")[2]
                arity = len(row.parameters) - bool(row.flags & IMPLICIT_RECEIVER)
                for key in (name, f"{name}/{arity}"):
                    found.setdefault((id(file.dialect), key), []).append(number)
        return found


def _plain(member: str) -> str:
    return member.partition("/")[0]


def _order(edge: Edge) -> tuple[str, str, int, str, str, int]:
    caller, callee = edge.caller, edge.callee
    return caller.path, caller.name, caller.line, callee.name, callee.path, callee.line
