"""The life of a file: the intents that touched it, followed back in time across renames of the file."""

from collections import Counter
from typing import Any, NamedTuple

from aura.record.life import Reached
from aura.store import Connection, rows

_TOUCHES = """
SELECT n.intent, i.id, n.position, i.source, n.state, n.commit_sha, i.worktree, n.new_hash, n.new, n.old,
       o.path, w.path
FROM nodes n JOIN intents i ON i.seq = n.intent
LEFT JOIN entities o ON o.seq = n.old LEFT JOIN entities w ON w.seq = n.new
WHERE n.{side} IN (SELECT seq FROM entities WHERE repo = ? AND path = ?)
"""


class _Touch(NamedTuple):
    intent: int
    id: str
    position: int
    source: str
    state: str
    commit_sha: str | None
    worktree: str | None
    hash: str | None
    new: int | None
    old: int | None
    old_path: str | None
    new_path: str | None

    @property
    def outcome(self) -> tuple[Any, ...]:
        return self.new, None if self.new else self.old, self.hash


def trail(
    db: Connection, repo: int, worktree: str, path: str, limit: int, reached: Reached
) -> list[tuple[int, int]]:
    """Return intent and position of an edit for each intent that touched a file, newest first.

    Uncommitted intents of the work tree come first, then the commits behind its HEAD, each with the logged
    intents that it holds; a merge that only repeats its branch is left out.
    """
    chosen: dict[int, int] = {}
    seen, before = set[str](), "~"
    while path not in seen and len(chosen) < limit:
        seen.add(path)
        touches = [t for t in _touches(db, repo, path) if t.id < before]
        parents = reached({t.commit_sha for t in touches if t.commit_sha and t.source == "commit"})
        by_intent: dict[int, list[_Touch]] = {}
        for touch in touches:
            if touch.commit_sha in parents or (touch.source == "log" and _stands(touch, worktree)):
                by_intent.setdefault(touch.intent, []).append(touch)
        _without_repetitions(by_intent, parents)
        for intent, position in _in_order(by_intent):
            chosen.setdefault(intent, position)
        commits = [found for found in by_intent.values() if found[0].source == "commit"]
        older = _older(commits[-1], path) if commits else None
        if older is None:
            break
        path, before = older, commits[-1][0].id
    return list(chosen.items())[:limit]


def _touches(db: Connection, repo: int, path: str) -> list[_Touch]:
    found = {
        (row[0], row[2]): _Touch(*row)
        for side in ("new", "old")
        for row in rows(db, _TOUCHES.format(side=side), repo, path)
    }
    return sorted(found.values(), key=lambda t: (t.id, -t.position), reverse=True)


def _stands(touch: _Touch, worktree: str) -> bool:
    return touch.state != "open" or touch.worktree == worktree


def _without_repetitions(by_intent: dict[int, list[_Touch]], parents: Any) -> None:
    """Take away merges of which each edit was made by an older commit."""
    made: set[Any] = set()
    for intent, touches in reversed(list(by_intent.items())):
        outcomes = {touch.outcome for touch in touches}
        if touches[0].source == "commit":
            if parents[touches[0].commit_sha] > 1 and outcomes <= made:
                del by_intent[intent]
            made |= outcomes


def _in_order(by_intent: dict[int, list[_Touch]]) -> list[tuple[int, int]]:
    """Put uncommitted intents first, and each other logged one beside its commit."""
    logged = {i: t for i, t in by_intent.items() if t[0].source == "log"}
    shown = {t[0].commit_sha for t in by_intent.values() if t[0].source == "commit"}
    ordered = [i for i, touches in logged.items() if any(t.state == "open" for t in touches)]
    for intent, touches in by_intent.items():
        if touches[0].source == "commit":
            ordered.append(intent)
            sha, made = touches[0].commit_sha, {touch.outcome for touch in touches}
            ordered += [
                i
                for i, said in logged.items()
                if any(t.commit_sha == sha or (t.commit_sha not in shown and t.outcome in made) for t in said)
            ]
    return [(intent, by_intent[intent][0].position) for intent in ordered]


def _older(first: list[_Touch], path: str) -> str | None:
    """Return the file that a file was made from: most of its first commit came from there."""
    there = [touch for touch in first if touch.new_path == path]
    origins = Counter(t.old_path for t in there if t.old_path and t.old_path != path)
    for origin, count in origins.most_common(1):
        if origin is not None and count * 2 > len(there):
            return origin
    return None
