"""Whether code, signature or documentation differ between two entities whose texts do."""

from aura.syntax.file import File
from aura.syntax.lines import Version, difference_of_lines
from aura.syntax.tokens import Difference, difference


def compare(old: File, old_index: int, new: File, new_index: int) -> Difference:
    """Tell what differs between two entities; they are parsed only where the lines cannot tell."""
    before, after = old.table.entities[old_index], new.table.entities[new_index]
    language = new.language
    if language is None or old.language is not language or "file" in (before.kind, after.kind):
        return Difference(False, False, True)
    if before.kind == after.kind:
        texts = old.own_text(old_index), new.own_text(new_index)
        found = difference_of_lines(Version(before, texts[0]), Version(after, texts[1]), language)
        if found is not None:
            return found
    return difference(old.slice(old_index), new.slice(new_index), language)
