"""Contents: each kept once, whole or in ranges, durable, and swept only when nobody needs them."""

import os
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.errors import AuraError
from aura.repo.blobs import PIECE, Blobs, Content

from ..faults.disk import Kind, Platter, disk


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[Blobs]:
    blobs = Blobs(tmp_path / "blobs.db")
    yield blobs
    blobs.close()


@given(size=st.sampled_from([0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 7]), data=st.data())
def test_any_range_of_a_content_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, size: int, data: st.DataObject
) -> None:
    blobs = Blobs(tmp_path_factory.getbasetemp() / "ranges.db")
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    sha256 = blobs.put(content)
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    assert b"".join(blobs.pieces(sha256, start, end)) == content[start:end]
    assert blobs.read(sha256) == content
    blobs.close()


def test_a_content_is_kept_once_and_compressed(blobs: Blobs, tmp_path: Path) -> None:
    first = blobs.put(b"line\n" * 100_000)
    assert blobs.put(b"line\n" * 100_000) == first
    again, size = blobs.put_pieces(lambda: iter([b"line\n"] * 100_000))
    assert (again, size) == (first, 500_000)
    blobs.close()
    kept = sqlite3.connect(tmp_path / "blobs.db").execute("SELECT count(*), sum(length(data)) FROM pieces")
    pieces, weight = kept.fetchone()
    assert pieces == 1
    assert weight < 10_000


def test_a_large_content_that_changes_while_it_is_read_is_refused(blobs: Blobs) -> None:
    readings = iter([b"one", b"two"])
    with pytest.raises(AuraError) as met:
        blobs.put_pieces(lambda: iter([next(readings)]))
    assert met.value.code == "conflict"
    assert not blobs.has(blobs.put(b"other").replace("0", "1"))


def test_only_what_nobody_needs_is_swept_and_its_space_is_given_back(blobs: Blobs, tmp_path: Path) -> None:
    needed, other = blobs.put(os.urandom(3 * PIECE)), blobs.put(os.urandom(3 * PIECE))
    assert blobs.unneeded({needed}) == (1, 3 * PIECE)
    assert blobs.sweep({needed}) == (1, 3 * PIECE)
    assert (blobs.has(needed), blobs.has(other)) == (True, False)
    blobs.close()
    assert (tmp_path / "blobs.db").stat().st_size < 4 * PIECE


def test_a_damaged_content_is_never_given_out_as_good(blobs: Blobs, tmp_path: Path) -> None:
    sha256 = blobs.put(b"good" * 1000)
    blobs.close()
    with sqlite3.connect(tmp_path / "blobs.db") as db:
        db.execute("UPDATE pieces SET packed = 0, data = ?", (b"evil" * 1000,))
    with pytest.raises(AuraError) as met:
        blobs.read(sha256)
    assert met.value.code == "database_damaged"


def test_after_a_sync_that_failed_nothing_is_acknowledged_unchecked(tmp_path: Path) -> None:
    def broken(kind: Kind, file: str) -> None:
        if kind == "sync":
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)

    with disk("blobs-sync") as made:
        blobs = Blobs(tmp_path / "blobs.db", vfs=made.name)
        first = blobs.put(b"first")
        made.fault = broken
        with pytest.raises(AuraError) as met:
            blobs.put(b"second")
        assert met.value.code == "storage_failed"
        made.fault = lambda kind, file: None
        third = blobs.put(b"third")
        assert (blobs.read(first), blobs.read(third)) == (b"first", b"third")
        blobs.close()


def test_on_a_full_disk_nothing_is_kept_until_there_is_room_again(tmp_path: Path) -> None:
    def full(kind: Kind, file: str) -> None:
        if kind == "write":
            raise apsw.exception_for(apsw.SQLITE_FULL)

    with disk("blobs-full") as made:
        blobs = Blobs(tmp_path / "blobs.db", vfs=made.name)
        first = blobs.put(b"first")
        made.fault = full
        with pytest.raises(AuraError) as met:
            blobs.put(b"second")
        assert met.value.code == "storage_full"
        assert blobs.read(first) == b"first"
        made.fault = lambda kind, file: None
        assert blobs.read(blobs.put(b"second")) == b"second"
        with pytest.raises(AuraError) as met:
            blobs.write({"00" * 32: Content(1 << 60, [(False, Endless())])}, {})  # huge
        assert met.value.code == "storage_full"
        blobs.close()


class Endless:
    """Bytes that no disk has room for."""

    def __len__(self) -> int:
        return 1 << 60


def test_what_was_acknowledged_survives_a_power_cut(tmp_path: Path) -> None:
    contents = [bytes([number]) * (number * 5_000) for number in range(1, 8)]
    with disk("blobs-power") as made:
        blobs = Blobs(tmp_path / "blobs.db", vfs=made.name)
        for content in contents:
            made.note(blobs.put(content))
        blobs.close()
    platter, random_, states = Platter(), random.Random(1), 0
    acked: list[str] = []
    for number, op in enumerate(made.log):
        if op.kind == "note":
            acked.append(op.note)
        platter.take(op)
        if not acked or number % 7:
            continue
        for how in ("none", "torn", "all"):
            states += 1
            where = tmp_path / str(states)
            where.mkdir()
            for file, data in platter.found(how, random_).items():
                (where / f"blobs.db{file}").write_bytes(data)
            found = Blobs(where / "blobs.db")
            assert [found.read(sha256) for sha256 in acked] == contents[: len(acked)]
            found.close()
    assert states > 20
