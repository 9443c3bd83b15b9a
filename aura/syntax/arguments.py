"""What a change of parameters means for those who pass arguments."""

from collections.abc import Iterator

from aura.syntax.signatures import ParameterPairs, is_by_reference, is_retyped, plain, properties
from aura.syntax.types import Grade, Parameter

Verdict = tuple[Grade, str]

UNTYPED = frozenset({"python", "javascript", "ruby", "php", "bash"})
_BY_NAME = frozenset({"python", "kotlin", "swift", "scala", "csharp", "php"})
# Where a variadic parameter still takes the one argument that was given.
_OPTIONAL_ARGUMENTS = frozenset({"java", "kotlin", "csharp", "scala"})


def verdicts_of_parameters(found: ParameterPairs, language: str) -> Iterator[Verdict]:
    """Yield what each change between two parameter lists means, and why."""
    kept_old, kept_new = {i for i, _ in found.pairs}, {j for _, j in found.pairs}
    for index, parameter in enumerate(found.old):
        if index not in kept_old:
            yield "breaking", f"parameter {parameter.name} removed"
    last = max(kept_new, default=-1)
    for index, parameter in enumerate(found.new):
        if index not in kept_new:
            yield _of_added(parameter, index < last and _has_later_positional(found, index), language)
    for i, j in found.pairs:
        yield from _of_kept(found.old[i], found.new[j], (i, j) in found.moved, language)


def _has_later_positional(found: ParameterPairs, index: int) -> bool:
    later = (found.new[j] for _, j in found.pairs if j > index)
    return any(p.kind in ("positional", "positional_only") for p in later)


def _of_added(parameter: Parameter, in_the_middle: bool, language: str) -> Verdict:
    name = parameter.name
    if parameter.kind in ("variadic", "keyword_variadic") and not in_the_middle:
        return "compatible", f"variadic parameter {name} added"
    if language == "ruby" and name.startswith("&"):
        return "compatible", f"block {name} added"
    if parameter.default is None and not name.endswith("?"):
        return "breaking", f"parameter {name} added without a default"
    if in_the_middle and parameter.kind != "keyword_only":
        return "breaking", f"parameter {name} added before others"
    return "compatible", f"parameter {name} added with a default"


def _of_kept(old: Parameter, new: Parameter, moved: bool, language: str) -> Iterator[Verdict]:
    name = new.name
    if name.startswith("{") and old.name.startswith("{"):
        yield from _of_pattern(old.name, name)
    elif plain(old.name) != plain(name):
        by_name = language in _BY_NAME and new.kind in ("positional", "keyword_only")
        if old.name.lstrip("&") != name.lstrip("&"):
            yield ("breaking" if by_name else "compatible"), f"parameter {old.name} renamed to {name}"
    if is_by_reference(old) != is_by_reference(new) and language != "ruby":
        yield "breaking", f"parameter {name} is given in another way"
    if moved:
        named = "keyword_only" in (old.kind, new.kind)
        yield ("compatible" if named else "breaking"), f"parameter {name} reordered"
    if old.kind != new.kind:
        wider = (old.kind, new.kind) in _WIDER
        wider |= (old.kind, new.kind) == ("positional", "variadic") and language in _OPTIONAL_ARGUMENTS
        yield ("compatible" if wider else "breaking"), f"parameter {name} is now {new.kind.replace('_', ' ')}"
    if is_retyped(old, new):
        yield ("compatible" if language in UNTYPED else "breaking"), f"parameter {name} retyped"
    if plain(old.default) != plain(new.default):
        lost = new.default is None
        what = "removed" if lost else "added" if old.default is None else "changed"
        yield ("breaking" if lost else "compatible"), f"default of {name} {what}"


def _of_pattern(old: str, new: str) -> Iterator[Verdict]:
    before, after = properties(old), properties(new)
    for name in before:
        if name not in after:
            yield "breaking", f"property {name} removed"
    for name in after:
        if name not in before:
            yield "compatible", f"property {name} added, which may be left out"
    if before != after:
        yield "compatible", "default of a property changed"


_WIDER = frozenset({("keyword_only", "positional"), ("positional_only", "positional")})
