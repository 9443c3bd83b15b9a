"""Which entity a person means by a name."""

import re

_CALL = re.compile(r"\(\)\Z")
_IN_WORD = re.compile(rb"\w")


def answers_to(path: str, qualified_name: str, said: str) -> bool:
    """Tell whether an entity is meant by `NAME`, the end of a qualified name, or `FILE:NAME`.

    Parts of a name may be joined by `.`, `::` or `#`.
    """
    name = dotted(said)
    file, colon, within = name.rpartition(":")
    if colon:
        return path == file and (qualified_name == within or qualified_name.endswith(f".{within}"))
    return qualified_name == name or qualified_name.endswith(f".{name}")


def with_dots(text: str) -> str:
    """Write a qualified name as entities have it, in whatever language's manner it was given."""
    return re.sub(r"::|#|/(?=\w+$)", ".", text)


def dotted(said: str) -> str:
    """Write a name with points between its parts and without a pair of brackets after it."""
    return _CALL.sub("", said.strip()).replace("::", ".").replace("#", ".")


def has_word(text: bytes, name: str) -> bool:
    """Tell whether a name stands in a text, and not only as a part of another."""
    word = name.encode()
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not _IN_WORD.search(text[max(start - 1, 0) : start] + text[end : end + 1]):
            return True
        start = text.find(word, end)
    return False
