"""The list that tells pre-commit hooks whether asking the daemon is worth their time."""

import asyncio
import contextlib
import os
from collections.abc import Mapping

from aura import home
from aura.record import hooks, worktrees
from aura.store import Connection
from aura.team import zones

from .context import Context

_writing = asyncio.Lock()


async def write(context: Context) -> None:
    """Keep in `~/.aura/ask` the work trees whose commits may be refused or warned of, one a line.

    Without any there is no such file.
    """
    async with _writing:
        heads = {root: context.callers.at_root(root).head for root in context.callers.by_root}
        roots = await context.read(lambda db: _asked(db, heads))
        await context.in_thread(_put, home.path("ask"), "".join(f"{root}\n" for root in roots))


def _asked(db: Connection, heads: Mapping[str, str | None]) -> list[str]:
    guarded = zones.guarded(db)
    return sorted({*hooks.asking(db, heads), *(p.path for p in worktrees.places(db) if p.repo in guarded)})


def _put(path: str, text: str) -> None:
    if not text:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        return
    part = f"{path}.part"
    with open(part, "w") as file:
        file.write(text)
    os.replace(part, path)
