"""What an interface came to demand on one side, and who newly implements it on another without that."""

import re
from collections.abc import Iterator

from msgspec import Struct

from aura.syntax.edits import side_in
from aura.syntax.file import File
from aura.syntax.items import CODE, TYPES
from aura.syntax.lost import Use
from aura.syntax.parted import Parted, index_of, is_inside
from aura.syntax.types import Entity, Side
from aura.syntax.written import Written

_INTERFACES = frozenset({"interface", "trait"})
_OWN = frozenset({"default", "static", "private"})
_BASES = re.compile(rb"\A[^{]*?\bclass\s+\w+\s*\(([^)]*)\)|\A([^{]*)\{", re.DOTALL)
_DERIVED = re.compile(rb"\b(?:implements|extends)\b(.*)", re.DOTALL)
_ARGUMENTS = re.compile(rb"<[^<>]*>|\[[^\[\]]*\]")
_IMPL = re.compile(rb"\bimpl\b(?:\s*<[^{;]*?>)?\s+(?:\w+::)*(\w+)(?:<[^{;]*?>)?\s+for\s+&?(?:\w+::)*(\w+)")


class Lack(Struct, frozen=True):
    """That a type, defined or implemented at `use`, lacks members; `sure`: nothing else may give it them."""

    use: Use
    members: tuple[str, ...]
    sure: bool


class Demand(Struct, frozen=True):
    """The members that an interface came to have, and who lacks them."""

    before: Side
    after: Side
    members: tuple[str, ...]
    lacks: tuple[Lack, ...]


def demands(yours: Parted, other: Parted, written: Written) -> Iterator[Demand]:
    """Yield what interfaces came to demand on the other side that something newly written on yours lacks."""
    for before, after, members in _grown(other):
        place = yours.now(before)
        lacks = tuple(_lacks(place, members, yours, written)) if place is not None else ()
        if lacks:
            yield Demand(before, after, members, lacks)


def _grown(other: Parted) -> Iterator[tuple[Side, Side, tuple[str, ...]]]:
    """Yield the interfaces of the common past that have further members without a body now."""
    found: dict[tuple[str, str], list[str]] = {}
    for edit in other.added.values():
        side = edit.new
        owner, _, name = side.qualified_name.rpartition(".") if side is not None else ("", "", "")
        if side is not None and owner and side.kind in CODE:
            file = other.work.after(side.path)
            if file is not None and _is_demanded(file, side, _type(file, owner)):
                found.setdefault((side.path, owner), []).append(name)
    for (path, owner), names in found.items():
        old, new = _type(other.work.before(path), owner), _type(other.work.after(path), owner)
        if old is not None and new is not None:
            yield side_in(path, old), side_in(path, new), tuple(sorted(names))


def _type(file: File | None, name: str) -> Entity | None:
    entities = file.table.entities if file is not None else ()
    return next((e for e in entities if e.qualified_name == name and e.kind in TYPES), None)


def _is_demanded(file: File, side: Side, owner: Entity | None) -> bool:
    """Tell whether who implements the owner of a member must have it, too."""
    index = index_of(file, side)
    if owner is None or index is None:
        return False
    entity = file.table.entities[index]
    if owner.kind not in _INTERFACES:
        is_abstract = any(decorator.endswith("abstractmethod") for decorator in entity.decorators)
        return is_abstract or "abstract" in entity.modifiers
    text = file.source[entity.start : entity.end]
    is_optional = re.search(rb"\b" + entity.name.encode() + rb"\?", text) is not None
    return not (file.tokens(index).body or _OWN.intersection(entity.modifiers) or is_optional)


def _lacks(place: Side, members: tuple[str, ...], yours: Parted, written: Written) -> Iterator[Lack]:
    for path, sides in written.by_path.items():
        file = yours.work.after(path)
        if file is None or not written.holders(place, path, file):
            continue
        for name, line, sure in _implementers(place, path, file, sides, yours):
            missing = tuple(
                each for each in members if not _has(f"{name}.{each}", path, file, yours, written)
            )
            if missing:
                yield Lack(Use(path, name, line), missing, sure)


def _implementers(
    place: Side, path: str, file: File, sides: list[Side], yours: Parted
) -> Iterator[tuple[str, int, bool]]:
    """Yield what newly implements an interface in a file: its name, the line, whether that is all it is."""
    if file.table.language == "rust":
        yield from _implemented(place, path, file, yours)
    elif file.table.language == "go":
        yield from _structural(place, file, sides, yours)
    else:
        for side in sides:
            index = index_of(file, side)
            entity = file.table.entities[index] if index is not None else None
            if entity is None or entity.kind not in TYPES or entity.kind in _INTERFACES:
                continue
            bases = _bases(file.source[entity.start : entity.end])
            if place.name in bases and "abstract" not in entity.modifiers:
                yield side.qualified_name, side.line, len(bases) == 1


def _bases(text: bytes) -> list[str]:
    """Return the last parts of the names that a class derives from."""
    head = _BASES.search(text)
    if head is None:
        return []
    said = head[1]
    if said is None:
        derived = _DERIVED.search(_ARGUMENTS.sub(b"", head[2]))
        said = derived[1] if derived is not None else b""
    parts = re.split(rb",|\b(?:implements|extends)\b", _ARGUMENTS.sub(b"", said))
    return [part.strip().rpartition(b".")[2].decode("utf-8", "replace") for part in parts if part.strip()]


def _implemented(place: Side, path: str, file: File, yours: Parted) -> Iterator[tuple[str, int, bool]]:
    before = yours.work.before(path)
    known = set(_IMPL.findall(before.source)) if before is not None else set()
    for found in _IMPL.finditer(file.source):
        if found[1] == place.name.encode() and found.groups() not in known:
            line = file.source.count(b"\n", 0, found.start()) + 1
            yield found[2].decode("utf-8", "replace"), line, True


def _structural(place: Side, file: File, sides: list[Side], yours: Parted) -> Iterator[tuple[str, int, bool]]:
    """Yield the types that have all that an interface had, one method alone being no sign of it."""
    home = yours.work.after(place.path)
    entities = home.table.entities if home is not None else ()
    wanted = {
        e.name for e in entities if e.kind in CODE and is_inside(e.qualified_name, place.qualified_name)
    }
    for side in sides:
        own = f"{side.qualified_name}."
        has = {e.name for e in file.table.entities if e.qualified_name.startswith(own)}
        if side.kind in TYPES and side.kind not in _INTERFACES and len(wanted) > 1 and wanted <= has:
            yield side.qualified_name, side.line, False


def _has(name: str, path: str, file: File, yours: Parted, written: Written) -> bool:
    """Tell whether a member is defined beside its type, in Go anywhere in its package."""
    folder = path.rpartition("/")[0]
    paths = [each for each in written.by_path if each.rpartition("/")[0] == folder]
    beside = map(yours.work.after, paths) if file.table.language == "go" else ()
    files = (file, *(each for each in beside if each is not None))
    return any(entity.qualified_name == name for each in files for entity in each.table.entities)
