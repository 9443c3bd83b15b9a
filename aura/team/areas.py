"""Areas of a repository that can be claimed: files, folders, globs and entities; and where two meet."""

from typing import Literal

from msgspec import Struct

from aura.record import globs

Kind = Literal["path", "glob", "entity"]
WILD = frozenset("*?[")


class Area(Struct, frozen=True):
    """What is claimed. `path` is that of a path or an entity; a folder's ends with a slash, and `/` is all.

    `target` is a path, a glob or a qualified name; `entity` is the id of the lineage, where it is known.
    """

    kind: Kind
    target: str
    path: str | None = None
    entity: str | None = None


def is_glob(text: str) -> bool:
    """Tell whether a text is a glob rather than a path or a name."""
    return bool(WILD & set(text))


def meet(one: Area, other: Area) -> bool:
    """Tell whether two areas have anything in common; of two globs, whether they may have."""
    if one.kind == "glob" and other.kind == "glob":
        return one.target == other.target or _may_meet(one.target, other.target)
    if one.kind == "glob" or other.kind == "glob":
        glob, rest = (one, other) if one.kind == "glob" else (other, one)
        return _reaches(glob.target, rest.path or "")
    if one.kind == other.kind == "entity":
        return _is_same(one, other) or (one.path == other.path and _is_nested(one.target, other.target))
    return _is_within(one.path or "", other.path or "") or _is_within(other.path or "", one.path or "")


def covers(one: Area, other: Area) -> bool:
    """Tell whether an area that meets another takes in all of it, rather than a part."""
    if other.kind == "glob":
        return one.path == "/" or one.target == other.target
    if one.kind == "entity":
        return other.kind == "entity" and (_is_same(one, other) or other.target.startswith(f"{one.target}."))
    if one.kind == "glob":
        return not (other.path or "").endswith("/")
    return _is_within(other.path or "", one.path or "")


def holds(area: Area, path: str, name: str, entity: str | None) -> bool:
    """Tell whether an entity at a path lies in an area: by its lineage, else by what it is called."""
    if area.kind == "glob":
        return globs.matches(path, area.target)
    if area.kind == "path":
        return _is_within(path, area.path or "")
    if entity is not None and area.entity is not None and entity == area.entity:
        return True
    return path == area.path and (name == area.target or name.startswith(f"{area.target}."))


def _is_same(one: Area, other: Area) -> bool:
    if one.entity is not None and other.entity is not None:
        return one.entity == other.entity
    return (one.path, one.target) == (other.path, other.target)


def _is_nested(one: str, other: str) -> bool:
    return one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _is_within(path: str, area: str) -> bool:
    if not area.endswith("/"):
        return path == area
    return area == "/" or f"{path}/".startswith(area)


def _reaches(glob: str, path: str) -> bool:
    """Tell whether a glob matches a file, or may match something in a folder."""
    if not path.endswith("/"):
        return globs.matches(path, glob)
    return globs.matches(path.rstrip("/"), glob) or _is_prefix(_fixed(glob), path)


def _may_meet(one: str, other: str) -> bool:
    """Compare what globs have before their first and behind their last sign that stands for others."""
    ends = _ending(one), _ending(other)
    return _is_prefix(_fixed(one), _fixed(other)) and (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]))


def _is_prefix(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _fixed(glob: str) -> str:
    """Return what every match of a glob begins with; nothing of one that is looked for at any depth."""
    plain = glob.removeprefix("./")
    if "/" not in plain.rstrip("/"):
        return ""
    return plain.removeprefix("/")[: min((i for i, c in enumerate(plain.removeprefix("/")) if c in WILD))]


def _ending(glob: str) -> str:
    return glob[max(i for i, c in enumerate(glob) if c in "*?]") + 1 :]
