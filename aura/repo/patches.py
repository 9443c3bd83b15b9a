"""Unified diffs of texts, where they are not too long for it."""

import difflib
import io
from collections.abc import Sequence

from aura.repo.requests import Content

LINES = 5_000
"""Of files with more lines there is no patch: comparing them takes time that grows with the square."""

_NO_END = "\\ No newline at end of file\n"


def patches(old: Sequence[Content], new: Sequence[Content]) -> dict[str, str]:
    """Return a unified diff for each path whose sides are text."""
    sides = [{content.path: _lines(content) for content in contents} for contents in (old, new)]
    found = {}
    for path in sorted(sides[0].keys() | sides[1].keys()):
        before, after = (side.get(path, []) for side in sides)
        if before is None or after is None or before == after:
            continue
        old_name, new_name = (
            f"{letter}/{path}" if path in side else "/dev/null"
            for letter, side in zip("ab", sides, strict=True)
        )
        lines = difflib.unified_diff(before, after, old_name, new_name)
        found[path] = "".join(line if line.endswith("\n") else f"{line}\n{_NO_END}" for line in lines)
    return found


def _lines(content: Content) -> list[str] | None:
    if content.data is None or b"\0" in content.data:
        return None
    try:
        lines = list(io.StringIO(content.data.decode(), newline="\n"))
    except UnicodeDecodeError:
        return None
    return lines if len(lines) <= LINES else None
