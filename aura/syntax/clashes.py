"""Entities that both sides changed, to different ends."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import takewhile

from msgspec import Struct

from aura.syntax.file import File
from aura.syntax.impacts import Severity
from aura.syntax.items import CODE, TYPES
from aura.syntax.parted import Key, Parted, does_more, is_inside, key_of, lines_of, package_of
from aura.syntax.types import Edit, Kind, Side

_Hunk = tuple[int, int, tuple[bytes, ...]]


class Clash(Struct, frozen=True):
    """An entity that both changed; `members` are what yours changed inside of it where one took it away.

    `after` and `mine` are None where the entity is gone, or, of a container, was left as it is.
    """

    before: Side
    after: Side | None
    mine: Side | None
    severity: Severity
    reason: str
    members: tuple[Side, ...] = ()


def clashes(yours: Parted, other: Parted) -> Iterator[Clash]:
    """Yield what both changed, in no order; never what only one re-formatted, or both changed alike."""
    taken: dict[Key, list[tuple[Edit | None, Edit | None]]] = {}
    for key, theirs in other.of_old.items():
        ours = yours.of_old.get(key)
        if ours is None or ours.old is None or is_same_end(ours, theirs):
            continue
        if not (_counts(ours, yours) and _counts(theirs, other)):
            continue
        outer = _outer(key, yours, other)
        if outer is not None:
            taken.setdefault(outer, []).append((ours, theirs))
        elif (found := _clash(ours, theirs, yours, other)) is not None:
            yield found
    for key, mine, added in _added_inside(yours, other):
        taken.setdefault(key, []).append((mine, added))
    for outer, pairs in taken.items():
        yield _of_container(outer, pairs, yours, other)
    yield from _both_added(yours, other)


def is_same_end(ours: Edit, theirs: Edit) -> bool:
    """Tell whether both sides did the same to an entity."""
    a, b = ours.new, theirs.new
    if a is None or b is None:
        return a is b
    return key_of(a) == key_of(b) and a.hash == b.hash


def _counts(edit: Edit, side: Parted) -> bool:
    return edit.changes != ("formatting_only",) and not _is_remark(edit, side)


def _is_remark(edit: Edit, side: Parted) -> bool:
    """Tell whether comments within the code are all that changed: not what documents it."""
    if does_more(edit) or edit.old is None or edit.new is None:
        return False
    file = side.work.before(edit.old.path)
    old, new = _lines(side, edit.old, before=True), _lines(side, edit.new, before=False)
    if file is None or old is None or new is None:
        return False
    if file.table.language != "python" and _heading(old) != _heading(new):
        return False
    return _code(old) == _code(new)


_COMMENT = re.compile(rb"(?:\A\*|#|//|/\*|--).*")


def _code(lines: Sequence[bytes]) -> list[bytes]:
    return [code for line in lines if (code := _COMMENT.sub(b"", line).strip())]


def _heading(lines: Sequence[bytes]) -> list[bytes]:
    """Return the comment that an entity begins with."""
    return list(takewhile(_COMMENT.match, lines))


def _clash(ours: Edit, theirs: Edit, yours: Parted, other: Parted) -> Clash | None:
    before = theirs.old
    assert before is not None
    severity, reason = _verdict(ours, theirs)
    lone = ours.new is None or theirs.new is None
    if not lone and before.kind not in CODE and not _meet(ours, theirs, yours, other):
        if before.kind in ("statements", "file"):
            return None
        severity = "info"
    return Clash(before, theirs.new, ours.new, severity, reason)


def _verdict(ours: Edit, theirs: Edit) -> tuple[Severity, str]:
    lone = ours if theirs.new is None else theirs if ours.new is None else None
    where = ("removed there", "changed here") if theirs.new is None else ("removed here", "changed there")
    if lone is not None:
        return ("error" if does_more(lone) else "info"), f"{where[0]}, {where[1]}"
    if not (does_more(ours) and does_more(theirs)):
        return "info", "both changed it, one of them its documentation alone"
    for change, said in (("renamed", "renamed"), ("moved", "moved")):
        if change in ours.changes and change in theirs.changes and _place(ours) != _place(theirs):
            return "error", f"{said} on both sides, each to another place" if change == "moved" else (
                f"renamed to {_name(theirs)} there and to {_name(ours)} here"
            )
    if ours.parameters and theirs.parameters and ours.parameters != theirs.parameters:
        return "error", "both changed its parameters, each in another way"
    return "warning", f"{_did(theirs)} there, {_did(ours)} here"


def _place(edit: Edit) -> Key | None:
    return key_of(edit.new) if edit.new is not None else None


def _name(edit: Edit) -> str:
    return edit.new.qualified_name if edit.new is not None else ""


def _did(edit: Edit) -> str:
    """Return in words what happened to an entity: the most telling of its changes."""
    said = {
        "renamed": "renamed",
        "moved": "moved",
        "split": "split",
        "signature_changed": "signature changed",
        "body_changed": "body changed",
    }
    return next((words for change, words in said.items() if change in edit.changes), "changed")


def _meet(ours: Edit, theirs: Edit, yours: Parted, other: Parted) -> bool:
    """Tell whether both changed the same lines: beside functions, only that is more than being near."""
    assert theirs.old is not None
    path = theirs.old.path
    base = _lines(other, theirs.old, before=True) or _lines(yours, theirs.old, before=True)
    one = _lines(yours, ours.new, before=False)
    two = _lines(other, theirs.new, before=False)
    if base is None or one is None or two is None or not path:
        return True
    a, b = _hunks(base, one), _hunks(base, two)
    return any(_overlap(x, y) for x in a for y in b if x != y)


def _lines(side: Parted, entity: Side | None, *, before: bool) -> list[bytes] | None:
    if entity is None:
        return None
    return lines_of(side.work.before(entity.path) if before else side.work.after(entity.path), entity)


def _hunks(base: Sequence[bytes], lines: Sequence[bytes]) -> list[_Hunk]:
    found = SequenceMatcher(None, base, lines, autojunk=False).get_opcodes()
    return [(a, b, tuple(lines[c:d])) for tag, a, b, c, d in found if tag != "equal"]


def _overlap(one: _Hunk, two: _Hunk) -> bool:
    """Tell whether two changes have lines of the common past in common; what is only added has none."""
    return max(one[0], two[0]) < min(one[1], two[1])


# Containers


def _outer(key: Key, yours: Parted, other: Parted) -> Key | None:
    """Return the outermost container of an entity that one side removed or took elsewhere."""
    return next((outer for outer in _around(key) if _is_away(yours, outer) or _is_away(other, outer)), None)


def _around(key: Key) -> Iterator[Key]:
    """Yield what a container of an entity may be, outer ones first."""
    name = key.qualified_name
    for end in (at for at, letter in enumerate(name) if letter == "."):
        for kind in _CONTAINERS:
            yield Key(key.path, kind, name[:end], 0)


_CONTAINERS: tuple[Kind, ...] = ("class", "interface", "trait", "struct", "enum", "object", "type")


def _is_away(side: Parted, key: Key) -> bool:
    edit = side.of_old.get(key)
    return edit is not None and (edit.new is None or edit.new.path != key.path)


def _added_inside(yours: Parted, other: Parted) -> Iterator[tuple[Key, Edit | None, Edit | None]]:
    """Yield what one side added to, or changed in, a container that the other removed or took elsewhere."""
    for mine, away, is_mine in ((yours, other, True), (other, yours, False)):
        gone = [k for k in away.of_old if k.kind in TYPES and _is_away(away, k) and not _is_away(mine, k)]
        for key in gone:
            for edit in mine.work.edits:
                side = edit.old or edit.new
                if side is None or side.path != key.path or not does_more(edit):
                    continue
                if not is_inside(side.qualified_name, key.qualified_name):
                    continue
                both = edit.old is not None and key_of(edit.old) in away.of_old
                if not both:
                    yield key, edit if is_mine else None, None if is_mine else edit


def _of_container(
    key: Key, pairs: Sequence[tuple[Edit | None, Edit | None]], yours: Parted, other: Parted
) -> Clash:
    ours, theirs = yours.of_old.get(key), other.of_old.get(key)
    edit = theirs or ours
    assert edit is not None
    assert edit.old is not None
    members = [side for mine, _ in pairs if mine is not None and (side := mine.new or mine.old)]
    gone = any(found is not None and found.new is None for found in (ours, theirs))
    there = theirs is not None and _is_away(other, key)
    what = "removed" if gone else "moved"
    reason = f"{what} there, changed here" if there else f"{what} here, changed there"
    return Clash(
        edit.old,
        theirs.new if theirs is not None else other.now(edit.old),
        ours.new if ours is not None else yours.now(edit.old),
        "error" if gone else "warning",
        reason,
        tuple(members),
    )


def _both_added(yours: Parted, other: Parted) -> Iterator[Clash]:
    """Yield what both added under one name; `before` is then yours, for there was nothing."""
    for key, theirs in other.added.items():
        ours = yours.added.get(key)
        if ours is None or ours.new is None or theirs.new is None or ours.new.hash == theirs.new.hash:
            continue
        if key.kind in ("statements", "file") or _is_in_added(key, yours, other):
            continue
        yield Clash(ours.new, theirs.new, ours.new, "warning", "both added it, each in another way")
    yield from _twice_in_a_package(yours, other)


def _twice_in_a_package(yours: Parted, other: Parted) -> Iterator[Clash]:
    """Yield what both added to one package of Go, in two files: it merges, and no compiler takes it."""
    here: dict[tuple[str, str], list[Side]] = {}
    for key, edit in yours.added.items():
        if edit.new is not None and _is_of_package(key):
            here.setdefault((_folder(key.path), key.qualified_name), []).append(edit.new)
    for key, theirs in other.added.items():
        for mine in here.get((_folder(key.path), key.qualified_name), ()) if _is_of_package(key) else ():
            files = yours.work.after(mine.path), other.work.after(key.path)
            if mine.path != key.path and _are_compiled_together(*files):
                yield Clash(
                    mine, theirs.new, mine, "error", f"both added it to the package, there in {key.path}"
                )


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _is_of_package(key: Key) -> bool:
    """Tell whether a name may be there but once in a package."""
    return key.path.endswith(".go") and key.qualified_name not in ("init", "main", "_", "statements", "")


def _are_compiled_together(one: File | None, two: File | None) -> bool:
    """Tell whether two files of a folder are of one package, and on no condition."""
    if one is None or two is None or package_of(one) != package_of(two):
        return False
    return not any(_CONDITION.search(each.source) or _PLATFORM.search(each.path) for each in (one, two))


_CONDITION = re.compile(rb"^//(?:go:build| ?\+build)", re.MULTILINE)
_PLATFORM = re.compile(
    r"_(?:aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows"
    r"|386|amd64|arm|arm64|loong64|mips\w*|ppc64\w*|riscv64|s390x|wasm)(?:_test)?\.go\Z"
)


def _is_in_added(key: Key, yours: Parted, other: Parted) -> bool:
    return any(outer in yours.added and outer in other.added for outer in _around(key))
