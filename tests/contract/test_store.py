"""The store: what was acknowledged is kept, whole, whatever happens to the process, the disk or the file."""

import asyncio
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from aura.errors import AuraError
from aura.repo.blobs import Blobs
from aura.store import Connection, Store, connect, migrations, one, rows

INSERT = "INSERT INTO authors (handle, name, kind) VALUES (?, ?, 'human')"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aura.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path)
    yield store
    store.close()


def put(name: str, value: str = "") -> Callable[[Connection], object]:
    return lambda db: db.execute(INSERT, (name, value))


def names(db: Connection) -> list[str]:
    return [row[0] for row in rows(db, "SELECT handle FROM authors ORDER BY id")]


def held(store: Store) -> threading.Event:
    """Keep the writer busy until the event is set, so that what is submitted meanwhile makes one group."""
    gate, entered = threading.Event(), threading.Event()

    def wait(_: Connection) -> None:
        entered.set()
        gate.wait(10)

    store.submit(wait)
    entered.wait(10)
    return gate


def test_what_is_answered_is_visible_to_everybody(store: Store, path: Path) -> None:
    other = connect(path, readonly=True)
    for n in range(20):
        store.submit(put(f"n{n}")).result(10)
        assert one(other, "SELECT count(*) FROM authors")[0] == n + 1
    other.close()


def test_what_waits_is_committed_together(path: Path) -> None:
    commits: list[int] = []
    store = Store(path, on_commit=lambda: commits.append(1))
    gate = held(store)
    waiting = [store.submit(put(f"n{n}")) for n in range(50)]
    gate.set()
    for future in waiting:
        future.result(10)
    assert len(commits) <= 3
    store.close()


def test_a_call_that_fails_does_not_fail_its_neighbours(store: Store) -> None:
    def half(db: Connection) -> None:
        db.execute(INSERT, ("half", "done"))
        raise ValueError("only half")

    def twice(db: Connection) -> None:
        db.execute(INSERT, ("first", ""))

    gate = held(store)
    calls = [put("first"), half, put("second"), twice, put("third")]
    futures: list[Future[object]] = [store.submit(call) for call in calls]
    gate.set()
    errors = [future.exception(10) for future in futures]
    assert [type(error) for error in errors] == [
        type(None),
        ValueError,
        type(None),
        apsw.ConstraintError,
        type(None),
    ]
    assert store.read(names) == ["first", "second", "third"]


async def test_what_is_given_to_the_same_batch_is_written_at_once_and_answered_in_order(store: Store) -> None:
    met: list[list[str]] = []

    def batch(db: Connection, given: list[str]) -> list[str]:
        met.append(given)
        db.executemany(INSERT, [(name, "") for name in given])
        return [name.upper() for name in given]

    gate = held(store)
    first = [store.write_among(batch, f"a{n}") for n in range(3)]
    between = store.write(put("between"))
    last = [store.write_among(batch, f"b{n}") for n in range(2)]
    gate.set()
    assert await asyncio.gather(*first, *last) == ["A0", "A1", "A2", "B0", "B1"]
    await between
    assert met == [["a0", "a1", "a2"], ["b0", "b1"]]
    assert store.read(names) == ["a0", "a1", "a2", "between", "b0", "b1"]


async def test_what_fails_in_a_batch_does_not_fail_the_rest_of_it(store: Store) -> None:
    def batch(db: Connection, given: list[str]) -> list[None]:
        for name in given:
            db.execute(INSERT, (name, ""))
            if name == "bad":
                raise ValueError("only half")
        return [None] * len(given)

    gate = held(store)
    futures = [store.write_among(batch, name) for name in ("first", "bad", "last")]
    gate.set()
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, type(None)]
    assert store.read(names) == ["first", "last"]


def test_a_reading_sees_one_moment(store: Store) -> None:
    def look(db: Connection) -> tuple[int, int]:
        before = one(db, "SELECT count(*) FROM authors")[0]
        store.submit(put("meanwhile")).result(10)
        return before, one(db, "SELECT count(*) FROM authors")[0]

    assert store.read(look) == (0, 0)
    assert store.read(names) == ["meanwhile"]


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(apsw.ReadOnlyError):
        store.read(put("no"))


def test_closing_finishes_what_is_queued(path: Path) -> None:
    store = Store(path)
    futures = [store.submit(put(f"n{n}")) for n in range(100)]
    store.close()
    assert all(future.done() for future in futures)
    db = connect(path, readonly=True)
    assert len(names(db)) == 100
    db.close()


def test_the_schema_is_numbered_and_strict(store: Store) -> None:
    numbers = [number for number, _ in migrations()]
    assert numbers == list(range(1, len(numbers) + 1))
    tables = store.read(
        lambda db: rows(db, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
    )
    assert all(strict for name, strict in tables if not name.startswith("sqlite_"))
    assert store.read(lambda db: db.pragma("user_version")) == numbers[-1]
    pragmas = ("journal_mode", "synchronous", "foreign_keys")
    assert store.submit(lambda db: [db.pragma(p) for p in pragmas]).result() == ["wal", 2, 1]


def test_a_newer_database_is_refused_and_left_alone(store: Store, path: Path) -> None:
    store.close()
    db = apsw.Connection(str(path))
    db.pragma("user_version", 999)
    db.close()
    before = path.read_bytes()
    with pytest.raises(AuraError) as met:
        Store(path)
    assert met.value.code == "database_newer"
    assert "999" in met.value.message
    assert met.value.hint
    assert path.read_bytes() == before


@pytest.mark.parametrize("damage", ["text", "zeros", "head"])
def test_a_file_that_is_no_database_is_refused(store: Store, path: Path, damage: str) -> None:
    store.close()
    good = path.read_bytes()
    path.write_bytes(
        {"text": b"hello " * 2000, "zeros": bytes(8192), "head": b"\xff" * 100 + good[100:]}[damage]
    )
    if damage == "zeros":
        path.write_bytes(b"\0" + bytes(8191))
    with pytest.raises(AuraError) as met:
        Store(path)
    assert met.value.code == "database_damaged"
    assert "backup" in met.value.hint


def filled(path: Path) -> Store:
    store = Store(path)
    for n in range(300):
        store.submit(put(f"n{n:04}", "x" * 300))
    store.submit(lambda db: None).result(10)
    return store


def outcome(path: Path) -> str:
    """Open, check and read everything; say how that ended."""
    try:
        store = Store(path)
    except AuraError as error:
        return error.code
    problems = store.check()
    try:
        store.read(lambda db: [list(db.execute(f"SELECT * FROM {t[0]}")) for t in rows(db, TABLES)])
        return "found" if problems else "harmless"
    except AuraError as error:
        return f"{error.code} unseen" if not problems and error.code != "database_damaged" else error.code
    finally:
        store.close()


def test_a_flipped_bit_is_found_or_harmless_but_never_a_crash(path: Path) -> None:
    filled(path).close()
    good, random_, outcomes = path.read_bytes(), random.Random(7), list[str]()
    for page in range(len(good) // 4096):
        bad = bytearray(good)
        bad[page * 4096 + random_.randrange(100, 4096)] ^= 1 << random_.randrange(8)
        path.write_bytes(bad)
        outcomes.append(outcome(path))
    assert set(outcomes) <= {"harmless", "found", "database_damaged", "database_newer"}
    assert {"found", "database_damaged"} & set(outcomes)


TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def test_a_backup_is_whole_while_others_write(path: Path, tmp_path: Path) -> None:
    store = filled(path)
    before, stop = store.read(names), threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            store.submit(put(f"late{(n := n + 1)}")).result(10)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        store.backup(tmp_path / "copy.db")
    finally:
        stop.set()
        writer.join()
    store.close()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("copy")) == ["copy.db"]
    copy = Store(tmp_path / "copy.db")
    assert copy.check() == []
    assert copy.read(names)[: len(before)] == before
    copy.close()


def test_of_backups_to_one_file_at_once_one_is_made_and_whole(path: Path, tmp_path: Path) -> None:
    store = filled(path)
    target = tmp_path / "copy.db"
    gate = threading.Barrier(8)

    def back_up() -> str:
        gate.wait(10)
        try:
            store.backup(target)
        except AuraError as error:
            return error.code
        copy = Store(target)
        whole = not copy.check() and copy.read(names) == store.read(names)
        copy.close()
        return "made" if whole else "broken"

    with ThreadPoolExecutor(8) as pool:
        told = [future.result(30) for future in [pool.submit(back_up) for _ in range(8)]]
    store.close()
    assert sorted(told) == ["conflict"] * 7 + ["made"]
    assert [p.name for p in tmp_path.iterdir() if "part" in p.name] == []


@contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """A folder in memory of its own with hardly any room."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_backup_for_which_there_is_no_room_leaves_nothing(path: Path, tmp_path: Path) -> None:
    store = filled(path)
    with full_disk(tmp_path / "small") as small:
        with pytest.raises(AuraError) as met:
            store.backup(small / "copy.db")
        assert met.value.code == "storage_full"
        assert list(small.iterdir()) == []
    with pytest.raises(OSError, match="Not a directory"):
        store.backup(path / "copy.db")
    store.close()


def test_what_snapshots_keep_cannot_be_checked_without_room(tmp_path: Path) -> None:
    with full_disk(tmp_path / "small") as small:
        (small / "filler").write_bytes(bytes(60_000))
        with pytest.raises(AuraError) as met:
            Blobs(small / "blobs.db").check({"0" * 64})
        assert met.value.code in ("storage_full", "storage_failed")
        assert met.value.status == 507


WRITER = """
import sys
from pathlib import Path
from aura.store import Store
store = Store(Path(sys.argv[1]))
n = int(sys.argv[2])
while True:
    futures = [store.submit(lambda db, n=n + i: db.execute(
        "INSERT INTO authors (handle, name, kind) VALUES (?, 'x', 'human')", (str(n),))) for i in range(3)]
    for future in futures:
        future.result()
        sys.stdout.write(f"{n}\\n")
        sys.stdout.flush()
        n += 1
"""


def killed_while_writing(path: Path, first: int, pause: float) -> int:
    """Run a writer, kill it a moment after its first acknowledgement; return the last it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(first)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        last = int(writer.stdout.readline())
        threading.Timer(pause, writer.send_signal, [signal.SIGKILL]).start()
        for line in writer.stdout:
            if line.endswith(b"\n"):
                last = int(line)
    return last


def survives(path: Path, rounds: int) -> None:
    random_, first = random.Random(rounds), 0
    for _ in range(rounds):
        last = killed_while_writing(path, first, random_.random() * 0.05)
        store = Store(path)
        kept = [int(name) for name in store.read(names)]
        assert sorted(kept) == list(range(len(kept))), "a row is missing or came twice"
        assert len(kept) > last, "an acknowledged row is lost"
        assert store.check() == []
        store.close()
        first = len(kept)


def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    survives(path, 6)


@pytest.mark.long
def test_what_was_acknowledged_survives_five_hundred_kills(path: Path) -> None:
    survives(path, 500)


def test_closing_interrupts_who_still_reads(store: Store) -> None:
    reading = threading.Event()

    def forever(db: Connection) -> None:
        reading.set()
        rows(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")

    ended: Future[BaseException] = Future()

    def read() -> None:
        try:
            store.read(forever)
        except BaseException as error:
            ended.set_result(error)

    threading.Thread(target=read, daemon=True).start()
    reading.wait(10)
    store.close()
    assert isinstance(ended.result(10), Exception)
