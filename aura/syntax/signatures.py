"""What changed between two signatures: parameters, decorators, modifiers and result."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from aura.syntax.headers import body_start
from aura.syntax.items import CODE, Item
from aura.syntax.similarity import name_likeness
from aura.syntax.tokens import CLOSE, OPEN
from aura.syntax.types import DecoratorEdit, Entity, ModifierEdit, Parameter, ParameterEdit, ResultEdit

_Pair = tuple[int, int]


class ParameterPairs(Struct, frozen=True):
    """The parameters of two signatures, receivers left out, and which became which, by position."""

    old: tuple[Parameter, ...]
    new: tuple[Parameter, ...]
    pairs: tuple[_Pair, ...]
    moved: frozenset[_Pair]


class SignatureEdits(Struct, frozen=True):
    """The typed edits between two signatures."""

    parameters: tuple[ParameterEdit, ...] = ()
    decorators: tuple[DecoratorEdit, ...] = ()
    modifiers: tuple[ModifierEdit, ...] = ()
    result: ResultEdit | None = None
    pairs: ParameterPairs | None = None

    def __bool__(self) -> bool:
        return bool(self.parameters or self.decorators or self.modifiers or self.result)


NO_EDITS = SignatureEdits()


def signature_edits(old: Item, new: Item, called: Mapping[str, str] = MappingProxyType({})) -> SignatureEdits:
    """Return the typed edits between two signatures, as far as their tables tell.

    `called` says what types that were renamed are called after.
    """
    a, b = old.entity, new.entity
    same = (a.parameters, a.decorators, a.modifiers, a.result)
    if same == (b.parameters, b.decorators, b.modifiers, b.result):
        return NO_EDITS
    pairs = pair_parameters(old, new, called) if a.parameters != b.parameters else None
    result = ResultEdit(a.result, b.result) if plain(a.result) != plain(b.result) else None
    return SignatureEdits(
        tuple(parameter_edits(pairs)) if pairs else (),
        decorator_edits(a.decorators, b.decorators),
        modifier_edits(a.modifiers, b.modifiers),
        result if b.kind in CODE else None,
        pairs,
    )


def only_modifiers(edits: SignatureEdits) -> SignatureEdits:
    """Leave out all but the modifiers, which an entity may also have from a section that it stands in."""
    return SignatureEdits(modifiers=edits.modifiers) if edits else edits


def with_signature_words(edits: SignatureEdits, old: Item, new: Item) -> SignatureEdits:
    """Add the modifiers that only the tokens of a signature tell."""
    language = new.file.language
    words = language.signature_words if language else frozenset()
    if not words:
        return edits
    before, after = _header(old), _header(new)
    if all(before.count(word) == after.count(word) for word in words):
        return edits
    one, two = (
        [token.decode() for token in _outside_parameters(item.tokens.signature) if token in words]
        for item in (old, new)
    )
    late = modifier_edits(one, two)
    return replace(edits, modifiers=(*edits.modifiers, *late)) if late else edits


def _header(item: Item) -> bytes:
    """Return the text up to where the body is known to begin."""
    language = item.file.language
    text = item.file.own_text(item.index)
    return text if language is None else text[: body_start(item.entity, text, language)]


def _outside_parameters(signature: Sequence[bytes]) -> Iterator[bytes]:
    inside: list[bool] = []
    for token in signature:
        if token[:1] == OPEN:
            inside.append(b"parameter" in token or inside[-1:] == [True])
        elif token == CLOSE:
            del inside[-1:]
        elif inside[-1:] != [True]:
            yield token


def pair_parameters(old: Item, new: Item, called: Mapping[str, str]) -> ParameterPairs:
    """Pair parameters by name, then by place, annotation and use for those that were renamed."""
    one, two = without_receivers(old.entity), without_receivers(new.entity)
    places: dict[str, list[int]] = {}
    for index, parameter in enumerate(two):
        places.setdefault(_bare(parameter), []).append(index)
    pairs = []
    for index, parameter in enumerate(one):
        same = places.get(_bare(parameter))
        if same:
            pairs.append((index, same.pop(0)))
    moved = frozenset(pairs) - frozenset(_rising(pairs))
    said = without_receivers(in_new_words(old.entity, called))
    pairs += _renamed(said, two, pairs, old, new)
    return ParameterPairs(one, two, tuple(sorted(pairs)), moved)


def without_receivers(entity: Entity) -> tuple[Parameter, ...]:
    return tuple(p for p in entity.parameters if p.kind != "receiver")


def in_new_words(entity: Entity, renamed: Mapping[str, str]) -> Entity:
    """Return an entity with its types under the names that they have now: they are the same types."""

    def told(annotation: str | None) -> str | None:
        if annotation is None:
            return None
        return _WORD.sub(lambda found: renamed.get(found[0], found[0]), annotation)

    if not renamed:
        return entity
    parameters = tuple(replace(each, annotation=told(each.annotation)) for each in entity.parameters)
    return replace(entity, parameters=parameters, result=told(entity.result))


def _bare(parameter: Parameter) -> str:
    """Return the name without its signs; patterns that take an argument apart all have one name."""
    name = parameter.name.lstrip("*&.$")
    return name[0] if name[:1] in _PATTERNS else name


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
    is_as_many = len(left) == len(right)
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
            is_other = None not in (a.annotation, b.annotation) and a.annotation != b.annotation
            score += 0.5 * is_as_many - (1.5 if is_as_many else 2.0) * is_other
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


_WORD = re.compile(r"\w+")
_STARRED = frozenset({"variadic", "keyword_variadic"})
_PATTERNS = ("{", "[", "(")


def parameter_edits(found: ParameterPairs) -> list[ParameterEdit]:
    """Return the typed edits between two parameter lists."""
    edits = []
    kept_old, kept_new = {i for i, _ in found.pairs}, {j for _, j in found.pairs}
    for pair in found.pairs:
        edits += _edits_of_kept(found.old[pair[0]], found.new[pair[1]], is_moved=pair in found.moved)
    edits += [ParameterEdit("removed", p.name) for i, p in enumerate(found.old) if i not in kept_old]
    edits += [ParameterEdit("added", p.name) for j, p in enumerate(found.new) if j not in kept_new]
    return edits


def _edits_of_kept(old: Parameter, new: Parameter, *, is_moved: bool) -> list[ParameterEdit]:
    edits = []
    name = new.name
    if _bare(old) != _bare(new):
        edits.append(ParameterEdit("renamed", name, old.name))
    elif name.startswith("{"):
        edits += _edits_of_pattern(old.name, name)
    elif name.startswith(_PATTERNS) and plain(old.name) != plain(name):
        edits.append(ParameterEdit("renamed", name, old.name))
    if is_moved:
        edits.append(ParameterEdit("reordered", name))
    if old.kind != new.kind:
        edits.append(ParameterEdit("kind_changed", name, None, old.kind, new.kind))
    if is_retyped(old, new):
        edits.append(ParameterEdit("retyped", name, None, old.annotation, new.annotation))
    elif is_by_reference(old) != is_by_reference(new):
        edits.append(ParameterEdit("retyped", name, None, old.name, name))
    if plain(old.default) != plain(new.default):
        edits.append(ParameterEdit("default_changed", name, None, old.default, new.default))
    return edits


def is_by_reference(parameter: Parameter) -> bool:
    return parameter.name.startswith("&")


def is_retyped(old: Parameter, new: Parameter) -> bool:
    """Tell whether two annotations differ; `T...` is `T[]` to whom it is given."""
    a, b = plain(old.annotation), plain(new.annotation)
    if old.kind != new.kind and "variadic" in (old.kind, new.kind):
        return (a or "").removesuffix("[]") != (b or "").removesuffix("[]")
    return a != b


def _edits_of_pattern(old: str, new: str) -> list[ParameterEdit]:
    """Return the edits of the properties that a parameter such as `{ a, b = 1 }` takes out of an object."""
    before, after = properties(old), properties(new)
    edits = [
        ParameterEdit("default_changed", name, None, before[name], after[name])
        for name in before
        if name in after and before[name] != after[name]
    ]
    gone, come = (
        [name for name in one if name not in two] for one, two in ((before, after), (after, before))
    )
    if len(gone) == len(come) == 1 and before[gone[0]] == after[come[0]]:
        return [*edits, ParameterEdit("renamed", come[0], gone[0])]
    edits += [ParameterEdit("removed", name) for name in gone]
    return edits + [ParameterEdit("added", name) for name in come]


def properties(pattern: str) -> dict[str, str | None]:
    """Return the properties in an object pattern with their defaults."""
    found: dict[str, str | None] = {}
    for part in _parts(pattern[1:-1]):
        name, sign, default = part.partition("=")
        found[name.split(":")[0].strip()] = plain(default) if sign else None
    return found


def _parts(text: str) -> list[str]:
    """Split text at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


def decorator_edits(old: Sequence[str], new: Sequence[str]) -> tuple[DecoratorEdit, ...]:
    """Return which decorators went and which came; one with other arguments did both."""
    gone, come = _difference(old, new)
    return (*(DecoratorEdit("removed", name) for name in gone), *(DecoratorEdit("added", n) for n in come))


def modifier_edits(old: Sequence[str], new: Sequence[str]) -> tuple[ModifierEdit, ...]:
    """Return which modifiers went and which came."""
    gone, come = _difference(old, new)
    return (*(ModifierEdit("removed", name) for name in gone), *(ModifierEdit("added", n) for n in come))


def _difference(old: Sequence[str], new: Sequence[str]) -> tuple[list[str], list[str]]:
    before, after = Counter(map(plain, old)), Counter(map(plain, new))
    texts = {plain(text): text for text in (*old, *new)}
    gone, come = (before - after).elements(), (after - before).elements()
    return [texts[key] for key in gone], [texts[key] for key in come]


def plain(text: str | None) -> str | None:
    """Return source text without mere layout: spaces beside signs, the style of quotes, last commas."""
    if text is None or text.isalnum():
        return text
    text = _LAST_COMMA.sub(r"\1", _BESIDE_SIGNS.sub(r"\1", text.replace("'", '"')))
    return text[1:-1] if _BRACKETED.fullmatch(text) else text


_BESIDE_SIGNS = re.compile(r"\s*([^\w\s])\s*")
_BRACKETED = re.compile(r"\([^(),]*(?:\([^()]*\)[^(),]*)*\)")
_LAST_COMMA = re.compile(r",([)\]}>])")
