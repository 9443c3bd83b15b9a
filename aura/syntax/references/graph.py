"""The joined calls of a work tree, to be asked from either end."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from msgspec import Struct

from aura.syntax.naming import with_dots
from aura.syntax.references.types import Confidence, Edge, Symbol

Direction = Literal["callers", "callees"]
_Row = tuple[int, int, Confidence, tuple[int, ...]]
Loose = tuple[Symbol, str, tuple[int, ...]]
"""A caller, the name of a method of the work tree that it calls on it is not known what, and the lines."""


class Graph(Struct, frozen=True, array_like=True, dict=True):
    """Symbols by name, those that nobody calls, too, and calls: caller, callee, confidence, lines.

    `degraded` are the paths of files that could not be read as code. `loose` are calls of which nothing but
    the name is known, and that too many have: of a caller, a name, at lines. `kinds` are pairs of a type and
    of each that it is one of, however far above; -1 where that is not known.
    """

    symbols: tuple[Symbol, ...]
    rows: tuple[_Row, ...]
    degraded: tuple[str, ...] = ()
    loose: tuple[tuple[int, str, tuple[int, ...]], ...] = ()
    kinds: tuple[tuple[int, int], ...] = ()

    def edges(self) -> list[Edge]:
        """Return all edges, by caller and callee."""
        return [self._edge(row) for row in self.rows]

    def of(self, symbols: Iterable[Symbol], direction: Direction) -> list[Edge]:
        """Return the edges to (callers) or from (callees) some symbols."""
        index = self._to if direction == "callers" else self._from
        return [self._edge(row) for symbol in symbols for row in index.get(self._places[symbol], ())]

    def find(self, text: str) -> list[Symbol]:
        """Return what a name means: a dotted name, PATH:NAME, a file, a qualified name, a bare name.

        The first of these that fits anything counts.
        """
        path, _, within = text.rpartition(":")
        plain, within = with_dots(text), with_dots(within)
        named = self._by_last.get(plain.rpartition(".")[2], []) if plain else []
        inside = self._by_last.get(within.rpartition(".")[2], [])
        for found in (
            [s for s in named if s.name == plain],
            [s for s in inside if path and s.path == path and s.scope == within],
            [s for s in self.symbols if s.path and s.path == text and not s.scope],
            [s for s in named if s.scope == plain],
            [s for s in named if f".{s.name}".endswith(f".{plain}")],
        ):
            if found:
                return found
        return []

    def at(self, path: str, scope: str) -> list[Symbol]:
        """Return the symbols of an entity: a file and its qualified name there, empty for top-level code."""
        return [
            s for s in self._by_last.get(scope.rpartition(".")[2], []) if (s.path, s.scope) == (path, scope)
        ]

    def _edge(self, row: _Row) -> Edge:
        caller, callee, confidence, lines = row
        return Edge(self.symbols[caller], self.symbols[callee], confidence, lines)

    @cached_property
    def _places(self) -> dict[Symbol, int]:
        return {symbol: n for n, symbol in enumerate(self.symbols)}

    @cached_property
    def _to(self) -> dict[int, list[_Row]]:
        return _grouped(self.rows, 1)

    @cached_property
    def _from(self) -> dict[int, list[_Row]]:
        return _grouped(self.rows, 0)

    @cached_property
    def _by_last(self) -> dict[str, list[Symbol]]:
        """Symbols by the last part of their names, and top-level code by the empty one, too."""
        found: dict[str, list[Symbol]] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.name.rpartition(".")[2], []).append(symbol)
            if symbol.path and not symbol.scope:
                found.setdefault("", []).append(symbol)
        return found


def draw(
    edges: Iterable[Edge],
    definitions: Iterable[Symbol],
    degraded: Iterable[str] = (),
    loose: Iterable[Loose] = (),
    kinds: Iterable[tuple[Symbol, Symbol | None]] = (),
) -> Graph:
    """Make a graph of edges and of all definitions."""
    edges, kinds = list(edges), list(kinds)
    ends = {symbol for edge in edges for symbol in (edge.caller, edge.callee)}
    ends |= {above for _, above in kinds if above is not None}
    symbols = tuple(sorted(ends | set(definitions), key=_order))
    places = {symbol: n for n, symbol in enumerate(symbols)}
    rows = sorted((places[e.caller], places[e.callee], e.confidence, e.lines) for e in edges)
    return Graph(
        symbols,
        tuple(rows),
        tuple(sorted(degraded)),
        tuple(sorted((places[caller], name, lines) for caller, name, lines in loose)),
        tuple(sorted((places[sub], places[above] if above else -1) for sub, above in kinds)),
    )


def _order(symbol: Symbol) -> tuple[str, str, str, int]:
    return symbol.name, symbol.path, symbol.scope, symbol.line


def _grouped(rows: Iterable[_Row], end: int) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = {}
    for row in rows:
        found.setdefault(row[0] if end == 0 else row[1], []).append(row)
    return found
