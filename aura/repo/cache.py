"""The cache of entity tables: a file that may be deleted at any time, and is replaced when it is damaged."""

import contextlib
import logging
import os
import zlib
from collections.abc import Iterable, Mapping
from time import time
from typing import NamedTuple, Self

import apsw
import msgspec
from xxhash import xxh3_64_intdigest

from aura.syntax.types import Table

CAP = 256 << 20
COMPRESS = 4096
"""Tables of more bytes than this are compressed."""

_LAYOUT = 1
_SCHEMA = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS tables (
    id INTEGER PRIMARY KEY,    -- hash of the key
    blob BLOB NOT NULL,        -- what the hash is of, as far as it may collide
    used INTEGER NOT NULL,     -- the day of the last use
    sum INTEGER NOT NULL,      -- CRC-32 of the data: a cache deleted while in use may mix old and new pages
    data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS tables_by_use ON tables (used);
PRAGMA user_version = {_LAYOUT};
COMMIT;
"""
_DAY = 86_400
# A table is a MessagePack array and cannot begin so.
_DEFLATED = b"\x78"
_LOG = logging.getLogger(__name__)


class Key(NamedTuple):
    """What a table depends on; `version` stands for the grammar and for the extractor."""

    blob: str
    language: str
    version: int


class Cache:
    """Tables by key, shared by several processes; for one thread. It never fails, it forgets."""

    def __init__(self, path: str | None, *, cap: int = CAP) -> None:
        self._path = path
        self._cap = cap
        self._day = int(time()) // _DAY
        self._stale: set[int] = set()
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Table).decode
        self._db: apsw.Connection | None = None
        self._resets = 0
        if path is not None:
            self._open()

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Table]:
        """Return the tables that are there."""
        found: dict[Key, Table] = {}
        if self._db is None:
            return found
        try:
            for key in keys:
                table = self._get(self._db, key)
                if table is not None:
                    found[key] = table
        except apsw.Error as error:
            self._recover(error)
        return found

    def put_many(self, tables: Mapping[Key, Table]) -> None:
        """Remember tables; when another process is in the way for long, they are not remembered."""
        if self._db is None or not (tables or self._stale):
            return
        rows = [self._row(key, table) for key, table in tables.items()]
        marks = [(self._day, number) for number in self._stale]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT OR REPLACE INTO tables VALUES (?, ?, ?, ?, ?)", rows)
                self._db.executemany("UPDATE tables SET used = ? WHERE id = ?", marks)
                evicted = self._evict(self._db)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
            self._stale.clear()
            if evicted:
                self._db.execute("PRAGMA incremental_vacuum").fetchall()
        except apsw.Error as error:
            self._recover(error)

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        assert self._path is not None
        try:
            os.makedirs(os.path.dirname(self._path) or ".", mode=0o700, exist_ok=True)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
            db = apsw.Connection(self._path)
        except (OSError, apsw.Error) as error:
            _LOG.warning("no cache of entity tables: %s", error)
            return
        try:
            self._prepare(db)
        except apsw.Error as error:
            db.close()
            self._recover(error)
            return
        self._db = db

    def _prepare(self, db: apsw.Connection) -> None:
        db.set_busy_timeout(2000)
        db.pragma("synchronous", "NORMAL")
        layout = db.pragma("user_version")
        if layout == 0:
            # Statements that yield rows run only as far as those are fetched.
            db.execute(_SCHEMA).fetchall()
        elif layout != _LAYOUT:
            raise apsw.NotADBError(f"layout {layout}")

    def _recover(self, error: apsw.Error) -> None:
        """Go on without what could not be read or written; start afresh when the file is damaged."""
        if isinstance(error, apsw.BusyError | apsw.LockedError):
            return
        self.close()
        self._resets += 1
        _LOG.warning("cache of entity tables: %s: %s", type(error).__name__, error)
        if isinstance(error, apsw.FullError | apsw.IOError | apsw.ReadOnlyError) or self._resets > 2:
            return
        assert self._path is not None
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(self._path + suffix)
        self._open()

    def _get(self, db: apsw.Connection, key: Key) -> Table | None:
        number = _number(key)
        row = db.execute("SELECT blob, used, sum, data FROM tables WHERE id = ?", (number,)).fetchone()
        if row is None:
            return None
        blob, used, checksum, data = row
        if blob != bytes.fromhex(key.blob) or zlib.crc32(data) != checksum:
            return None
        if used != self._day:
            self._stale.add(number)
        try:
            return self._decode(zlib.decompress(data) if data[:1] == _DEFLATED else data)
        except (msgspec.MsgspecError, zlib.error):
            return None

    def _row(self, key: Key, table: Table) -> tuple[int, bytes, int, int, bytes]:
        data = self._encode(table)
        if len(data) > COMPRESS:
            data = zlib.compress(data, 1)
        return _number(key), bytes.fromhex(key.blob), self._day, zlib.crc32(data), data

    def _evict(self, db: apsw.Connection) -> bool:
        """Forget the quarter that was used longest ago where the file has outgrown its cap."""
        pages, free, size = (db.pragma(name) for name in ("page_count", "freelist_count", "page_size"))
        if (pages - free) * size <= self._cap:
            return False
        oldest = "SELECT id FROM tables ORDER BY used LIMIT (SELECT count(*) / 4 + 1 FROM tables)"
        db.execute(f"DELETE FROM tables WHERE id IN ({oldest})")
        return True


def _number(key: Key) -> int:
    digest = xxh3_64_intdigest(f"{key.blob} {key.language} {key.version}".encode())
    return digest - (1 << 64) if digest >= 1 << 63 else digest
