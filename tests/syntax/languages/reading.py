"""What the tests of every language ask of its entities."""

import random

from aura.syntax.extract import extract
from aura.syntax.language import language_for
from aura.syntax.margins import gaps, inner
from aura.syntax.parsing import parse
from aura.syntax.types import Entity, Kind, Table


def read(source: str, path: str) -> dict[str, Entity]:
    """Return the entities by qualified name; a later overload is `name#1`, an earlier kind goes first."""
    table = extract(source.encode(), path)
    assert not table.degraded
    keys = (e.qualified_name + (f"#{e.ordinal}" if e.ordinal else "") for e in reversed(table.entities))
    return dict(zip(keys, reversed(table.entities), strict=True))


def names(source: str, path: str) -> list[tuple[str, str]]:
    table = extract(source.encode(), path)
    assert not table.degraded
    return [(e.kind, e.qualified_name) for e in table.entities]


def unparsed(source: str, path: str) -> list[str]:
    """Return the entities whose own text, wrapped, does not parse."""
    content, language = source.encode(), language_for(path)
    assert language is not None
    table = extract(content, path)
    found = []
    inside = inner(table.entities)
    for index, entity in enumerate(table.entities):
        holes = [(table.entities[i].start, table.entities[i].end) for i in inside.get(index, ())]
        pieces = [content[a:b].lstrip(b",;") for a, b in gaps(entity.start, entity.end, holes)]
        own = b"".join(pieces)
        before, after = language.wrapper(entity.kind, _container(entity, table), own)
        tree = parse(before + own + after, language)
        if entity.kind != "statements" and (tree is None or tree.root_node.has_error):
            found.append(entity.qualified_name)
    return found


def _container(entity: Entity, table: Table) -> Kind | None:
    return table.entities[entity.container].kind if entity.container >= 0 else None


def assert_ranges_nest(source: str, path: str) -> None:
    content = source.encode()
    entities = extract(content, path).entities
    ends: dict[int, int] = {}
    for index, entity in enumerate(entities):
        if entity.kind == "statements":
            continue
        assert 0 <= entity.start < entity.end <= len(content)
        assert entity.line == content.count(b"\n", 0, entity.start) + 1
        assert entity.end_line == content.count(b"\n", 0, entity.end) + 1
        assert entity.container < index
        assert entity.start >= ends.get(entity.container, 0)
        ends[entity.container] = entity.end
        if entity.container >= 0:
            outer = entities[entity.container]
            assert outer.start <= entity.start
            assert entity.end <= outer.end


def assert_damage_never_raises(source: str, path: str) -> None:
    content, chance = source.encode(), random.Random(7)
    for _ in range(60):
        cut, skip = chance.randrange(len(content)), chance.randrange(12)
        for damaged in (content[:cut], content[cut:], content[:cut] + content[cut + skip :]):
            assert_ranges_nest(damaged.decode("utf-8", "ignore"), path)
