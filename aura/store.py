"""The one database (WAL, `synchronous=FULL`): opened, migrated, written by one thread, read by many."""

import asyncio
import contextlib
import errno
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import apsw
import apsw.bestpractice

from aura.errors import AuraError
from aura.storage import DAMAGED, STORAGE, UNREADABLE, storage_error
from aura.writer import Entry, Writer, rollback

G = TypeVar("G")
T = TypeVar("T")
Connection = apsw.Connection
INTERRUPT_SECONDS = 2.0


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


def copy(path: Path, target: Path, *, vfs: str = "") -> None:
    """Copy a database while it is in use; the copy appears whole or not at all.

    Raises `conflict` where the target is there by then, `storage_full`, `storage_failed`, and OSError where
    nothing can be written beside the target.
    """
    handle, name = tempfile.mkstemp(prefix=f"{target.name[:100]}.", suffix=".part", dir=target.parent)
    os.close(handle)
    part = Path(name)
    try:
        _copy_pages(path, part, vfs)
        _put(part, target)
    except STORAGE as error:
        raise storage_error(error, f"back up to {target}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise storage_error(apsw.FullError(), f"back up to {target}") from error
        raise
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{part}{suffix}").unlink(missing_ok=True)


def _copy_pages(path: Path, part: Path, vfs: str) -> None:
    with contextlib.ExitStack() as opened:
        made = opened.enter_context(contextlib.closing(Connection(str(part))))
        source = opened.enter_context(contextlib.closing(connect(path, readonly=True, vfs=vfs)))
        with made.backup("main", source, "main") as job:
            while not job.done:
                job.step(512)
        made.pragma("journal_mode", "delete")


def _put(part: Path, target: Path) -> None:
    """Give a whole file its name, unless another has it; of two that come at once one is refused."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise AuraError(
            "conflict", f"cannot back up to {target}: it is there already", "Name a file that is not there."
        ) from None
    except OSError:
        # Not every file system has links.
        part.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def problems(db: Connection) -> list[str]:
    """Return what SQLite's integrity check and foreign keys complain of."""
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(100)") if row[0] != "ok"]
    broken = db.execute("PRAGMA foreign_key_check")
    return found + [f"foreign key: {row[0]} row {row[1]} -> {row[2]}" for row in broken]


def one(db: Connection, sql: str, *bindings: Any) -> Any:
    """Return the first row, or None."""
    return db.execute(sql, bindings).fetchone()


def rows(db: Connection, sql: str, *bindings: Any) -> list[Any]:
    """Return all rows."""
    return db.execute(sql, bindings).fetchall()


class Store:
    """The database file; `on_commit` is called in the writer's thread after each durable group."""

    def __init__(self, path: Path, on_commit: Callable[[], None] = lambda: None, *, vfs: str = "") -> None:
        self.path = path
        self._vfs = vfs
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._readers_lock = threading.Lock()
        self._gathered: list[Entry] = []
        self._writer = Writer(self._open, on_commit)

    def _open(self) -> Connection:
        try:
            db = connect(self.path, vfs=self._vfs)
            if db.readonly("main"):
                raise apsw.ReadOnlyError("it can only be read")
            migrate(db)
        except (*STORAGE, apsw.ReadOnlyError) as error:
            raise storage_error(error, f"open {self.path}") from error
        return db

    @property
    def waiting(self) -> int:
        """How many entries wait for the writer."""
        return self._writer.waiting

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
                rollback(db)
        except (*STORAGE, *UNREADABLE) as error:
            raise storage_error(error, "read") from error

    # writing

    def submit(self, call: Callable[[Connection], T]) -> "Future[T]":
        """Queue `call` for the writer; the future is done when its effect is durable."""
        future: Future[T] = Future()
        self._writer.put(Entry(lambda db, _: [call(db)], None, future))
        return future

    def write(self, call: Callable[[Connection], T]) -> "asyncio.Future[T]":
        """Run `call` in the writer; its value comes once its effect is durable."""
        return self.write_among(lambda db, _: [call(db)], None)

    def write_among(
        self, batch: Callable[[Connection, list[G]], Sequence[T]], given: G
    ) -> "asyncio.Future[T]":
        """Let `batch` write `given` along with what it is given by others meanwhile; else like `write`.

        `batch` returns as many values, in the same order.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._gathered:
            loop.call_soon(self._hand_over)
        self._gathered.append(Entry(batch, given, future, loop))
        return future

    def _hand_over(self) -> None:
        """Give the writer what this turn of the event loop wrote: one by one the two would wait for each
        other at every step.
        """
        gathered, self._gathered = self._gathered, []
        self._writer.put(*gathered)

    # care

    def backup(self, target: Path) -> None:
        """Copy the database to `target` while it is in use; the copy appears whole or not at all."""
        copy(self.path, target, vfs=self._vfs)

    def check(self) -> list[str]:
        """Return what SQLite's integrity check and foreign keys complain of: an empty list is well."""
        try:
            return problems(self.reader())
        except DAMAGED as error:
            return [str(error)]
        except STORAGE as error:
            raise storage_error(error, "check the database") from error

    def close(self) -> None:
        """Finish what is queued, interrupt who still reads, and close every connection."""
        with self._readers_lock:
            for db in self._readers:
                _close_reader(db)
            self._readers.clear()
        self._hand_over()
        self._writer.close()


def _close_reader(db: Connection) -> None:
    """Close a connection that its own thread may be using at this moment."""
    until = time.monotonic() + INTERRUPT_SECONDS
    while True:
        try:
            db.close(force=True)
            return
        except apsw.ThreadingViolationError:
            if time.monotonic() > until:
                raise
            db.interrupt()
            time.sleep(0.001)
