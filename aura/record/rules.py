"""Claims about every edit of a change: each edit agrees with the claim, contradicts it, or leaves it open."""

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from aura.record.claims import Claim, Form, Judged, Verdict, Witness, described, judged, witness
from aura.syntax.conventions import is_of_tests, is_prose, is_test
from aura.syntax.evidence import Evidence, Pairs, Rewording
from aura.syntax.types import Edit

_Doubt = tuple[Verdict, str] | None
_LAYOUT = {"formatting_only"}
_TALK = {"formatting_only", "doc_changed"}
_PLACES = {"formatting_only", "doc_changed", "renamed", "moved"}
_UNKNOWN: _Doubt = ("unproven", "changed, in no language that is known")
_SUGGEST = "aura intent suggest shows what can be claimed instead"


class Rule(Struct, frozen=True):
    """How one claim looks at an edit; what the change must hold, if anything; and whether tests count."""

    look: Callable[["_Change", Edit, Rewording], _Doubt]
    holds: str
    against: str
    needs: tuple[str, Callable[["_Change", Edit], bool]] | None = None
    of_tests: bool = True


def judge_every_edit(claim: Claim, evidence: Evidence) -> Judged:
    """Give a claim about every edit its verdict."""
    rule, change = RULES[claim.form], _Change(evidence)
    against: list[Witness] = []
    doubts: list[Witness] = []
    for edit, words in zip(evidence.edits, evidence.rewordings, strict=True):
        if not rule.of_tests and is_of_tests(edit):
            continue
        doubt = rule.look(change, edit, words)
        if doubt is not None and doubt[0] == "contradicted" and not change.is_unread(edit):
            against.append(witness(edit, doubt[1]))
        elif doubt is not None:
            doubts.append(witness(edit, doubt[1]))
    if against:
        first = against[0]
        mend = f"put {first.qualified_name} back ({first.path}:{first.line}), or: {_SUGGEST}"
        return judged(claim, "contradicted", _count(against, rule.against), against, mend)
    counted = [path for path in evidence.degraded if rule.of_tests or not is_test(path)]
    doubts += [Witness(path, path, 1, "not read in full") for path in counted]
    if doubts:
        return judged(claim, "unproven", _count(doubts, "that cannot be judged"), doubts, _SUGGEST)
    shown = [edit for edit in evidence.edits if rule.needs is None or rule.needs[1](change, edit)]
    if rule.needs and not shown:
        return judged(claim, "contradicted", f"nothing is {rule.needs[0]}", mend=_SUGGEST)
    return judged(claim, "supported", rule.holds, map(witness, shown))


class _Change:
    """What all looks at one change have in common."""

    def __init__(self, evidence: Evidence) -> None:
        self._names = frozenset(_names(evidence.edits))
        self._topics = {name for pair in _topics(evidence.edits) for name in pair}
        self._gone = frozenset(evidence.gone)
        self._unread = frozenset(evidence.degraded)
        self._shared = {(r.path, r.qualified_name) for edit in evidence.edits for r in edit.related}

    def is_unread(self, edit: Edit) -> bool:
        return any(side.path in self._unread for side in (edit.old, edit.new) if side)

    def explains(self, pairs: Pairs | None, but: Pairs = ()) -> bool:
        """Tell whether words, but for these, differ as the names that were renamed or moved do."""
        return pairs is not None and all(
            pair in but or (pair[0].strip('"'), pair[1].strip('"')) in self._names for pair in pairs
        )

    def explains_prose(self, edit: Edit, words: Rewording) -> bool:
        """Tell whether documentation follows from renames and moves: in its words, or by speaking of them."""
        pairs = words.body if edit.kind == "file" else words.doc
        return self.explains(pairs) or not self._topics.isdisjoint(words.said)

    def renames_file(self, edit: Edit) -> bool:
        """Tell whether an entity is in another file because its file was renamed within its folder."""
        if edit.old is None or edit.new is None or edit.old.path not in self._gone:
            return False
        return edit.old.path.rpartition("/")[0] == edit.new.path.rpartition("/")[0]

    def explains_imports(self, words: Rewording) -> bool:
        old, new = {a for a, _ in self._names}, {b for _, b in self._names}
        return old.issuperset(words.gone) and new.issuperset(words.come)

    def explains_code(self, words: Rewording) -> bool:
        return self.explains(words.signature) and self.explains(words.body)

    def is_shared(self, edit: Edit) -> bool:
        """Tell whether code of the entity went elsewhere or came from there."""
        sides = [(side.path, side.qualified_name) for side in (edit.old, edit.new) if side]
        return "split" in edit.changes or not self._shared.isdisjoint(sides)


def _names(edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    for edit in edits:
        yield from ((p.old_name, p.name) for p in edit.parameters if p.edit == "renamed" and p.old_name)
        old, new = edit.old, edit.new
        if old is None or new is None:
            continue
        yield old.name, new.name
        if "moved" in edit.changes:
            yield from zip(_module(old.path), _module(new.path), strict=False)
            yield from zip(old.qualified_name.split("."), new.qualified_name.split("."), strict=False)


def _topics(edits: Sequence[Edit]) -> Iterator[tuple[str, str]]:
    """Return the names that changed, and those of what moved."""
    for edit in edits:
        if edit.old and edit.new and {"renamed", "moved"} & set(edit.changes):
            yield edit.old.name, edit.new.name
        yield from ((p.old_name, p.name) for p in edit.parameters if p.edit == "renamed" and p.old_name)


def _module(path: str) -> list[str]:
    """Return a file's name without its extension, then the folders around it, inside first."""
    *folders, name = path.split("/")
    return [name.partition(".")[0], *reversed(folders)]


def _formatting(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if set(edit.changes) <= _LAYOUT:
        return None
    return _UNKNOWN if _is_unknown(edit) else ("contradicted", described(edit))


def _docs(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if set(edit.changes) <= _TALK or _is_all_prose(edit):
        return None
    return _UNKNOWN if _is_unknown(edit) else ("contradicted", described(edit))


def _renames(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if set(edit.changes) <= _LAYOUT:
        return None
    follows = change.explains_prose(edit, words) and change.explains_imports(words)
    moved = "moved" in edit.changes and not change.renames_file(edit)
    if _is_lone(edit) or moved or "split" in edit.changes or not follows:
        return _otherwise(edit)
    return None if _is_all_prose(edit) else _code(change, edit, words)


def _moves(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if set(edit.changes) <= _LAYOUT or _has_only_imports(edit, words):
        return None
    follows = change.explains_prose(edit, words) or edit.kind == "statements"
    renamed = "renamed" in edit.changes and edit.kind != "file"
    if _is_lone(edit) or renamed or "split" in edit.changes or not follows:
        return _otherwise(edit)
    return None if _is_all_prose(edit) else _code(change, edit, words)


def _behaviour(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if set(edit.changes) <= _PLACES or _is_all_prose(edit) or _has_only_imports(edit, words):
        return None
    if _is_lone(edit):
        return ("contradicted" if edit.grade == "breaking" else "unproven"), described(edit)
    if not change.explains_code(words) and change.is_shared(edit):
        return "unproven", f"{described(edit)}: code went elsewhere or came from there"
    return _code(change, edit, words)


def _code(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    """Look whether the code of a pair follows from renames and moves."""
    if change.explains_code(words):
        return _named_by_callers(edit)
    if change.explains(words.signature) and change.explains(words.body, but=words.local):
        pairs = ", ".join(f"{a} -> {b}" for a, b in words.local)
        return "unproven", f"{pairs}: names of no entity"
    return _otherwise(edit)


def _signature(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if edit.new is None and edit.grade == "breaking" and not _is_all_prose(edit):
        return "contradicted", described(edit)
    if "signature_changed" not in edit.changes:
        return None
    if change.explains(words.signature) and _named_by_callers(edit) is None:
        return None
    return "contradicted", ", ".join([described(edit), *_parameters(edit)])


def _compatible(change: _Change, edit: Edit, words: Rewording) -> _Doubt:
    if _is_all_prose(edit):
        return None
    if edit.grade == "breaking":
        return "contradicted", edit.reason or described(edit)
    return _UNKNOWN if _is_unknown(edit) else None


def _named_by_callers(edit: Edit) -> _Doubt:
    """Where callers may name parameters, renaming one may break those that are not seen."""
    if edit.grade == "breaking" and any(p.edit == "renamed" for p in edit.parameters):
        return "unproven", f"{', '.join(_parameters(edit))}: callers may name it"
    return None


def _otherwise(edit: Edit) -> _Doubt:
    return _UNKNOWN if _is_unknown(edit) and not _is_all_prose(edit) else ("contradicted", described(edit))


def _parameters(edit: Edit) -> list[str]:
    return [
        f"parameter {p.old_name} renamed to {p.name}"
        if p.edit == "renamed"
        else f"parameter {p.name} {p.edit}"
        for p in edit.parameters
    ]


def _is_lone(edit: Edit) -> bool:
    return edit.old is None or edit.new is None


def _is_unknown(edit: Edit) -> bool:
    """Tell whether a file changed whose language is not known: what that means cannot be told."""
    return edit.kind == "file" and "body_changed" in edit.changes


def _is_all_prose(edit: Edit) -> bool:
    return edit.kind == "file" and all(is_prose(side.path) for side in (edit.old, edit.new) if side)


def _has_only_imports(edit: Edit, words: Rewording) -> bool:
    return edit.kind == "statements" and words.signature == words.body == ()


def _count(found: Sequence[Witness], what: str) -> str:
    return f"{len(found)} {'edit' if len(found) == 1 else 'edits'} {what}"


def _is_documented(change: _Change, edit: Edit) -> bool:
    return "doc_changed" in edit.changes or _is_all_prose(edit)


def _is_renamed(change: _Change, edit: Edit) -> bool:
    parameters = any(p.edit == "renamed" for p in edit.parameters)
    return "renamed" in edit.changes or parameters or change.renames_file(edit)


def _is_moved(change: _Change, edit: Edit) -> bool:
    return "moved" in edit.changes


RULES: dict[Form, Rule] = {
    "formatting_only": Rule(_formatting, "nothing but layout changed", "to more than the layout"),
    "docs_only": Rule(
        _docs,
        "nothing but documentation changed",
        "to more than documentation",
        ("documented", _is_documented),
    ),
    "rename_only": Rule(
        _renames,
        "every edit renames, or follows from that",
        "that no rename explains",
        ("renamed", _is_renamed),
    ),
    "move_only": Rule(
        _moves,
        "every edit moves, or follows from that",
        "that no move explains",
        ("moved", _is_moved),
    ),
    "no_behaviour_change": Rule(
        _behaviour, "no code changed but names, places and imports", "to code", of_tests=False
    ),
    "no_signature_change": Rule(
        _signature, "no parameter, result or declaration changed", "to signatures", of_tests=False
    ),
    "compatible": Rule(
        _compatible, "no edit is breaking for callers", "breaking for callers", of_tests=False
    ),
}
