"""What differs between two versions of an entity, told from the lines that differ and without parsing.

Only what is certain is told: where the lines begin in code and not in a string or comment, whether they are
behind the signature, and what in them is comment are each decided on the safe side. The rest is for the
parser.
"""

import re
from collections.abc import Iterable
from functools import cache

from msgspec import Struct

from aura.syntax.directives import is_directive
from aura.syntax.language import Language
from aura.syntax.margins import comments
from aura.syntax.shared import common_ends
from aura.syntax.tokens import NAME, Difference
from aura.syntax.types import Entity, Kind


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
    if language.name not in _STRINGS or not _are_alike(old.entity, new.entity):
        return None
    bodies = _body(old, language), _body(new, language)
    if bodies[0] is None or bodies[1] is None:
        whole = _difference(old, new, old.text, new.text, language)
        return _DOC if whole is not None and whole.doc and not whole.code else None
    header = _difference(old, new, old.text[: bodies[0]], new.text[: bodies[1]], language)
    if header is None:
        return None
    body = _difference(old, new, old.text[bodies[0] :], new.text[bodies[1] :], language)
    if body is None or (header.doc and body.doc):
        return None
    if header.code and _scope(old.entity) != _scope(new.entity):
        return None
    found = Difference(header.doc or body.doc, header.code, body.code)
    return (
        found if any((found.doc, found.signature, found.body, old.entity.name != new.entity.name)) else None
    )


def _scope(entity: Entity) -> str:
    return entity.qualified_name.removesuffix(entity.name)


def _are_alike(old: Entity, new: Entity) -> bool:
    """Tell whether two entities have one kind and names that the parser masks just as we do."""
    if old.kind != new.kind or old.name == new.name:
        return old.kind == new.kind
    return _WORD.fullmatch(old.name.encode()) is not None and _WORD.fullmatch(new.name.encode()) is not None


class _Part(Struct, frozen=True):
    """Whether comments and code differ."""

    doc: bool
    code: bool


def _difference(old: Version, new: Version, one: bytes, two: bytes, language: Language) -> _Part | None:
    """Compare a part of two versions that begins in code; None when in doubt."""
    if one == two:
        return _Part(False, False)
    hunk = _hunk(one, two)
    if language.block_comment:
        begin, end = language.block_comment
        if hunk.head.count(begin) != hunk.head.count(end):
            rest = _silent(language).sub(b"", hunk.head)
            if begin in rest:
                return _of_comment(hunk, language)
            if not _is_settled(hunk.head, language):
                return None
    if language.docstrings:
        if hunk.has(_TRIPLE):
            return None
        inside = [mark for mark in _TRIPLE if hunk.head.count(mark) % 2]
        if inside:
            return _of_docstring(hunk, inside, new.entity)
        if _QUOTED_LINE.search(hunk.old + b"\n" + hunk.new) or _QUOTED_FIRST.match(hunk.tail):
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
    if hunk.old.split() == hunk.new.split():
        return None
    return _Part(True, False) if _is_settled(hunk.head[:start], language) else None


def _of_docstring(hunk: _Hunk, inside: list[bytes], entity: Entity) -> _Part | None:
    """Compare words within a docstring, which is what opens the body and stands alone."""
    mark = inside[0]
    if len(inside) > 1 or entity.kind in _VALUES or hunk.old.split() == hunk.new.split():
        return None
    start = hunk.head.rfind(mark)
    end = hunk.tail.find(mark)
    if end < 0 or hunk.tail[end + 3 :].split(b"\n", 1)[0].strip():
        return None
    before = _PYTHON_COMMENT.sub(b"", hunk.head[:start]).strip()
    return _Part(True, False) if before.lower() in (b"", b"r", b"u") else None


def _of_code(hunk: _Hunk, old: Entity, new: Entity, language: Language) -> _Part | None:
    old_lines, new_lines = _parted(hunk.old, language), _parted(hunk.new, language)
    if old_lines is None or new_lines is None or old_lines.directives != new_lines.directives:
        return None
    if hunk.has((*language.comment, *(language.block_comment or ()))) and not _is_settled(
        hunk.head, language
    ):
        return None
    doc = old_lines.comments != new_lines.comments
    one, two = b"\n".join(old_lines.code), b"\n".join(new_lines.code)
    if old.name != new.name:
        one, two = _masked(one, old), _masked(two, new)
    if one == two:
        # Within strings a name is not masked by the parser.
        is_same = doc if old.name == new.name else not hunk.has(_QUOTES)
        return _Part(doc, False) if is_same else None
    return _Part(doc, True) if _words(one) != _words(two) else None


class _Parts(Struct, frozen=True):
    code: list[bytes]
    comments: list[bytes]
    directives: list[bytes]


def _parted(text: bytes, language: Language) -> _Parts | None:
    """Part code from comments; None where a string or comment may be open or what is one is in doubt."""
    code: list[bytes] = []
    bare: list[bytes] = []
    notes: list[bytes] = []
    orders: list[bytes] = []
    start = 0
    for found in _silent(language).finditer(text):
        between = text[start : found.start()]
        code.append(between)
        bare.append(between)
        start = found.end()
        if found.lastgroup != "comment":
            code.append(found[0])
        elif _is_doubtful(found[0], text[found.start() - 1 : found.start()]):
            return None
        else:
            (orders if is_directive(found[0]) else notes).append(b" ".join(found[0].split()))
    code.append(text[start:])
    bare.append(text[start:])
    rest = b" ".join(bare)
    if any(mark in rest for mark in (*_quotes(language), *(language.block_comment or ()))):
        return None
    return _Parts([line for line in map(bytes.rstrip, b"".join(code).split(b"\n")) if line], notes, orders)


def _is_doubtful(comment: bytes, before: bytes) -> bool:
    """Tell whether what looks like a comment may be something else: a part of a word, an address."""
    bad = before.strip() if comment.startswith(b"#") else before in (b":", b"\\")
    return bool(bad) or comment.endswith(b"\\")


def _quotes(language: Language) -> tuple[bytes, ...]:
    return _QUOTES[:2] if language.name == "rust" else _QUOTES


def _masked(code: bytes, entity: Entity) -> bytes:
    name = entity.name.encode()
    return _WORD.sub(lambda found: NAME if found[0] == name else found[0], code)


def _words(code: bytes) -> list[bytes]:
    return _WORD.findall(_PREFIX.sub(b"", code))


def _is_settled(head: bytes, language: Language) -> bool:
    """Tell whether no string is open at the end of `head`."""
    doubted = _DOUBTED.get(language.name)
    if doubted and doubted.search(head):
        return False
    rest = _silent(language).sub(b"", head)
    return not any(quote in rest for quote in _quotes(language))


@cache
def _silent(language: Language) -> re.Pattern[bytes]:
    """Return a pattern that finds strings and comments."""
    comment = b"(?P<comment>" + comments(language).pattern + b")"
    return re.compile(b"|".join((*_STRINGS[language.name], comment)), re.DOTALL)


def _body(version: Version, language: Language) -> int | None:
    """Return where the body of an entity begins in its own text; None when that is not sure."""
    text, entity = version.text, version.entity
    if entity.kind == "statements":
        return 0
    if language.name == "python":
        return _python_body(text, entity)
    if language.name == "ruby":
        return _ruby_body(text, entity)
    body = _braces_body(text, entity, language)
    if body is None or entity.kind in _VALUES:
        return body
    last = text[body:].rpartition(b"\n")
    return body if last[1] and not last[2].strip(b" \t;,)]}") and last[2].lstrip()[:1] == b"}" else None


def _python_body(text: bytes, entity: Entity) -> int | None:
    name = entity.name.encode()
    form = _PYTHON_VALUE if entity.kind in _VALUES else _PYTHON_HEADER
    found = next((found for found in form.finditer(text) if found["name"] == name), None)
    if found is None or entity.kind in _VALUES:
        return found.end() if found else None
    depth = 0
    for token in _CODE_SIGNS.finditer(text, found.end()):
        sign = token[0]
        if sign in _OPENERS:
            depth += 1
        elif sign in _CLOSERS:
            depth -= 1
        elif sign == b":" and depth == 0:
            return token.end()
        if sign in _QUOTES or sign == b"#" or depth < 0:
            return None
    return None


def _ruby_body(text: bytes, entity: Entity) -> int | None:
    found = _RUBY_HEADER.match(text)
    if found is None or (found["name"] or found["type"]) != entity.name.encode():
        return None
    return found.end() if text[text.rfind(b"\n") + 1 :].strip() == b"end" else None


def _braces_body(text: bytes, entity: Entity, language: Language) -> int | None:
    """Return where, behind the name, a brace or a sign of equality opens the body."""
    start = _behind_name(text, entity)
    if start is None:
        return None
    depth = 0
    for token in _SIGNS.finditer(text, start):
        sign, at = token[0], token.start()
        if sign == b"{" and depth == 0:
            opens = entity.kind not in _VALUES and _may_open(text[start:at].rstrip(), entity.kind, language)
            return at if opens else None
        if sign == b"=" and depth == 0 and entity.kind in _VALUES:
            plain = text[at - 1 : at] not in _BEFORE_EQUALS and text[at + 1 : at + 2] not in (b"=", b">")
            return at + 1 if plain and language.name in _ASSIGNING else None
        if sign in _OPENERS:
            depth += 1
        elif sign in _CLOSERS:
            depth -= 1
        elif sign in _QUOTES or sign in (b"#", b";"):
            return None
        if depth < 0:
            return None
    return None


def _behind_name(text: bytes, entity: Entity) -> int | None:
    """Return where the first mention of the name ends that is in no comment or attribute."""
    name = entity.name.encode()
    start = 0
    while start < len(text):
        end = text.find(b"\n", start) + 1 or len(text)
        line = text[start:end]
        bare = line.lstrip()
        if bare and not bare.startswith((b"@", b"#", b"[", b"//", b"/*", b"*")):
            found = _find_name(line, name)
            if found >= 0:
                return None if b"//" in line[:found] or b"/*" in line else start + found + len(name)
            if any(mark in line for mark in (*_QUOTES, b"{", b"/*")):
                return None
        start = end
    return None


def _find_name(line: bytes, name: bytes) -> int:
    found = line.find(name)
    while found >= 0 and _JOINED.search(
        line[max(found - 1, 0) : found] + b" " + line[found + len(name) :][:1]
    ):
        found = line.find(name, found + 1)
    return found


def _may_open(before: bytes, kind: Kind, language: Language) -> bool:
    """Tell whether a brace behind `before` opens a body and not, say, a type."""
    if b"//" in before or b"/*" in before:
        return False
    word = before[before.rfind(b" ") + 1 :]
    if kind in _CODE:
        if word in (b"interface", b"struct", b"is", b"extends") or b"(" not in before:
            return False
        if language.name in ("typescript", "tsx"):
            if before.endswith(b"=>"):
                return _ASSIGNED.match(before) is not None
            return _PLAIN_RESULT.search(before) is not None
        return before[-1:] not in (b":", b"|", b"&", b"<", b"=", b",")
    if kind in _TYPES:
        return re.search(rb"[\w>)\]]\Z", before) is not None and word not in (b"extends", b"implements")
    return False


_DOC = Difference(True, False, False)
_CODE = frozenset({"function", "method", "constructor"})
_TYPES = frozenset({"class", "interface", "trait", "struct", "enum"})
_VALUES = frozenset({"constant", "field", "object"})
# Where what follows `=` is the body of a constant or field, up to its end.
_ASSIGNING = frozenset({"javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"})

_TRIPLE = (b'"""', b"'''")
_QUOTES = (b'"', b"`", b"'")
_OPENERS = (b"(", b"[", b"{")
_CLOSERS = (b")", b"]", b"}")
_BEFORE_EQUALS = (b"=", b"!", b"<", b">", b":", b"+", b"-", b"*", b"/", b"%", b"&", b"|", b"^", b"?")
_WORD = re.compile(rb"\w+")
_SIGNS = re.compile(rb"[()\[\]{}:=;#\"'`]")
_PREFIX = re.compile(rb"(?<![\w\"'])[A-Za-z]{1,2}(?=[\"'])")
_ASSIGNED = re.compile(rb"\s*=[^=>]")
_PLAIN_RESULT = re.compile(rb"\)(?:\s*:\s*[\w.<>\[\], |]*[\w>\]])?\Z")
_QUOTED_LINE = re.compile(rb"^[ \t]*[A-Za-z]{0,2}[\"']", re.MULTILINE)
_QUOTED_FIRST = re.compile(rb"(?:\s|#[^\n]*\n)*[A-Za-z]{0,2}[\"']")
_PYTHON_COMMENT = re.compile(rb"#[^\n]*")
_JOINED = re.compile(rb"[\w$]")
_PYTHON_HEADER = re.compile(rb"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+(?P<name>\w+)", re.MULTILINE)
_PYTHON_VALUE = re.compile(rb"^[ \t]*(?P<name>\w+)[ \t]*(?::[^=\n\"'#]*)?=(?!=)", re.MULTILINE)
_RUBY_HEADER = re.compile(
    rb"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*"
    rb"(?:(?:class|module)[ \t]+(?P<type>\w+)(?:[ \t]*<[ \t]*[\w:]+)?"
    rb"|def[ \t]+(?:self\.)?(?P<name>[^\s.(;]+)[ \t]*(?:\([^()\n\"'#]*\))?)[ \t]*\n"
)

_DOUBLE, _SINGLE = rb'"(?:[^"\\\n]|\\.)*"', rb"'(?:[^'\\\n]|\\.)*'"
_DOUBLES, _SINGLES = rb'"(?:[^"\\]|\\.)*"', rb"'(?:[^'\\]|\\.)*'"
_CHARACTER = rb"'(?:[^'\\\n]|\\[^\n]{1,9}?)'"
_BACK, _RAW_BACK = rb"`(?:[^`\\]|\\.)*`", rb"`[^`]*`"
_TEXT, _TEXTS = rb'"""(?:[^\\]|\\.)*?"""', rb"'''(?:[^\\]|\\.)*?'''"
_REGEX = rb"(?<=[(,=:!&|?\[])[ ]?/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/"
_RAW = rb'\br(?P<hashes>#*)".*?"(?P=hashes)'

# What a string looks like; where a quote is left when all these are gone, one may be open.
_STRINGS: dict[str, tuple[bytes, ...]] = {
    "python": (_TEXT, _TEXTS, _DOUBLE, _SINGLE),
    "javascript": (_REGEX, _DOUBLE, _SINGLE, _BACK),
    "typescript": (_REGEX, _DOUBLE, _SINGLE, _BACK),
    "tsx": (_REGEX, _DOUBLE, _SINGLE, _BACK),
    "go": (_DOUBLE, _CHARACTER, _RAW_BACK),
    "rust": (_RAW, _DOUBLES, _CHARACTER),
    "java": (_TEXT, _DOUBLE, _CHARACTER),
    "kotlin": (_TEXT, _DOUBLE, _CHARACTER),
    "scala": (_TEXT, _DOUBLE, _CHARACTER),
    "swift": (_TEXT, _DOUBLE),
    "csharp": (_DOUBLE, _CHARACTER),
    "c": (_DOUBLE, _CHARACTER),
    "cpp": (_DOUBLE, _CHARACTER),
    "ruby": (_DOUBLES, _SINGLES),
    "php": (_DOUBLES, _SINGLES),
    "bash": (_DOUBLES, _SINGLES),
}
# Where these occur, strings and comments are not told from code by the above.
_DOUBTED = {
    "csharp": re.compile(rb'@"|"""'),
    "cpp": re.compile(rb'R"'),
    "swift": re.compile(rb'#"'),
    "ruby": re.compile(rb"<<[~\-A-Z\"'`]|^__END__|%[qQwWiIrsx]?[({\[|<!]", re.MULTILINE),
    "php": re.compile(rb"<<<|\?>"),
    "bash": re.compile(rb"<<|\S#"),
}
_CODE_SIGNS = re.compile(b"|".join(_STRINGS["python"]) + rb"|" + _SIGNS.pattern, re.DOTALL)
