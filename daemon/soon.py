"""Work that is asked for more often than it needs to be done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aura.errors import AuraError

if TYPE_CHECKING:
    from .context import Context

log = logging.getLogger("aura.watch")


class Soon:
    """One piece of work, never done twice at once: what asks for it while it runs is met by one run more.

    It begins `wait` seconds after it was asked for, so that others may ask for it meanwhile.
    """

    def __init__(self, context: "Context", work: Callable[[], Awaitable[None]], wait: float = 0.0) -> None:
        self._context = context
        self._work = work
        self._wait = wait
        self._wanted = False
        self._running = False

    def wake(self) -> None:
        """Ask for the work."""
        self._wanted = True
        if not self._running:
            self._running = True
            self._context.spawn(self._run())

    async def _run(self) -> None:
        try:
            while self._wanted:
                await asyncio.sleep(self._wait)
                self._wanted = False
                try:
                    await self._work()
                except (AuraError, OSError) as error:
                    log.warning("cannot keep up: %s", error)
                except Exception:
                    log.exception("cannot keep up")
        finally:
            self._running = False
