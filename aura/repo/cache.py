"""What was read from blobs, kept in a file that may be deleted at any time; a damaged one is replaced."""

import contextlib
import logging
import os
import zlib
from collections.abc import Iterable, Mapping
from time import time
from typing import Generic, Literal, NamedTuple, Self, TypeVar

import apsw
import msgspec
from xxhash import xxh3_64_intdigest

CAP = 256 << 20
COMPRESS = 32 << 10
"""Values of more bytes than this are compressed."""

_LAYOUT = 2
_SCHEMA = f"""
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS found (
    id INTEGER PRIMARY KEY,    -- hash of the key
    blob BLOB NOT NULL,        -- what the hash is of, as far as it may collide
    used INTEGER NOT NULL,     -- the day of the last use
    sum INTEGER NOT NULL,      -- CRC-32 of the data: a cache deleted while in use may mix old and new pages
    data BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS found_by_use ON found (used);
PRAGMA user_version = {_LAYOUT};
COMMIT;
"""
_DAY = 86_400
# A value is a MessagePack array and cannot begin so.
_DEFLATED = b"\x78"
_LOG = logging.getLogger(__name__)


T = TypeVar("T")


class Key(NamedTuple):
    """What a value depends on; `version` stands for the grammar and for what reads the tree."""

    blob: str
    language: str
    version: int
    kind: Literal["table", "facts", "graph"] = "table"


class Cache:
    """MessagePack arrays by key, shared by several processes; for one thread. It never fails, it forgets."""

    def __init__(self, path: str | None, *, cap: int = CAP) -> None:
        self._path = path
        self._cap = cap
        self._day = int(time()) // _DAY
        self._stale: set[int] = set()
        self._db: apsw.Connection | None = None
        self._resets = 0
        if path is not None:
            self._open()

    def get_many(self, keys: Iterable[Key]) -> dict[Key, bytes]:
        """Return the values that are there."""
        found: dict[Key, bytes] = {}
        if self._db is None:
            return found
        try:
            for key in keys:
                data = self._get(self._db, key)
                if data is not None:
                    found[key] = data
        except apsw.Error as error:
            self._recover(error)
        return found

    def put_many(self, values: Mapping[Key, bytes]) -> None:
        """Remember values; when another process is in the way for long, they are not remembered."""
        if self._db is None or not (values or self._stale):
            return
        rows = [self._row(key, data) for key, data in values.items()]
        marks = [(self._day, number) for number in self._stale]
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany("INSERT OR REPLACE INTO found VALUES (?, ?, ?, ?, ?)", rows)
                self._db.executemany("UPDATE found SET used = ? WHERE id = ?", marks)
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
            _LOG.warning("no cache: %s", error)
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
        _LOG.warning("cache: %s: %s", type(error).__name__, error)
        if isinstance(error, apsw.FullError | apsw.IOError | apsw.ReadOnlyError) or self._resets > 2:
            return
        assert self._path is not None
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                os.unlink(self._path + suffix)
        self._open()

    def _get(self, db: apsw.Connection, key: Key) -> bytes | None:
        number = _number(key)
        row = db.execute("SELECT blob, used, sum, data FROM found WHERE id = ?", (number,)).fetchone()
        if row is None:
            return None
        blob, used, checksum, data = row
        if blob != bytes.fromhex(key.blob) or zlib.crc32(data) != checksum:
            return None
        if used != self._day:
            self._stale.add(number)
        try:
            return zlib.decompress(data) if data[:1] == _DEFLATED else bytes(data)
        except zlib.error:
            return None

    def _row(self, key: Key, data: bytes) -> tuple[int, bytes, int, int, bytes]:
        if len(data) > COMPRESS:
            data = zlib.compress(data, 1)
        return _number(key), bytes.fromhex(key.blob), self._day, zlib.crc32(data), data

    def _evict(self, db: apsw.Connection) -> bool:
        """Forget the quarter that was used longest ago where the file has outgrown its cap."""
        pages, free, size = (db.pragma(name) for name in ("page_count", "freelist_count", "page_size"))
        if (pages - free) * size <= self._cap:
            return False
        oldest = "SELECT id FROM found ORDER BY used LIMIT (SELECT count(*) / 4 + 1 FROM found)"
        db.execute(f"DELETE FROM found WHERE id IN ({oldest})")
        return True


class Shelf(Generic[T]):
    """The values of one type in a cache."""

    def __init__(self, cache: Cache, type_: type[T]) -> None:
        self._cache = cache
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(type_).decode

    def get_many(self, keys: Iterable[Key]) -> dict[Key, T]:
        """Return the values that are there and can be read."""
        found: dict[Key, T] = {}
        for key, data in self._cache.get_many(keys).items():
            with contextlib.suppress(msgspec.MsgspecError):
                found[key] = self._decode(data)
        return found

    def put_many(self, values: Mapping[Key, T]) -> None:
        """Remember values."""
        self._cache.put_many({key: self._encode(value) for key, value in values.items()})


def _number(key: Key) -> int:
    digest = xxh3_64_intdigest(f"{key.blob} {key.language} {key.version} {key.kind}".encode())
    return digest - (1 << 64) if digest >= 1 << 63 else digest
