"""Whether a call that was written for one signature can still work with another."""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from msgspec import Struct

from aura.syntax.arguments import UNTYPED
from aura.syntax.calling import Given
from aura.syntax.impacts import Fit
from aura.syntax.signatures import is_retyped, plain
from aura.syntax.types import Edit, Entity, Parameter, ParameterKind


class Verdict(NamedTuple):
    """Whether a call can still work, and why (not).

    `sure`: enough so to tell it to somebody who did not even touch the call.
    """

    fit: Fit
    reason: str
    sure: bool = False


FITS = Verdict("fits", "")

_LAX = frozenset({"javascript"})
"""Where too few or too many arguments are no error, but `undefined`, or ignored."""
_GRAVITY: tuple[Fit, ...] = ("fits", "doubtful", "broken")
_ANYTHING = frozenset({"any", "unknown", "object", "Object", "interface{}"})
_PROPERTIES = frozenset({"property", "cached_property"})
_SHOWN = frozenset({"export", "public", "pub"})
_HIDDEN = frozenset({"private", "fileprivate"})
_BY_PLACE: tuple[ParameterKind, ...] = ("receiver", "positional", "positional_only")


class Called(Struct, frozen=True):
    """What is called: the entity before and after, where it is, and its namesakes there."""

    path: str
    before: Entity
    after: Entity
    edit: Edit
    language: str
    overloads: tuple[Entity, ...] = ()


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the gravest verdict, of equals the first."""
    return max(verdicts, key=lambda each: (_GRAVITY.index(each.fit), each.sure), default=FITS)


def broken(reason: str) -> Verdict:
    return Verdict("broken", reason, sure=True)


def doubtful(reason: str) -> Verdict:
    return Verdict("doubtful", reason)


def fit(given: Given, called: Called, *, elsewhere: bool) -> Verdict:
    """Tell whether a call can work with what is called now; `elsewhere`: it is in another file.

    What did not fit before, as far as can be told, was not understood: of that nothing is said.
    """
    before, after, language = called.before, called.after, called.language
    if (reason := misfit(given, after, language)) is not None:
        if misfit(given, before, language) is not None:
            return FITS
        others = [other for other in called.overloads if misfit(given, other, language) is None]
        if others:
            return Verdict("fits", "another signature of the same name takes it")
        return Verdict("doubtful", reason, sure=True) if language in _LAX else broken(reason)
    return gravest(_verdicts(given, called, elsewhere=elsewhere))


def _verdicts(given: Given, called: Called, *, elsewhere: bool) -> Iterator[Verdict]:
    before, after, edit, language = called.before, called.after, called.edit, called.language
    if _may_miss(given, before, after):
        yield Verdict("doubtful", "how many arguments it gives, only running it would tell", sure=True)
    yield from _of_places(given, before, after, edit)
    yield from _of_types(given, before, after, language)
    if edit.result is not None and given.used and plain(before.result) != plain(after.result):
        yield doubtful(f"its result is now {after.result or 'of no declared type'}")
    for modifier in edit.modifiers:
        yield from _of_modifier(modifier.name, modifier.edit == "added", given, language, elsewhere=elsewhere)
    added = {_bare(found.name) for found in edit.decorators if found.edit == "added"}
    removed = {_bare(found.name) for found in edit.decorators if found.edit == "removed"}
    if (added - removed) & _PROPERTIES:
        yield broken("it is a property now and cannot be called")
    for name in sorted((added ^ removed) & {"staticmethod", "classmethod"}):
        yield doubtful(f"decorator {name} {'added' if name in added else 'removed'}")
    told = edit.parameters or edit.result or edit.modifiers or edit.decorators
    if not told and edit.grade == "breaking":
        yield doubtful(edit.reason)


def _may_miss(given: Given, before: Entity, after: Entity) -> bool:
    """Tell whether arguments that only running it would tell may have fitted and fit no more."""
    old, new = _Takes(taken(given, before)), _Takes(taken(given, after))
    if given.spread and (new.least > max(old.least, given.positional) or new.most < old.most):
        return True
    if not given.keyword_spread:
        return False
    return bool(new.needed - old.needed - {*given.keywords}) or not (new.takes_any or old.names <= new.names)


class _Takes:
    """How many arguments a signature takes by place, and which by name."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        by_place = [p for p in parameters if p.kind in _BY_PLACE]
        by_name = [p for p in parameters if p.kind in ("positional", "receiver", "keyword_only")]
        kinds = {p.kind for p in parameters}
        self.least = sum(not _may_be_left_out(p) for p in by_place)
        self.most = inf if "variadic" in kinds else len(by_place)
        self.names = {_name(p) for p in by_name}
        self.needed = {_name(p) for p in by_name if not _may_be_left_out(p)}
        self.takes_any = "keyword_variadic" in kinds


def _of_modifier(
    name: str, added: bool, given: Given, language: str, *, elsewhere: bool
) -> Iterator[Verdict]:
    if name == "async":
        if added and not given.awaited:
            reason = "it is async now and not awaited here"
            yield broken(reason) if language == "python" else doubtful(reason)
        elif not added and given.awaited and language == "python":
            yield broken("it is not async any more and awaited here")
    elif elsewhere and ((added and name in _HIDDEN) or (not added and name in _SHOWN)):
        yield broken("it cannot be seen from here any more")
    elif name in ("static", "self", "unsafe", "throws", "get", "set", "*"):
        yield doubtful(f"{name} {'added' if added else 'removed'}")


def _bare(decorator: str) -> str:
    return decorator.split("(")[0].rsplit(".", 1)[-1]


def misfit(given: Given, entity: Entity, language: str) -> str | None:
    """Return why a call cannot be bound to a signature, or None where it can."""
    parameters = taken(given, entity)
    by_place = [p for p in parameters if p.kind in _BY_PLACE]
    takes_rest = any(p.kind == "variadic" for p in parameters)
    if given.positional > len(by_place) and not takes_rest:
        return f"gives {_counted(given.positional)}, but {_counted(len(by_place))} at most can be given"
    by_name = {_name(p) for p in parameters if p.kind in ("positional", "keyword_only", "receiver")}
    if not any(p.kind == "keyword_variadic" for p in parameters):
        for keyword in given.keywords:
            if keyword not in by_name:
                return f"gives {keyword}, which is no parameter"
    for keyword in given.keywords:
        if keyword in [_name(p) for p in by_place[: given.positional] if p.kind != "positional_only"]:
            return f"gives {keyword} twice"
    for index, parameter in enumerate(by_place):
        late = index >= given.positional and not given.spread
        if late and _is_missing(parameter, given, language):
            return f"gives nothing for {_name(parameter)}"
    for parameter in parameters:
        if parameter.kind == "keyword_only" and _is_missing(parameter, given, language):
            return f"gives nothing for {_name(parameter)}"
    return None


def taken(given: Given, entity: Entity) -> list[Parameter]:
    """Return the parameters that a call gives arguments for: the receiver only where it is given as one."""
    owner = entity.qualified_name.rpartition(".")[0].rpartition(".")[2]
    is_given = bool(owner) and (given.path or given.of == owner)
    if (
        any(_bare(decorator) == "classmethod" for decorator in entity.decorators)
        or entity.kind == "constructor"
    ):
        is_given = False
    return [p for p in entity.parameters if p.kind != "type" and (p.kind != "receiver" or is_given)]


def _is_missing(parameter: Parameter, given: Given, language: str) -> bool:
    if _may_be_left_out(parameter):
        return False
    if parameter.kind != "positional_only" and _name(parameter) in given.keywords:
        return False
    return not (given.keyword_spread and parameter.kind != "positional_only")


def _may_be_left_out(parameter: Parameter) -> bool:
    return parameter.default is not None or parameter.name.endswith("?")


def _name(parameter: Parameter) -> str:
    return parameter.name.lstrip("*&.$").removeprefix("mut ").removesuffix("?")


def _counted(number: int) -> str:
    return "1 argument" if number == 1 else f"{number} arguments"


def _of_places(given: Given, before: Entity, after: Entity, edit: Edit) -> Iterator[Verdict]:
    """Find arguments that now go to another parameter than the one that they were meant for."""
    renamed = {p.old_name: p.name for p in edit.parameters if p.edit == "renamed" and p.old_name}
    old, new = _placed(given, before), _placed(given, after)
    if not edit.parameters or len({_name(p) for p in (*old, *new)}) <= 1:
        return
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        if (index >= given.positional and not given.spread) or "variadic" in (a.kind, b.kind):
            return
        meant = renamed.get(a.name, renamed.get(_name(a), a.name)).lstrip("*&.$").removeprefix("mut ")
        if meant.removesuffix("?") != _name(b) and not _is_pattern(a) and not _is_pattern(b):
            reason = f"argument {index + 1} was for {_name(a)} and is now for {_name(b)}"
            yield Verdict("doubtful", reason, sure=True)
            return


def _placed(given: Given, entity: Entity) -> Sequence[Parameter]:
    return [p for p in taken(given, entity) if p.kind not in ("keyword_only", "keyword_variadic")]


def _is_pattern(parameter: Parameter) -> bool:
    return parameter.name[:1] in ("{", "[", "(")


def _of_types(given: Given, before: Entity, after: Entity, language: str) -> Iterator[Verdict]:
    """Find arguments for parameters that have another type now."""
    old = {_name(p): p for p in before.parameters}
    for index, parameter in enumerate(_placed(given, after)):
        name = _name(parameter)
        known = old.get(name)
        if known is None or not is_retyped(known, parameter) or _is_wider(known, parameter):
            continue
        if index < given.positional or name in given.keywords:
            reason = f"{name} is now {parameter.annotation or 'of no declared type'}"
            grave = language not in UNTYPED and None not in (known.annotation, parameter.annotation)
            yield broken(reason) if grave else doubtful(reason)


def _is_wider(old: Parameter, new: Parameter) -> bool:
    a, b = plain(old.annotation), plain(new.annotation)
    return b is None or b in _ANYTHING or (a is not None and a in (plain(part) for part in b.split("|")))
