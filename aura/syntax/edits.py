"""From matched entities to edits: what happened to each, and what it means for its callers."""

from collections.abc import Iterable, Sequence

from aura.syntax.compare import compare
from aura.syntax.grades import Changed, grade_lone, grade_pair
from aura.syntax.items import CODE, Item
from aura.syntax.match import Matches
from aura.syntax.order import reordered
from aura.syntax.provenance import Copies, Copy, copies
from aura.syntax.signatures import SignatureEdits, only_modifiers, signature_edits, with_signature_words
from aura.syntax.types import Change, Edit, Entity, Range, Related, Side

MASK = (1 << 64) - 1


def edits(matches: Matches) -> list[Edit]:
    """Return the edits of a change set in the order of path and line; what did not change has none."""
    displaced = reordered(matches.pairs)
    changed = [(a, b) for a, b in matches.pairs if a in displaced or _differs(a, b, matches)]
    found = copies(changed, matches)
    result = [
        edit for a, b in changed if (edit := _pair(a, b, matches, displaced.get(a), found.split.get(a, ())))
    ]
    removed, added = frozenset(matches.removed), frozenset(matches.added)
    result += [_gone(item, found, removed) for item in matches.removed]
    result += [_come(item, found, added) for item in matches.added]
    return sorted(result, key=_order)


def _differs(old: Item, new: Item, matches: Matches) -> bool:
    a, b = old.entity, new.entity
    if a.raw != b.raw or a.name != b.name or old.path != new.path or a.modifiers != b.modifiers:
        return True
    # Nearly all that are asked about are outermost and stand where they stood.
    is_kept = old.parent is new.parent is None and a.qualified_name == b.qualified_name
    return not is_kept and is_moved(old, new, matches)


def is_moved(old: Item, new: Item, matches: Matches) -> bool:
    """Tell whether an entity left its container or, at the top level, its file."""
    if old.parent is None or new.parent is None:
        return old.parent is not new.parent or old.path != new.path or not _is_same_scope(old, new)
    if matches.after_of.get(old.parent) is not new.parent:
        return True
    beside = (old.path == old.parent.path, new.path == new.parent.path)
    return old.path != new.path and beside != (True, True)


def _is_same_scope(old: Item, new: Item) -> bool:
    a, b = old.entity, new.entity
    if a.qualified_name == b.qualified_name and a.name == b.name:
        return True
    return a.qualified_name.removesuffix(a.name) == b.qualified_name.removesuffix(b.name)


def _is_renamed(old: Item, new: Item) -> bool:
    """A constructor that is named after its class is renamed with it."""
    a, b = old.entity, new.entity
    if a.name == b.name or not (a.kind == b.kind == "constructor"):
        return a.name != b.name
    if old.parent is None or new.parent is None:
        return False
    return old.parent.entity.name == new.parent.entity.name


def _pair(
    old: Item, new: Item, matches: Matches, displaced: Change | None, parts: Sequence[Copy]
) -> Edit | None:
    a, b = old.entity, new.entity
    changes: list[Change] = []
    if _is_renamed(old, new):
        changes.append("renamed")
    if is_moved(old, new, matches):
        changes.append("moved")
    typed = signature_edits(old, new, matches.called)
    if a.raw != b.raw or (a.name != b.name and a.kind != "file") or _declared(a) != _declared(b):
        content, typed = _content(old, new, typed, bool(changes) or a.name != b.name)
        changes += content
    if parts:
        changes.append("split")
    if not changes and displaced:
        changes.append(displaced)
    if not changes:
        return None
    grade, reason = grade_pair(Changed(old, new, changes, typed, matches))
    return Edit(
        tuple(changes), b.kind, side_of(old), side_of(new), typed.parameters, typed.decorators,
        typed.modifiers, typed.result, _related(parts), grade, reason,
    )  # fmt: skip


def _content(
    old: Item, new: Item, typed: SignatureEdits, otherwise_changed: bool
) -> tuple[list[Change], SignatureEdits]:
    found = compare(old.file, old.index, new.file, new.index)
    changes: list[Change] = []
    if not (found.signature or found.body):
        typed = only_modifiers(typed)
    elif found.signature:
        typed = with_signature_words(typed, old, new)
    if found.signature or typed or _declared(old.entity) != _declared(new.entity):
        changes.append("signature_changed")
    if found.body:
        changes.append("body_changed")
    if found.doc:
        changes.append("doc_changed")
    if not changes and not otherwise_changed and not _same_lines(old, new):
        changes.append("formatting_only")
    return changes, typed


def _declared(entity: Entity) -> object:
    return entity.kind, entity.modifiers


def _same_lines(old: Item, new: Item) -> bool:
    """What is left of a container also splits elsewhere when a member comes or goes; that is no change."""
    if old.entity.kind != "statements" and not old.children and not new.children:
        return False
    return old.file.own_lines(old.index) == new.file.own_lines(new.index)


def _gone(item: Item, found: Copies, others: frozenset[Item]) -> Edit:
    into, parts = found.inlined.get(item, ()), found.split.get(item, ())
    change: Change = "split" if parts else "inlined" if into else "deleted"
    grade, reason = grade_lone(item, change, others)
    related = _related(parts or into)
    return Edit((change,), item.entity.kind, side_of(item), None, related=related, grade=grade, reason=reason)


def _come(item: Item, found: Copies, others: frozenset[Item]) -> Edit:
    out_of = found.extracted.get(item, ())
    change: Change = "extracted" if out_of else "added"
    grade, reason = grade_lone(item, change, others)
    related = _related(out_of)
    return Edit((change,), item.entity.kind, None, side_of(item), related=related, grade=grade, reason=reason)


def _related(copies: Iterable[Copy]) -> tuple[Related, ...]:
    return tuple(
        Related(item.path, item.entity.name, item.entity.qualified_name, item.entity.line, _range(copy))
        for copy in sorted(copies, key=lambda copy: copy.item.order)
        if (item := copy.item)
    )


def _range(copy: Copy) -> Range:
    source = copy.item.file.source
    line = source.count(b"\n", 0, copy.start) + 1
    return Range(copy.start, copy.end, line, line + source.count(b"\n", copy.start, copy.end))


def side_of(item: Item) -> Side:
    """Return an item as one side of an edit."""
    return side_in(item.path, item.entity)


def side_in(path: str, entity: Entity) -> Side:
    """Return an entity of a file as one side of an edit."""
    parameters = tuple(p.name for p in entity.parameters) if entity.kind in CODE else ()
    return Side(
        path, entity.kind, entity.name, entity.qualified_name, entity.line, entity.end_line, parameters,
        entity.ordinal, f"{entity.raw & MASK:016x}",
    )  # fmt: skip


def _order(edit: Edit) -> tuple[str, int, int, str, str]:
    side = edit.new or edit.old
    assert side is not None
    return side.path, side.line, edit.new is None, edit.kind, side.qualified_name
