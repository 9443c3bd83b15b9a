"""What can be reached from where, over the calls of a work tree: along sure calls first, then by name."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from aura.syntax.naming import with_dots
from aura.syntax.references.graph import Direction, Graph, Loose
from aura.syntax.references.types import Edge, Symbol

MOST = 20_000
"""Calls that are looked through for one question; a larger answer is cut short."""
SHOWN = 200
FILES = 5_000


class Reach(Struct, frozen=True, array_like=True):
    """What was found between `sources` and `targets`.

    `edges` are: direct calls from the ones to the others; or the calls along one path, in their order; or,
    without targets, one call for each symbol that is reached, the nearest first, sure ones before others.
    `loose` are calls of which only the name is known and that may lead further. `paths` are files that were
    met. `truncated`: there is more than was looked through. `near`: what is meant by the target, and was not
    found, may be of a package outside that is used here.
    """

    sources: tuple[Symbol, ...]
    targets: tuple[Symbol, ...]
    edges: tuple[Edge, ...] = ()
    loose: tuple[Loose, ...] = ()
    paths: tuple[str, ...] = ()
    truncated: bool = False
    near: bool = False


def meant(graph: Graph, text: str) -> list[Symbol]:
    """Return the symbols of a name, with all that is inside: the methods of a class, the code of a file.

    `folder/` means all code below it, and a package outside all of it that is called.
    """
    if text.endswith("/"):
        return [symbol for symbol in graph.symbols if symbol.path.startswith(text)]
    found = frozenset(graph.find(text))
    if not found:
        prefix = f"{with_dots(text)}."
        return [symbol for symbol in graph.symbols if not symbol.path and symbol.name.startswith(prefix)]
    inside = {(symbol.path, symbol.scope) for symbol in found if symbol.path}
    paths = {path for path, _ in inside}
    return [
        symbol
        for symbol in graph.symbols
        if symbol in found or (symbol.path in paths and any(_is_inside(symbol, *place) for place in inside))
    ]


def _is_inside(symbol: Symbol, path: str, scope: str) -> bool:
    return symbol.path == path and (not scope or symbol.scope.startswith(f"{scope}."))


def aimed_at(graph: Graph, text: str) -> list[Symbol]:
    """Return what a name means where it is called: with the methods that override those that it means.

    A call of what is declared abstract is known as one of what defines it.
    """
    found = dict.fromkeys(meant(graph, text))
    heirs: dict[str, list[str]] = {}
    for sub, base in graph.kinds:
        if base >= 0:
            heirs.setdefault(graph.symbols[base].name, []).append(graph.symbols[sub].name)
    overriding = {
        f"{heir}.{member}"
        for symbol in found
        for owner, _, member in (symbol.name.rpartition("."),)
        for heir in heirs.get(owner, ())
    }
    if overriding:
        found |= dict.fromkeys(symbol for symbol in graph.symbols if symbol.name in overriding)
    return list(found)


def direct(graph: Graph, source: str, target: str) -> Reach:
    """Find the calls that one name makes of another."""
    sources, targets = meant(graph, source), aimed_at(graph, target)
    wanted = frozenset(targets)
    edges = [edge for edge in graph.of(sources, "callees") if edge.callee in wanted]
    return Reach(
        tuple(sources[:SHOWN]),
        tuple(targets[:SHOWN]),
        tuple(edges[:SHOWN]),
        _loose(graph, sources, targets, target),
        _paths([*sources, *targets]),
        near=not targets and _is_near(graph, target),
    )


def path(graph: Graph, source: str, target: str) -> Reach:
    """Find a path of calls from one name to another; a sure one where there is one."""
    sources, targets = meant(graph, source), aimed_at(graph, target)
    tree, last, truncated = _spread(graph, sources, "callees", frozenset(targets))
    met = [*sources, *tree]
    leading, _, more = _spread(graph, targets, "callers", frozenset())
    return Reach(
        tuple(sources[:SHOWN]),
        tuple(targets[:SHOWN]),
        tuple(_along(tree, frozenset(sources), last) if last else ()),
        # A loose call leads there, too, by way of anything of its name that does.
        _loose(graph, met, [*targets, *leading], target),
        _paths([*met, *targets]),
        truncated or more,
        not targets and _is_near(graph, target),
    )


def callers(graph: Graph, target: str) -> Reach:
    """Find all that can reach a name."""
    targets = aimed_at(graph, target)
    tree, _, truncated = _spread(graph, targets, "callers", frozenset())
    met = [*targets, *tree]
    loose = _loose(graph, graph.symbols, met, target)
    return Reach((), tuple(targets[:SHOWN]), tuple(tree.values()), loose, _paths(met), truncated)


def _spread(
    graph: Graph, starts: Sequence[Symbol], direction: Direction, wanted: frozenset[Symbol]
) -> tuple[dict[Symbol, Edge], Edge | None, bool]:
    """Return the edge by which each symbol is reached first, and the one that ends at what is wanted."""
    tree: dict[Symbol, Edge] = {}
    known = dict.fromkeys(starts)
    for guesses in (False, True):
        waiting = list(known)
        while waiting:
            following: list[Symbol] = []
            for edge in graph.of(waiting, direction):
                if edge.confidence == "name_only" and not guesses:
                    continue
                end = edge.callee if direction == "callees" else edge.caller
                if end in wanted:
                    return tree, edge, False
                if end not in known:
                    known[end] = None
                    tree[end] = edge
                    following.append(end)
            if len(tree) > MOST:
                return tree, None, True
            waiting = following
    return tree, None, False


def _along(tree: dict[Symbol, Edge], starts: frozenset[Symbol], last: Edge) -> list[Edge]:
    found = [last]
    while found[-1].caller not in starts:
        found.append(tree[found[-1].caller])
    return found[::-1]


def _loose(
    graph: Graph, callers: Iterable[Symbol], targets: Sequence[Symbol], said: str
) -> tuple[Loose, ...]:
    """Return the calls, by these callers, that may be of these targets without being known as such.

    They have no more than the name in common, or are of something outside whose name ends like the target's:
    an import that could not be followed looks like that.
    """
    among = frozenset(callers)
    names = {_last(symbol) for symbol in targets} or {_word(said)}
    ends = {_end(symbol) for symbol in targets if symbol.path} - {""}
    found = [
        (graph.symbols[caller], name, lines)
        for caller, name, lines in graph.loose
        if name in names and graph.symbols[caller] in among
    ]
    for outside in graph.symbols if ends else ():
        if not outside.path and _end(outside) in ends:
            calls = (e for e in graph.of([outside], "callers") if e.caller in among)
            found += [(edge.caller, _last(outside), edge.lines) for edge in calls]
    return tuple(found[:SHOWN])


def _end(symbol: Symbol) -> str:
    """Return the last two parts of a name, empty where there is but one."""
    return ".".join(symbol.name.split(".")[-2:]) if "." in symbol.name else ""


def _paths(symbols: Iterable[Symbol]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(symbol.path for symbol in symbols if symbol.path))[:FILES]


def _last(symbol: Symbol) -> str:
    return symbol.name.rpartition(".")[2]


def _word(text: str) -> str:
    return with_dots(text).rpartition(":")[2].rpartition(".")[2]


def _is_near(graph: Graph, text: str) -> bool:
    """Tell whether something of the package that a dotted name begins with is called here."""
    package, dot, _ = with_dots(text).partition(".")
    return bool(dot) and any(
        not symbol.path and symbol.name.partition(".")[0] == package for symbol in graph.symbols
    )


def kinds_of(graph: Graph, source: str, target: str) -> "Kinds":
    """Tell of the types of one name which are of the types of another."""
    sources, targets = graph.find(source), graph.find(target)
    wanted, places = frozenset(targets), frozenset(sources)
    shown: list[tuple[Symbol, Symbol]] = []
    unknown: list[Symbol] = []
    above: list[Symbol] = []
    for sub, base in graph.kinds:
        if graph.symbols[sub] not in places:
            continue
        if base < 0:
            unknown.append(graph.symbols[sub])
            continue
        above.append(graph.symbols[base])
        if graph.symbols[base] in wanted:
            shown.append((graph.symbols[sub], graph.symbols[base]))
    return Kinds(tuple(sources), tuple(targets), tuple(shown), tuple(above)[:SHOWN], tuple(unknown))


class Kinds(Struct, frozen=True, array_like=True):
    """Which types are of which: `pairs` of those that were asked for, all that the sources are of (`above`),
    and the sources of which a base could not be found (`unknown`).
    """

    sources: tuple[Symbol, ...]
    targets: tuple[Symbol, ...]
    pairs: tuple[tuple[Symbol, Symbol], ...] = ()
    above: tuple[Symbol, ...] = ()
    unknown: tuple[Symbol, ...] = ()
