"""Parsing with a budget: a file that is too big, too slow or too deep yields None, never an exception.

A single step of the parser cannot be interrupted, and a grammar's error recovery may be quadratic in time
and memory within one (Java: 9 KB of `a=>`, 3 GB): untrusted files are read in a process with limits.
"""

from time import monotonic

from tree_sitter import Node, Parser, Point, QueryCursor, Tree

from aura.syntax.language import Language, Match, compiled
from aura.syntax.shared import common_ends

MAX_BYTES = 2 * 1024 * 1024
PARSE_SECONDS = 1.2
SMALL = 8 * 1024
MAX_REUSED = 256 * 1024
MAX_ERROR_CHILDREN = 20_000
MAX_ERROR_VISITS = 200_000
MATCH_LIMIT = 4096


Parsed = tuple[bytes, Tree]


def parse(source: bytes, language: Language, like: Parsed | None = None) -> Tree | None:
    """Parse `source`, or return None when it is over the budget.

    `like` is another version of the text and its tree: what both share is not parsed again. The tree is the
    same with and without it; where there are errors it might not be, so that then all is parsed.
    """
    if len(source) > MAX_BYTES:
        return None
    parser, _ = compiled(language.name)
    if like is not None and len(source) < MAX_REUSED:
        again = parser.parse(source, _edited(like, source))
        if not again.root_node.has_error:
            return again
    seconds = PARSE_SECONDS
    if language.final_newline and not source.endswith(b"\n"):
        source += b"\n"
    tree = _parse(parser, source, seconds)
    if tree is not None and tree.root_node.has_error and language.repair is not None:
        repaired = _parse(parser, language.repair(source), seconds)
        tree = tree if repaired is None or repaired.root_node.has_error else repaired
    return tree


def _edited(like: Parsed, source: bytes) -> Tree:
    """Return a copy of a tree told where its text and `source` differ."""
    text, tree = like[0], like[1].copy()
    before, after = common_ends(text, source)
    ends = len(text) - after, len(source) - after
    tree.edit(before, *ends, _point(text, before), _point(text, ends[0]), _point(source, ends[1]))
    return tree


def _point(text: bytes, offset: int) -> Point:
    return Point(text.count(b"\n", 0, offset), offset - text.rfind(b"\n", 0, offset) - 1)


def _parse(parser: Parser, source: bytes, seconds: float) -> Tree | None:
    if len(source) < SMALL:
        return parser.parse(source)
    tree = _parse_big(parser, source, seconds)
    return None if tree is None or _is_tangled(tree.root_node) else tree


def _parse_big(parser: Parser, source: bytes, seconds: float) -> Tree | None:
    deadline = monotonic() + seconds

    def read(offset: int, point: Point) -> bytes:
        return source[offset:]

    def late(offset: int, has_error: bool) -> bool:
        return monotonic() > deadline

    try:
        return parser.parse(read, progress_callback=late)
    except ValueError:
        parser.reset()
        return None


def _is_tangled(root: Node) -> bool:
    """Tell whether an error node has so many children that a query, quadratic in them, would not end."""
    nodes, seen = [root], 0
    while nodes:
        node = nodes.pop()
        if not node.has_error:
            continue
        seen += node.child_count
        if (node.is_error and node.child_count > MAX_ERROR_CHILDREN) or seen > MAX_ERROR_VISITS:
            return True
        nodes.extend(node.children)
    return False


def matches(node: Node, language: Language) -> list[Match]:
    """Run the language's query below `node`.

    No time budget: the progress callback of tree-sitter 0.26.1's `QueryCursor` crashes the process.
    """
    _, query = compiled(language.name)
    return QueryCursor(query, match_limit=MATCH_LIMIT).matches(node)
