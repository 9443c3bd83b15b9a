"""How far an entity can be seen, as far as its name, its modifiers and what encloses it say."""

import re
from functools import lru_cache

from aura.syntax.items import CODE, TYPES, Item
from aura.syntax.language import SCRIPTS

HIDDEN, GROUP, HEIRS, EVERYONE = range(4)
"""Seen by its own file or type alone, by its package, module or assembly, by heirs too, by everyone."""

_LEVELS = {
    **dict.fromkeys(("private", "fileprivate", "private[this]", "private_class_method", "file"), HIDDEN),
    **dict.fromkeys(("pub(self)", "pub(super)"), HIDDEN),
    **dict.fromkeys(("internal", "package", "pub(crate)"), GROUP),
    **dict.fromkeys(("protected", "protected[this]"), HEIRS),
    **dict.fromkeys(("public", "open", "pub", "export"), EVERYONE),
}


def is_public(item: Item) -> bool:
    """Tell whether other files can name an entity."""
    return level(item) > HIDDEN and (item.parent is None or is_public(item.parent))


def level(item: Item) -> int:
    """Return how far an entity can be seen, whatever encloses it, a function aside."""
    entity, parent = item.entity, item.parent
    if parent is not None and parent.entity.kind in CODE:
        return HIDDEN
    language = item.file.table.language
    if not _has_public_name(entity.qualified_name, language):
        return HIDDEN
    said = [_LEVELS[word] for word in entity.modifiers if word in _LEVELS]
    if said and not (language in SCRIPTS and entity.modifiers[0] == "export"):
        return min(said)
    return _unsaid(item, language)


def _has_public_name(qualified: str, language: str) -> bool:
    parts = qualified.split(".")
    if language == "go":
        return all(part[:1].isupper() for part in parts)
    return not any(part.startswith(("_", "#")) and not _is_special(part, language) for part in parts)


def _is_special(name: str, language: str) -> bool:
    return name.startswith("__") and (name.endswith("__") or language == "php")


def _unsaid(item: Item, language: str) -> int:
    """Return how far an entity can be seen that has no word for it."""
    parent = item.parent.entity.kind if item.parent is not None else None
    if language in SCRIPTS:
        return EVERYONE if parent in TYPES or is_exported(item) else HIDDEN
    if language == "rust":
        return EVERYONE if parent in ("trait", "enum") or _of_trait(item) else HIDDEN
    if language in ("c", "cpp"):
        return _unsaid_in_c(item, parent)
    if language in ("java", "csharp"):
        if parent in ("interface", "enum"):
            return EVERYONE
        return HIDDEN if language == "csharp" and parent is not None else GROUP
    return GROUP if language == "swift" else EVERYONE


def _unsaid_in_c(item: Item, parent: str | None) -> int:
    if parent is None:
        static = "static" in item.entity.modifiers and "." not in item.entity.qualified_name
        return HIDDEN if static else EVERYONE
    if item.entity.container >= 0:
        return HIDDEN if parent == "class" and item.entity.kind != "type" else EVERYONE
    assert item.parent is not None
    declared = [c for c in item.parent.children if c.entity.name == item.entity.name and c is not item]
    inside = [c for c in declared if c.entity.container >= 0]
    return min((level(c) for c in inside), default=EVERYONE)


def _of_trait(item: Item) -> bool:
    """Tell whether what encloses a Rust function is `impl Trait for Type`, whose members need no `pub`."""
    source = item.file.source
    start = source.rfind(b"impl", 0, item.entity.start)
    header = source[start : source.find(b"{", start)] if start >= 0 else b""
    return "." in item.entity.qualified_name and b" for " in header


def is_exported(item: Item) -> bool:
    """Tell whether other files can name a top-level entity; where none is exported, all can."""
    exports = _exports(item.file.source)
    scope = item.entity.qualified_name.split(".")[0].encode()
    return exports is None or scope in exports or _EXPORTS.search(item.text[:200]) is not None


@lru_cache(maxsize=64)
def _exports(source: bytes) -> frozenset[bytes] | None:
    """Return the names that a module exports apart from their definitions; None where it is no module."""
    found: set[bytes] = set()
    is_module = False
    place = source.find(b"export")
    while place >= 0:
        start = source.rfind(b"\n", 0, place) + 1
        exported = _EXPORTED.match(source, start)
        if exported:
            is_module = True
            found.update(_WORD.findall(b" ".join(filter(None, exported.groups()))))
        place = source.find(b"export", max(place + 1, exported.end() if exported else 0))
    return frozenset(found) if is_module else None


# `export`, what it names if it defines nothing, and the ways in which CommonJS says the same.
_EXPORTED = re.compile(
    rb"[ \t]*export\b(?:\s*(?:type\s*)?\{([^}]*)\}|\s+default\s+([^\n]*)|\s*=([^\n]*))?"
    rb"|([^\n/*]*)\b(?:module\.)?exports\b[^\n=]*=?\s*(\{[^}]*\}|[^\n]*)"
)
_EXPORTS = re.compile(rb"\bexports?\b")
_WORD = re.compile(rb"[\w$]+")
