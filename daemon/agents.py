"""What the daemon remembers of the agents that report through hooks: their sessions, which is kept in a file,
and, in memory, what they edited and what they were told.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Iterator
from typing import NamedTuple

from aura import home
from aura.api import now_us

LATELY_US = 30 * 60 * 1_000_000
"""For so long an edit counts as being at work."""
MOST = 1_000
"""Conversations that are remembered; the oldest give way."""


class Mark(NamedTuple):
    """That a session edited a file of a work tree, and when."""

    session: str
    worktree: str
    path: str
    at: int


class Agents:
    """The conversations of editors with the sessions they are, and the marks of their edits."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self._sessions: dict[str, str] = _read(home.path("agents.json"))
        self._marks: dict[tuple[int, str], dict[str, Mark]] = {}
        self._told: dict[str, set[str]] = {}
        self._reminded: dict[str, int] = {}

    def session(self, key: str) -> str | None:
        """Return the session that a conversation is, where it has one."""
        return self._sessions.get(key)

    @property
    def sessions(self) -> set[str]:
        """The sessions that a conversation has."""
        return set(self._sessions.values())

    def bind(self, key: str, session: str | None) -> None:
        """Remember, or with None forget, which session a conversation is; to be called in a thread."""
        kept = {k: s for k, s in self._sessions.items() if k != key}
        self._sessions = dict(list((kept | ({key: session} if session else {})).items())[-MOST:])
        _write(home.path("agents.json"), self._sessions)

    def mark(self, repo: int, mark: Mark) -> None:
        """Note that a session edited a file."""
        self._marks.setdefault((repo, mark.path), {})[mark.session] = mark
        if len(self._marks) > 10 * MOST:
            self.forget("")

    def marks(self, repo: int, path: str) -> Iterator[Mark]:
        """Yield who edited a file lately, or something in a folder (which ends with a slash)."""
        since = now_us() - LATELY_US
        for (of, marked), by_session in list(self._marks.items()):
            if of == repo and (
                marked == path or (path.endswith("/") and f"/{marked}".startswith(f"/{path.lstrip('/')}"))
            ):
                yield from (mark for mark in by_session.values() if mark.at >= since)

    def unexplained(self, session: str, since: int) -> list[Mark]:
        """Return what a session edited since a time, and since it was last reminded."""
        after = max(since, self._reminded.get(session, 0))
        return [m for marks in self._marks.values() if (m := marks.get(session)) and m.at > after]

    def remind(self, session: str) -> None:
        """Note that a session was told what it edited without saying why: it is told once."""
        self._reminded[session] = now_us()

    def forget(self, session: str) -> None:
        """Forget what was in memory of a session that is over, and edits of long ago."""
        self._told.pop(session, None)
        self._reminded.pop(session, None)
        since = now_us() - 48 * LATELY_US
        for place, marks in list(self._marks.items()):
            kept = {s: mark for s, mark in marks.items() if s != session and mark.at >= since}
            self._marks[place] = kept
            if not kept:
                del self._marks[place]

    def news(self, session: str, key: str) -> bool:
        """Tell whether a session was not told this yet, and note that it is."""
        told = self._told.setdefault(session, set())
        if len(self._told) > MOST:
            del self._told[next(iter(self._told))]
        fresh = key not in told
        told.add(key)
        return fresh


def _read(path: str) -> dict[str, str]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    return {k: s for k, s in found.items() if isinstance(s, str)} if isinstance(found, dict) else {}


def _write(path: str, sessions: dict[str, str]) -> None:
    part = f"{path}.part"
    # What cannot be kept is found anew: a conversation that is not known starts another session.
    with contextlib.suppress(OSError):
        with open(part, "w", encoding="utf-8") as file:
            json.dump(sessions, file)
        os.replace(part, path)
