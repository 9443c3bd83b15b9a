"""What belongs to a definition: the comments above and behind it, and its text without those inside it."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from aura.syntax.language import Language
from aura.syntax.types import Entity

BLANK = b" \t\r\n\f\v;,"


def start_above(source: bytes, start: int, floor: int, language: Language) -> int:
    """Return where the comment lines directly above `start` begin, not going above `floor`."""
    line = source.rfind(b"\n", 0, start) + 1
    if line <= floor or source[line - 2 : line - 1] == b"\n" or source[line:start].strip():
        return start
    while line > floor:
        above = source.rfind(b"\n", 0, line - 1) + 1
        content = source[above : line - 1].strip()
        if not content or above < floor or (above == 0 and content.startswith(b"#!")):
            break
        if content.startswith(language.comment):
            start, line = line - 1 - len(source[above : line - 1].lstrip()), above
            continue
        block = _block_start(source, line - 1, floor, content, language)
        if block is None:
            break
        start, line = block, source.rfind(b"\n", 0, block) + 1
    return start


def _block_start(source: bytes, end: int, floor: int, content: bytes, language: Language) -> int | None:
    if language.block_comment is None or not content.endswith(language.block_comment[1]):
        return None
    begin = source.rfind(language.block_comment[0], floor, end)
    if begin < 0 or source[source.rfind(b"\n", 0, begin) + 1 : begin].strip():
        return None
    return begin


def end_behind(source: bytes, end: int, language: Language) -> int:
    """Return where the punctuation and the comment that trail on the line of `end` end."""
    if source[end : end + 1] in (b"\n", b""):
        return end
    stop = source.find(b"\n", end)
    tail = source[end : stop if stop >= 0 else len(source)].rstrip()
    rest = tail.lstrip(BLANK)
    if not rest or rest.startswith(language.comment):
        return end + len(tail)
    block = language.block_comment
    if block and rest.startswith(block[0]) and rest.find(block[1]) == len(rest) - len(block[1]):
        return end + len(tail)
    return end


@cache
def comments(language: Language) -> re.Pattern[bytes]:
    """Return a pattern that finds the comments of text without strings."""
    forms = [re.escape(mark) + rb"[^\n]*" for mark in language.comment]
    if language.block_comment:
        begin, end = map(re.escape, language.block_comment)
        forms.append(begin + rb".*?" + end)
    return re.compile(b"|".join(forms), re.DOTALL)


@cache
def remarks(language: Language) -> re.Pattern[bytes]:
    """Return a pattern that finds comments, and strings that stand alone as documentation."""
    if not language.docstrings:
        return comments(language)
    alone = rb"^[ \t]*[rRuU]?(?P<quote>\"\"\"|''').*?(?P=quote)[ \t]*$"
    return re.compile(b"|".join((alone, comments(language).pattern)), re.DOTALL | re.MULTILINE)


def is_silent(chunk: bytes, language: Language) -> bool:
    """Tell whether `chunk` holds nothing but white space, separators and comments."""
    chunk = chunk.strip(BLANK)
    return not chunk or not comments(language).sub(b"", chunk).strip(BLANK)


def inner(entities: Sequence[Entity]) -> dict[int, list[int]]:
    """Return the indexes of what is directly inside each entity that has any; those of the file are at -1."""
    found: dict[int, list[int]] = {}
    for index, entity in enumerate(entities):
        if entity.kind != "statements":
            found.setdefault(entity.container, []).append(index)
    return found


def gaps(start: int, end: int, holes: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges that are left of `start..end` without `holes`, empty ones included."""
    for hole_start, hole_end in holes:
        yield start, hole_start
        start = hole_end
    yield start, end


def own_content(source: bytes, start: int, end: int, holes: Sequence[tuple[int, int]]) -> bytes:
    """Return the text of a range without its holes, trimmed and joined so that holes leave no trace."""
    if not holes:
        return source[start:end]
    pieces = (source[a:b].strip(BLANK) for a, b in gaps(start, end, holes))
    return b"\n".join(piece for piece in pieces if piece)
