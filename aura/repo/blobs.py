"""Contents that snapshots keep: by their SHA-256, each once, compressed in pieces, in a file of their own.

They are copies. What git has may be pruned, and what lies in a work tree may differ from it by filters and
line ends; a copy needs neither, and nothing is left in the user's repository. What was put is durable when
the call returns.
"""

import contextlib
import hashlib
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from aura.errors import AuraError
from aura.storage import STORAGE, storage_error
from aura.store import connect, copy, problems
from aura.writer import rollback

PIECE = 1 << 20
BATCH = 32 << 20
"""Compressed bytes that are written in one transaction."""
RESERVE = 64 << 20
"""Bytes of the disk, or a tenth of it, that are left to the record: contents can wait, it cannot."""
_SWEPT_AT_ONCE = 200
_SCHEMA = """
CREATE TABLE blobs (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, size INTEGER NOT NULL) STRICT;
CREATE TABLE pieces (
    blob INTEGER NOT NULL REFERENCES blobs ON DELETE CASCADE,
    position INTEGER NOT NULL,
    packed INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (blob, position)
) STRICT;
CREATE TABLE seen (
    root BLOB NOT NULL,
    name BLOB NOT NULL,
    stamp BLOB NOT NULL,
    sha256 BLOB NOT NULL,
    PRIMARY KEY (root, name)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
"""


Piece = tuple[bool, bytes]
"""Whether it is compressed, and the bytes."""


class Content(NamedTuple):
    """A content as it is written: its size, and its pieces."""

    size: int
    pieces: list[Piece]


class Swept(NamedTuple):
    """How many contents were removed, and how many bytes they had."""

    blobs: int
    bytes: int


class Seen(NamedTuple):
    """What a file of a work tree looked like from outside when its content was kept."""

    stamp: bytes
    sha256: str


class Blobs:
    """The file of contents; for any number of threads."""

    def __init__(self, path: Path, *, vfs: str = "") -> None:
        self._path = path
        self._vfs = vfs
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._writer: apsw.Connection | None = None
        self._reader: apsw.Connection | None = None
        self._broken = False

    def close(self) -> None:
        """Close the file; a call that is under way ends first."""
        for lock, name in ((self._writing, "_writer"), (self._reading, "_reader")):
            with lock:
                if (db := getattr(self, name)) is not None:
                    db.close(force=True)
                    setattr(self, name, None)

    # putting

    def put(self, data: bytes) -> str:
        """Keep one content, and return its SHA-256."""
        with self.batch() as batch:
            return batch.put(data)

    @contextmanager
    def batch(self) -> Iterator["Batch"]:
        """Keep many contents; they are durable at the end of the block."""
        batch = Batch(self)
        yield batch
        batch.flush()

    def put_pieces(self, read: Callable[[], Iterable[bytes]]) -> tuple[str, int]:
        """Keep one content that is too large for memory; `read` is called up to twice, and must agree.

        Returns its SHA-256 and its size. Raises `conflict` where the content changed in between.
        """
        whole, size = hashlib.sha256(), 0
        for piece in read():
            whole.update(piece)
            size += len(piece)
        sha256 = whole.hexdigest()
        if self.has(sha256):
            return sha256, size
        again = hashlib.sha256()
        self._make_sure_of_room(size)

        def checked() -> Iterator[bytes]:
            for piece in _evenly(read()):
                again.update(piece)
                yield piece

        with self._transaction() as db:
            _insert(db, sha256, size, map(_packed, checked()))
            if again.hexdigest() != sha256:
                raise AuraError(
                    "conflict", "cannot keep a file that changes all the time", "Try again when it is quiet."
                )
        return sha256, size

    def write(self, contents: Mapping[str, Content], seen: Mapping[tuple[str, str], Seen | None]) -> None:
        """Write packed contents by their SHA-256, and what files look like by work tree and name.

        A content that is there already is passed over; a file without a look is forgotten.
        """
        if not contents and not seen:
            return
        self._make_sure_of_room(sum(len(data) for content in contents.values() for _, data in content.pieces))
        known = [(_raw(r), _raw(n), s.stamp, bytes.fromhex(s.sha256)) for (r, n), s in seen.items() if s]
        gone = [(_raw(root), _raw(name)) for (root, name), look in seen.items() if look is None]
        with self._transaction() as db:
            for sha256, content in contents.items():
                _insert(db, sha256, content.size, content.pieces)
            db.executemany("INSERT OR REPLACE INTO seen VALUES (?,?,?,?)", known)
            db.executemany("DELETE FROM seen WHERE root = ? AND name = ?", gone)

    # reading

    def has(self, sha256: str) -> bool:
        """Tell whether a content is there."""
        return self.size(sha256) is not None

    def size(self, sha256: str) -> int | None:
        """Return the size of a content, or None."""
        found = self._read("SELECT size FROM blobs WHERE sha256 = ?", bytes.fromhex(sha256))
        return int(found[0][0]) if found else None

    def read(self, sha256: str) -> bytes:
        """Return a whole content. Raises `database_damaged` where it is not what was kept."""
        return b"".join(self.pieces(sha256))

    def pieces(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield a content piece by piece, or its bytes from `start` up to `end`.

        A content that is read as a whole is checked. Raises `database_damaged`.
        """
        row = self._read("SELECT id, size FROM blobs WHERE sha256 = ?", bytes.fromhex(sha256))
        if not row:
            raise _damaged(sha256)
        (blob, size), end = row[0], row[0][1] if end is None else end
        whole = hashlib.sha256() if (start, end) == (0, size) else None
        for position in range(start // PIECE, -(-end // PIECE)):
            piece = self._piece(sha256, blob, position)
            if whole is not None:
                whole.update(piece)
            yield piece[max(0, start - position * PIECE) : end - position * PIECE]
        if whole is not None and whole.hexdigest() != sha256:
            raise _damaged(sha256)

    def _piece(self, sha256: str, blob: int, position: int) -> bytes:
        sql = "SELECT packed, data FROM pieces WHERE blob = ? AND position = ?"
        found = self._read(sql, blob, position)
        if not found:
            raise _damaged(sha256)
        ((packed, data),) = found
        try:
            return zlib.decompress(data) if packed else bytes(data)
        except zlib.error:
            raise _damaged(sha256) from None

    # what was seen, so that nothing is read twice

    def seen(self, root: str) -> dict[str, Seen]:
        """Return what the files of a work tree looked like when they were kept, by name."""
        sql = "SELECT name, stamp, sha256 FROM seen WHERE root = ?"
        found = self._read(sql, _raw(root))
        return {_text(name): Seen(stamp, sha256.hex()) for name, stamp, sha256 in found}

    # care

    def backup(self, target: Path) -> bool:
        """Copy the file while it is in use, and tell whether there is one."""
        if not self._path.exists():
            return False
        copy(self._path, target, vfs=self._vfs)
        return True

    def check(self, live: set[str]) -> list[str]:
        """Return what is wrong with the file, and which contents that are `live` are not there."""
        if not live and not self._path.exists():
            return []
        try:
            with self._reading:
                found = problems(self._reader or self._open_reader())
            lost = len(live - {sha256 for sha256, _ in self._all()})
        except (*STORAGE, AuraError) as error:
            said = storage_error(error, "check what snapshots keep")
            if not isinstance(said, AuraError) or said.code != "database_damaged":
                raise said from error
            return [f"{self._path.name}: {error}"]
        return [f"{self._path.name}: {each}" for each in found] + (
            [f"{self._path.name}: {lost} contents that snapshots need are not there"] if lost else []
        )

    def unneeded(self, live: set[str]) -> Swept:
        """Tell what a sweep would remove."""
        found = [size for sha256, size in self._all() if sha256 not in live]
        return Swept(len(found), sum(found))

    def sweep(self, live: set[str]) -> Swept:
        """Remove every content that is not `live`, and give the space back. Nobody may put meanwhile."""
        gone = {bytes.fromhex(sha256): size for sha256, size in self._all() if sha256 not in live}
        if not gone:
            return Swept(0, 0)
        looks = self._read("SELECT root, name, sha256 FROM seen")
        stale = [(root, name) for root, name, sha256 in looks if sha256 in gone]
        with self._transaction() as db:
            db.executemany("DELETE FROM seen WHERE root = ? AND name = ?", stale)
        digests = list(gone)
        for start in range(0, len(digests), _SWEPT_AT_ONCE):
            part = [(sha256,) for sha256 in digests[start : start + _SWEPT_AT_ONCE]]
            with self._transaction() as db:
                db.executemany("DELETE FROM blobs WHERE sha256 = ?", part)
        with self._connection() as db:
            db.execute("PRAGMA incremental_vacuum").fetchall()
        return Swept(len(gone), sum(gone.values()))

    def _all(self) -> list[tuple[str, int]]:
        return [(sha256.hex(), size) for sha256, size in self._read("SELECT sha256, size FROM blobs")]

    def _make_sure_of_room(self, size: int) -> None:
        """Refuse early what would fill the disk: what is written lies in SQLite's log and in its file."""
        disk = os.statvfs(self._path.parent)
        free, whole = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
        if 2 * size + min(RESERVE, whole // 10) > free:
            raise storage_error(apsw.FullError(), "keep a snapshot")

    # the two connections: who reads does not wait for who writes

    def _read(self, sql: str, *bindings: Any) -> list[Any]:
        with self._reading:
            try:
                return (self._reader or self._open_reader()).execute(sql, bindings).fetchall()
            except STORAGE as error:
                raise storage_error(error, "read what snapshots keep") from error

    def _open_reader(self) -> apsw.Connection:
        self._reader = self._open()
        return self._reader

    @contextmanager
    def _transaction(self) -> Iterator[apsw.Connection]:
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            finally:
                rollback(db)

    @contextmanager
    def _connection(self) -> Iterator[apsw.Connection]:
        with self._writing:
            try:
                if self._broken:
                    self._reopen()
                if self._writer is None:
                    self._writer = self._open()
                yield self._writer
            except STORAGE as error:
                # After a failed sync nothing may be acknowledged until the file was opened anew and checked.
                self._broken = not isinstance(error, (apsw.FullError, apsw.BusyError))
                if isinstance(error, apsw.FullError) and self._writer is not None:
                    # What did not fit must not keep the space from everybody else.
                    with contextlib.suppress(apsw.Error):
                        self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                raise storage_error(error, "keep a snapshot") from error

    def _open(self) -> apsw.Connection:
        db = connect(self._path, vfs=self._vfs)
        if not db.pragma("user_version"):
            # This can be chosen for an empty file only, or when it is written anew.
            db.pragma("auto_vacuum", 2)
            db.execute("VACUUM")
            with db:
                if not db.pragma("user_version"):
                    db.execute(_SCHEMA)
        return db

    def _reopen(self) -> None:
        """Open the file anew; the old connection is closed last, for it keeps the index of the log alive."""
        fresh = self._open()
        if fresh.pragma("quick_check") != "ok":
            fresh.close(force=True)
            raise AuraError(
                "database_damaged",
                f"cannot keep a snapshot: {self._path} did not pass its check after an I/O error",
                f"Move {self._path.name} away; snapshots made until now are lost with it.",
            )
        old, self._writer = self._writer, fresh
        if old is not None:
            old.close(force=True)
        self._broken = False


class Batch:
    """Contents, and looks of files, that are written together; for one thread."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._contents: dict[str, Content] = {}
        self._seen: dict[tuple[str, str], Seen | None] = {}
        self._weight = 0

    def put(self, data: bytes) -> str:
        """Keep one content, and return its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 not in self._contents and not self._blobs.has(sha256):
            pieces = [_packed(data[at : at + PIECE]) for at in range(0, len(data), PIECE)]
            self._contents[sha256] = Content(len(data), pieces)
            self._weight += sum(len(piece) for _, piece in pieces)
            if self._weight > BATCH:
                self.flush()
        return sha256

    def see(self, root: str, name: str, look: Seen | None) -> None:
        """Remember what a file looks like, or forget it."""
        self._seen[root, name] = look

    def flush(self) -> None:
        """Write what has gathered."""
        self._blobs.write(self._contents, self._seen)
        self._contents, self._seen, self._weight = {}, {}, 0


def _insert(db: apsw.Connection, sha256: str, size: int, pieces: Iterable[Piece]) -> None:
    row = (bytes.fromhex(sha256), size)
    made = db.execute("INSERT OR IGNORE INTO blobs (sha256, size) VALUES (?,?) RETURNING id", row).fetchone()
    if made is not None:
        for position, (packed, data) in enumerate(pieces):
            db.execute("INSERT INTO pieces VALUES (?,?,?,?)", (made[0], position, int(packed), data))


def _packed(piece: bytes) -> Piece:
    """Compress a piece where that makes it smaller."""
    packed = zlib.compress(piece, 1)
    return (True, packed) if len(packed) < len(piece) else (False, piece)


def _evenly(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of one size."""
    rest = bytearray()
    for piece in pieces:
        rest += piece
        while len(rest) >= PIECE:
            yield bytes(rest[:PIECE])
            del rest[:PIECE]
    if rest:
        yield bytes(rest)


def _damaged(sha256: str) -> AuraError:
    return AuraError(
        "database_damaged",
        f"cannot read the content {sha256[:12]}: it is gone or damaged",
        "Restore blobs.db from a backup; other contents can still be read.",
    )


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
