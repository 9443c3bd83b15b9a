"""The one database: opened, migrated, written by one thread with group commit, read by many.

Nobody is answered before the commit that holds the change is durable (WAL, `synchronous=FULL`). Whatever
waits when the writer is free goes into one transaction; if one call of such a group fails, the group is
rolled back and played again one by one with savepoints.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import apsw
import apsw.bestpractice
import msgspec

from aura.errors import AuraError

T = TypeVar("T")
Connection = apsw.Connection
Call = Callable[[Connection], Any]

DAMAGED = (apsw.NotADBError, apsw.CorruptError)
STORAGE = (*DAMAGED, apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.BusyError)
UNREADABLE = (UnicodeDecodeError, msgspec.DecodeError)
"""What a row raises whose content is no longer what was written."""
GROUP_SECONDS = 0.02
GROUP_CALLS = 256
log = logging.getLogger("aura.store")


def migrations() -> list[tuple[int, str]]:
    """Return the numbered migrations, lowest first."""
    files = [f for f in resources.files("aura.schema").iterdir() if f.name.endswith(".sql")]
    return sorted((int(f.name.split("_")[0]), f.read_text()) for f in files)


def connect(path: Path, *, readonly: bool = False, vfs: str = "") -> Connection:
    """Open a connection, through SQLite's own VFS or a named one, with the pragmas that every part of aura
    relies on.
    """
    flags = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    db = Connection(str(path), flags=flags, vfs=vfs or None)
    apsw.bestpractice.connection_dqs(db)
    db.set_busy_timeout(10_000)
    if not readonly:
        db.pragma("journal_mode", "wal")
        db.pragma("synchronous", "full")
        db.pragma("foreign_keys", True)
    db.pragma("wal_autocheckpoint", 4_000)
    db.pragma("cache_size", -8_000)
    db.pragma("temp_store", "memory")
    return db


def migrate(db: Connection) -> None:
    """Bring the schema up to date, one transaction for each step.

    Raises `database_newer` where the file was written by a later aura.
    """
    steps = migrations()
    found, known = db.pragma("user_version"), steps[-1][0]
    if found > known:
        raise AuraError(
            "database_newer",
            f"cannot open the database: its schema is version {found}, this aura knows {known}",
            "Install the newer aura again, or move the file away and run aura init.",
        )
    for number, sql in steps:
        if number <= found:
            continue
        with db:
            db.execute(sql)
            db.pragma("user_version", number)


def one(db: Connection, sql: str, *bindings: Any) -> Any:
    """Return the first row, or None."""
    return db.execute(sql, bindings).fetchone()


def rows(db: Connection, sql: str, *bindings: Any) -> list[Any]:
    """Return all rows."""
    return db.execute(sql, bindings).fetchall()


class Store:
    """The database file with its writer thread; `on_commit` is called in that thread after each durable
    group.
    """

    def __init__(self, path: Path, on_commit: Callable[[], None] = lambda: None, *, vfs: str = "") -> None:
        self.path = path
        self._vfs = vfs
        self._on_commit = on_commit
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._readers_lock = threading.Lock()
        self._queue: queue.SimpleQueue[tuple[Call, Deliver] | None] = queue.SimpleQueue()
        self._db = self._open()
        self._broken = self._stopping = False
        self._thread = threading.Thread(target=self._write_loop, name="aura-writer", daemon=True)
        self._thread.start()

    def _open(self) -> Connection:
        try:
            db = connect(self.path, vfs=self._vfs)
            if db.readonly("main"):
                raise apsw.ReadOnlyError("it can only be read")
            migrate(db)
        except (*STORAGE, apsw.ReadOnlyError) as error:
            raise _storage_error(error, f"open {self.path}") from error
        return db

    @property
    def waiting(self) -> int:
        """How many calls wait for the writer."""
        return self._queue.qsize()

    # reading

    def reader(self) -> Connection:
        """Return this thread's own read-only connection."""
        db: Connection | None = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = connect(self.path, readonly=True, vfs=self._vfs)
            with self._readers_lock:
                self._readers.append(db)
        return db

    def read(self, call: Callable[[Connection], T]) -> T:
        """Run `call` on one consistent view of the database."""
        try:
            db = self.reader()
            db.execute("BEGIN")
            try:
                return call(db)
            finally:
                _rollback(db)
        except (*STORAGE, *UNREADABLE) as error:
            raise _storage_error(error, "read") from error

    # writing

    def submit(self, call: Callable[[Connection], T]) -> "Future[T]":
        """Queue `call` for the writer; the future is done when its effect is durable."""
        future: Future[T] = Future()
        self._queue.put((call, Deliver(future, None)))
        return future

    async def write(self, call: Callable[[Connection], T]) -> T:
        """Run `call` in the writer and return its value once its effect is durable."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put((call, Deliver(future, loop)))
        return await future

    def _write_loop(self) -> None:
        while not self._stopping:
            entry = self._queue.get()
            if entry is None:
                return
            group = [entry]
            outcomes: list[tuple[Deliver, Any, BaseException | None]] = []
            try:
                self._run_group(group, outcomes)
            except Exception as error:
                outcomes = [(deliver, None, _storage_error(error, "write")) for _, deliver in group]
                self._recover(error)
            _deliver(outcomes)

    def _run_group(self, group: list[tuple[Call, "Deliver"]], outcomes: list[Any]) -> None:
        """Run the first entry and whatever arrives meanwhile in one transaction."""
        if self._broken:
            self._reopen()
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        until = time.monotonic() + GROUP_SECONDS
        try:
            index = 0
            while index < len(group):
                call, deliver = group[index]
                outcomes.append((deliver, call(db), None))
                index += 1
                if index == len(group) and len(group) < GROUP_CALLS and time.monotonic() < until:
                    self._take(group)
            db.execute("COMMIT")
        except (apsw.FullError, apsw.IOError, apsw.CorruptError, apsw.BusyError):
            _rollback(db)
            raise
        except Exception:
            _rollback(db)
            outcomes.clear()
            self._replay(group, outcomes)
        self._on_commit()

    def _take(self, group: list[tuple[Call, "Deliver"]]) -> None:
        try:
            entry = self._queue.get_nowait()
        except queue.Empty:
            return
        if entry is None:
            self._stopping = True
        else:
            group.append(entry)

    def _replay(self, group: list[tuple[Call, "Deliver"]], outcomes: list[Any]) -> None:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            for call, deliver in group:
                try:
                    with db:
                        outcomes.append((deliver, call(db), None))
                except (apsw.FullError, apsw.IOError, apsw.CorruptError):
                    raise
                except Exception as error:
                    outcomes.append((deliver, None, _storage_error(error, "write")))
            db.execute("COMMIT")
        except BaseException:
            _rollback(db)
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

    # care

    def backup(self, target: Path) -> None:
        """Copy the database to `target` while it is in use; the copy appears whole or not at all."""
        part = target.with_name(target.name + ".part")
        part.unlink(missing_ok=True)
        copy, source = Connection(str(part)), connect(self.path, readonly=True, vfs=self._vfs)
        try:
            with copy.backup("main", source, "main") as job:
                while not job.done:
                    job.step(512)
            copy.pragma("journal_mode", "delete")
        finally:
            copy.close()
            source.close()
        part.replace(target)

    def check(self) -> list[str]:
        """Return what SQLite's integrity check and foreign keys complain of: an empty list is well."""
        found: list[str] = []
        try:
            db = self.reader()
            found += [str(row[0]) for row in db.execute("PRAGMA integrity_check(100)") if row[0] != "ok"]
            found += [
                f"foreign key: {row[0]} row {row[1]} -> {row[2]}"
                for row in db.execute("PRAGMA foreign_key_check")
            ]
        except DAMAGED as error:
            found.append(str(error))
        return found

    def close(self) -> None:
        """Finish what is queued and close every connection."""
        self._queue.put(None)
        self._thread.join()
        with self._readers_lock:
            for db in self._readers:
                db.close(force=True)
            self._readers.clear()
        self._db.close(force=True)


class Deliver:
    """Where an outcome goes: a future of a thread, or of an event loop."""

    __slots__ = ("future", "loop")

    def __init__(
        self, future: "Future[Any] | asyncio.Future[Any]", loop: asyncio.AbstractEventLoop | None
    ) -> None:
        self.future = future
        self.loop = loop

    def __call__(self, value: Any, error: BaseException | None) -> None:
        if self.future.done():
            return
        if error is None:
            self.future.set_result(value)
        else:
            self.future.set_exception(error)


def _deliver(outcomes: list[tuple[Deliver, Any, BaseException | None]]) -> None:
    """Hand out a group's outcomes, waking an event loop once, not once for each."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Deliver, Any, BaseException | None]]] = {}
    for deliver, value, error in outcomes:
        if deliver.loop is None:
            deliver(value, error)
        else:
            by_loop.setdefault(deliver.loop, []).append((deliver, value, error))
    for loop, waiting in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_deliver_in_loop, waiting)


def _deliver_in_loop(waiting: list[tuple[Deliver, Any, BaseException | None]]) -> None:
    for deliver, value, error in waiting:
        deliver(value, error)


def _rollback(db: Connection) -> None:
    if db.in_transaction:
        db.execute("ROLLBACK")


def _storage_error(error: Exception, doing: str) -> Exception:
    if isinstance(error, apsw.FullError):
        return AuraError("storage_full", f"cannot {doing}: the disk is full", "Free some space, try again.")
    if isinstance(error, (*DAMAGED, *UNREADABLE)):
        return AuraError(
            "database_damaged",
            f"cannot {doing}: the database is damaged ({error})",
            "Restore a copy made by aura db backup, or move aura.db away and run aura init.",
        )
    if isinstance(error, apsw.IOError | apsw.CantOpenError | apsw.ReadOnlyError):
        return AuraError("storage_failed", f"cannot {doing}: {error}", "Run aura db check.")
    if isinstance(error, apsw.BusyError):
        return AuraError("overloaded", f"cannot {doing}: another program holds the database", "Try again.")
    return error
