"""What the daemon holds while it lives, under typed keys."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from aura.api import Actor, Caller, now_us
from aura.record.worktrees import Trees
from aura.repo.ancestry import Ancestry
from aura.repo.pool import CallPool, Pool
from aura.store import Connection, Store

from .agents import Agents
from .callers import Callers
from .stream import Tail
from .worktrees import Watched

if TYPE_CHECKING:
    from .analysis import Analyst
    from .backfill import Backfills
    from .commands import Commands
    from .edits import Edits
    from .impacts import Impacts
    from .prove import OnCommit
    from .snapshots import Keeper
    from .watch import Watch

T = TypeVar("T")
SYSTEM = Caller(actor=Actor("aura", "system", "aura"))


@dataclass
class Context:
    """The daemon's parts: the store, the workers, who calls, and the tasks that run beside requests."""

    store: Store
    pool: Pool
    background: Pool
    graphs: CallPool
    callers: Callers
    threads: ThreadPoolExecutor
    tail: Tail
    socket: str
    http: str | None = None
    http_auth: str = "token"
    cors: tuple[str, ...] = ()
    host_names: tuple[str, ...] = ()
    heartbeat: float = 30.0
    started: float = field(default_factory=time.monotonic)
    started_at: int = field(default_factory=lambda: now_us() // 1_000_000 * 1_000_000)
    ancestry: Ancestry = field(default_factory=Ancestry)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    agents: Agents = field(default_factory=Agents)
    analyst: "Analyst" = field(init=False)
    backfills: "Backfills" = field(init=False)
    edits: "Edits" = field(init=False)
    impacts: "Impacts" = field(init=False)
    snapshots: "Keeper" = field(init=False)
    watch: "Watch" = field(init=False)
    commands: "Commands" = field(init=False)
    on_commit: "OnCommit" = field(init=False)

    def services(self) -> dict[type, Any]:
        """What an operation's function may ask for by type."""
        services = {Pool: self.pool, CallPool: self.graphs, Store: self.store, Ancestry: self.ancestry}
        return {**services, Trees: Watched(self)}

    async def in_thread(self, call: Callable[..., T], *args: Any) -> T:
        """Run blocking work outside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, call, *args)

    async def read(self, call: Callable[[Connection], T]) -> T:
        """Run a reading of the database in a thread."""
        return await self.in_thread(self.store.read, call)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task that lives as long as the daemon does at most."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


Manual = Callable[["Context", Caller, Any, web.Request], Coroutine[Any, Any, web.StreamResponse]]
CONTEXT = web.AppKey("context", Context)
REQUEST_ID = web.RequestKey("request_id", str)
