"""From the bytes of a file to the table of its entities."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import NamedTuple

from msgspec.structs import replace
from tree_sitter import Tree
from xxhash import xxh3_64_intdigest

from aura.syntax.collect import Collector, Draft
from aura.syntax.language import HEAD, Language, Window, grammar_of, language_for, load
from aura.syntax.margins import BLANK, gaps, own_content
from aura.syntax.parsing import Change, definitions, parse_or_repair, reparse
from aura.syntax.types import Entity, Table

EXTRACTOR_VERSION = 3

_start = attrgetter("start")
_end = itemgetter(1)


class Version(NamedTuple):
    """A version of a file from which others can be read: its tree holds no error.

    `rows` are its entities but for the statements; `outermost` are the ranges of the entities and scopes that
    nothing encloses: behind each the file may be cut.
    """

    language: Language
    source: bytes
    tree: Tree
    rows: Sequence[Entity]
    outermost: Sequence[Window]


def extract(source: bytes, path: str) -> Table:
    """Return the entities of a file, outer before inner, in source order; never raises."""
    return read(source, path)[0]


def extract_versions(sources: Iterable[bytes], path: str) -> list[Table]:
    """Return the tables of several versions of a file, each read from the one before."""
    tables = []
    known: Version | None = None
    for source in sources:
        table, known = read(source, path, known)
        tables.append(table)
    return tables


def read(source: bytes, path: str, like: Version | None = None) -> tuple[Table, Version | None]:
    """Return the table of a file, and what to read its next version from.

    `like` is another version; the table is the same with and without it.
    """
    language = language_for(path, source[:HEAD])
    if language is None or b"\0" in source[:8000]:
        return whole_file(source, path, "", degraded=False), like
    near = like if like is not None and like.language is language else None
    parsed = reparse(source, language, near.source, near.tree) if near else None
    if near and parsed and (version := _spliced(source, near, *parsed)):
        return Table(language.name, False, _entities(version)), version
    tree, is_repaired = (parsed[0], False) if parsed else parse_or_repair(source, language)
    fresh = _fresh(source, language, tree) if tree is not None else None
    if fresh is None:
        return whole_file(source, path, language.name, degraded=True), like
    version, is_safe = fresh
    table = Table(language.name, version.tree.root_node.has_error, _entities(version))
    return table, version if is_safe and not is_repaired else like


@cache
def fingerprint(module: str) -> int:
    """Return a number for all that a table depends on besides the source: extractor, spec and grammar."""
    spec, grammar = load(module), grammar_of(module)
    parts = (
        module, spec.version, spec.query, EXTRACTOR_VERSION, grammar.semantic_version, grammar.abi_version,
        grammar.node_kind_count, grammar.parse_state_count, grammar.field_count,
    )  # fmt: skip
    return xxh3_64_intdigest(repr(parts).encode()) >> 1


def _fresh(source: bytes, language: Language, tree: Tree) -> tuple[Version, bool] | None:
    """Read all of a file, and tell whether another version may be read from it."""
    collector, is_safe = _collector(source, language, tree, (0, len(source)), 0)
    drafts = collector.run()
    if drafts is None:
        return None
    version = Version(language, source, tree, _numbered(_rows(source, drafts, 0)), collector.outermost)
    return version, is_safe and not collector.sectioned and not tree.root_node.has_error


def _collector(
    source: bytes, language: Language, tree: Tree, window: Window, floor: int
) -> tuple[Collector, bool]:
    found, exceeded = definitions(tree.root_node, source, language, window)
    return Collector(source, language, found, window, floor), not exceeded


def _spliced(source: bytes, like: Version, tree: Tree, change: Change) -> Version | None:
    """Read what changed between two versions, and take the rows before and behind from the older one.

    The part that is read begins behind an outermost definition and ends behind another, on which the change
    has no influence: what is read of that one must end where it did.
    """
    rows = like.rows
    delta = len(source) - len(like.source)
    cuts = _Cuts(source, like, tree)
    floor, start = cuts.before(change)
    old_floor, old_end = cuts.behind(change, delta)
    first, last = bisect_left(rows, start, key=_start), bisect_left(rows, old_end, key=_start)
    window = (start, old_end + delta)
    collector, is_safe = _collector(source, like.language, tree, window, floor)
    drafts = collector.run()
    if drafts is None or not is_safe or collector.sectioned:
        return None
    if last < len(rows) and collector.floor != old_floor + delta:
        return None
    middle = _rows(source, drafts, first)
    kept, gone = rows[:first], rows[first:last]
    if not all(
        row.end <= end
        for part, end in ((kept, start), (gone, old_end), (middle, window[1]))
        for row in part
        if row.container < 0
    ):
        return None
    lines = source.count(b"\n", change.start, change.new_end)
    lines -= like.source.count(b"\n", change.start, change.old_end)
    moved = len(middle) - len(gone)
    rest = _shifted(rows[last:], delta, lines, moved)
    outermost = [
        *(span for span in like.outermost if span[1] <= start),
        *collector.outermost,
        *((a + delta, b + delta) for a, b in like.outermost if a >= old_end),
    ]
    return Version(like.language, source, tree, _numbered([*kept, *middle, *rest]), outermost)


class _Cuts:
    """Where a file may be cut: behind outermost definitions, at the ends of top-level nodes."""

    def __init__(self, source: bytes, like: Version, tree: Tree) -> None:
        self.source, self.like = source, like
        self.nodes = tree.root_node.children
        self.starts = [node.start_byte for node in self.nodes]

    def before(self, change: Change) -> tuple[int, int]:
        """Return where the last definition that a change has no influence on ends, and where to cut."""
        tops = self.like.outermost
        for _, end in reversed(tops[: bisect_left(tops, change.start, key=_end)]):
            cut = self._node_end(end)
            if cut < change.start and self.source.find(b"\n", end, change.start) >= 0:
                return end, cut
        return 0, 0

    def behind(self, change: Change, delta: int) -> tuple[int, int]:
        """Return the same for the first definition behind a change, in the older version."""
        tops = self.like.outermost
        place = bisect_left(tops, (change.old_end + 1, 0))
        if place == len(tops):
            return 0, len(self.like.source)
        cut = self._node_end(tops[place][1] + delta) - delta
        return tops[bisect_right(tops, cut, key=_end) - 1][1], cut

    def _node_end(self, end: int) -> int:
        """Return where what ends at an offset ends together with the top-level node that it is in."""
        place = bisect_left(self.starts, end) - 1
        return max(end, self.nodes[place].end_byte) if place >= 0 else end


def raw_hash(content: bytes) -> int:
    """Return the signed 64-bit xxh3 of `content` with CRLF read as LF."""
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    value = xxh3_64_intdigest(content)
    return value - (1 << 64) if value >= 1 << 63 else value


def whole_file(source: bytes, path: str, language: str, *, degraded: bool) -> Table:
    """Return the table of a file of which nothing but its text is known."""
    name = path.rsplit("/", 1)[-1]
    lines = source.count(b"\n") + (not source.endswith(b"\n"))
    entity = Entity("file", name, name, 0, -1, 0, len(source), 1, max(1, lines), raw_hash(source))
    return Table(language, degraded, (entity,))


def _rows(source: bytes, drafts: list[Draft], first: int) -> list[Entity]:
    """Return the entities of drafts, the first of which is to be the entity of that index."""
    holes: list[list[tuple[int, int]]] = [[] for _ in range(len(drafts) + 1)]
    for draft in drafts:
        holes[draft.container].append((draft.start, draft.end))
    return [
        Entity(
            draft.kind, draft.name, draft.qualified, 0,
            -1 if draft.container < 0 else draft.container + first,
            draft.start, draft.end, draft.line, draft.end_line,
            raw_hash(own_content(source, draft.start, draft.end, inside)),
            draft.parameters, draft.result, draft.decorators, draft.modifiers,
        )
        for draft, inside in zip(drafts, holes, strict=False)
    ]  # fmt: skip


def _shifted(rows: Sequence[Entity], offset: int, lines: int, index: int) -> Sequence[Entity]:
    """Return rows that stand elsewhere, and whose containers have other indexes."""
    if not (offset or lines or index):
        return rows
    return [
        Entity(
            row.kind, row.name, row.qualified_name, row.ordinal,
            -1 if row.container < 0 else row.container + index,
            row.start + offset, row.end + offset, row.line + lines, row.end_line + lines,
            row.raw, row.parameters, row.result, row.decorators, row.modifiers,
        )
        for row in rows
    ]  # fmt: skip


def _numbered(rows: list[Entity]) -> list[Entity]:
    """Count namesakes in order."""
    seen: dict[tuple[str, str], int] = {}
    for place, row in enumerate(rows):
        key = (row.kind, row.qualified_name)
        ordinal = seen.get(key, 0)
        seen[key] = ordinal + 1
        if row.ordinal != ordinal:
            rows[place] = replace(row, ordinal=ordinal)
    return rows


def _entities(version: Version) -> tuple[Entity, ...]:
    holes = [(row.start, row.end) for row in version.rows if row.container < 0]
    statements = _statements(version.source, version.language, holes)
    return (*version.rows, statements) if statements else tuple(version.rows)


def _statements(source: bytes, language: Language, holes: list[tuple[int, int]]) -> Entity | None:
    loud = [(a, b) for a, b in gaps(0, len(source), holes) if source[a:b].strip(BLANK)]
    if not loud:
        return None
    first, last = loud[0], loud[-1]
    start = first[1] - len(source[first[0] : first[1]].lstrip())
    end = last[0] + len(source[last[0] : last[1]].rstrip())
    line = source.count(b"\n", 0, start) + 1
    end_line = line + source.count(b"\n", start, end)
    raw = raw_hash(own_content(source, 0, len(source), holes))
    return Entity("statements", "statements", "statements", 0, -1, start, end, line, end_line, raw)
