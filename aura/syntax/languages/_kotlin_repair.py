"""Text of the same length that the Kotlin grammar reads rightly, where it reads the source wrongly.

It takes annotations on lines of their own for expressions, and what follows, where that begins with a word
which is a modifier only in its place, for more of them. Modifiers are read from the source, so that one that
follows an annotation may be left out here.
"""

import re

_BEFORE_BRACE = re.compile(rb"(?<=[^\s{;,(])(?<!->)[ \t](?=[ \t]*\})")
_ACTUAL = re.compile(rb"\b(?:actual|expect)(?=\s+(?:constructor\b|va[lr]\s+\w+\s*:[^\n=]*,\s*\n))")
_ARGUMENTS = rb"\((?:[^()\"]|\"[^\"\n]*\"|\((?:[^()]|\([^()]*\))*\))*\)"
_ANNOTATED = rb"@(?!file:)[\w.:]+(?:" + _ARGUMENTS + rb")?"
_LINE_OF_ITS_OWN = re.compile(
    rb"^((?:[ \t]*" + _ANNOTATED + rb")+[ \t]*)((?://[^\n]*|\r)?\n)(?=\s*[@\w])", re.MULTILINE
)
_SOFT = re.compile(
    rb"(" + _ANNOTATED + rb"[ \t]+(?:(?:public|internal|private|protected)[ \t]+)?)"
    rb"(annotation|expect|actual)(?=\s+(?:\w+\s+)*(?:class|object|interface|fun|va[lr])\b)"
)
_LIMITED = re.compile(
    rb"(\bclass\s+\w+(?:<[^{}()]{0,200}>)?\s+)(public|private|protected|internal)(?=\s+constructor\b)"
)
_GIVEN = re.compile(rb"(?<=@)([\w.:]+)(" + _ARGUMENTS + rb")(?=[ \t]+fun\b)")
_NAMED = b"(a=1"
_ASIDE = re.compile(
    rb"(\bclass\s+\w+(?:<[^{}()]{0,200}>)?\s*)((?://[^\n]*\n\s*)+)(?=(?:\w+\s+){0,3}constructor\b)"
)
_EMPTY = re.compile(rb"(?<==)(\s*)\[\]")


def repair(source: bytes) -> bytes:
    """End members before a `}` on their line, join annotations to what they are of, leave out soft modifiers.

    What an annotation right before `fun` is given gets a name, or it is read as an expression. The visibility
    of a primary constructor becomes an annotation, a comment before it a blank, and an empty list that is a
    default a number.
    """
    source = _ASIDE.sub(lambda found: found[1] + b" " * len(found[2]), source)
    source = _EMPTY.sub(rb"\g<1>00", source)
    source = _BEFORE_BRACE.sub(b";", source)
    source = _ACTUAL.sub(lambda found: b" " * len(found[0]), source)
    for aside in (_LINE_OF_ITS_OWN, _SOFT):
        source = aside.sub(lambda found: found[1] + b" " * len(found[2]), source)
    source = _GIVEN.sub(lambda found: found[1] + _named(found[2]), source)
    return _LIMITED.sub(lambda found: found[1] + b"@" + found[2][1:], source)


def _named(given: bytes) -> bytes:
    """Return arguments of the same length and lines that are one argument with a name."""
    if len(given) <= len(_NAMED) or b"\n" in given[: len(_NAMED)]:
        return given
    rest = given[len(_NAMED) : -1]
    return _NAMED + bytes(10 if sign == 10 else 32 for sign in rest) + b")"
