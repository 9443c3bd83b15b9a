"""Where the signature of an entity ends and its body begins, told without parsing; None when in doubt."""

import re

from aura.syntax.language import Language
from aura.syntax.naming import WITH_DOLLARS, find_word
from aura.syntax.quoting import QUOTES, STRINGS, quotes
from aura.syntax.types import Entity, Kind

VALUES = frozenset({"constant", "field", "object"})


def body_start(entity: Entity, text: bytes, language: Language) -> int | None:
    """Return where the body of an entity begins in its own text; None when that is not sure."""
    if entity.kind == "statements":
        return 0
    if language.name == "python":
        return _python_body(text, entity)
    if language.name == "ruby":
        return _ruby_body(text, entity)
    body = _braces_body(text, entity, language)
    if body is None or entity.kind in VALUES:
        return body
    last = text[body:].rpartition(b"\n")
    return body if last[1] and not last[2].strip(b" \t;,)]}") and last[2].lstrip()[:1] == b"}" else None


def _python_body(text: bytes, entity: Entity) -> int | None:
    name = entity.name.encode()
    form = _PYTHON_VALUE if entity.kind in VALUES else _PYTHON_HEADER
    found = next((found for found in form.finditer(text) if found["name"] == name), None)
    if found is None or entity.kind in VALUES:
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
        if sign in QUOTES or sign == b"#" or depth < 0:
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
            opens = entity.kind not in VALUES and _may_open(text[start:at].rstrip(), entity.kind, language)
            return at if opens else None
        if sign == b"=" and depth == 0 and entity.kind in VALUES:
            plain = text[at - 1 : at] not in _BEFORE_EQUALS and text[at + 1 : at + 2] not in (b"=", b">")
            return at + 1 if plain and language.name in _ASSIGNING else None
        if sign in _OPENERS:
            depth += 1
        elif sign in _CLOSERS:
            depth -= 1
        elif sign in quotes(language) or sign in (b"#", b";"):
            return None
        if depth < 0:
            return None
    return len(text) if entity.kind == "field" and language.name in _ASSIGNING else None


def _behind_name(text: bytes, entity: Entity) -> int | None:
    """Return where the first mention of the name ends that is in no comment or attribute."""
    name = entity.name.encode()
    start = 0
    while start < len(text):
        end = text.find(b"\n", start) + 1 or len(text)
        line = text[start:end]
        bare = line.lstrip()
        if bare and not bare.startswith((b"@", b"#", b"[", b"//", b"/*", b"*")):
            found = find_word(line, name, WITH_DOLLARS)
            if found >= 0:
                return None if b"//" in line[:found] or b"/*" in line else start + found + len(name)
            if any(mark in line for mark in (*QUOTES, b"{", b"/*")):
                return None
        start = end
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


_CODE = frozenset({"function", "method", "constructor"})
_TYPES = frozenset({"class", "interface", "trait", "struct", "enum"})
# Where what follows `=` is the body of a constant or field, up to its end.
_ASSIGNING = frozenset({"javascript", "typescript", "tsx", "go", "rust", "java", "c", "cpp"})
_OPENERS = (b"(", b"[", b"{")
_CLOSERS = (b")", b"]", b"}")
_BEFORE_EQUALS = (b"=", b"!", b"<", b">", b":", b"+", b"-", b"*", b"/", b"%", b"&", b"|", b"^", b"?")
_SIGNS = re.compile(rb"[()\[\]{}:=;#\"'`]")
_ASSIGNED = re.compile(rb"\s*=[^=>]")
_PLAIN_RESULT = re.compile(rb"\)(?:\s*:\s*[\w.<>\[\], |]*[\w>\]])?\Z")
_PYTHON_HEADER = re.compile(rb"^[ \t]*(?:class|(?:async[ \t]+)?def)[ \t]+(?P<name>\w+)", re.MULTILINE)
_PYTHON_VALUE = re.compile(rb"^[ \t]*(?P<name>\w+)[ \t]*(?::[^=\n\"'#]*)?=(?!=)", re.MULTILINE)
_RUBY_HEADER = re.compile(
    rb"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*"
    rb"(?:(?:class|module)[ \t]+(?P<type>\w+)(?:[ \t]*<[ \t]*[\w:]+)?"
    rb"|def[ \t]+(?:self\.)?(?P<name>[^\s.(;]+)[ \t]*(?:\([^()\n\"'#]*\))?)[ \t]*\n"
)

_CODE_SIGNS = re.compile(b"|".join(STRINGS["python"]) + rb"|" + _SIGNS.pattern, re.DOTALL)
