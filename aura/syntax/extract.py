"""From the bytes of a file to the table of its entities."""

from collections.abc import Iterable

from tree_sitter import Tree
from xxhash import xxh3_64_intdigest

from aura.syntax.collect import Collector, Draft
from aura.syntax.language import HEAD, Language, language_for
from aura.syntax.margins import gaps, is_silent, own_content
from aura.syntax.parsing import Parsed, matches, parse
from aura.syntax.types import Entity, Table

EXTRACTOR_VERSION = 1


def extract(source: bytes, path: str) -> Table:
    """Return the entities of a file, outer before inner, in source order; never raises."""
    return extract_versions((source,), path)[0]


def extract_versions(sources: Iterable[bytes], path: str) -> list[Table]:
    """Return the tables of several versions of a file, each parsed from the one before."""
    tables = []
    known: tuple[Language, Parsed] | None = None
    for source in sources:
        language = language_for(path, source[:HEAD])
        if language is None or b"\0" in source[:8000]:
            tables.append(_whole_file(source, path, "", degraded=False))
            continue
        tree = parse(source, language, known[1] if known and known[0] is language else None)
        table = _table(source, language, tree) if tree is not None else None
        tables.append(table or _whole_file(source, path, language.name, degraded=True))
        if tree is not None and not tree.root_node.has_error:
            known = language, (source, tree)
    return tables


def _table(source: bytes, language: Language, tree: Tree) -> Table | None:
    found = language.find(tree.root_node, source) if language.find else None
    found = matches(tree.root_node, language) if found is None else found
    drafts = Collector(source, language, found).run()
    if drafts is None:
        return None
    return Table(language.name, tree.root_node.has_error, _finish(source, language, drafts))


def raw_hash(content: bytes) -> int:
    """Return the signed 64-bit xxh3 of `content` with CRLF read as LF."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    value = xxh3_64_intdigest(content)
    return value - (1 << 64) if value >= 1 << 63 else value


def _whole_file(source: bytes, path: str, language: str, *, degraded: bool) -> Table:
    name = path.rsplit("/", 1)[-1]
    lines = source.count(b"\n") + (not source.endswith(b"\n"))
    entity = Entity("file", name, name, 0, -1, 0, len(source), 1, max(1, lines), raw_hash(source))
    return Table(language, degraded, (entity,))


def _finish(source: bytes, language: Language, drafts: list[Draft]) -> tuple[Entity, ...]:
    holes: list[list[tuple[int, int]]] = [[] for _ in range(len(drafts) + 1)]
    for draft in drafts:
        holes[draft.container].append((draft.start, draft.end))
    seen: dict[tuple[str, str], int] = {}
    entities = []
    for draft, inside in zip(drafts, holes, strict=False):
        key = (draft.kind, draft.qualified)
        ordinal = seen.get(key, 0)
        seen[key] = ordinal + 1
        raw = raw_hash(own_content(source, draft.start, draft.end, inside))
        entities.append(_entity(draft, ordinal, raw))
    statements = _statements(source, language, holes[-1])
    return (*entities, statements) if statements else tuple(entities)


def _entity(draft: Draft, ordinal: int, raw: int) -> Entity:
    return Entity(
        draft.kind, draft.name, draft.qualified, ordinal, draft.container, draft.start, draft.end,
        draft.line, draft.end_line, raw, draft.parameters, draft.result, draft.decorators, draft.modifiers,
    )  # fmt: skip


def _statements(source: bytes, language: Language, holes: list[tuple[int, int]]) -> Entity | None:
    loud = [(a, b) for a, b in gaps(0, len(source), holes) if not is_silent(source[a:b], language)]
    if not loud:
        return None
    first, last = loud[0], loud[-1]
    start = first[1] - len(source[first[0] : first[1]].lstrip())
    end = last[0] + len(source[last[0] : last[1]].rstrip())
    line = source.count(b"\n", 0, start) + 1
    end_line = line + source.count(b"\n", start, end)
    raw = raw_hash(own_content(source, 0, len(source), holes))
    return Entity("statements", "statements", "statements", 0, -1, start, end, line, end_line, raw)
