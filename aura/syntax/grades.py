"""What a change means for the callers of an entity: breaking, compatible, internal or none, and why."""

from collections.abc import Iterator, Sequence

from aura.syntax.items import CODE, TYPES, Item
from aura.syntax.signatures import ParameterPairs
from aura.syntax.types import Change, DecoratorEdit, Grade, Parameter

Verdict = tuple[Grade, str]

_ORDER: tuple[Grade, ...] = ("none", "internal", "compatible", "breaking")
_BY_NAME = frozenset({"python", "kotlin", "swift", "scala", "csharp", "php"})
_UNTYPED = frozenset({"python", "javascript", "ruby", "php", "bash"})
_BINDING = frozenset({"property", "staticmethod", "classmethod", "cached_property"})
_VISIBILITY = ("private", "fileprivate", "internal", "protected", "public", "open", "pub", "export")


def is_public(item: Item) -> bool:
    """Tell whether an entity can be named from outside, as far as its name and modifiers say."""
    entity = item.entity
    if item.parent is not None and item.parent.entity.kind in CODE:
        return False
    if item.file.table.language == "go":
        return entity.name[:1].isupper()
    if {"private", "fileprivate"} & set(entity.modifiers):
        return False
    dunder = entity.name.startswith("__") and entity.name.endswith("__")
    return dunder or not entity.name.startswith(("_", "#"))


def grade_lone(item: Item, what: str) -> Verdict:
    """Grade an entity that is only before (`what`: deleted, inlined) or only after (added, extracted)."""
    kind = item.entity.kind
    if kind == "statements":
        return "internal", f"top-level statements {what}"
    if what in ("added", "extracted"):
        return "compatible", f"{kind} {what}"
    if is_public(item):
        return "breaking", f"public {kind} {what}"
    return "internal", f"{kind} {what}, which was not public"


def grade_pair(
    old: Item,
    new: Item,
    changes: Sequence[Change],
    parameters: ParameterPairs | None,
    decorators: Sequence[DecoratorEdit],
) -> Verdict:
    """Grade an entity that is on both sides; of several verdicts the gravest counts, then the first."""
    verdicts = list(_verdicts(old, new, changes, parameters, decorators))
    return max(
        verdicts, key=lambda v: _ORDER.index(v[0]), default=("none", "nothing that callers could notice")
    )


def _verdicts(
    old: Item,
    new: Item,
    changes: Sequence[Change],
    parameters: ParameterPairs | None,
    decorators: Sequence[DecoratorEdit],
) -> Iterator[Verdict]:
    named = old.entity.kind not in ("statements", "file")
    for change in ("renamed", "moved"):
        if change in changes:
            public = is_public(old) and named
            yield ("breaking", f"public {old.entity.kind} {change}") if public else ("internal", change)
    if "signature_changed" in changes:
        yield from _of_parameters(parameters, new) if parameters else ()
        yield from _of_declaration(old, new)
        for edit in decorators:
            name = edit.name.split("(")[0].rsplit(".", 1)[-1]
            grade: Grade = "breaking" if name in _BINDING or name == "setter" else "internal"
            yield grade, f"decorator {name} {edit.edit}"
        plain = not decorators and old.entity.modifiers == new.entity.modifiers
        if plain and old.entity.kind in TYPES and is_public(old):
            yield "breaking", "bases or type parameters changed"
        yield "internal", "declaration changed"
    if "body_changed" in changes:
        yield "internal", "body changed"
    if "doc_changed" in changes:
        yield "none", "only documentation changed"
    if "formatting_only" in changes:
        yield "none", "only formatting changed"


def _of_declaration(old: Item, new: Item) -> Iterator[Verdict]:
    a, b = old.entity, new.entity
    if a.result != b.result:
        untyped = new.file.table.language in _UNTYPED
        yield ("compatible" if untyped else "breaking"), "result type changed"
    before, after = set(a.modifiers), set(b.modifiers)
    for word in sorted(before ^ after):
        if word in ("async", "static", "suspend", "final", "sealed", "abstract", "get", "set"):
            yield "breaking", f"{word} {'added' if word in after else 'removed'}"
    rank = _visibility(before), _visibility(after)
    if rank[1] < rank[0]:
        yield "breaking", "visibility reduced"
    elif rank[1] > rank[0]:
        yield "compatible", "visibility widened"


def _visibility(modifiers: set[str]) -> int:
    return max((_VISIBILITY.index(m) for m in modifiers if m in _VISIBILITY), default=2)


def _of_parameters(found: ParameterPairs, new: Item) -> Iterator[Verdict]:
    language = new.file.table.language
    kept_old, kept_new = {i for i, _ in found.pairs}, {j for _, j in found.pairs}
    for index, parameter in enumerate(found.old):
        if index not in kept_old:
            yield "breaking", f"parameter {parameter.name} removed"
    last = max(kept_new, default=-1)
    for index, parameter in enumerate(found.new):
        if index not in kept_new:
            yield _of_added(parameter, index < last and _has_later_positional(found, index))
    for i, j in found.pairs:
        yield from _of_kept(found.old[i], found.new[j], (i, j) in found.moved, language)


def _has_later_positional(found: ParameterPairs, index: int) -> bool:
    later = (found.new[j] for _, j in found.pairs if j > index)
    return any(p.kind in ("positional", "positional_only") for p in later)


def _of_added(parameter: Parameter, in_the_middle: bool) -> Verdict:
    name = parameter.name
    if parameter.kind in ("variadic", "keyword_variadic") and not in_the_middle:
        return "compatible", f"variadic parameter {name} added"
    if parameter.default is None and not name.endswith("?"):
        return "breaking", f"parameter {name} added without a default"
    if in_the_middle and parameter.kind != "keyword_only":
        return "breaking", f"parameter {name} added before others"
    return "compatible", f"parameter {name} added with a default"


def _of_kept(old: Parameter, new: Parameter, moved: bool, language: str) -> Iterator[Verdict]:
    if old.name != new.name:
        by_name = language in _BY_NAME and new.kind in ("positional", "keyword_only")
        yield ("breaking" if by_name else "compatible"), f"parameter {old.name} renamed to {new.name}"
    if moved and "keyword_only" not in (old.kind, new.kind):
        yield "breaking", f"parameter {new.name} reordered"
    if old.kind != new.kind and (old.kind, new.kind) not in _WIDER:
        yield "breaking", f"parameter {new.name} is now {new.kind.replace('_', ' ')}"
    if old.annotation != new.annotation:
        yield ("compatible" if language in _UNTYPED else "breaking"), f"parameter {new.name} retyped"
    if old.default != new.default:
        lost = new.default is None
        yield (
            ("breaking" if lost else "compatible"),
            f"default of {new.name} {'removed' if lost else 'changed'}",
        )


_WIDER = frozenset({("keyword_only", "positional"), ("positional_only", "positional")})
