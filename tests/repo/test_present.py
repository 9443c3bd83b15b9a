import os
from pathlib import Path

import pytest

from aura.repo.files import blob_id
from aura.repo.present import Present
from aura.repo.worktrees import discover

from ..gitrepo import GitRepo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"a.py": "a = 1\n", "sub/b.py": "b = 1\n", ".gitignore": "*.log\n"})
    for file in ("a.py", "sub/b.py", ".gitignore"):
        age(repo, file)
    return repo


def age(repo: GitRepo, file: str) -> None:
    """Give a file a date at which it is no longer young; its last change of status stays what it is."""
    os.utime(repo.path / file, (1, 1))


def looked(repo: GitRepo) -> Present:
    """Return one that has looked until nothing is young any more."""
    present = Present(discover(str(repo.path)))
    while any(seen.data is not None for seen in present.look().values()):
        pass
    return present


def read(present: Present) -> dict[str, bytes]:
    return {path: seen.data for path, seen in present.look().items() if seen.data is not None}


def test_the_first_look_reads_every_file(repo: GitRepo) -> None:
    found = Present(discover(str(repo.path))).look()
    assert {path: seen.data for path, seen in found.items()} == {
        ".gitignore": b"*.log\n", "a.py": b"a = 1\n", "sub/b.py": b"b = 1\n",
    }  # fmt: skip
    assert found["a.py"].blob == blob_id(b"a = 1\n", "sha1") == repo.rev("HEAD:a.py")


def test_what_did_not_change_is_not_read_again(repo: GitRepo) -> None:
    present = looked(repo)
    assert read(present) == {}
    assert present.look()["a.py"].blob == repo.rev("HEAD:a.py")


def test_a_change_of_the_same_size_and_date_is_read(repo: GitRepo) -> None:
    present = looked(repo)
    repo.write({"a.py": "a = 2\n"})
    age(repo, "a.py")
    assert read(present) == {"a.py": b"a = 2\n"}


def test_a_file_that_has_just_changed_is_read_until_it_has_rested(repo: GitRepo) -> None:
    present = looked(repo)
    repo.write({"a.py": "a = 2\n"})
    assert read(present) == {"a.py": b"a = 2\n"}
    repo.write({"a.py": "a = 3\n"})
    assert read(present) == {"a.py": b"a = 3\n"}


def test_files_come_and_go(repo: GitRepo) -> None:
    present = looked(repo)
    repo.write({"new/deep/c.py": "c = 1\n", "noise.log": "x"})
    (repo.path / "a.py").unlink()
    assert present.look().keys() == {".gitignore", "new/deep/c.py", "sub/b.py"}


def test_links_are_left_out(repo: GitRepo) -> None:
    (repo.path / "link.py").symlink_to("a.py")
    assert "link.py" not in Present(discover(str(repo.path))).look()
