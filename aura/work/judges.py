"""Judging goals about code, by what is known of a work tree.

`pass` and `fail` are said of what is known; where a file was not read in full, a call is known by its name
alone, or a language's calls are not read, the result is `unknown`.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from aura.record.claims import SHOWN, Witness
from aura.repo.requests import FileEntities
from aura.syntax.conventions import is_test
from aura.syntax.naming import answers_to
from aura.syntax.references.graph import Loose
from aura.syntax.references.reach import Kinds, Reach
from aura.syntax.references.types import Edge, Symbol
from aura.syntax.types import Entity, Parameter
from aura.work.goals import Evidence, Judgement, Statement, Step

REST, ANY = "...", "_"
_NOT_NAMED = ("statements", "file")
_VALUES = ("constant", "field")


class Known(Struct, frozen=True):
    """What the entity tables of a work tree say of the names of a goal.

    `entities` are those that answer to a name, each with its path; `unread` are files that were not read in
    full and in whose text the name's last part occurs; `degraded` are all that were not read in full.
    """

    entities: dict[str, list[tuple[str, Entity]]]
    unread: dict[str, list[str]]
    degraded: frozenset[str] = frozenset()

    def of(self, name: str) -> list[tuple[str, Entity]]:
        return self.entities.get(name, [])


def named(files: Iterable[FileEntities], name: str) -> list[tuple[str, Entity]]:
    """Return the entities that answer to a name, or a file of that path."""
    found = []
    for file in files:
        if file.path == name and file.table.entities:
            return [(file.path, file.table.entities[0])]
        found += [
            (file.path, entity)
            for entity in file.table.entities
            if entity.kind not in _NOT_NAMED and answers_to(file.path, entity.qualified_name, name)
        ]
    return found


def judge_exists(goal: Statement, known: Known) -> Judgement:
    """Tell whether an entity or a file is there."""
    (name,) = goal.about
    if met := known.of(name):
        shown = (Witness(p, p, 1, "file") if p == name else _witness(p, e, e.kind) for p, e in met)
        return Judgement("pass", f"{name} is there", _entities(shown))
    return _missing(name, known)


def judge_signature(goal: Statement, known: Known) -> Judgement:
    """Tell whether an entity takes these parameters, and gives back this result.

    A parameter is written as it is in the code, or by its name alone; `_` stands for any, and `...` for the
    rest. Of overloads one is enough. A receiver is not counted.
    """
    name, *wanted, result = goal.about
    met = [(path, entity) for path, entity in known.of(name) if entity.kind not in ("class", "file")]
    if not met:
        return _missing(name, known)
    shown = [_witness(path, entity, signature(entity)) for path, entity in met]
    if degraded := sorted({p for p, _ in met} & set(known.unread.get(name, ()))):
        return Judgement("unknown", f"{degraded[0]} was not read in full", _entities(shown))
    fitting = [s for s, (_, e) in zip(shown, met, strict=True) if _fits(e, wanted, result)]
    if fitting:
        return Judgement("pass", f"{name} is declared so", _entities(fitting))
    return Judgement("fail", f"{name} is {shown[0].what}", _entities(shown))


def signature(entity: Entity) -> str:
    """Write the parameters and the result of an entity."""
    listed = ", ".join(_written(p) for p in entity.parameters if p.kind not in ("receiver", "type"))
    return f"({listed}){f' -> {entity.result}' if entity.result else ''}"


def _fits(entity: Entity, wanted: Sequence[str], result: str) -> bool:
    if result and _bare(result) != _bare(entity.result or ""):
        return False
    parameters = [p for p in entity.parameters if p.kind not in ("receiver", "type")]
    if REST in wanted:
        at = list(wanted).index(REST)
        wanted, parameters = wanted[:at], parameters[:at]
    said = [part for part in wanted if part not in ("*", "/")]
    return len(said) == len(parameters) and all(map(_is_so, said, parameters))


def _is_so(said: str, parameter: Parameter) -> bool:
    name, annotation, default = parameter.name, parameter.annotation or "", parameter.default or ""
    forms = {name, name.lstrip("*&."), annotation} - {""}
    for left in list(forms - {annotation}):
        forms |= {f"{left}={default}"} if default else set()
        forms |= (
            {f"{left}:{annotation}", f"{left} {annotation}", f"{annotation} {left}"} if annotation else set()
        )
        forms |= {f"{left}:{annotation}={default}"} if annotation and default else set()
    return said == ANY or _bare(said) in map(_bare, forms)


def _written(parameter: Parameter) -> str:
    annotation = f": {parameter.annotation}" if parameter.annotation else ""
    return f"{parameter.name}{annotation}{f' = {parameter.default}' if parameter.default else ''}"


def _bare(text: str) -> str:
    return "".join(text.split())


def judge_calls(goal: Statement, known: Known, reach: Reach, degraded: Sequence[str]) -> Judgement:
    """Tell whether calls lead from one name to another: at once, or over others."""
    caller, callee = goal.about
    far = goal.form == "reaches"
    verb = goal.form
    if not reach.sources:
        return _unresolved(caller, known)
    if reach.edges:
        steps, sure = _steps(reach.edges, far=far)
        if not sure:
            return _by_name(f"{caller} {verb} {callee}", steps)
        return Judgement(
            "pass", f"{caller} {verb} {callee}{_length(sure) if far else ''}", Evidence(calls=sure)
        )
    if doubt := _doubt(goal, known, reach, degraded):
        return doubt
    if not reach.targets and known.of(callee):
        return _unresolved(callee, known)
    reason = f"no {'path of calls' if far else 'call'} from {caller} to {callee} is seen"
    return Judgement("fail", reason, _entities(map(_place, reach.sources)))


def judge_never(goal: Statement, known: Known, reach: Reach, degraded: Sequence[str]) -> Judgement:
    """Tell whether no calls lead from one name to another."""
    caller, callee = goal.about
    far = goal.form == "never reaches"
    verb = goal.form.removeprefix("never ")
    if not reach.sources:
        return Judgement("unknown", f"nothing called {caller} is known", Evidence())
    if reach.edges:
        steps, sure = _steps(reach.edges, far=far)
        if not sure:
            return _by_name(f"{caller} {verb} {callee}", steps)
        return Judgement(
            "fail", f"{caller} {verb} {callee}{_length(sure) if far else ''}", Evidence(calls=sure)
        )
    if not reach.targets and not reach.near:
        reason = f"nothing called {callee} is known: neither here nor in what is called outside"
        return Judgement("unknown", reason, _entities(map(_place, reach.sources)))
    if doubt := _doubt(goal, known, reach, degraded):
        return doubt
    seen = "path of calls" if far else "call"
    reason = f"no {seen} from {caller} to {callee} is seen, nor one that could be"
    return Judgement("pass", reason, _entities(map(_place, reach.sources)))


def judge_covered(goal: Statement, known: Known, reach: Reach, degraded: Sequence[str]) -> Judgement:
    """Tell whether code of a test reaches an entity over calls."""
    (name,) = goal.about
    if not reach.targets:
        return _unresolved(name, known)
    following = {edge.caller: edge for edge in reach.edges}
    for edge in reach.edges:
        if is_of_test(edge.caller):
            path = [edge]
            while path[-1].callee in following and path[-1].callee not in reach.targets:
                path.append(following[path[-1].callee])
            steps, sure = _steps(path, far=True)
            said = f"{edge.caller.name} reaches {name}"
            return Judgement("pass", said, Evidence(calls=sure)) if sure else _by_name(said, steps)
    if doubt := _doubt(goal, known, reach, degraded):
        return doubt
    return Judgement("fail", f"no test is seen to reach {name}", _entities(map(_place, reach.targets)))


def is_of_test(symbol: Symbol) -> bool:
    """Tell whether code is of a test; Rust keeps tests beside the code, in a module `tests`."""
    inner = symbol.path.endswith(".rs") and symbol.scope.partition(".")[0] in ("test", "tests")
    return bool(symbol.path) and (inner or is_test(symbol.path))


def judge_implements(goal: Statement, known: Known, kinds: Kinds) -> Judgement:
    """Tell whether a type derives from another, or implements it; in Go by having its methods."""
    one, other = goal.about
    if not kinds.sources:
        return _unresolved(one, known)
    if kinds.pairs:
        sub, above = kinds.pairs[0]
        evidence = _entities([_place(sub), *([_place(above)] if above.path else [])])
        return Judgement("pass", f"{sub.name} is a {above.name}", evidence)
    shown = _entities([*map(_place, kinds.sources), *(_place(base) for base in kinds.above if base.path)])
    if kinds.unknown:
        return Judgement("unknown", f"{one} derives from something that is not found", shown)
    if unread := known.unread.get(one):
        return Judgement("unknown", f"{unread[0]} was not read in full", shown)
    if not kinds.targets and known.of(other):
        return _unresolved(other, known)
    said = (
        f"{one} is a {', '.join(base.name for base in kinds.above)}" if kinds.above else f"{one} has no base"
    )
    if not kinds.targets:
        said += f", and nothing called {other} is known"
    return Judgement("fail", said, shown)


def _doubt(goal: Statement, known: Known, reach: Reach, degraded: Sequence[str]) -> Judgement | None:
    """Return why it cannot be said that there are no calls, where it cannot."""
    if reach.truncated:
        return Judgement("unknown", "there are more calls than were looked through")
    if reach.loose:
        caller, name, _ = reach.loose[0]
        reason = f"{caller.name} calls something named {name}, and what that is is not known"
        return Judgement("unknown", reason, _entities(map(_called, reach.loose)))
    far = goal.form in ("reaches", "never reaches", "covered")
    unread = (known.degraded | {*degraded}) & {*reach.paths}
    if far:
        unread |= {*degraded}.union(*(known.unread.get(name, ()) for name in goal.about))
    if unread:
        shown = [Witness(path, path, 1, "not read in full") for path in sorted(unread)]
        return Judgement("unknown", f"{shown[0].path} was not read in full", _entities(shown))
    return None


def _missing(name: str, known: Known) -> Judgement:
    if unread := known.unread.get(name):
        shown = [Witness(path, path, 1, "not read in full") for path in unread]
        return Judgement("unknown", f"{name} may be in what was not read in full", _entities(shown))
    return Judgement("fail", f"nothing called {name} is there")


def _unresolved(name: str, known: Known) -> Judgement:
    """Judge by a name that the graph of calls does not hold."""
    if met := known.of(name):
        shown = _entities(_witness(path, entity, entity.kind) for path, entity in met)
        if all(entity.kind in _VALUES for _, entity in met):
            return Judgement("unknown", f"{name} is a {met[0][1].kind}: what it holds is not known", shown)
        return Judgement("unknown", f"calls and bases are not read where {name} is", shown)
    return _missing(name, known)


def _steps(edges: Iterable[Edge], *, far: bool) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return calls, and those that are sure: of a path all, or none."""
    steps = tuple(
        Step(e.caller.name, e.callee.name, e.caller.path, e.lines[0] if e.lines else 1, e.confidence)
        for e in edges
    )
    sure = tuple(step for step in steps if step.confidence != "name_only")
    return steps[:SHOWN], () if far and len(sure) < len(steps) else sure[:SHOWN]


def _by_name(said: str, steps: tuple[Step, ...]) -> Judgement:
    return Judgement("unknown", f"{said} by name only: see the calls", Evidence(calls=steps))


def _length(steps: Sequence[Step]) -> str:
    return f" over {len(steps)} calls" if len(steps) > 1 else " at once"


def _entities(witnesses: Iterable[Witness]) -> Evidence:
    return Evidence(entities=tuple(witnesses)[:SHOWN])


def _witness(path: str, entity: Entity, what: str) -> Witness:
    return Witness(path, entity.qualified_name, entity.line, what)


def _place(symbol: Symbol) -> Witness:
    return Witness(symbol.path, symbol.scope or symbol.name, symbol.line or 1, "")


def _called(loose: Loose) -> Witness:
    caller, name, lines = loose
    line = lines[0] if lines else caller.line
    return Witness(caller.path, caller.scope or caller.name, line, f"calls {name}")
