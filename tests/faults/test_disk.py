"""A disk that fails: nothing is acknowledged that it may have lost, and writing goes on when it is well."""

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from aura.errors import AuraError
from aura.store import Store

from .disk import Disk, Files, Kind, Platter, disk
from .keyed import put, refused, whole

WRITES = 24


@pytest.fixture
def made() -> Iterator[Disk]:
    with disk("failing") as made:
        yield made


def failing(
    kind: Kind, which: int, code: int, burst: int = 1
) -> tuple[Callable[[Kind, str], None], list[str]]:
    """Return a fault that fails the operation of that number, and so many in all, and the list in which it
    says on which files.
    """
    left, failed = [which], list[str]()

    def fault(met: Kind, file: str) -> None:
        if met == kind:
            left[0] -= 1
            if -burst < left[0] <= 0:
                failed.append(file)
                raise apsw.exception_for(code)

    return fault, failed


def opened(folder: Path, made: Disk, name: str = "store") -> Store:
    made.log.clear()
    store = Store(folder / f"{name}.db", vfs=made.name)
    store.submit(lambda db: db.pragma("wal_autocheckpoint", 30)).result(20)
    return store


def written(store: Store, made: Disk, first: int, last: int) -> list[tuple[int, AuraError]]:
    """Write one after the other, noting each acknowledgement; return what was refused."""
    errors = []
    for n in range(first, last):
        if (error := refused(store, n)) is None:
            made.note(n)
        else:
            errors.append((n, error))
    return errors


def after_power_cuts(folder: Path, made: Disk, every: int = 1_000_000) -> None:
    """Cut the power after the last operation, and after each so many since one failed; what was acknowledged
    must be there, and the file sound.
    """
    platter, random_, acked = Platter(), random.Random(0), set[int]()
    lost = next((i for i, op in enumerate(made.log) if op.kind == "lost"), len(made.log))
    for i, op in enumerate(made.log):
        platter.take(op)
        if op.kind == "note":
            acked.add(op.note)
        if i == len(made.log) - 1 or (i > lost and i % every == 0):
            for how in ("none", "torn"):
                after_power_cut(folder, platter.found(how, random_), acked)


def after_power_cut(folder: Path, files: Files, acked: set[int]) -> None:
    for file, content in files.items():
        (folder / f"cut.db{file}").write_bytes(content)
    store = Store(folder / "cut.db")
    try:
        assert store.check() == []
        assert acked <= (kept := whole(store)), f"acknowledged and lost: {sorted(acked - kept)}"
    finally:
        store.close()
        for left in folder.glob("cut.db*"):
            left.unlink()


def syncs_of(ram: Path, made: Disk) -> int:
    store = opened(ram, made, "counted")
    before = sum(op.kind == "sync" for op in made.log)
    assert written(store, made, 0, WRITES) == []
    counted = sum(op.kind == "sync" for op in made.log) - before
    store.close()
    return counted


def test_each_sync_may_fail_and_nothing_acknowledged_is_lost(ram: Path, made: Disk) -> None:
    count, files = syncs_of(ram, made), list[str]()
    for which in range(1, count + 1):
        store = opened(ram, made, f"sync{which}")
        made.fault, failed = failing("sync", which, apsw.SQLITE_IOERR_FSYNC)
        errors = written(store, made, 0, WRITES)
        files += failed
        assert [error.code for _, error in errors] in ([], ["storage_failed"])
        assert bool(errors) or failed == [""], "what a failed sync should have kept was acknowledged"
        acked = {op.note for op in made.log if op.kind == "note"}
        assert acked | {n for n, _ in errors} == set(range(WRITES))
        assert acked <= whole(store)
        after_power_cuts(ram, made)
        assert [error for n, _ in errors if (error := refused(store, n))] == [], "a retry is taken"
        assert whole(store) == set(range(WRITES))
        assert store.check() == []
        store.close()
    assert set(files) == {"", "-wal"}


@pytest.mark.parametrize("burst", [1, 2, 3])
@pytest.mark.parametrize("reads", [True, False])
def test_several_syncs_may_fail_and_a_power_cut_may_follow(
    ram: Path, made: Disk, burst: int, reads: bool
) -> None:
    for which in range(1, 12, 3):
        store = opened(ram, made, f"sync{which}")
        if reads:
            whole(store)
        made.fault, failed = failing("sync", which, apsw.SQLITE_IOERR_FSYNC, burst)
        errors = written(store, made, 0, 14)
        assert len(failed) == burst
        assert {error.code for _, error in errors} <= {"storage_failed"}
        after_power_cuts(ram, made, 17)
        store.close()


def test_a_sync_that_keeps_failing_refuses_every_write_and_heals(ram: Path, made: Disk) -> None:
    store = opened(ram, made)
    assert written(store, made, 0, 5) == []

    def broken(kind: Kind, file: str) -> None:
        if kind == "sync":
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)

    made.fault = broken
    refusals = written(store, made, 5, 15)
    assert [(n, error.code) for n, error in refusals] == [(n, "storage_failed") for n in range(5, 15)]
    assert whole(store) >= set(range(5)), "reading goes on"
    made.fault = lambda kind, file: None
    assert written(store, made, 15, 20) == []
    acked = {*range(5), *range(15, 20)}
    assert acked <= whole(store)
    after_power_cuts(ram, made, 3)
    store.close()


def test_after_a_failed_sync_the_file_is_opened_again_before_anything_is_acknowledged(
    ram: Path, made: Disk
) -> None:
    store = opened(ram, made)
    assert written(store, made, 0, 5) == []
    made.fault, _ = failing("sync", 1, apsw.SQLITE_IOERR_FSYNC)
    assert [n for n, _ in written(store, made, 5, 8)] == [5]
    kinds = [op.kind if op.kind != "open" else f"open{op.file}" for op in made.log]
    rest = kinds[kinds.index("lost") :]
    assert rest.index("open") < rest.index("note")
    store.close()


def test_after_a_failed_sync_nothing_is_acknowledged_on_a_file_that_is_damaged(ram: Path, made: Disk) -> None:
    store = opened(ram, made)
    assert written(store, made, 0, 30) == []
    store.close()
    store = opened(ram, made)
    path, good = ram / "store.db", (ram / "store.db").read_bytes()
    made.fault, _ = failing("sync", 1, apsw.SQLITE_IOERR_FSYNC)
    assert [error.code for _, error in written(store, made, 30, 31)] == ["storage_failed"]
    bad = bytearray(good)
    for page in range(4096, len(bad), 4096):
        bad[page] ^= 0xFF
    path.write_bytes(bad)
    assert {error.code for _, error in written(store, made, 31, 34)} == {"database_damaged"}
    assert not [op for op in made.log if op.kind == "note"]
    path.write_bytes(good)
    assert written(store, made, 34, 36) == []
    assert set(range(30)) | {34, 35} <= whole(store)
    store.close()


@pytest.mark.parametrize(
    ("code", "refusal"),
    [(apsw.SQLITE_FULL, "storage_full"), (apsw.SQLITE_IOERR_WRITE, "storage_failed")],
)
def test_a_write_that_fails_anywhere_is_refused_by_name_and_heals_without_a_restart(
    ram: Path, made: Disk, code: int, refusal: str
) -> None:
    store = opened(ram, made)
    n, acked = 0, set[int]()
    for which in range(1, 60, 2):
        made.fault, failed = failing("write", which, code)
        while not failed:
            before = len(acked)
            for i, error in ((n + i, refused(store, n + i)) for i in range(3)):
                if error is None:
                    acked.add(i)
                    made.note(i)
                else:
                    assert error.code == refusal
                    assert failed
            n += 3
            assert acked <= whole(store), "reading goes on"
            assert len(acked) >= before + 2
    after_power_cuts(ram, made)
    assert store.check() == []
    store.close()


def test_a_full_disk_refuses_until_there_is_room(ram: Path, made: Disk) -> None:
    store = opened(ram, made)
    assert written(store, made, 0, 5) == []

    def full(kind: Kind, file: str) -> None:
        if kind == "write":
            raise apsw.exception_for(apsw.SQLITE_FULL)

    made.fault = full
    codes = {error.code for _, error in written(store, made, 5, 25)}
    assert codes == {"storage_full"}
    assert whole(store) == set(range(5))
    made.fault = lambda kind, file: None
    assert written(store, made, 25, 30) == []
    assert whole(store) == {*range(5), *range(25, 30)}
    store.close()


def test_a_neighbour_in_the_group_is_not_acknowledged_either(ram: Path, made: Disk) -> None:
    store = opened(ram, made)
    made.fault, failed = failing("sync", 2, apsw.SQLITE_IOERR_FSYNC)
    futures = [store.submit(put(n)) for n in range(40)]
    errors = {n: future.exception(20) for n, future in enumerate(futures)}
    assert failed
    acked = {n for n, error in errors.items() if error is None}
    assert {e.code for e in errors.values() if isinstance(e, AuraError)} == {"storage_failed"}
    assert acked <= whole(store)
    store.close()


def test_a_disk_that_turned_read_only_is_told_by_name(ram: Path, made: Disk) -> None:
    store = opened(ram, made)
    assert written(store, made, 0, 3) == []
    assert whole(store) == {0, 1, 2}
    made.fault, _ = failing("sync", 1, apsw.SQLITE_IOERR_FSYNC)
    made.readonly = True
    assert [error.code for _, error in written(store, made, 3, 6)] == ["storage_failed"] * 3
    assert whole(store) >= {0, 1, 2}
    made.readonly = False
    assert written(store, made, 6, 8) == []
    store.close()


def test_a_disk_that_fails_while_the_store_opens_is_told_and_the_next_opening_is_whole(
    ram: Path, made: Disk
) -> None:
    for kind, code, refusal in KINDS:
        for which in range(1, 80, 1 if kind == "sync" else 7):
            path = ram / f"opening-{kind}{which}.db"
            made.fault, failed = failing(kind, which, code)
            error = _opening(path, made)
            assert error is None or (failed and error.code == refusal)
            made.fault = lambda kind, file: None
            store = Store(path, vfs=made.name)
            assert refused(store, 1) is None
            assert store.check() == []
            store.close()
            if not failed:
                break


KINDS: list[tuple[Kind, int, str]] = [
    ("sync", apsw.SQLITE_IOERR_FSYNC, "storage_failed"),
    ("write", apsw.SQLITE_FULL, "storage_full"),
]


def _opening(path: Path, made: Disk) -> AuraError | None:
    try:
        store = Store(path, vfs=made.name)
    except AuraError as error:
        return error
    with contextlib.suppress(apsw.IOError, apsw.FullError):
        store.close()
    return None
