"""Parsing with a budget: a file that is too big, too slow or too deep yields None, never an exception.

A single step of the parser cannot be interrupted, and a grammar's error recovery may be quadratic in time
and memory within one (Java: 9 KB of `a=>`, 3 GB): untrusted files are read in a process with limits.
"""

from time import monotonic, thread_time
from typing import NamedTuple

from tree_sitter import Node, Parser, Point, QueryCursor, Tree

from aura.syntax.language import Language, Match, Window, parser_of, query_of
from aura.syntax.shared import common_ends

MAX_BYTES = 2 * 1024 * 1024
PARSE_SECONDS = 1.2
SMALL = 8 * 1024
MAX_REUSED = 256 * 1024
LEAST_SHARED = 0.25
"""The share of a text that another must have in common at both ends before its tree is of use."""
MAX_ERROR_CHILDREN = 20_000
MAX_ERROR_VISITS = 200_000
MATCH_LIMIT = 4096

_PIECE = 4096
# So many brackets within each other are no code, and C's grammar takes minutes for them.
_NESTED = (b"(" * 1000, b"[" * 1000, b"{" * 1000)


class Change(NamedTuple):
    """Where two versions of a text differ, in their bytes or in their trees; elsewhere they do not."""

    start: int
    old_end: int
    new_end: int


def parse(source: bytes, language: Language) -> Tree | None:
    """Parse `source`, or return None when it is over the budget."""
    return parse_or_repair(source, language)[0]


def parse_or_repair(source: bytes, language: Language) -> tuple[Tree | None, bool]:
    """Parse `source`, and tell whether the tree is that of a repaired text: none is to be read from that."""
    if len(source) > MAX_BYTES or any(run in source for run in _NESTED):
        return None, False
    parser = parser_of(language.name)
    seconds = PARSE_SECONDS
    if language.final_newline and not source.endswith(b"\n"):
        source += b"\n"
    tree = _parse(parser, source, seconds)
    if tree is None or language.repair is None or not _is_faulty(tree.root_node, language):
        return tree, False
    repaired = _parse(parser, language.repair(source), seconds)
    if repaired is not None and _is_better(repaired.root_node, tree.root_node, language):
        return repaired, True
    return tree, False


def reparse(source: bytes, language: Language, like: bytes, tree: Tree) -> tuple[Tree, Change] | None:
    """Parse `source` from another version of it and its tree: what both share is not parsed again.

    The tree is the one that `source` has by itself. Where there are errors it might not be, and None is
    returned; so it is for texts that are over the budget, to be parsed in another way, or hardly alike.
    """
    final = language.final_newline and not source.endswith(b"\n")
    if len(source) > MAX_REUSED or final or tree.root_node.has_error:
        return None
    before, after = common_ends(like, source)
    if before + after < LEAST_SHARED * len(source):
        return None
    old_end, new_end = len(like) - after, len(source) - after
    start = _code_above(source, before)
    edited = tree.copy()
    edited.edit(start, old_end, new_end, _point(like, start), _point(like, old_end), _point(source, new_end))
    again = parser_of(language.name).parse(source, edited)
    if _is_faulty(again.root_node, language):
        return None
    ranges = edited.changed_ranges(again)
    start = min([before, *(found.start_byte for found in ranges)])
    end = max([new_end, *(found.end_byte for found in ranges)])
    return again, Change(start, end - len(source) + len(like), end)


def _is_faulty(root: Node, language: Language) -> bool:
    """Tell whether a text was read with errors, or definitions in it taken for something else."""
    misread = language.misread
    return root.has_error or (bool(misread) and any(node.type in misread for node in root.named_children))


def _is_better(repaired: Node, root: Node, language: Language) -> bool:
    """Tell whether a repaired text was read without faults, or with fewer and no definition less."""
    if not _is_faulty(repaired, language):
        return True
    before, after = _faults(root, language), _faults(repaired, language)
    return after < before and _definitions(repaired) >= _definitions(root)


def _faults(root: Node, language: Language) -> tuple[int, int]:
    """Return how many bytes and missing pieces are in error, and how many definitions are misread."""
    wrong, nodes = 0, [root]
    while nodes:
        node = nodes.pop()
        if node.is_error or node.is_missing:
            wrong += 1 + node.end_byte - node.start_byte
        elif node.has_error:
            nodes.extend(node.children)
    return wrong, sum(node.type in language.misread for node in root.named_children)


def _definitions(root: Node) -> int:
    found, nodes = 0, [root]
    while nodes:
        node = nodes.pop()
        found += node.type.endswith("_declaration")
        nodes.extend(node.named_children)
    return found


def _code_above(source: bytes, offset: int) -> int:
    """Return where the line of code before that of `offset` begins.

    What ends there may depend on the text behind comments (JavaScript's omitted semicolons), which
    tree-sitter does not always know.
    """
    seen = 0
    while offset > 0 and seen < 2:
        end, offset = offset, max(source.rfind(b"\n", 0, offset - 1) + 1, 0)
        content = source[offset:end].strip()
        seen += bool(content) and not content.startswith(_COMMENT_MARKS)
    return offset


_COMMENT_MARKS = (b"//", b"/*", b"*", b"#", b"--")


def _point(text: bytes, offset: int) -> Point:
    return Point(text.count(b"\n", 0, offset), offset - text.rfind(b"\n", 0, offset) - 1)


def _parse(parser: Parser, source: bytes, seconds: float) -> Tree | None:
    if len(source) < SMALL:
        return parser.parse(source)
    tree = _parse_big(parser, source, seconds)
    return None if tree is None or _is_tangled(tree.root_node) else tree


def _parse_big(parser: Parser, source: bytes, seconds: float) -> Tree | None:
    deadline, earliest = thread_time() + seconds, monotonic() + seconds
    size = len(source)

    def read(offset: int, point: Point) -> bytes:
        return source[offset : offset + size]

    def late(offset: int, has_error: bool) -> bool:
        # Asked tens of thousands of times; the time of the thread costs a system call.
        return monotonic() > earliest and thread_time() > deadline

    try:
        tree = parser.parse(read, progress_callback=late)
    except ValueError:
        parser.reset()
        return None
    # The tree will ask again for the text of each node that a predicate looks at.
    size = _PIECE
    return tree


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
    return QueryCursor(query_of(language.name), match_limit=MATCH_LIMIT).matches(node)


def definitions(
    root: Node, source: bytes, language: Language, window: Window, depth: int | None = None
) -> tuple[list[Match], bool]:
    """Return what the language's query finds in a part of a tree, and whether matches may be lost.

    Where the language knows a quicker way to all of them, no query is run; else they begin at most `depth`
    nodes deep.
    """
    found = language.find(root, source, window) if language.find else None
    if found is not None:
        return found, False
    cursor = QueryCursor(query_of(language.name), match_limit=MATCH_LIMIT)
    cursor.set_byte_range(*window)
    if depth is not None:
        cursor.set_max_start_depth(depth)
    return cursor.matches(root), cursor.did_exceed_match_limit
