"""Which types of a change set inherit from which."""

from collections.abc import Iterable

from aura.syntax.items import TYPES, Item
from aura.syntax.match import Matches


def is_inherited(old: Item, new: Item, matches: Matches) -> bool:
    """Tell whether a member that was moved can still be reached through the type that it was in."""
    if old.parent is None or new.parent is None:
        return False
    heir = matches.after_of.get(old.parent)
    if heir is None or new.parent.entity.kind not in TYPES:
        return False
    by_name = {item.entity.name: item for item in _types(matches)}
    seen: set[Item] = set()
    waiting = [heir]
    while waiting:
        item = waiting.pop()
        if item is new.parent:
            return item is not heir
        if item not in seen:
            seen.add(item)
            waiting += [by_name[name] for name in _bases(item) if name in by_name]
    return False


def _types(matches: Matches) -> Iterable[Item]:
    for item in (*(new for _, new in matches.pairs), *matches.added):
        if item.entity.kind in TYPES:
            yield item


def _bases(item: Item) -> list[str]:
    """Return the words of a type's header and of what it includes or embeds."""
    tokens = item.tokens
    words = {token.decode("utf-8", "replace") for token in tokens.signature}
    if item.file.table.language in _MIXING:
        words |= {token.decode("utf-8", "replace") for token in tokens.body}
    embedded = (child.entity.name for child in item.children if child.entity.kind == "field")
    return [*words, *embedded] if item.file.table.language == "go" else list(words)


_MIXING = frozenset({"ruby", "php"})
