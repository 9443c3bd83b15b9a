"""What a change means for the callers of an entity: breaking, compatible, internal or none, and why.

Callers are those outside: what only its own file, type or function can name breaks nobody.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from msgspec import Struct

from aura.syntax.arguments import UNTYPED, Verdict, verdicts_of_parameters
from aura.syntax.bases import is_inherited
from aura.syntax.handed import aliases, hands_on
from aura.syntax.items import CODE, TYPES, VALUES, Item
from aura.syntax.language import SCRIPTS
from aura.syntax.match import Matches
from aura.syntax.signatures import SignatureEdits
from aura.syntax.types import Change, DecoratorEdit, Grade
from aura.syntax.visibility import is_public, level

_ORDER: tuple[Grade, ...] = ("none", "internal", "compatible", "breaking")
_WORD = re.compile(rb"\w+")
# Where a file is no part of the name by which others reach what it holds: by folder, or not at all.
_BY_FOLDER = frozenset({"go", "java", "kotlin", "scala", "csharp", "php"})
_BY_NAME_ALONE = frozenset({"c", "cpp", "swift", "ruby"})
_CALLED_OTHERWISE = frozenset(
    {
        "property", "cached_property", "staticmethod", "classmethod", "contextmanager", "asynccontextmanager",
        "setter", "deleter", "abstractmethod", "non_exhaustive",
    }
)  # fmt: skip

# What it means when a modifier comes, and when it goes.
_MODIFIERS: dict[str, tuple[Grade, Grade]] = {
    **dict.fromkeys(("async", "static", "self", "get", "set", "inner", "*"), ("breaking", "breaking")),
    **dict.fromkeys(("suspend", "throws", "unsafe", "final", "sealed"), ("breaking", "compatible")),
    **dict.fromkeys(("abstract", "readonly", "mutating", "explicit"), ("breaking", "compatible")),
    **dict.fromkeys(("required", "rethrows"), ("breaking", "compatible")),
    **dict.fromkeys(("open", "virtual", "var", "const", "constexpr"), ("compatible", "breaking")),
    **dict.fromkeys(("data", "infix", "operator", "implicit", "case"), ("compatible", "breaking")),
}


class Changed(Struct, frozen=True):
    """An entity on both sides, and all that is known of what changed."""

    old: Item
    new: Item
    changes: Sequence[Change]
    signature: SignatureEdits
    matches: Matches

    @property
    def language(self) -> str:
        return self.new.file.table.language


def grade_lone(item: Item, what: Change, others: frozenset[Item]) -> Verdict:
    """Grade an entity that is only before (deleted, inlined) or only after (added, extracted).

    `others` are those that came or went with it.
    """
    kind = item.entity.kind
    if kind == "statements":
        return "internal", f"top-level statements {what}"
    if not is_public(item):
        return "internal", f"{kind} {what}, which is not public"
    if what in ("deleted", "inlined"):
        return "breaking", f"public {kind} {what}"
    if item.parent is not None and item.parent not in others and _must_be_implemented(item):
        return "breaking", f"{kind} {what} that must be implemented"
    return "compatible", f"{kind} {what}"


def _must_be_implemented(item: Item) -> bool:
    """Tell whether a member that came has no body of its own, so that all that have its type need one."""
    entity, parent = item.entity, item.parent
    assert parent is not None
    if "abstract" in entity.modifiers or any(d.endswith("abstractmethod") for d in entity.decorators):
        return True
    if parent.entity.kind not in ("interface", "trait"):
        return False
    language = item.file.table.language
    if language in ("ruby", "python") or (language == "php" and parent.entity.kind == "trait"):
        return False
    if {"default", "static", "private"} & set(entity.modifiers) or entity.kind in TYPES:
        return False
    if language in ("typescript", "tsx") and "?" in item.text.decode("utf-8", "replace").split(":")[0]:
        return False
    return language in ("go", "swift", "php") or not _has_body(item)


def _has_body(item: Item) -> bool:
    return bool(item.tokens.body)


def grade_pair(found: Changed) -> Verdict:
    """Grade an entity that is on both sides; of several verdicts the gravest counts, then the first."""
    verdicts = list(_verdicts(found))
    concerns_others = any(grade in ("breaking", "compatible") for grade, _ in verdicts)
    if concerns_others and not is_public(found.old):
        verdicts = [_inside(verdict) for verdict in verdicts]
        if is_public(found.new) and "none" not in (grade for grade, _ in verdicts):
            verdicts.insert(0, ("compatible", "visibility widened"))
    return max(
        verdicts, key=lambda v: _ORDER.index(v[0]), default=("none", "nothing that callers could notice")
    )


def _inside(verdict: Verdict) -> Verdict:
    grade, reason = verdict
    return ("internal", f"{reason}, but not public") if grade in ("breaking", "compatible") else verdict


def _verdicts(found: Changed) -> Iterator[Verdict]:
    for change in found.changes:
        if change == "renamed":
            yield _of_name(found)
        elif change == "moved":
            yield _of_move(found)
        elif change == "signature_changed":
            yield from _of_signature(found)
        elif change == "body_changed":
            yield _of_body(found)
        elif change == "doc_changed":
            yield "none", "only documentation changed"
        elif change == "formatting_only":
            yield "none", "only formatting changed"


def _of_name(found: Changed) -> Verdict:
    old, new = found.old, found.new
    kind = old.entity.kind
    if kind in ("statements", "file"):
        return "internal", "renamed"
    if old.parent is None and old.path == new.path and aliases(new.file, old.entity.name):
        return "compatible", "renamed, but its old name still stands for it"
    return "breaking", f"public {kind} renamed"


def _of_move(found: Changed) -> Verdict:
    old, new = found.old, found.new
    kind = old.entity.kind
    if kind in ("statements", "file"):
        return "internal", "moved"
    if is_inherited(old, new, found.matches):
        return "compatible", "moved to a base, where callers still find it"
    if old.parent is new.parent is None and _is_found_by_the_same_name(found):
        return "internal", "moved, but callers find it by the same name"
    if old.parent is None and _is_named_in(found, old.path):
        return "compatible", "moved, but its old place still names it"
    return "breaking", f"public {kind} moved"


def _is_found_by_the_same_name(found: Changed) -> bool:
    old, new = found.old, found.new
    if old.entity.qualified_name.removesuffix(old.entity.name) != new.entity.qualified_name.removesuffix(
        new.entity.name
    ):
        return False
    same_folder = old.path.rpartition("/")[0] == new.path.rpartition("/")[0]
    return found.language in _BY_NAME_ALONE or (found.language in _BY_FOLDER and same_folder)


def _is_named_in(found: Changed, path: str) -> bool:
    """Tell whether what is left at the old place has the entity under its name."""
    sides = (*(new for _, new in found.matches.pairs), *found.matches.added)
    rest = next((item.file for item in sides if item.path == path), None)
    name = found.new.entity.name
    return rest is not None and (hands_on(rest, name) or aliases(rest, name))


def _of_body(found: Changed) -> Verdict:
    kind = found.new.entity.kind
    if kind == "type":
        untyped = found.language in UNTYPED
        return ("compatible" if untyped else "breaking"), "what the type stands for changed"
    if kind in VALUES and not found.new.entity.parameters and not _is_computed(found.new):
        return "compatible", "tag changed" if found.language == "go" and kind == "field" else "value changed"
    if kind in VALUES and _accessors(found.old) != _accessors(found.new):
        return "breaking", "accessors changed"
    return "internal", "body changed"


def _accessors(item: Item) -> list[bytes]:
    return [token for token in item.tokens.body if token in _ACCESSORS]


_ACCESSORS = frozenset({b"get", b"set", b"init", b"private", b"protected", b"internal", b"fileprivate"})


def _is_computed(item: Item) -> bool:
    """Tell whether a property has code instead of a value."""
    code = item.text.partition(item.entity.name.encode())[2]
    head = code.partition(b"=")[0]
    if item.file.table.language not in _COMPUTING:
        return False
    return b"{" in head or b"=>" in code or b"get(" in code or b"get " in code


_COMPUTING = frozenset({"swift", "kotlin", "csharp"})


def _of_signature(found: Changed) -> Iterator[Verdict]:
    old, new, typed = found.old, found.new, found.signature
    if old.entity.kind != new.entity.kind:
        yield _of_kind(found)
    if typed.pairs:
        yield from verdicts_of_parameters(typed.pairs, found.language)
    if typed.result:
        untyped = found.language in UNTYPED
        yield ("compatible" if untyped else "breaking"), "result type changed"
    yield from _of_modifiers(found)
    yield from _of_decorators(typed.decorators)
    if not typed and old.entity.kind == new.entity.kind:
        yield _of_the_rest(found)
    yield "internal", "declaration changed"


def _of_decorators(edits: Sequence[DecoratorEdit]) -> Iterator[Verdict]:
    names = Counter(_decorator(edit) for edit in edits)
    for edit in edits:
        name = _decorator(edit)
        if names[name] > 1:
            yield "internal", f"arguments of decorator {name} changed"
        else:
            yield ("breaking" if name in _CALLED_OTHERWISE else "internal"), f"decorator {name} {edit.edit}"


def _decorator(edit: DecoratorEdit) -> str:
    return edit.name.split("(")[0].rsplit(".", 1)[-1]


def _of_kind(found: Changed) -> Verdict:
    a, b = found.old.entity.kind, found.new.entity.kind
    if "moved" in found.changes or (a in CODE and b in CODE):
        return "internal", f"{a} is now a {b}"
    return "breaking", f"{a} is now a {b}"


def _of_modifiers(found: Changed) -> Iterator[Verdict]:
    before, after = level(found.old), level(found.new)
    if after < before:
        yield "breaking", "visibility reduced"
    elif after > before:
        yield "compatible", "visibility widened"
    for edit in found.signature.modifiers:
        word = edit.name
        grades = _MODIFIERS.get(word)
        if word == "static" and found.language in ("c", "cpp") and found.new.parent is None:
            continue
        if word == "async" and found.language == "csharp":
            grades = None
        if word == "default" and found.language in SCRIPTS:
            grades = ("breaking", "breaking")
        if found.language in SCRIPTS and word in ("const", "var"):
            grades = None
        if grades:
            yield grades[edit.edit == "removed"], f"{word} {edit.edit}"


def _of_the_rest(found: Changed) -> Verdict:
    """Grade a signature that differs in something for which there is no typed edit."""
    old, new = found.old, found.new
    kind, untyped = new.entity.kind, found.language in UNTYPED
    if kind in TYPES:
        return "breaking", "bases or type parameters changed"
    one, two = old.tokens, new.tokens
    if sorted(one.signature) == sorted(two.signature) and old.entity.decorators != new.entity.decorators:
        return "internal", "decorators in another order"
    if _only_local_names(found):
        return "internal", "only a local name changed"
    if kind in VALUES:
        return ("compatible" if untyped else "breaking"), "type changed"
    if found.language in ("bash", "javascript", "php", "ruby"):
        return "internal", "declaration changed"
    grade: Grade = "compatible" if untyped else "breaking"
    return grade, "type parameters or another part of the declaration changed"


def _only_local_names(found: Changed) -> bool:
    """Tell whether all that differs in a signature are names, which the body uses, too."""
    one, two = found.old.tokens, found.new.tokens
    if len(one.signature) != len(two.signature):
        return False
    changed = {(a, b) for a, b in zip(one.signature, two.signature, strict=True) if a != b}
    receivers = _receivers(found.old), _receivers(found.new)
    return bool(changed) and all(
        (a in one.body and b in two.body and a not in two.body and _WORD.fullmatch(a) and _WORD.fullmatch(b))
        or (a in receivers[0] and b in receivers[1])
        for a, b in changed
    )


def _receivers(item: Item) -> set[bytes]:
    return {p.name.encode() for p in item.entity.parameters if p.kind == "receiver"}
