"""Putting one entity as it was into a file as it is: its own lines are replaced, and nothing else."""

import re
from collections.abc import Mapping, Sequence

from aura.errors import AuraError
from aura.syntax.file import File
from aura.syntax.items import Item
from aura.syntax.match import Matches, match
from aura.syntax.naming import answers_to
from aura.syntax.types import Grafted

_INDENT = re.compile(rb"[ \t]*\Z")
_PLAIN = ("statements", "file")


def graft(before: Mapping[str, File], after: Mapping[str, File], said: Sequence[str]) -> Grafted:
    """Return a file of `after` in which an entity is as it was in `before`.

    It is looked for by each of these names, as it is called now and as it was called then. One that is gone
    is put where it stood among those around it. Raises `entity_not_found`, and `invalid_request` where
    several are meant.
    """
    matches = match(before, after, whole=True)
    before_of = {new: old for old, new in matches.after_of.items()}
    met: list[Item] = []
    for name in said:
        now = [before_of[new] for new in before_of if _is_meant(new, name)]
        then = [old for old in _items(matches) if _is_meant(old, name)]
        if (old := _one(name, now or then, matches)) is not None:
            met.append(old)
    if met:
        # What is as it was then is hardly meant where something else by that name is not.
        old = min(met, key=lambda old: not _differs(old, matches.after_of.get(old)))
        new = matches.after_of.get(old)
        return _replaced(old, new) if new is not None else _put_back(old, matches, after)
    raise AuraError(
        "entity_not_found",
        f"cannot find {said[0]} in the snapshot",
        "aura snapshot diff shows what it holds that is different now; --path restores a whole file.",
    )


def _items(matches: Matches) -> list[Item]:
    """Return all entities of before, in order."""
    return sorted([*matches.after_of, *matches.removed], key=lambda item: item.order)


def _is_meant(item: Item, said: str) -> bool:
    entity = item.entity
    return entity.kind not in _PLAIN and answers_to(item.path, entity.qualified_name, said)


def _one(said: str, found: Sequence[Item], matches: Matches) -> Item | None:
    """Return the one that is meant: a changed one first, and by its whole name before the end of one."""
    for likely in (lambda i: _differs(i, matches.after_of.get(i)), lambda i: i.entity.qualified_name == said):
        found = list(filter(likely, found)) or found
    if len(found) > 1:
        names = list(dict.fromkeys(f"{item.path}:{item.entity.qualified_name}" for item in found))
        raise AuraError(
            "invalid_request",
            f"cannot tell which {said} is meant: {', '.join(names[:5])}",
            "Write FILE:NAME, or restore the whole file with --path.",
        )
    return found[0] if found else None


def _differs(old: Item, new: Item | None) -> bool:
    return new is None or _text(old) != _text(new)


def _text(item: Item) -> bytes:
    return item.file.source[item.entity.start : item.entity.end]


def _replaced(old: Item, new: Item) -> Grafted:
    source, entity = new.file.source, new.entity
    text = _fitted(old, _indent(source, entity.start), source)
    data = source[: entity.start] + text + source[entity.end :]
    return Grafted(new.path, data, entity.qualified_name, old.entity.qualified_name)


def _put_back(old: Item, matches: Matches, after: Mapping[str, File]) -> Grafted:
    """Put an entity that is gone where it stood: behind the one before it, else before the one behind it."""
    after_of, parent = matches.after_of, old.parent
    above = after_of.get(parent) if parent is not None else None
    siblings = [i for i in _items(matches) if i.parent is parent and i.path == old.path]
    siblings = [i for i in siblings if i.entity.kind not in _PLAIN]
    place = siblings.index(old)
    near_by = [(i, True) for i in reversed(siblings[:place])] + [(i, False) for i in siblings[place + 1 :]]
    for near, behind in near_by:
        new = after_of.get(near)
        if new is not None and (new.parent is above or parent is None):
            return _beside(old, near, new, behind=behind)
    file = after.get(old.path)
    if parent is not None or file is None:
        raise AuraError(
            "entity_not_found",
            f"cannot put {old.entity.qualified_name} back: what was around it is gone from {old.path}",
            f"aura snapshot restore with --path {old.path} restores the whole file.",
        )
    rest = file.source.rstrip()
    line = _line_end(file.source)
    data = (rest + line * 3 if rest else b"") + _fitted(old, b"", file.source) + line
    return Grafted(file.path, data, old.entity.qualified_name, old.entity.qualified_name)


def _beside(old: Item, near: Item, new: Item, *, behind: bool) -> Grafted:
    source, begin = new.file.source, new.entity.start
    indent, line = _indent(source, begin), _line_end(source)
    text = _fitted(old, indent, source)
    first, second = (near, old) if behind else (old, near)
    gap = old.file.source[first.entity.end : second.entity.start]
    lines = gap.count(b"\n") if not gap.strip() else 2
    between = line * max(1, lines) + indent
    if behind:
        end = source.find(b"\n", new.entity.end)
        end = len(source.rstrip()) if end < 0 else end - source[:end].endswith(b"\r")
        data = source[:end] + between + text + source[end:]
    else:
        data = source[:begin] + text + between + source[begin:]
    return Grafted(new.path, data, old.entity.qualified_name, old.entity.qualified_name)


def _fitted(old: Item, indent: bytes, source: bytes) -> bytes:
    """Return an entity's text with the indentation and the line ends that it has to have."""
    was = _indent(old.file.source, old.entity.start)
    text = _text(old).replace(b"\r\n", b"\n")
    if was != indent:
        first, *others = text.split(b"\n")
        moved = [_shifted(line, was, indent) for line in others]
        text = b"\n".join([first, *moved])
    return text.replace(b"\n", _line_end(source))


def _shifted(line: bytes, was: bytes, indent: bytes) -> bytes:
    return indent + line[len(was) :] if line.strip() and line.startswith(was) else line


def _indent(source: bytes, start: int) -> bytes:
    line = source[source.rfind(b"\n", 0, start) + 1 : start]
    found = _INDENT.match(line)
    return found[0] if found else b""


def _line_end(source: bytes) -> bytes:
    return b"\r\n" if source.count(b"\r\n") * 2 > source.count(b"\n") else b"\n"
