"""Notice commits as they are made: git's logs of HEAD are watched, and the spool of the hooks is read."""

import asyncio
import contextlib
import logging
import os

from watchfiles import awatch

from aura import home
from aura.errors import AuraError

from . import spool
from .context import Context

log = logging.getLogger("aura.watch")
logging.getLogger("watchfiles").setLevel(logging.WARNING)


class Watch:
    """One watcher for all registered work trees and the spool; begun anew when the places change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stop = asyncio.Event()

    def restart(self) -> None:
        """Take up the places as they are registered now."""
        self._stop.set()

    async def run(self) -> None:
        """Catch up with everything once, then follow what changes."""
        while True:
            self._stop = asyncio.Event()
            try:
                os.makedirs(home.path("spool"), mode=0o700, exist_ok=True)
                await self._look(None)
                await self._follow()
            except (OSError, RuntimeError) as error:
                log.warning("cannot watch: %s", error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), 60)

    async def _follow(self) -> None:
        folders = {home.path("spool")}
        for place in self._context.callers.by_root.values():
            logs = os.path.join(place.git_dir, "logs")
            folders.add(logs if os.path.isdir(logs) else place.git_dir)
        there = [folder for folder in folders if os.path.isdir(folder)]
        async for changes in awatch(*there, recursive=False, stop_event=self._stop, watch_filter=None):
            await self._look({path for _, path in changes})

    async def _look(self, paths: set[str] | None) -> None:
        context = self._context
        await spool.drain(context)
        for root, known in list(context.callers.by_root.items()):
            if paths is not None and not any(path.startswith(known.git_dir + "/") for path in paths):
                continue
            try:
                await context.backfills.catch_up(context.callers.at_root(root))
            except (AuraError, OSError) as error:
                log.warning("cannot read new commits of %s: %s", root, error)
