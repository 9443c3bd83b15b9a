"""A second look where no call is seen: at what else Python code does, in the bodies that were asked about."""

import os
from collections.abc import Iterator, Sequence

from aura.record.claims import SHOWN, Witness
from aura.repo.pool import CallPool
from aura.syntax.naming import dotted
from aura.syntax.references.reach import Reach
from aura.syntax.references.types import Edge, Symbol
from aura.work.bodies import SUFFIXES, Bodies, Class, Deed
from aura.work.goals import Evidence, Judgement, Statement, Step
from aura.work.judges import Known

LARGEST = 8 << 20
SEEN = "no call is seen, but {} {} {}"
Met = tuple[Symbol, Deed]


def look_again(
    judged: Judgement, goal: Statement, known: Known, reach: Reach, root: str, graphs: CallPool
) -> Judgement:
    """Judge anew that there are no calls, where a class is made or anything may be called."""
    absent = "pass" if goal.form.startswith("never") else "fail"
    if judged.result != absent or reach.edges or not (reach.sources and reach.targets):
        return judged
    sure, guessed = list(reach.sources), list[Symbol]()
    if goal.form.endswith("reaches"):
        sure, guessed = _spread(graphs.calls(root).edges, reach.sources)
    wanted = _class_of(goal.about[1], known, reach)
    word = dotted(goal.about[1]).rpartition(":")[2].rpartition(".")[2]
    met = list(_done(root, sure, wanted, word))
    for symbol, deed in met:
        if deed.what == "makes" and deed.sure:
            return _made(goal, symbol, deed, wanted)
    met += _done(root, guessed, wanted, word)
    if not met:
        return judged
    shown = tuple(Witness(s.path, s.scope or s.name, d.line, f"{d.what} {d.word}") for s, d in met)
    symbol, deed = met[0]
    reason = SEEN.format(symbol.name, "may make" if deed.what == "makes" else deed.what, deed.word)
    return Judgement("unknown", reason, Evidence(entities=shown[:SHOWN]))


def _made(goal: Statement, symbol: Symbol, deed: Deed, wanted: Class | None) -> Judgement:
    callee = goal.about[1] if wanted is None else wanted.name
    near = wanted is not None and wanted.path == symbol.path
    step = Step(symbol.name, callee, symbol.path, deed.line, "exact" if near else "imported")
    return Judgement(
        "fail" if goal.form.startswith("never") else "pass",
        f"{symbol.name} makes a {callee}",
        Evidence(calls=(step,)),
    )


def _class_of(name: str, known: Known, reach: Reach) -> Class | None:
    """Return the Python class that is meant, if it is one."""
    for path, entity in known.of(name):
        if entity.kind == "class" and path.endswith(SUFFIXES):
            for target in reach.targets:
                if (target.path, target.scope) == (path, entity.qualified_name):
                    return Class(path, target.scope, target.name)
    return None


def _spread(edges: Sequence[Edge], sources: Sequence[Symbol]) -> tuple[list[Symbol], list[Symbol]]:
    """Return what is reached over sure calls, the sources first, and what is only over others."""
    following: dict[Symbol, list[Edge]] = {}
    for edge in edges:
        following.setdefault(edge.caller, []).append(edge)
    met = dict.fromkeys(sources)
    sure: list[Symbol] = []
    for guesses in (False, True):
        waiting = list(met)
        while waiting:
            for edge in following.get(waiting.pop(), ()):
                if edge.callee not in met and (guesses or edge.confidence != "name_only"):
                    met[edge.callee] = None
                    waiting.append(edge.callee)
        sure = sure or list(met)
    return sure, list(met)[len(sure) :]


def _done(root: str, symbols: Sequence[Symbol], wanted: Class | None, word: str) -> Iterator[Met]:
    """Yield what the bodies of symbols do; a file that is no Python now does nothing that is known."""
    files: dict[str, Bodies | None] = {}
    for symbol in symbols:
        path = symbol.path
        if not path.endswith(SUFFIXES):
            continue
        if path not in files:
            try:
                files[path] = Bodies(_read(os.path.join(root, path)), path, wanted, word)
            except (SyntaxError, ValueError, RecursionError):
                files[path] = None
        if (bodies := files[path]) is not None:
            yield from ((symbol, deed) for deed in bodies.deeds(symbol.scope, symbol.line))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(LARGEST)
    except OSError:
        return b""
