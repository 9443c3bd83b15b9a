"""The entities of a change set as nodes that know their file, what encloses them and what they enclose."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Set
from itertools import pairwise

from aura.syntax.file import File
from aura.syntax.margins import remarks
from aura.syntax.tokens import CLOSE, NAME, OPEN, Tokens
from aura.syntax.types import Entity

TYPES = frozenset({"class", "interface", "trait", "struct", "enum", "object", "type"})
CODE = frozenset({"function", "method", "constructor"})
VALUES = frozenset({"constant", "field"})

_FAMILIES = dict.fromkeys(TYPES, "type") | dict.fromkeys(VALUES | CODE, "value")
_WORD = re.compile(rb"\w+|[^\w\s]")
_MARKS = (NAME[:1], OPEN, CLOSE)


class Item:
    """One entity on one side; compared by identity.

    `parent` is what encloses it: by position, or by name where members may stand elsewhere (Go, Rust).
    `label` is the name below the parent; `title` is the label and the kind, those kinds that are often
    exchanged for each other taken as one.
    """

    __slots__ = (
        "_body_features", "_features", "_own_features", "_words", "children", "entity", "file", "index",
        "label", "parent", "path", "title",
    )  # fmt: skip

    def __init__(self, file: File, index: int, entity: Entity) -> None:
        self.file, self.index, self.entity = file, index, entity
        self.path = file.path
        self.parent: Item | None = None
        self.children: list[Item] = []
        self.label = entity.qualified_name
        self.title: tuple[str, str]
        self._words: list[bytes] | None = None
        self._features: Counter[bytes] | None = None
        self._own_features: Counter[bytes] | None = None
        self._body_features: Counter[bytes] | None = None

    def __repr__(self) -> str:
        return f"<{self.entity.kind} {self.entity.qualified_name} {self.path}:{self.entity.line}>"

    @property
    def order(self) -> tuple[str, int, int]:
        return self.path, self.entity.start, self.index

    @property
    def tokens(self) -> Tokens:
        return self.file.tokens(self.index)

    @property
    def text(self) -> bytes:
        return self.file.source[self.entity.start : self.entity.end]

    @property
    def words(self) -> list[bytes]:
        """The words and signs of the whole text, those of members included; computed once, as all below."""
        if self._words is None:
            self._words = words_of(self.text)
        return self._words

    @property
    def features(self) -> Counter[bytes]:
        """Words and pairs of neighbours, without the own name."""
        if self._features is None:
            self._features = self._without_name(self.words)
        return self._features

    @property
    def is_commented(self) -> bool:
        language = self.file.language
        return language is not None and remarks(language).search(self.text) is not None

    @property
    def code_words(self) -> list[bytes]:
        """The words and signs of the text but for comments, documentation and the own name."""
        language, name = self.file.language, self.entity.name.encode()
        text = self.text if language is None else remarks(language).sub(b"", self.text)
        return [word for word in words_of(text) if word != name]

    @property
    def own_features(self) -> Counter[bytes]:
        """The same, of the own text."""
        if not self.children:
            return self.features
        if self._own_features is None:
            self._own_features = self._without_name(words_of(self.file.own_text(self.index)))
        return self._own_features

    @property
    def body_features(self) -> Counter[bytes]:
        """The same, of the body's tokens, without what only gives them structure."""
        if self._body_features is None:
            self._body_features = word_features([word for word in self.tokens.body if word[:1] not in _MARKS])
        return self._body_features

    def _without_name(self, words: list[bytes]) -> Counter[bytes]:
        name = self.entity.name.encode()
        return word_features([word for word in words if word != name])


def words_of(text: bytes) -> list[bytes]:
    """Return the words and signs of a text."""
    return _WORD.findall(text)


def words_with_places(text: bytes) -> list[tuple[bytes, int]]:
    """Return the words and signs of a text and where they begin in it."""
    return [(found[0], found.start()) for found in _WORD.finditer(text)]


def word_features(words: list[bytes]) -> Counter[bytes]:
    """Count words, signs left out, and pairs of neighbours."""
    found, single = Counter(map(b" ".join, pairwise(words))), Counter(words)
    for sign in [word for word in single if len(word) == 1 and not word.isalnum()]:
        del single[sign]
    # No word holds a space, so that nothing is counted twice.
    dict.update(found, single)
    return found


def overlap(one: Counter[bytes], two: Counter[bytes]) -> int:
    """Return how many features are in both."""
    both = one.keys() & two.keys()
    return sum(map(min, map(one.__getitem__, both), map(two.__getitem__, both)))


def items(files: Mapping[str, File], but: Mapping[str, Set[int]] | None = None) -> list[Item]:
    """Return the items of all files, by path and position, with their parents found.

    Those with the indexes of `but` are left out, and with each what is inside it.
    """
    found: list[Item] = []
    named: dict[tuple[str, str], Item] = {}
    loose: list[Item] = []
    for path in sorted(files):
        file = files[path]
        without = but.get(path, ()) if but else ()
        own = {
            index: Item(file, index, entity)
            for index, entity in enumerate(file.table.entities)
            if index not in without
        }
        folder = path.rpartition("/")[0]
        for item in own.values():
            entity = item.entity
            if entity.container >= 0:
                item.parent = own[entity.container]
                item.parent.children.append(item)
            elif entity.qualified_name != entity.name:
                loose.append(item)
            elif entity.kind in TYPES:
                named.setdefault((path, entity.name), item)
                named.setdefault((folder + "/", entity.name), item)
        found.extend(own.values())
    for item in loose:
        scope = item.entity.qualified_name.removesuffix("." + item.entity.name)
        folder = item.path.rpartition("/")[0] + "/"
        parent = named.get((item.path, scope)) or named.get((folder, scope))
        if parent is not None and parent is not item:
            item.parent = parent
            parent.children.append(item)
    for item in found:
        _entitle(item)
    return found


def _entitle(item: Item) -> None:
    """Name an item below its parent; all constructors alike, which are called after it in some languages."""
    kind = item.entity.kind
    if kind == "constructor":
        item.label = kind
    elif item.parent is not None:
        item.label = item.label.removeprefix(item.parent.entity.qualified_name + ".")
    item.title = item.label, _FAMILIES.get(kind, kind)
