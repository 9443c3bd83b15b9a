"""Looking at a work tree: every byte as it lies there, ignored files never, and nothing read twice."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.repo.blobs import Blobs
from aura.repo.snapshots import Copies
from aura.repo.worktrees import discover

from ..gitrepo import GitRepo
from ..running import eventually

ANY = 1 << 40
OLD = 1_700_000_000


@pytest.fixture
def blobs(tmp_path: Path) -> Iterator[Blobs]:
    blobs = Blobs(tmp_path / "blobs.db")
    yield blobs
    blobs.close()


def held(repo: GitRepo, blobs: Blobs, largest: int = ANY) -> dict[str, bytes]:
    found = Copies(discover(str(repo.path)), blobs).tree(largest)
    return {name: blobs.read(look.held.sha256) for name, look in found.files.items()}


def test_all_files_are_kept_as_they_lie_there_but_ignored_ones(repo: GitRepo, blobs: Blobs) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.commit({".gitignore": "*.log\nbuild/\n", "a.txt": "one\r\ntwo\r\n", "gone": "x", "deep/b": "b"})
    (repo.path / "gone").unlink()
    odd = os.fsdecode(b"odd\xff\nname")
    repo.write({"new": "new", "x.log": "no", "build/x": "no", odd: "odd"})
    (repo.path / "link").symlink_to("/etc/passwd")
    os.mkfifo(repo.path / "fifo")
    GitRepo(repo.path / "nested").commit({"theirs": "no"})
    assert held(repo, blobs) == {
        ".gitignore": b"*.log\nbuild/\n", "a.txt": b"one\r\ntwo\r\n", "deep/b": b"b", "new": b"new",
        "link": b"/etc/passwd", odd: b"odd",
    }  # fmt: skip


def test_the_rights_of_a_file_are_kept(repo: GitRepo, blobs: Blobs) -> None:
    repo.commit({"secret": "s", "run": "r"})
    os.chmod(repo.path / "secret", 0o600)
    os.chmod(repo.path / "run", 0o4755)
    found = Copies(discover(str(repo.path)), blobs).tree(ANY).files
    assert {name: oct(look.held.mode) for name, look in found.items()} == {
        "secret": "0o100600", "run": "0o100755",
    }  # fmt: skip


def test_what_a_link_leads_to_is_not_looked_at(repo: GitRepo, blobs: Blobs, tmp_path: Path) -> None:
    repo.commit({"folder/file": "mine"})
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"theirs")
    os.rename(repo.path / "folder", tmp_path / "moved")
    (repo.path / "folder").symlink_to(tmp_path / "outside")
    assert held(repo, blobs) == {"folder": os.fsencode(tmp_path / "outside")}


def test_what_did_not_change_is_not_read_again_not_even_by_the_next_daemon(
    repo: GitRepo, blobs: Blobs, tmp_path: Path
) -> None:
    repo.commit({f"{n}.py": f"x = {n}\n" for n in range(20)})
    copies = Copies(discover(str(repo.path)), blobs)
    # What was written this very moment is read again, for it may change without a later date.
    eventually(lambda: copies.tree(ANY) and len(blobs.seen(str(repo.path))) == 20)
    contents = {name: look.held.sha256 for name, look in copies.tree(ANY).files.items()}
    with sqlite3.connect(tmp_path / "blobs.db") as db:
        db.execute("PRAGMA foreign_keys = on")
        db.execute("DELETE FROM blobs")
    repo.write({"3.py": "x = 33\n"})
    for looking in (copies, Copies(discover(str(repo.path)), blobs)):
        found = looking.tree(ANY).files
        # Whatever had been read would have been kept anew.
        assert [name for name, look in found.items() if blobs.has(look.held.sha256)] == ["3.py"]
        assert {n: look.held.sha256 for n, look in found.items() if n != "3.py"} == {
            name: sha256 for name, sha256 in contents.items() if name != "3.py"
        }


@pytest.mark.parametrize("size", ["same", "other"])
def test_a_change_is_noticed_also_with_an_old_date(repo: GitRepo, blobs: Blobs, size: str) -> None:
    repo.commit({"a": "one"})
    os.utime(repo.path / "a", (OLD, OLD))
    copies = Copies(discover(str(repo.path)), blobs)
    copies.tree(ANY)
    repo.write({"a": "two" if size == "same" else "three"})
    os.utime(repo.path / "a", (OLD, OLD))
    found = copies.tree(ANY).files["a"].held
    assert blobs.read(found.sha256) == (b"two" if size == "same" else b"three")


def test_files_that_are_too_large_are_left_out_and_told(repo: GitRepo, blobs: Blobs) -> None:
    repo.commit({"small": "x", "large": "x" * 1001})
    found = Copies(discover(str(repo.path)), blobs).tree(1000)
    assert (set(found.files), found.omitted) == ({"small"}, ["large"])


def test_a_file_larger_than_memory_is_read_in_pieces(
    repo: GitRepo, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aura.repo.snapshots.WHOLE", 1000)
    data = os.urandom(5_000_000)
    repo.write({"large": data})
    assert held(repo, blobs) == {"large": data}
