"""No path leads out of a work tree, whatever lies on the way, and whatever happens meanwhile."""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.repo.files import Beneath, Changed, Stamp, stamp_of

OUTSIDE = b"outside"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(OUTSIDE)
    tree = tmp_path / "tree"
    (tree / "inside").mkdir(parents=True)
    (tree / ".git").mkdir()
    (tree / ".git" / "config").write_bytes(OUTSIDE)
    (tree / "inside" / "file").write_bytes(b"inside")
    (tree / "folder-link").symlink_to(tmp_path / "outside")
    (tree / "file-link").symlink_to(tmp_path / "outside" / "file")
    os.mkfifo(tree / "fifo")
    return tree


@pytest.fixture
def files(tree: Path) -> Iterator[Beneath]:
    with Beneath(str(tree)) as files:
        yield files


def stamp(files: Beneath, path: str) -> Stamp | None:
    met = files.met(path)
    return stamp_of(met) if met else None


ESCAPES = [
    "..", "../outside/file", "inside/../../outside/file", "/etc/passwd", "/proc/self/environ", "", ".",
    "./inside/file", "inside//file", "inside/", "inside", ".git/config", ".GIT/config", "inside/.git/x",
    "folder-link/file", "fifo", "inside/fi\0le", "file-link/x", "inside/file/x",
]  # fmt: skip


@pytest.mark.parametrize("path", ESCAPES)
def test_nothing_is_read_written_or_removed_by_such_a_path(files: Beneath, tree: Path, path: str) -> None:
    before = sorted(str(found) for found in tree.parent.rglob("*"))
    with files.open(path) as opened:
        assert (opened.fd, opened.link) == (-1, None)
    with pytest.raises((OSError, ValueError)):
        files.write(path, 0o100644, [b"evil"], "part", None)
    with pytest.raises((OSError, ValueError)):
        files.remove(path, None)
    files.clear(path, "part")
    assert sorted(str(found) for found in tree.parent.rglob("*")) == before
    assert (tree.parent / "outside" / "file").read_bytes() == OUTSIDE
    assert (tree / ".git" / "config").read_bytes() == OUTSIDE


def test_a_link_is_a_link_and_is_replaced_as_one(files: Beneath, tree: Path) -> None:
    with files.open("file-link") as opened:
        assert opened.link == os.fsencode(tree.parent / "outside" / "file")
    files.write("file-link", 0o100644, [b"mine"], "part", stamp(files, "file-link"))
    assert (tree / "file-link").read_bytes() == b"mine"
    assert not (tree / "file-link").is_symlink()
    files.write("file-link", 0o120000, [b"/nowhere"], "part", stamp(files, "file-link"))
    assert os.readlink(tree / "file-link") == "/nowhere"
    assert (tree.parent / "outside" / "file").read_bytes() == OUTSIDE


def test_a_folder_that_is_swapped_for_a_link_all_the_time_leads_nowhere(files: Beneath, tree: Path) -> None:
    real, away, outside = tree / "swap", tree / "away", tree.parent / "outside"
    real.mkdir()
    (real / "file").write_bytes(b"inside")
    stop = threading.Event()

    def swap() -> None:
        steps = (
            lambda: os.rename(real, away),
            lambda: os.symlink(outside, real),
            lambda: os.unlink(real),
            # A write may have made the folder anew while it was away.
            lambda: None if real.is_symlink() else shutil.rmtree(real),
            lambda: os.rename(away, real),
        )
        while not stop.is_set():
            for step in steps:
                with contextlib.suppress(OSError):
                    step()

    thread = threading.Thread(target=swap)
    thread.start()
    read = wrote = 0
    try:
        for _ in range(2_000):
            found = files.read("swap/file", 1 << 20)
            assert found is None or found.data in (b"inside", b"mine")
            read += found is not None
            try:
                files.write("swap/file", 0o100644, [b"mine"], ".part", stamp(files, "swap/file"))
                wrote += 1
            except OSError:
                continue
    finally:
        stop.set()
        thread.join()
    assert (tree.parent / "outside" / "file").read_bytes() == OUTSIDE
    assert sorted(os.listdir(tree.parent / "outside")) == ["file"]
    assert read
    assert wrote


def test_folders_are_made_with_the_rights_of_those_around_them_and_removed_when_empty(
    files: Beneath, tree: Path
) -> None:
    os.chmod(tree, 0o750)
    files.write("a/b/c", 0o100755, [b"x", b"y"], ".part", None)
    assert (tree / "a" / "b" / "c").read_bytes() == b"xy"
    assert [oct((tree / p).stat().st_mode & 0o777) for p in ("a", "a/b", "a/b/c")] == [
        "0o750",
        "0o750",
        "0o755",
    ]
    files.remove("a/b/c", stamp(files, "a/b/c"))
    assert not (tree / "a").exists()


def test_what_changed_since_it_was_looked_at_is_not_replaced(files: Beneath, tree: Path) -> None:
    looked = stamp(files, "inside/file")

    def pieces() -> Iterator[bytes]:
        yield b"ours"
        (tree / "inside" / "file").write_bytes(b"theirs, this very moment")

    with pytest.raises(Changed):
        files.write("inside/file", 0o100644, pieces(), ".part", looked)
    with pytest.raises(Changed):
        files.remove("inside/file", looked)
    with pytest.raises(Changed):
        files.write("inside/file", 0o100644, [b"ours"], ".part", None)
    assert (tree / "inside" / "file").read_bytes() == b"theirs, this very moment"
