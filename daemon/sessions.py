"""Who is at work in which session, kept in memory: each request that names one is a sign of its life."""

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from aura.api import Actor, now_us
from aura.errors import AuraError
from aura.store import Store
from aura.team import sessions

if TYPE_CHECKING:
    from .context import Context

MARK_SECONDS = 60.0
log = logging.getLogger("aura.sessions")


class Sessions:
    """The sessions that did not end. Signs of life are written once a minute, not with each request."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[str, int] = {}
        self._actors: dict[str, Actor] = {}
        self.reload()

    def reload(self) -> None:
        """Read them anew."""
        self._actors = self._store.read(sessions.actors)

    def actor(self, session: str) -> Actor | None:
        """Return who is at work in a session, and take it as a sign of life."""
        actor = self._actors.get(session)
        if actor is not None:
            self._seen[session] = now_us()
        return actor

    def who(self, session: str) -> Actor | None:
        """Return who is at work in a session, of which this is no sign of life."""
        return self._actors.get(session)

    async def run(self, context: "Context") -> None:
        """Mark, as long as the daemon lives, who is there and who fell silent."""
        from .context import SYSTEM

        while True:
            await asyncio.sleep(MARK_SECONDS)
            if not self._actors:
                continue
            seen, self._seen = self._seen, {}
            marking = partial(sessions.mark, caller=SYSTEM, seen=seen, now=now_us())
            try:
                if await context.store.write(marking):
                    self.reload()
            except AuraError as error:
                log.warning("cannot mark the sessions: %s", error)
                self._seen = seen | self._seen
