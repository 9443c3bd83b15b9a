"""What differs between two versions of an entity, told from the lines that differ and without parsing.

Only what is certain is told: where the lines begin in code and not in a string or comment, whether they are
behind the signature, and what in them is comment are each decided on the safe side. The rest is for the
parser.
"""

import re
from collections.abc import Iterable
from functools import cache

from msgspec import Struct

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
    if language.name not in _STRINGS:
        return None
    hunk = _hunk(old.text, new.text)
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


def _of_comment(hunk: _Hunk, language: Language) -> Difference | None:
    """Compare words within one block comment that begins above the hunk and ends below it."""
    assert language.block_comment is not None
    begin, end = language.block_comment
    start = hunk.head.rfind(begin)
    above = hunk.head[hunk.head.rfind(b"\n", 0, start) + 1 : start]
    if above.strip() or hunk.has((begin, end)) or end in hunk.head[start:] or end not in hunk.tail:
        return None
    if hunk.old.split() == hunk.new.split():
        return None
    return _DOC if _is_settled(hunk.head[:start], language) else None


def _of_docstring(hunk: _Hunk, inside: list[bytes], entity: Entity) -> Difference | None:
    """Compare words within a docstring, which is what opens the body and stands alone."""
    mark = inside[0]
    if len(inside) > 1 or entity.kind in _VALUES or hunk.old.split() == hunk.new.split():
        return None
    start = hunk.head.rfind(mark)
    body = 0 if entity.kind == "statements" else _python_body(hunk.head[:start], entity)
    end = hunk.tail.find(mark)
    if body is None or end < 0 or hunk.tail[end + 3 :].split(b"\n", 1)[0].strip():
        return None
    between = _PYTHON_COMMENT.sub(b"", hunk.head[body:start]).strip()
    return _DOC if between.lower() in (b"", b"r", b"u") else None


def _of_code(hunk: _Hunk, old: Entity, new: Entity, language: Language) -> Difference | None:
    old_lines, new_lines = _parted(hunk.old, language), _parted(hunk.new, language)
    if old_lines is None or new_lines is None:
        return None
    if hunk.has((*language.comment, *(language.block_comment or ()))) and not _is_settled(
        hunk.head, language
    ):
        return None
    doc = old_lines.comments != new_lines.comments
    if old_lines.code == new_lines.code:
        return _DOC if doc else None
    if _words(old_lines, old) == _words(new_lines, new) or not _is_body(hunk, old, new, language):
        return None
    return Difference(doc, False, True)


class _Parts(Struct, frozen=True):
    code: list[bytes]
    comments: list[bytes]


def _parted(text: bytes, language: Language) -> _Parts | None:
    """Part code from comments; None where a string or comment may be open or what is one is in doubt."""
    code: list[bytes] = []
    bare: list[bytes] = []
    notes: list[bytes] = []
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
            notes.append(b" ".join(found[0].split()))
    code.append(text[start:])
    bare.append(text[start:])
    rest = b" ".join(bare)
    if any(mark in rest for mark in (*_quotes(language), *(language.block_comment or ()))):
        return None
    return _Parts([line for line in map(bytes.rstrip, b"".join(code).split(b"\n")) if line], notes)


def _is_doubtful(comment: bytes, before: bytes) -> bool:
    """Tell whether what looks like a comment may be something else: a part of a word, an address."""
    bad = before.strip() if comment.startswith(b"#") else before in (b":", b"\\")
    return bool(bad) or comment.endswith(b"\\")


def _quotes(language: Language) -> tuple[bytes, ...]:
    return _QUOTES[:2] if language.name == "rust" else _QUOTES


def _blank(found: re.Match[bytes]) -> bytes:
    return b"_" * len(found[0])


def _words(lines: _Parts, entity: Entity) -> list[bytes]:
    name = entity.name.encode()
    words = _WORD.findall(_PREFIX.sub(b"", b"\n".join(lines.code)))
    return [NAME if word == name else word for word in words]


def _is_settled(head: bytes, language: Language) -> bool:
    """Tell whether no string is open at the end of `head`."""
    doubted = _DOUBTED.get(language.name)
    if doubted and doubted.search(head):
        return False
    rest = _silent(language).sub(b"", head)
    return not any(quote in rest for quote in _quotes(language))


@cache
def _strings(name: str) -> re.Pattern[bytes]:
    return re.compile(b"|".join(_STRINGS[name]), re.DOTALL)


@cache
def _silent(language: Language) -> re.Pattern[bytes]:
    """Return a pattern that finds strings and comments."""
    comment = b"(?P<comment>" + comments(language).pattern + b")"
    return re.compile(b"|".join((*_STRINGS[language.name], comment)), re.DOTALL)


def _is_body(hunk: _Hunk, old: Entity, new: Entity, language: Language) -> bool:
    """Tell whether the lines are for sure behind the signature and before what ends the body."""
    if old.kind == new.kind == "statements":
        return True
    if old.kind != new.kind or old.name != new.name:
        return False
    if language.name == "python":
        return _python_body(hunk.head, new) is not None
    last = hunk.tail.rstrip(b" \t\r\n;,").rpartition(b"\n")[2].strip()
    if language.name == "ruby":
        return last == b"end" and _ruby_body(hunk.head, new)
    return last[:1] in (b"}", b")", b"]") and _braces_body(hunk.head, new, language, last)


def _python_body(head: bytes, entity: Entity) -> int | None:
    """Return where the body begins in `head`, or None when it does not or that is not sure."""
    kind, name = entity.kind, re.escape(entity.name.encode())
    if kind in _VALUES:
        found = re.compile(rb"^[ \t]*" + name + rb"[ \t]*(:[^=\n\"'#]*)?=(?!=)", re.MULTILINE).search(head)
        return found.end() if found else None
    word = rb"class" if kind == "class" else rb"(?:async[ \t]+)?def"
    found = re.compile(rb"^[ \t]*" + word + rb"[ \t]+" + name + rb"\b", re.MULTILINE).search(head)
    if found is None:
        return None
    header = _strings("python").sub(_blank, head[found.end() :])
    depth = 0
    for token in _SIGNS.finditer(header):
        sign = token[0]
        if sign in _OPENERS:
            depth += 1
        elif sign in _CLOSERS:
            depth -= 1
        elif sign == b":" and depth == 0:
            end = _LINE_END.match(header, token.end())
            return found.end() + end.end() if end else None
        if sign in _QUOTES or sign == b"#" or depth < 0:
            return None
    return None


def _ruby_body(head: bytes, entity: Entity) -> bool:
    name = re.escape(entity.name.encode())
    code = _RUBY_COMMENT.sub(b"", head).lstrip()
    if entity.kind in ("class", "trait"):
        form = rb"(class|module)[ \t]+([\w:]*::)?" + name + rb"([ \t]*<[ \t]*[\w:]+)?[ \t]*\n"
        return re.match(form, code) is not None
    if entity.kind in _CODE:
        form = rb"def[ \t]+(self\.)?" + name + rb"[ \t]*(\([^()\n\"'#]*\))?[ \t]*\n"
        return re.match(form, code) is not None
    return False


def _braces_body(head: bytes, entity: Entity, language: Language, last: bytes) -> bool:
    """Tell whether `head` holds the name and behind it what opens the body: a brace or `=`."""
    header = _name_on(head, entity)
    if header is None:
        return False
    depth = 0
    for token in _SIGNS.finditer(header):
        sign, before = token[0], header[: token.start()].rstrip()
        if sign == b"{" and depth == 0:
            return (
                entity.kind not in _VALUES
                and last[:1] == b"}"
                and _LINE_END.match(header, token.end()) is not None
                and _may_open(before, entity.kind, language)
            )
        if sign == b"=" and depth == 0 and entity.kind in _VALUES:
            plain = header[token.start() - 1 : token.start()] not in _BEFORE_EQUALS
            return (
                plain and header[token.end() : token.end() + 1] not in (b"=", b">") and _has_value(language)
            )
        if sign in _OPENERS:
            depth += 1
        elif sign in _CLOSERS:
            depth -= 1
        elif sign in _QUOTES or sign in (b"#", b";"):
            return False
        if depth < 0:
            return False
    return False


def _name_on(head: bytes, entity: Entity) -> bytes | None:
    """Return what follows the first mention of the name that is in no comment or attribute."""
    start = 0
    for line in head.splitlines(keepends=True):
        start += len(line)
        bare = line.lstrip()
        if bare.startswith((b"@", b"#", b"[", b"//", b"/*", b"*")) or not bare:
            continue
        found = re.search(rb"(?<![\w$])" + re.escape(entity.name.encode()) + rb"(?![\w$])", line)
        if found:
            rest = line[found.end() :] + head[start:]
            return None if b"//" in line or b"/*" in line else rest
        if any(quote in line for quote in _QUOTES) or b"{" in line or b"/*" in line:
            return None
    return None


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


def _has_value(language: Language) -> bool:
    return bool({"value", "right", "="} & set(language.bodies))


_DOC = Difference(True, False, False)
_CODE = frozenset({"function", "method", "constructor"})
_TYPES = frozenset({"class", "interface", "trait", "struct", "enum"})
_VALUES = frozenset({"constant", "field", "object"})

_TRIPLE = (b'"""', b"'''")
_QUOTES = (b'"', b"`", b"'")
_OPENERS = (b"(", b"[", b"{")
_CLOSERS = (b")", b"]", b"}")
_BEFORE_EQUALS = (b"=", b"!", b"<", b">", b":", b"+", b"-", b"*", b"/", b"%", b"&", b"|", b"^", b"?")
_WORD = re.compile(rb"\w+")
_SIGNS = re.compile(rb"[()\[\]{}:=;#\"'`]")
_LINE_END = re.compile(rb"[ \t]*(?:(?:#|//)[^\n]*)?\n")
_PREFIX = re.compile(rb"\b[A-Za-z]{1,2}(?=[\"'])")
_ASSIGNED = re.compile(rb"\s*=[^=>]")
_PLAIN_RESULT = re.compile(rb"\)(?:\s*:\s*[\w.<>\[\], |]*[\w>\]])?\Z")
_QUOTED_LINE = re.compile(rb"^[ \t]*[A-Za-z]{0,2}[\"']", re.MULTILINE)
_QUOTED_FIRST = re.compile(rb"(?:\s|#[^\n]*\n)*[A-Za-z]{0,2}[\"']")
_PYTHON_COMMENT = re.compile(rb"#[^\n]*")
_RUBY_COMMENT = re.compile(rb"^[ \t]*#[^\n]*", re.MULTILINE)

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
