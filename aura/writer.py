"""The one writer: a thread with its own connection, and group commit.

Whatever waits when the writer is free goes into one transaction, and nobody is answered before the commit is
durable. If one entry of such a group fails, the group is rolled back and played again one by one with
savepoints.
"""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import apsw

from aura.errors import AuraError
from aura.storage import storage_error

Connection = apsw.Connection
Batch = Callable[[Connection, list[Any]], Sequence[Any]]
"""Writes many things at once, and returns what came of each."""

GROUP_SECONDS = 0.02
GROUP_CALLS = 256
log = logging.getLogger("aura.store")


class Entry:
    """What is to be written, and where its outcome goes: a future of a thread, or of an event loop."""

    __slots__ = ("batch", "future", "given", "loop")

    def __init__(
        self,
        batch: Batch,
        given: Any,
        future: "Future[Any] | asyncio.Future[Any]",
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.batch = batch
        self.given = given
        self.future = future
        self.loop = loop


Outcome = tuple[Entry, Any, BaseException | None]


class Writer:
    """Runs entries in groups; `on_commit` is called in its thread after each durable group."""

    def __init__(self, open_: Callable[[], Connection], on_commit: Callable[[], None]) -> None:
        self._open = open_
        self._on_commit = on_commit
        self._line: deque[Entry] = deque()
        self._knock: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._db = open_()
        self._broken = self._closing = False
        self._thread = threading.Thread(target=self._loop, name="aura-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many entries wait."""
        return len(self._line)

    def put(self, *entries: Entry) -> None:
        """Queue entries; their futures are done when their effect is durable."""
        self._line.extend(entries)
        self._knock.put(None)

    def close(self) -> None:
        """Finish what is queued."""
        self._closing = True
        self._knock.put(None)
        self._thread.join()
        self._db.close(force=True)

    def _loop(self) -> None:
        while group := self._wait():
            outcomes: list[Outcome] = []
            try:
                self._run_group(group, outcomes)
            except Exception as error:
                outcomes = [(entry, None, storage_error(error, "write")) for entry in group]
                self._recover(error)
            _deliver(outcomes)

    def _wait(self) -> list[Entry]:
        """Wait for the next entries; none come after closing."""
        while not self._line and not self._closing:
            self._knock.get()
        return self._next()

    def _next(self) -> list[Entry]:
        """Take the first entry that waits, with those behind it that share its batch."""
        line, entries = self._line, list[Entry]()
        while line and len(entries) < GROUP_CALLS and (not entries or line[0].batch is entries[0].batch):
            entries.append(line.popleft())
        return entries

    def _run_group(self, group: list[Entry], outcomes: list[Outcome]) -> None:
        """Run the first entries and whatever arrives meanwhile in one transaction."""
        if self._broken:
            self._reopen()
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        until = time.monotonic() + GROUP_SECONDS
        try:
            entries = list(group)
            while entries:
                values = entries[0].batch(db, [entry.given for entry in entries])
                outcomes += [(entry, value, None) for entry, value in zip(entries, values, strict=True)]
                more = len(group) < GROUP_CALLS and time.monotonic() < until
                entries = self._next() if more else []
                group += entries
            db.execute("COMMIT")
        except (apsw.FullError, apsw.IOError, apsw.CorruptError, apsw.BusyError):
            rollback(db)
            raise
        except Exception:
            rollback(db)
            outcomes.clear()
            self._replay(group, outcomes)
        self._on_commit()

    def _replay(self, group: list[Entry], outcomes: list[Outcome]) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            for entry in group:
                try:
                    with db:
                        (value,) = entry.batch(db, [entry.given])
                        outcomes.append((entry, value, None))
                except (apsw.FullError, apsw.IOError, apsw.CorruptError):
                    raise
                except Exception as error:
                    outcomes.append((entry, None, storage_error(error, "write")))
            db.execute("COMMIT")
        except BaseException:
            rollback(db)
            raise

    def _recover(self, error: Exception) -> None:
        log.error("the writer failed: %s", error)
        if not isinstance(error, (apsw.BusyError, apsw.FullError)):
            self._broken = True

    def _reopen(self) -> None:
        """After a failed sync nothing may be acknowledged until the file was opened again and checked.

        The old connection is closed last, for it keeps the index of the log alive. Read anew, the log would
        show the group whose sync failed, and later groups would stand on what the disk may have lost.
        """
        fresh = self._open()
        try:
            if fresh.pragma("quick_check") != "ok":
                raise AuraError(
                    "database_damaged",
                    "cannot write: the database did not pass its check after an I/O error",
                    "Run aura db check, then restore a copy made by aura db backup.",
                )
        except BaseException:
            fresh.close(force=True)
            raise
        old, self._db = self._db, fresh
        old.close(force=True)
        self._broken = False


def _deliver(outcomes: list[Outcome]) -> None:
    """Hand out a group's outcomes, waking an event loop once, not once for each."""
    by_loop: dict[asyncio.AbstractEventLoop | None, list[Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome[0].loop, []).append(outcome)
    for loop, waiting in by_loop.items():
        if loop is None:
            _settle(waiting)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(_settle, waiting)


def _settle(outcomes: list[Outcome]) -> None:
    for entry, value, error in outcomes:
        if entry.future.done():
            continue
        if error is None:
            entry.future.set_result(value)
        else:
            entry.future.set_exception(error)


def rollback(db: Connection) -> None:
    """Leave the transaction, where there is one."""
    if db.in_transaction:
        db.execute("ROLLBACK")
