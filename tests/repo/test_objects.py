import os
import signal
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo.objects import CatFile, is_id

from ..gitrepo import GitRepo


def blobs(repo: GitRepo, contents: list[bytes]) -> list[str]:
    for number, content in enumerate(contents):
        repo.write({f"f{number}": content})
    names = "".join(f"f{number}\n" for number in range(len(contents)))
    return repo.git("hash-object", "-w", "--stdin-paths", "--no-filters", stdin=names.encode()).split()


def test_many_blobs_are_read_in_the_order_asked(repo: GitRepo) -> None:
    contents = [os.urandom(n * 37 % 5000) for n in range(300)]
    shas = blobs(repo, contents)
    with CatFile(repo.git_dir) as cat:
        found = list(cat.read_many(shas + shas[::-1]))
    assert [o.data if o else None for o in found] == contents + contents[::-1]
    assert {o.kind for o in found if o} == {"blob"}


def test_large_objects_in_a_row_do_not_deadlock(repo: GitRepo) -> None:
    contents = [os.urandom(300_000 + n) for n in range(20)]
    shas = blobs(repo, contents) * 10
    with CatFile(repo.git_dir) as cat:
        assert all(o and o.data for o in cat.read_many(shas))


def test_beyond_the_cap_only_the_size_is_told(repo: GitRepo) -> None:
    shas = blobs(repo, [b"x" * 100, b"y" * 101])
    with CatFile(repo.git_dir, cap=100) as cat:
        small, large = cat.read_many(shas)
    assert small is not None
    assert small.data == b"x" * 100
    assert large is not None
    assert (large.size, large.data) == (101, None)


def test_a_missing_object_is_none_among_others(repo: GitRepo) -> None:
    (sha,) = blobs(repo, [b"here"])
    with CatFile(repo.git_dir) as cat:
        found = list(cat.read_many(["0" * 40, sha, "1" * 40]))
        assert [o is None for o in found] == [True, False, True]
        assert [o is None for o in cat.info(["0" * 40, sha])] == [True, False]
        with pytest.raises(AuraError) as met:
            cat.read("0" * 40)
    assert met.value.code == "unreadable_object"


def test_a_corrupt_object_is_none_and_the_others_are_read(repo: GitRepo) -> None:
    shas = blobs(repo, [b"one", b"two" * 1000, b"three", b"four"])
    for sha, spoil in ((shas[1], b"garbage"), (shas[2], b"")):
        loose = Path(repo.git_dir, "objects", sha[:2], sha[2:])
        loose.chmod(0o644)
        loose.write_bytes(spoil)
    with CatFile(repo.git_dir) as cat:
        found = list(cat.read_many(shas * 2))
    assert [o.data if o else None for o in found] == [b"one", None, None, b"four"] * 2


def test_an_object_cut_off_in_the_middle_is_none(repo: GitRepo) -> None:
    shas = blobs(repo, [os.urandom(50_000), b"after"])
    loose = Path(repo.git_dir, "objects", shas[0][:2], shas[0][2:])
    loose.chmod(0o644)
    loose.write_bytes(loose.read_bytes()[:20_000])
    with CatFile(repo.git_dir) as cat:
        found = list(cat.read_many(shas))
    assert [o.data if o else None for o in found] == [None, b"after"]


def test_it_starts_again_when_git_dies(repo: GitRepo) -> None:
    shas = blobs(repo, [b"%d" % n for n in range(200)])
    with CatFile(repo.git_dir) as cat:
        answers = cat.read_many(shas)
        seen = [next(answers) for _ in range(70)]
        for lane in (cat._sizes, cat._contents):
            assert lane._stream is not None
            os.kill(lane._stream._process.pid, signal.SIGKILL)
        seen += list(answers)
    assert [o.data if o else None for o in seen] == [b"%d" % n for n in range(200)]


def test_an_answer_left_half_read_does_not_spoil_the_next(repo: GitRepo) -> None:
    shas = blobs(repo, [b"%d" % n for n in range(50)])
    with CatFile(repo.git_dir) as cat:
        for sha, wanted in zip(shas, range(50), strict=True):
            next(cat.read_many(shas))
            assert cat.read(sha).data == b"%d" % wanted


def test_objects_written_later_and_repacked_are_found(repo: GitRepo) -> None:
    repo.commit({"a": "1"})
    with CatFile(repo.git_dir) as cat:
        first = repo.rev("HEAD:a")
        assert cat.read(first).data == b"1"
        repo.commit({"a": "2"})
        repo.git("gc", "--quiet", "--prune=now")
        assert cat.read(repo.rev("HEAD:a")).data == b"2"
        assert cat.read(first).data == b"1"


def test_sha256_repositories_are_read(tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "r", options=("--object-format=sha256",))
    repo.commit({"a": "content"})
    with CatFile(repo.git_dir) as cat:
        assert cat.read(repo.rev("HEAD:a")).data == b"content"
        assert len(cat.read(repo.rev("HEAD")).sha) == 64


def test_alternates_are_followed(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "content"})
    clone = GitRepo(tmp_path / "clone", init=False)
    repo.git("clone", "--quiet", "--shared", str(repo.path), str(clone.path))
    with CatFile(clone.git_dir) as cat:
        assert cat.read(clone.rev("HEAD:a")).data == b"content"


def test_a_replaced_object_is_read_as_itself(repo: GitRepo) -> None:
    old, new = blobs(repo, [b"old", b"new"])
    repo.git("replace", old, new)
    with CatFile(repo.git_dir) as cat:
        assert cat.read(old).data == b"old"


def test_a_partial_clone_fetches_nothing(repo: GitRepo, tmp_path: Path) -> None:
    repo.commit({"a": "old"})
    repo.commit({"a": "new"})
    old = repo.rev("HEAD~1:a")
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = GitRepo(tmp_path / "clone", init=False)
    source = f"file://{repo.path}"
    repo.git("clone", "--quiet", "--filter=blob:none", source, str(clone.path))
    canary = tmp_path / "canary"
    clone.git("config", "remote.origin.uploadpack", f"touch {canary}; git-upload-pack")
    with CatFile(clone.git_dir) as cat:
        missing, present = cat.read_many([old, clone.rev("HEAD:a")])
    assert missing is None
    assert present is not None
    assert not canary.exists()


def test_not_a_repository_is_said(tmp_path: Path) -> None:
    with CatFile(str(tmp_path)) as cat, pytest.raises(AuraError) as met:
        cat.read("0" * 40)
    assert met.value.code == "not_a_repository"


@pytest.mark.parametrize("text", ["HEAD", "--help", "0" * 39, "0" * 41, "0" * 40 + "\n", "A" * 40])
def test_only_full_ids_reach_git(repo: GitRepo, text: str) -> None:
    assert not is_id(text)
    with CatFile(repo.git_dir) as cat, pytest.raises(AuraError):
        cat.read(text)
