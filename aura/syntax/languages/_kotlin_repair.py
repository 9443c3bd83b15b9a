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
_LINE_OF_ITS_OWN = re.compile(rb"^((?:[ \t]*" + _ANNOTATED + rb")+[ \t]*)(\r?\n)(?=\s*[@\w])", re.MULTILINE)
_SOFT = re.compile(
    rb"(" + _ANNOTATED + rb"[ \t]+(?:(?:public|internal|private|protected)[ \t]+)?)"
    rb"(annotation|expect|actual)(?=\s+(?:\w+\s+)*(?:class|object|interface|fun|va[lr])\b)"
)
_LIMITED = re.compile(
    rb"(\bclass\s+\w+(?:<[^{}()]{0,200}>)?\s+)(public|private|protected|internal)(?=\s+constructor\b)"
)


def repair(source: bytes) -> bytes:
    """End members before a `}` on their line, join annotations to what they are of, leave out soft modifiers.

    The visibility of a primary constructor becomes an annotation.
    """
    source = _BEFORE_BRACE.sub(b";", source)
    source = _ACTUAL.sub(lambda found: b" " * len(found[0]), source)
    for aside in (_LINE_OF_ITS_OWN, _SOFT):
        source = aside.sub(lambda found: found[1] + b" " * len(found[2]), source)
    return _LIMITED.sub(lambda found: found[1] + b"@" + found[2][1:], source)
