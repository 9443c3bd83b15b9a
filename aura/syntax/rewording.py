"""Whether two versions of an entity differ in words alone, and in which: what follows from renames and moves
is told apart from other changes by that.

Streams of tokens with their structure are compared, imports apart, so that `a.f(x)` after `f` moved from
module `a` to `b` reads like `b.f(x)`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from aura.syntax.evidence import Pairs, Rewording
from aura.syntax.file import File
from aura.syntax.tokens import CLOSE, NAME, OPEN
from aura.syntax.types import Edit


class Moves(Struct, frozen=True):
    """The names that moved, and the modules, folders and types that they may be reached through."""

    names: frozenset[bytes]
    scopes: frozenset[bytes]


def moves_of(edits: Iterable[Edit]) -> Moves:
    """Return what moved in a change."""
    names: set[bytes] = set()
    scopes: set[bytes] = set()
    for edit in edits:
        if "moved" not in edit.changes or edit.old is None or edit.new is None:
            continue
        for side in (edit.old, edit.new):
            names.add(side.name.encode())
            scopes.update(part.encode() for part in side.qualified_name.split(".")[:-1])
            scopes.update(part.partition(".")[0].encode() for part in side.path.split("/"))
    return Moves(frozenset(names), frozenset(scopes))


def rewording(old: tuple[File, int] | None, new: tuple[File, int] | None, moves: Moves) -> Rewording:
    """Compare two versions of an entity; one that is not there has no words."""
    a, b = _Parts(old, moves), _Parts(new, moves)
    kept = set(a.imports) & set(b.imports)
    body = _pairs(a.body, b.body)
    return Rewording(
        _pairs(a.signature, b.signature),
        body,
        _pairs(a.doc, b.doc),
        _local(body or (), a.body, b.body),
        tuple(sorted(set(a.imports) - kept)),
        tuple(sorted(set(b.imports) - kept)),
        _unlike(a.prose, b.prose),
    )


def _local(pairs: Pairs, old: Sequence[bytes], new: Sequence[bytes]) -> Pairs:
    """Return the pairs of which one word stands as often after as the other did before, twice or more."""
    if not pairs:
        return ()
    one, two = Counter(map(_text, old)), Counter(map(_text, new))
    gone, come = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    return tuple(
        (a, b)
        for a, b in pairs
        if a.isidentifier() and b.isidentifier() and gone[a] == come[b] == 1
        if one[a] == two[b] > 1 and not two[a] and not one[b]
    )


def _unlike(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[str, ...]:
    if old == new:
        return ()
    one, two = (Counter(word for text in side for word in _WORD.findall(_text(text))) for side in (old, new))
    return tuple(sorted({*(one - two), *(two - one)}))


class _Parts:
    """An entity's code without its imports, its documentation, and the words of its imports."""

    def __init__(self, version: tuple[File, int] | None, moves: Moves) -> None:
        self.signature: list[bytes] = []
        self.body: list[bytes] = []
        self.doc: list[bytes] = []
        self.prose: list[bytes] = []
        self.imports: list[str] = []
        if version is None:
            return
        file, index = version
        tokens = file.tokens(index)
        self._name = file.table.entities[index].name.encode()
        self.doc = list(tokens.doc)
        self.prose = list(tokens.body) if file.table.entities[index].kind == "file" else self.doc
        self.signature = _unqualified(self._without_imports(tokens.signature), moves)
        self.body = _unqualified(self._without_imports(tokens.body), moves)

    def _without_imports(self, stream: Sequence[bytes]) -> list[bytes]:
        kept: list[bytes] = []
        depth = 0
        for token in (self._name if token == NAME else token for token in stream):
            if depth or (token[:1] == OPEN and token[1:].decode() in _IMPORTS):
                depth += (token[:1] == OPEN) - (token == CLOSE)
                if token[:1] not in (OPEN, CLOSE):
                    self.imports += _WORD.findall(_text(token))
            elif token not in _MARKS:
                kept.append(token)
        return kept


def _unqualified(stream: Sequence[bytes], moves: Moves) -> list[bytes]:
    """Take away what a moved name is reached through."""
    if not moves.names:
        return list(stream)
    kept: list[bytes] = []
    for token in stream:
        if token in moves.names and kept and kept[-1] in _JOINTS:
            start = _start_of_scope(kept)
            words = {t for t in kept[start:-1] if t[:1] not in (OPEN, CLOSE)} - _JOINTS
            if words and words <= moves.scopes:
                del kept[start:]
        kept.append(token)
        if token == CLOSE and len(kept) > 2 and kept[-2] in moves.names and kept[-3][:1] == OPEN:
            kept[-3:] = [kept[-2]]
    return kept


def _start_of_scope(stream: Sequence[bytes]) -> int:
    """Return where the word or the group before the last joint begins; its own place where there is none."""
    at = end = len(stream) - 1
    depth = 0
    while at:
        at -= 1
        depth += (stream[at] == CLOSE) - (stream[at][:1] == OPEN)
        if depth <= 0:
            return at if depth == 0 else end
    return end


def _pairs(old: Sequence[bytes], new: Sequence[bytes]) -> Pairs | None:
    if len(old) != len(new):
        return None
    found: dict[tuple[str, str], None] = {}
    for a, b in zip(old, new, strict=True):
        if a == b:
            continue
        if a[:1] in (OPEN, CLOSE) or b[:1] in (OPEN, CLOSE):
            return None
        one, two = _split(a), _split(b)
        if len(one) != len(two) or one[::2] != two[::2]:
            return None
        quote = "" if one[::2] == ["", ""] else '"'
        for word, other in zip(one[1::2], two[1::2], strict=True):
            if word != other:
                found[quote + word, quote + other] = None
    return tuple(found)


def _split(token: bytes) -> list[str]:
    """Return what lies between words, and the words, in turn."""
    return _WORDS.split(_text(token))


def _text(token: bytes) -> str:
    return token.decode("utf-8", "backslashreplace")


_WORD = re.compile(r"\w+")
_WORDS = re.compile(r"(\w+)")
_JOINTS = frozenset({b".", b"::", b"->", b"\\"})
_MARKS = frozenset({b"<?php"})
_IMPORTS = frozenset({
    "import_statement", "import_from_statement", "future_import_statement", "import_declaration", "import",
    "import_header", "import_list", "use_declaration", "extern_crate_declaration", "preproc_include",
    "using_directive", "using_declaration", "namespace_use_declaration", "package_declaration",
    "package_clause", "package_header", "package_identifier",
})  # fmt: skip
