"""A disk between SQLite and the real one: it remembers each operation, and fails where it is told to.

What was written is on the platter once a sync of its file followed. A sync that fails loses what it should
have kept: as on Linux, the pages stay readable and count as clean, so that no later sync writes them.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

import apsw

Kind = Literal["open", "write", "truncate", "sync", "lost", "delete", "synced-delete", "note"]
SECTOR = 512


class Op(NamedTuple):
    """One operation on the file whose name ends like this ("" is the database, "-wal" its log)."""

    kind: Kind
    file: str = ""
    offset: int = 0
    data: bytes = b""
    note: Any = None


class Disk(apsw.VFS):
    """A VFS over the default one. `fault` is asked before each write and sync, and may raise."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "", exclude={"xSetSystemCall", "xGetSystemCall", "xNextSystemCall"})
        self.name = name
        self.log: list[Op] = []
        self.fault: Callable[[Kind, str], None] = lambda kind, file: None
        self.readonly = False

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:
        file = ending(name)
        self.log.append(Op("open", file))
        if self.readonly:
            flags[0] = flags[0] & ~(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
            flags[0] |= apsw.SQLITE_OPEN_READONLY
        return _File(self, file, name, flags)

    def xDelete(self, name: str, syncdir: bool) -> None:
        super().xDelete(name, syncdir)
        self.log.append(Op("synced-delete" if syncdir else "delete", ending(name)))

    def note(self, what: Any) -> None:
        """Put a mark of the test's own among the operations."""
        self.log.append(Op("note", note=what))


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, file: str, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._file = file

    def xWrite(self, data: Any, offset: int) -> None:
        self._disk.fault("write", self._file)
        self._disk.log.append(Op("write", self._file, offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.log.append(Op("truncate", self._file, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Say that it is synced; the real disk need not be."""
        try:
            self._disk.fault("sync", self._file)
        except apsw.Error:
            self._disk.log.append(Op("lost", self._file))
            raise
        self._disk.log.append(Op("sync", self._file))


def ending(name: apsw.URIFilename | str | None) -> str:
    """Return what follows ".db" in a file's name."""
    text = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
    return text.rpartition(".db")[2]


@contextmanager
def disk(name: str) -> Iterator[Disk]:
    """A disk under a name that `connect` takes."""
    made = Disk(name)
    try:
        yield made
    finally:
        made.unregister()


Pending = list[Op]
Files = dict[str, bytes]


class Platter:
    """What a power cut would find: for each file what is surely there, and what may be."""

    def __init__(self) -> None:
        self._sure: dict[str, bytearray] = {}
        self._pending: dict[str, Pending] = {}

    def take(self, op: Op) -> None:
        """Follow one operation of the log."""
        if op.kind in ("write", "truncate", "delete"):
            self._pending.setdefault(op.file, []).append(op)
        elif op.kind == "sync":
            if op.file not in self._sure or any(o.kind == "delete" for o in self._pending.get(op.file, [])):
                self._sync_folder()
            self._sure[op.file] = _applied(self._sure.get(op.file), self._pending.pop(op.file, []))
        elif op.kind == "lost":
            self._pending.pop(op.file, None)
        elif op.kind == "synced-delete":
            self._sure.pop(op.file, None)
            self._pending.pop(op.file, None)

    def _sync_folder(self) -> None:
        """SQLite syncs the folder with the first sync of a new journal or log: what was deleted stays so."""
        for file, pending in self._pending.items():
            deletes = [i for i, op in enumerate(pending) if op.kind == "delete"]
            if deletes:
                self._sure.pop(file, None)
                del pending[: deletes[-1] + 1]

    def found(self, how: str, random_: random.Random) -> Files:
        """Return the files after a power cut that kept of what was not synced: "none", "all", "some" or
        "torn" (some of the sectors).
        """
        files: Files = {}
        for file in self._sure.keys() | self._pending.keys():
            content = _applied(self._sure.get(file), _kept(self._pending.get(file, []), how, random_))
            if content is not None:
                files[file] = bytes(content)
        return files


def _kept(pending: Pending, how: str, random_: random.Random) -> Pending:
    if how == "none":
        return []
    if how == "all":
        return pending
    some = [op for op in pending if op.kind == "write" or random_.random() < 0.5]
    if how == "torn":
        some = [piece for op in some for piece in _sectors(op)]
    return [op for op in some if op.kind != "write" or random_.random() < 0.5]


def _sectors(op: Op) -> Iterator[Op]:
    if op.kind != "write":
        yield op
        return
    at, end = op.offset, op.offset + len(op.data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        yield Op("write", op.file, at, op.data[at - op.offset : until - op.offset])
        at = until


def _applied(content: bytearray | None, ops: Pending) -> Any:
    content = None if content is None else bytearray(content)
    for op in ops:
        if op.kind == "delete":
            content = None
            continue
        content = bytearray() if content is None else content
        if op.kind == "truncate":
            content[op.offset :] = b"" if len(content) > op.offset else bytes(op.offset - len(content))
        else:
            content.extend(bytes(max(0, op.offset - len(content))))
            content[op.offset : op.offset + len(op.data)] = op.data
    return content
