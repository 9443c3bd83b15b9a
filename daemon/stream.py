"""The live end of the log: one reader of new rows, and a bounded queue for each who follows."""

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from aura.record import events
from aura.record.events import Event, Transient

if TYPE_CHECKING:
    from .context import Context

BATCH = 500
QUEUE = 1000
QUEUE_BYTES = 1 << 20
log = logging.getLogger("aura.stream")


class Follower:
    """One client's bounded queue. When it is full, `lost` is set: the client resumes from where it stood.

    `only` holds the types, sessions and actors that it asked for, where it did.
    """

    def __init__(self, repo: int | None, only: dict[str, list[str]]) -> None:
        self.repo = repo
        self.only = only
        self.after = 0
        self.frames: deque[bytes] = deque()
        self.bytes = 0
        self.ready = asyncio.Event()
        self.lost = False
        self.closed = False

    def wants(self, repo: int | None, event: Event | Transient) -> bool:
        """Tell whether this client asked for such an event."""
        if self.repo is not None and repo not in (None, self.repo):
            return False
        if not self.only:
            return True
        said = {"type": event.type, "session": event.session, "actor": event.actor.id}
        return all(said[name] in values for name, values in self.only.items())

    def offer(self, frame: bytes) -> None:
        """Put a frame that is not worth losing the client's place for."""
        if len(self.frames) < QUEUE // 2 and self.bytes + len(frame) <= QUEUE_BYTES // 2:
            self.put(frame)

    def put(self, frame: bytes) -> None:
        if self.lost or len(self.frames) >= QUEUE or self.bytes + len(frame) > QUEUE_BYTES:
            self.lost = True
        else:
            self.frames.append(frame)
            self.bytes += len(frame)
        self.ready.set()


class Tail:
    """Reads each new row once after a commit, and hands its frame to the followers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._woken = asyncio.Event()
        self.followers: set[Follower] = set()
        self.seen = 0

    def wake(self) -> None:
        """Say, from the writer's thread, that something was committed."""
        if self.followers and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._woken.set)

    async def run(self, context: "Context") -> None:
        """Follow the log until the daemon stops."""
        self.seen = await context.read(events.last_seq)
        while True:
            await self._woken.wait()
            self._woken.clear()
            if not self.followers:
                continue
            try:
                await self._pass_on(context)
            except Exception:
                log.exception("cannot read the log's end")

    async def _pass_on(self, context: "Context") -> None:
        while True:
            new = await context.read(lambda db: events.after(db, self.seen, BATCH))
            for repo, event in new:
                encoded = frame(event)
                for follower in self.followers:
                    if event.seq > follower.after and follower.wants(repo, event):
                        follower.put(encoded)
                # A reading that began before the last follower left may end after a new one joined.
                self.seen = max(self.seen, event.seq)
            if len(new) < BATCH:
                return

    def tell(self, repo: int, transient: Transient) -> None:
        """Tell those who follow what is not kept."""
        wanting = [follower for follower in self.followers if follower.wants(repo, transient)]
        if wanting:
            told = b"event: %s\ndata: %s\n\n" % (transient.type.encode(), msgspec.json.encode(transient))
            for follower in wanting:
                follower.offer(told)

    async def join(self, context: "Context", follower: Follower) -> int:
        """Let a follower in; return the sequence up to which it must read the log itself."""
        last = await context.read(events.last_seq)
        if not self.followers:
            self.seen = max(self.seen, last)
        # What is newer comes live, what is older is the log's; the tail may be behind the log or ahead of it.
        follower.after = max(self.seen, last)
        self.followers.add(follower)
        self._woken.set()
        return follower.after

    def leave(self, follower: Follower) -> None:
        self.followers.discard(follower)

    def close(self) -> None:
        """End every stream."""
        for follower in self.followers:
            follower.closed = True
            follower.ready.set()


def frame(event: Event) -> bytes:
    """Write an event as a server-sent event; its id is the row's sequence."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.seq, event.type.encode(), msgspec.json.encode(event))


def sendable(follower: Follower) -> bytes:
    """Take all frames that wait, as one piece."""
    piece = b"".join(follower.frames)
    follower.frames.clear()
    follower.bytes = 0
    follower.ready.clear()
    return piece


async def wait_for_frames(follower: Follower, seconds: float) -> bool:
    """Wait for frames; False where none came in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await follower.ready.wait()
        return True
    return False
