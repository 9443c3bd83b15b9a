"""What is a string or comment and what is code, told without parsing and on the safe side."""

import re
from functools import cache

from aura.syntax.language import Language
from aura.syntax.margins import comments

QUOTES = (b'"', b"`", b"'")


def quotes(language: Language) -> tuple[bytes, ...]:
    return QUOTES[:2] if language.name == "rust" else QUOTES


def is_settled(head: bytes, language: Language) -> bool:
    """Tell whether no string is open at the end of `head`."""
    doubted = _DOUBTED.get(language.name)
    if doubted and doubted.search(head):
        return False
    rest = silent(language).sub(b"", head)
    return not any(quote in rest for quote in quotes(language))


@cache
def silent(language: Language) -> re.Pattern[bytes]:
    """Return a pattern that finds strings and comments."""
    comment = b"(?P<comment>" + comments(language).pattern + b")"
    return re.compile(b"|".join((*STRINGS[language.name], comment)), re.DOTALL)


_DOUBLE, _SINGLE = rb'"(?:[^"\\\n]|\\.)*"', rb"'(?:[^'\\\n]|\\.)*'"
_DOUBLES, _SINGLES = rb'"(?:[^"\\]|\\.)*"', rb"'(?:[^'\\]|\\.)*'"
_CHARACTER = rb"'(?:[^'\\\n]|\\[^\n]{1,9}?)'"
_BACK, _RAW_BACK = rb"`(?:[^`\\]|\\.)*`", rb"`[^`]*`"
_TEXT, _TEXTS = rb'"""(?:[^\\]|\\.)*?"""', rb"'''(?:[^\\]|\\.)*?'''"
_REGEX = rb"(?<=[(,=:!&|?\[])[ ]?/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/"
_RAW = rb'\br(?P<hashes>#*)".*?"(?P=hashes)'

# What a string looks like; where a quote is left when all these are gone, one may be open.
STRINGS: dict[str, tuple[bytes, ...]] = {
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
