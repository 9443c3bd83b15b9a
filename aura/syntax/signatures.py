"""What changed between two signatures: parameters, decorators, result and modifiers."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from aura.syntax.items import Item
from aura.syntax.similarity import name_likeness
from aura.syntax.types import DecoratorEdit, Parameter, ParameterEdit

_Pair = tuple[int, int]


class ParameterPairs(Struct, frozen=True):
    """The parameters of two signatures, receivers left out, and which became which, by position."""

    old: tuple[Parameter, ...]
    new: tuple[Parameter, ...]
    pairs: tuple[_Pair, ...]
    moved: frozenset[_Pair]


def pair_parameters(old: Item, new: Item) -> ParameterPairs:
    """Pair parameters by name, then by place, annotation and use for those that were renamed."""
    one, two = plain_parameters(old), plain_parameters(new)
    places: dict[str, list[int]] = {}
    for index, parameter in enumerate(two):
        places.setdefault(_bare(parameter), []).append(index)
    pairs = []
    for index, parameter in enumerate(one):
        same = places.get(_bare(parameter))
        if same:
            pairs.append((index, same.pop(0)))
    moved = frozenset(pairs) - frozenset(_rising(pairs))
    pairs += _renamed(one, two, pairs, old, new)
    return ParameterPairs(one, two, tuple(sorted(pairs)), moved)


def plain_parameters(item: Item) -> tuple[Parameter, ...]:
    return tuple(p for p in item.entity.parameters if p.kind != "receiver")


def _bare(parameter: Parameter) -> str:
    return parameter.name.lstrip("*&.$")


def _rising(pairs: Sequence[_Pair]) -> list[_Pair]:
    """Return a longest run of pairs that keep their order."""
    best: list[list[_Pair]] = []
    for pair in pairs:
        before = max((run for run in best if run[-1][1] < pair[1]), key=len, default=[])
        best.append([*before, pair])
    return max(best, key=len, default=[])


def _renamed(
    one: Sequence[Parameter], two: Sequence[Parameter], pairs: Sequence[_Pair], old: Item, new: Item
) -> list[_Pair]:
    left = sorted(set(range(len(one))) - {i for i, _ in pairs})
    right = sorted(set(range(len(two))) - {j for _, j in pairs})
    if not left or not right:
        return []
    uses_old, uses_new = Counter(old.tokens.body), Counter(new.tokens.body)
    ranked = []
    for i in left:
        for j in right:
            a, b = one[i], two[j]
            if (a.kind in _STARRED or b.kind in _STARRED) and a.kind != b.kind:
                continue
            score = 2.0 * name_likeness(_bare(a), _bare(b))
            score += 1.0 * (_gap(i, pairs, 0) == _gap(j, pairs, 1)) + 0.5 * (i == j)
            score += 1.0 * (a.annotation == b.annotation and a.annotation is not None)
            score -= 1.5 * (None not in (a.annotation, b.annotation) and a.annotation != b.annotation)
            score += 0.5 * (a.default == b.default) + 0.5 * (a.kind == b.kind)
            score += _used_alike(_bare(a).encode(), _bare(b).encode(), uses_old, uses_new)
            ranked.append((-score, i, j))
    found: list[_Pair] = []
    for score, i, j in sorted(ranked):
        if -score >= 2.5 and i not in (a for a, _ in found) and j not in (b for _, b in found):
            found.append((i, j))
    return found


def _gap(index: int, pairs: Sequence[_Pair], side: int) -> int:
    return sum(pair[side] < index for pair in pairs)


def _used_alike(name: bytes, other: bytes, old: Counter[bytes], new: Counter[bytes]) -> float:
    """Say whether `other` is used after as `name` was before: near 1.5 when it is, below 0 when it is not."""
    gone, come = old[name] - new[name], new[other] - old[other]
    if gone <= 0 and come <= 0:
        return 0.0
    if gone <= 0 or come <= 0:
        return -1.5
    return 1.5 * min(gone, come) / max(gone, come)


_STARRED = frozenset({"variadic", "keyword_variadic"})


def parameter_edits(found: ParameterPairs) -> list[ParameterEdit]:
    """Return the typed edits between two parameter lists."""
    edits = []
    kept_old, kept_new = {i for i, _ in found.pairs}, {j for _, j in found.pairs}
    for pair in found.pairs:
        old, new = found.old[pair[0]], found.new[pair[1]]
        if _bare(old) != _bare(new):
            edits.append(ParameterEdit("renamed", new.name, old.name))
        if pair in found.moved:
            edits.append(ParameterEdit("reordered", new.name))
        if old.annotation != new.annotation:
            edits.append(ParameterEdit("retyped", new.name))
        if old.default != new.default:
            edits.append(ParameterEdit("default_changed", new.name))
    edits += [ParameterEdit("removed", p.name) for i, p in enumerate(found.old) if i not in kept_old]
    edits += [ParameterEdit("added", p.name) for j, p in enumerate(found.new) if j not in kept_new]
    return edits


def decorator_edits(old: Item, new: Item) -> list[DecoratorEdit]:
    """Return which decorators went and which came; one with other arguments did both."""
    before, after = Counter(old.entity.decorators), Counter(new.entity.decorators)
    gone = [DecoratorEdit("removed", name) for name in (before - after).elements()]
    return gone + [DecoratorEdit("added", name) for name in (after - before).elements()]
