"""Globs over the paths of a work tree."""

import re
from functools import lru_cache

_PART = re.compile(r"\*\*/|/\*\*\Z|\*\*|\*|\?|\[[!^]?\]?[^\]/]*\]|.", re.DOTALL)
_MEANING = {"**/": "(?:.*/)?", "/**": "/.+", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(path: str, glob: str) -> bool:
    """Tell whether a path matches a glob, as in a .gitignore: `*` stays within a folder and `**` does not.

    A glob without a slash is looked for at any depth, and one that names a folder means all that is in it.
    """
    return bool(_compiled(glob).fullmatch(path))


def literal(path: str) -> str:
    """Return the glob that matches a path and nothing beside or above it."""
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", path if "/" in path else f"/{path}")


@lru_cache(512)
def _compiled(glob: str) -> re.Pattern[str]:
    core = glob.removeprefix("./").rstrip("/")
    anchored = "/" in core
    body = "".join(_translated(part) for part in _PART.findall(core.removeprefix("/")))
    return re.compile(f"{'' if anchored else '(?:.*/)?'}{body}(?:/.*)?", re.DOTALL)


def _translated(part: str) -> str:
    if part in _MEANING:
        return _MEANING[part]
    if len(part) > 2 and part[0] == "[" and part[-1] == "]":
        inside = part[1:-1]
        negated = "^" if inside[0] in "!^" else ""
        members = re.sub(r"([\\\[\]&~|])", r"\\\1", inside[len(negated) :])
        return f"(?!/)[{negated}{members}]" if members else re.escape(part)
    return re.escape(part)
