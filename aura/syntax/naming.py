"""Names: which entity a person means by one, and where one stands in a text."""

import re

_CALL = re.compile(r"\(\)\Z")
_IN_WORD = re.compile(rb"\w")
WITH_DOLLARS = re.compile(rb"[\w$]")
"""What makes another word of one where names may hold dollars."""


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


def find_word(text: bytes, word: bytes, joined: re.Pattern[bytes] = _IN_WORD) -> int:
    """Return where a word first stands in a text with nothing `joined` to it, or -1."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not joined.search(text[max(start - 1, 0) : start] + text[end : end + 1]):
            break
        start = text.find(word, start + 1)
    return start


def name_each_other(old: str, before: bytes, new: str, after: bytes) -> bool:
    """Tell whether one of two texts may call what has the name of the other: there it would call itself."""
    return old != new and (find_word(after, old.encode()) >= 0 or find_word(before, new.encode()) >= 0)
