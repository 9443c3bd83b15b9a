"""What differs between two versions of an entity, told from the lines that differ and without parsing.

Only what is certain is told: where the lines begin in code and not in a string or comment, whether they are
behind the signature, and what in them is comment are each decided on the safe side. The rest is for the
parser.
"""

import re
from collections.abc import Iterable
from operator import ne

from msgspec import Struct

from aura.syntax.headers import VALUES, body_start
from aura.syntax.language import Language
from aura.syntax.naming import name_each_other
from aura.syntax.quoting import QUOTES, STRINGS, is_settled, quotes, silent
from aura.syntax.remarks import is_directive, words_of_comment
from aura.syntax.shared import common_ends
from aura.syntax.tokens import NAME, Difference
from aura.syntax.types import Entity


class Version(Struct, frozen=True):
    """One version of an entity: what is known of it and its own text."""

    entity: Entity
    text: bytes


class _Hunk(Struct, frozen=True):
    """What both texts begin with, the lines in which they differ, and what both end with."""

    head: bytes
    old: bytes
    new: bytes
    tail: bytes

    def has(self, marks: Iterable[bytes]) -> bool:
        return any(mark in self.old or mark in self.new for mark in marks)


def difference_of_lines(old: Version, new: Version, language: Language) -> Difference | None:
    """Tell which streams of two versions of an entity differ, or None when the lines cannot tell."""
    if language.name not in STRINGS or not _are_alike(old.entity, new.entity):
        return None
    if name_each_other(old.entity.name, old.text, new.entity.name, new.text):
        return None
    bodies = body_start(old.entity, old.text, language), body_start(new.entity, new.text, language)
    if bodies[0] is None or bodies[1] is None:
        whole = _difference(old, new, old.text, new.text, language)
        return _DOC if whole is not None and whole.doc and not whole.code else None
    header = _difference(old, new, old.text[: bodies[0]], new.text[: bodies[1]], language)
    texts = old.text[bodies[0] :], new.text[bodies[1] :]
    documented = False
    if language.docstrings and new.entity.kind not in VALUES:
        one, two = map(_without_docstring, texts)
        if one is None or two is None:
            return None
        documented = one[0] != two[0] and words_of_comment(one[0]) != words_of_comment(two[0])
        texts = one[1], two[1]
    body = _difference(old, new, *texts, language)
    if header is None or body is None or header.doc + documented + body.doc > 1:
        return None
    if header.code and _scope(old.entity) != _scope(new.entity):
        return None
    doc, ordered = header.doc or documented or body.doc, header.orders or body.orders
    found = Difference(doc, header.code, body.code or ordered)
    return (
        found if any((found.doc, found.signature, found.body, old.entity.name != new.entity.name)) else None
    )


def _without_docstring(body: bytes) -> tuple[bytes, bytes] | None:
    """Return the docstring of a body and the body without it; None when in doubt."""
    opened = _QUOTED_FIRST.match(body)
    if opened is None:
        return b"", body
    start, mark = opened.start("string"), opened["mark"]
    end = body.find(mark, opened.end()) + len(mark)
    if len(mark) < 3 or end < opened.end() or b"\\" in body[start:end] or not _NOTHING.match(body, end):
        return None
    return body[start:end], body[:start].rstrip() + body[end:]


def _scope(entity: Entity) -> str:
    return entity.qualified_name.removesuffix(entity.name)


def _are_alike(old: Entity, new: Entity) -> bool:
    """Tell whether two entities have one kind and names that the parser masks just as we do."""
    if old.kind != new.kind or old.name == new.name:
        return old.kind == new.kind
    return _WORD.fullmatch(old.name.encode()) is not None and _WORD.fullmatch(new.name.encode()) is not None


class _Part(Struct, frozen=True):
    """Whether comments, code and what speaks to tools differ."""

    doc: bool
    code: bool
    orders: bool = False


def _difference(old: Version, new: Version, one: bytes, two: bytes, language: Language) -> _Part | None:
    """Compare a part of two versions that begins in code; None when in doubt."""
    if one == two:
        return _Part(False, False)
    hunk = _hunk(one, two)
    if language.block_comment:
        begin, end = language.block_comment
        if hunk.head.count(begin) != hunk.head.count(end):
            rest = silent(language).sub(b"", hunk.head)
            if begin in rest:
                return _of_comment(hunk, language)
            if not is_settled(hunk.head, language):
                return None
    if language.docstrings:
        if hunk.has(_TRIPLE):
            return None
        if any(hunk.head.count(mark) % 2 for mark in _TRIPLE):
            return None
        if _LONE_STRING.search(hunk.old + b"\n" + hunk.new) or _STRING_FIRST.match(hunk.tail):
            return None
    return _of_code(hunk, old.entity, new.entity, language)


def _hunk(old: bytes, new: bytes) -> _Hunk:
    before, after = common_ends(old, new)
    start = old.rfind(b"\n", 0, before) + 1
    if not (_begins_line(old, len(old) - after) and _begins_line(new, len(new) - after)):
        end = old.find(b"\n", len(old) - after)
        after = len(old) - end - 1 if end >= 0 else 0
    return _Hunk(
        old[:start], old[start : len(old) - after], new[start : len(new) - after], old[len(old) - after :]
    )


def _begins_line(text: bytes, offset: int) -> bool:
    return offset == 0 or text[offset - 1 : offset] == b"\n"


def _of_comment(hunk: _Hunk, language: Language) -> _Part | None:
    """Compare words within one block comment that begins above the hunk and ends below it."""
    assert language.block_comment is not None
    begin, end = language.block_comment
    start = hunk.head.rfind(begin)
    if is_directive(hunk.head[start:]):
        return None
    above = hunk.head[hunk.head.rfind(b"\n", 0, start) + 1 : start]
    if above.strip() or hunk.has((begin, end)) or end in hunk.head[start:] or end not in hunk.tail:
        return None
    if words_of_comment(hunk.old) == words_of_comment(hunk.new):
        return None
    return _Part(True, False) if is_settled(hunk.head[:start], language) else None


def _of_code(hunk: _Hunk, old: Entity, new: Entity, language: Language) -> _Part | None:
    old_lines, new_lines = _parted(hunk.old, language), _parted(hunk.new, language)
    if old_lines is None or new_lines is None:
        return None
    if hunk.has((*language.comment, *(language.block_comment or ()))) and not is_settled(hunk.head, language):
        return None
    doc = old_lines.comments != new_lines.comments
    orders = old_lines.directives != new_lines.directives
    one, two = b"\n".join(old_lines.code), b"\n".join(new_lines.code)
    if old.name != new.name:
        one, two = _masked(one, old), _masked(two, new)
    if one == two:
        # Within strings a name is not masked by the parser.
        is_same = doc or orders if old.name == new.name else not hunk.has(QUOTES)
        return _Part(doc, False, orders) if is_same else None
    if not _have_same_words(one, two):
        return _Part(doc, True, orders)
    is_other = old.name == new.name and old_lines.marks() != new_lines.marks()
    return _Part(doc, True, orders) if is_other else None


class _Parts(Struct, frozen=True):
    code: list[bytes]
    strings: list[bytes]
    bare: bytes
    comments: list[bytes]
    directives: list[bytes]

    def marks(self) -> tuple[list[bytes], list[bytes]]:
        """Return what no layout changes but words: operators, and what plain strings hold."""
        plain = (_ESCAPED_QUOTE.sub(rb"\1", s).strip(_MARKS) for s in self.strings if b"{" not in s)
        return _OPERATOR.findall(self.bare), [text for text in plain if not _ONE_WORD.fullmatch(text)]


def _parted(text: bytes, language: Language) -> _Parts | None:
    """Part code from comments; None where a string or comment may be open or what is one is in doubt."""
    code: list[bytes] = []
    strings: list[bytes] = []
    bare: list[bytes] = []
    notes: list[bytes] = []
    orders: list[bytes] = []
    start = 0
    for found in silent(language).finditer(text):
        between = text[start : found.start()]
        code.append(between)
        bare.append(between)
        start = found.end()
        if found.lastgroup != "comment":
            code.append(found[0])
            strings.append(found[0])
        elif _is_doubtful(found[0], text[found.start() - 1 : found.start()]):
            return None
        else:
            if is_directive(found[0]):
                orders.append(b" ".join(found[0].split()))
            elif words := words_of_comment(found[0]):
                notes.append(words)
    code.append(text[start:])
    bare.append(text[start:])
    rest = b" ".join(bare)
    if any(mark in rest for mark in (*quotes(language), *(language.block_comment or ()))):
        return None
    lines = [line for line in map(bytes.rstrip, b"".join(code).split(b"\n")) if line]
    return _Parts(lines, strings, rest, notes, orders)


def _is_doubtful(comment: bytes, before: bytes) -> bool:
    """Tell whether what looks like a comment may be something else: a part of a word, an address."""
    bad = before.strip() if comment.startswith(b"#") else before in (b":", b"\\")
    return bool(bad) or comment.endswith(b"\\")


def _masked(code: bytes, entity: Entity) -> bytes:
    name = entity.name.encode()
    if name not in code:
        return code
    return _WORD.sub(lambda found: NAME if found[0] == name else found[0], code)


def _have_same_words(one: bytes, two: bytes) -> bool:
    """Tell whether two codes have the same words in order; mostly the first line that differs says no."""
    for line, other in zip(one.split(b"\n"), two.split(b"\n"), strict=False):
        if line != other:
            if any(map(ne, _words(line), _words(other))):
                return False
            break
    return _words(one) == _words(two)


def _words(code: bytes) -> list[bytes]:
    words = _WORD.findall(_POINT.sub(b"0.", _PREFIX.sub(b"", _ESCAPED_QUOTE.sub(rb"\1", code))))
    return [word.lower() if word[:1].isdigit() else word for word in words]


_DOC = Difference(True, False, False)

_TRIPLE = (b'"""', b"'''")
_WORD = re.compile(rb"\w+")
_OPERATOR = re.compile(rb"[-+*/%^~=!<>?.@]|&&|\|\|")
_MARKS = b"\"'`"
# What is one word may stand without its quotes, as a key.
_ONE_WORD = re.compile(rb"[\w$]*")
_POINT = re.compile(rb"(?<![\w.)\]}])\.(?=\d)")
_ESCAPED_QUOTE = re.compile(rb"\\([\"'])")
_PREFIX = re.compile(rb"(?<![\w\"'])[A-Za-z]{1,2}(?=[\"'])")
# A line that is nothing but strings, as the docstring of a block may be.
_LONE = rb"[ \t]*[A-Za-z]{0,2}[\"'](?:[^\n]*[\"'])?[ \t]*(?:#[^\n]*|\\)?$"
_LONE_STRING = re.compile(b"^" + _LONE, re.MULTILINE)
_BLANK = rb"(?:\s|#[^\n]*\n)*"
_STRING_FIRST = re.compile(_BLANK + _LONE, re.MULTILINE)
_QUOTED_FIRST = re.compile(_BLANK + rb"(?P<string>[A-Za-z]{0,2}(?P<mark>\"\"\"|'''|[\"']))")
_NOTHING = re.compile(rb"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
