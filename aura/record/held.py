"""The files of snapshots: by name, with what they held, or None where there was none."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from aura.record.places import relative
from aura.repo.requests import text_of
from aura.repo.snapshots import Held
from aura.store import Connection, one, rows

Files = Mapping[str, Held | None]


class Entry(Struct, frozen=True):
    """A file of a snapshot; one without a mode was not there. `mode` is git's, with the file's own rights."""

    path: str
    mode: str | None = None
    size: int | None = None
    sha256: str | None = None


def add_files(db: Connection, seq: int, files: Iterable[tuple[str, Held | None]]) -> None:
    """Add files to a snapshot."""
    db.executemany(
        "INSERT OR IGNORE INTO snapshot_files VALUES (?,?,?,?,?,?)",
        [(seq, *as_path(name), *as_row(held)) for name, held in files],
    )


def files_of(db: Connection, seq: int) -> dict[str, Held | None]:
    """Return the files of a snapshot by name; None for one that was not there."""
    scope, base = one(db, "SELECT scope, base FROM snapshots WHERE seq = ?", seq)
    found = own_files(db, base) if base is not None else {}
    found |= own_files(db, seq)
    return {n: held for n, held in found.items() if held is not None} if scope == "tree" else found


def own_files(db: Connection, seq: int) -> dict[str, Held | None]:
    """Return the files that a snapshot holds itself."""
    sql = "SELECT path, name, mode, size, sha256 FROM snapshot_files WHERE snapshot = ?"
    return {as_name(path, name): as_held(*held) for path, name, *held in rows(db, sql, seq)}


def bases(db: Connection, repo: int, worktree: str) -> list[int]:
    """Return the newest snapshots that others of a repository may stand on, the work tree's own first."""
    sql = (
        "SELECT max(seq) FROM snapshots WHERE repo = ? AND scope = 'tree' AND base IS NULL"
        " AND state <> 'taking' GROUP BY worktree ORDER BY worktree <> ?, max(seq) DESC LIMIT 2"
    )
    return [row[0] for row in rows(db, sql, repo, worktree)]


def under(root: str, path: str | None, files: Files) -> dict[str, Held | None]:
    """Return the files at or below a path, all without one."""
    if path is None:
        return dict(files)
    place = relative(root, path)
    prefix = "" if place == "." else f"{place}/"
    return {n: held for n, held in files.items() if text_of(n) == place or text_of(n).startswith(prefix)}


def entry(name: str, held: Held | None) -> Entry:
    """Return a file as the API shows it."""
    if held is None:
        return Entry(text_of(name))
    return Entry(text_of(name), f"{held.mode:06o}", held.size, held.sha256)


def as_path(name: str) -> tuple[str, bytes | None]:
    """Return the columns for a file's name: as text, and its bytes where that is another."""
    path = text_of(name)
    return path, None if path == name else name.encode("utf-8", "surrogateescape")


def as_name(path: str, name: bytes | None) -> str:
    """Return a file's name from its columns."""
    return path if name is None else name.decode("utf-8", "surrogateescape")


def as_row(held: Held | None) -> tuple[int | None, int | None, bytes | None]:
    """Return the columns for a file."""
    return (None, None, None) if held is None else (held.mode, held.size, bytes.fromhex(held.sha256))


def as_held(mode: int | None, size: int | None, sha256: bytes | None) -> Held | None:
    """Return a file from its columns."""
    return None if mode is None or size is None or sha256 is None else Held(mode, size, sha256.hex())
