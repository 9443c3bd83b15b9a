import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import apsw
import msgspec
import pytest

from aura.repo import cache
from aura.repo.cache import Cache, Key, Shelf
from aura.syntax.types import Entity, Parameter, Table


def table(name: str, size: int = 3) -> bytes:
    entities = tuple(
        Entity("function", f"{name}{n}", name, n, -1, n, n + 1, 1, 2, -5, (Parameter("x", default="1"),))
        for n in range(size)
    )
    return msgspec.msgpack.encode(Table("python", False, entities))


def key(number: int, version: int = 1) -> Key:
    return Key(f"{number:040x}", "python", version)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "home" / "cache.db")


def test_what_was_put_is_found_by_another_process(path: str) -> None:
    small, large = table("small"), table("large", 500)
    with Cache(path) as one, Cache(path) as other:
        one.put_many({key(1): small, key(2): large})
        assert other.get_many([key(1), key(2), key(3)]) == {key(1): small, key(2): large}
    with Cache(path) as later:
        assert later.get_many([key(2)]) == {key(2): large}
    assert os.path.getsize(path) < 60_000
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_every_part_of_the_key_counts(path: str) -> None:
    with Cache(path) as it:
        it.put_many({key(1): table("a")})
        others = [key(1, 2), key(2), Key(key(1).blob, "go", 1), Key(f"{1:064x}", "python", 1)]
        others += [key(1)._replace(kind="facts")]
        assert it.get_many(others) == {}


def test_without_a_path_nothing_is_remembered() -> None:
    with Cache(None) as it:
        it.put_many({key(1): table("a")})
        assert it.get_many([key(1)]) == {}


def test_a_file_that_is_no_database_is_replaced(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(b"garbage" * 1000)
    with Cache(path) as it:
        it.put_many({key(1): table("a")})
        assert it.get_many([key(1)]) == {key(1): table("a")}


def test_another_layout_is_replaced(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with apsw.Connection(path) as db:
        db.execute("CREATE TABLE found (x); PRAGMA user_version = 99")
    db.close()
    with Cache(path) as it:
        it.put_many({key(1): table("a")})
        assert it.get_many([key(1)]) == {key(1): table("a")}


def test_damage_anywhere_never_gives_a_wrong_table(path: str) -> None:
    tables = {key(n): table(f"t{n}", 20) for n in range(60)}
    with Cache(path) as it:
        it.put_many(tables)
    whole = Path(path).read_bytes()
    random.seed(1)
    for _ in range(60):
        spoiled = bytearray(whole)
        at = random.randrange(len(whole))
        spoiled[at : at + 8] = os.urandom(8)
        Path(path).write_bytes(spoiled)
        with Cache(path) as it:
            found = it.get_many(tables)
            assert all(tables[k] == found[k] for k in found)
            it.put_many({key(99): table("new")})
            it.get_many(tables)
        for suffix in ("-wal", "-shm"):
            Path(path + suffix).unlink(missing_ok=True)


def test_a_cache_deleted_in_use_harms_nobody(path: str) -> None:
    with Cache(path) as it:
        it.put_many({key(1): table("a")})
        os.unlink(path)
        it.put_many({key(2): table("b")})
        it.get_many([key(1), key(2)])
        with Cache(path) as fresh:
            fresh.put_many({key(3): table("c")})
            assert fresh.get_many([key(3)]) == {key(3): table("c")}


def test_the_file_keeps_its_cap_and_forgets_the_oldest(path: str) -> None:
    cap = 300_000
    with Cache(path, cap=cap) as it:
        it._day -= 5
        it.put_many({key(0): table("old"), key(1): table("seen again")})
        it._day += 5
        it.get_many([key(1)])
        for n in range(2, 3000, 100):
            it.put_many({key(m): table(f"x{m}") for m in range(n, n + 100)})
        assert set(it.get_many([key(0), key(1), key(2999)])) <= {key(1), key(2999)}
    assert os.path.getsize(path) < 1.5 * cap


def test_a_use_is_noted_once_a_day(path: str) -> None:
    with Cache(path) as it:
        it._day -= 1
        it.put_many({key(1): table("a")})
        it._day += 1
        it.get_many([key(1)])
        it.put_many({})
        assert it._stale == set()
        it.get_many([key(1)])
        assert it._stale == set()


def test_a_writer_in_the_way_costs_memory_of_tables_only(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Cache(path) as it:
        it.put_many({key(1): table("a")})
        assert it._db is not None
        it._db.set_busy_timeout(1)
        other = apsw.Connection(path)
        other.execute("BEGIN IMMEDIATE")
        it.put_many({key(2): table("b")})
        assert it.get_many([key(1), key(2)]) == {key(1): table("a")}
        other.execute("ROLLBACK")
        other.close()
        it.put_many({key(2): table("b")})
        assert it.get_many([key(2)]) == {key(2): table("b")}


def test_a_folder_that_cannot_be_written_is_survived(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Cache(str(tmp_path / "file" / "cache.db")) as it:
        it.put_many({key(1): table("a")})
        assert it.get_many([key(1)]) == {}


def test_several_processes_fill_one_cache(path: str) -> None:
    script = textwrap.dedent(f"""
        import sys
        from aura.repo.cache import Cache, Key
        start = int(sys.argv[1])
        with Cache({path!r}) as it:
            for n in range(start, start + 50):
                it.put_many({{Key(f"{{n:040x}}", "python", 1): bytes([0x90])}})
    """)
    started = [subprocess.Popen([sys.executable, "-c", script, str(n * 50)]) for n in range(3)]
    assert [process.wait(30) for process in started] == [0, 0, 0]
    with Cache(path) as it:
        assert len(it.get_many([key(n) for n in range(150)])) == 150
    assert cache.CAP > 0


def test_a_shelf_gives_back_what_was_put_and_nothing_that_it_cannot_read(path: str) -> None:
    with Cache(path) as it:
        shelf = Shelf(it, Table)
        shelf.put_many({key(1): Table("python", True, ())})
        it.put_many({key(2): b"\x91\x01", key(3): table("a")[:-3]})
        assert shelf.get_many([key(1), key(2), key(3)]) == {key(1): Table("python", True, ())}
