"""What is staged, and a closer look at a change: the same evidence for a commit and for what will be one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo import analysis
from aura.repo.analysis import Analyst
from aura.repo.cache import Cache
from aura.repo.pool import Pool
from aura.repo.requests import DiffCommits, DiffStaged, DiffWorktree, Examine
from aura.syntax.evidence import Evidence

from ..gitrepo import GitRepo

ONE = {"a.py": "def f():\n    return g()\n\n\ndef g():\n    return 1\n", "b.py": "def h():\n    return f()\n"}
TWO = {"a.py": ONE["a.py"].replace("g()", "k()")}


@pytest.fixture
def analyst(tmp_path: Path) -> Iterator[Analyst]:
    with Cache(str(tmp_path / "cache.db")) as cache, Analyst(cache) as found:
        yield found


def root(repo: GitRepo) -> bytes:
    return os.fsencode(repo.path)


def names(evidence: Evidence) -> list[str | None]:
    return [edit.new.qualified_name if edit.new else None for edit in evidence.edits]


def test_only_what_is_staged_is_compared(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit(ONE)
    repo.write(TWO)
    repo.git("add", "a.py")
    repo.write({"a.py": ONE["a.py"] + "\n\nx = 1\n", "b.py": "x = 2\n", "c.py": "x = 3\n"})
    staged = analyst.diff_staged(str(repo.path), "HEAD", None)
    assert {edit.new.qualified_name for edit in staged.edits if edit.new} == {"f", "k"}
    sha = repo.git("commit", "-q", "-m", "staged") or repo.rev("HEAD")
    (made,) = analyst.diff_commits(repo.git_dir, [sha])
    assert made.edits == staged.edits


def test_what_a_commit_of_named_files_will_hold_is_read_from_its_own_index(
    repo: GitRepo, analyst: Analyst, tmp_path: Path
) -> None:
    repo.commit(ONE)
    repo.write({"a.py": TWO["a.py"], "b.py": "def h():\n    return 2\n"})
    repo.git("add", "a.py")
    index = tmp_path / "index"
    index.write_bytes((repo.path / ".git" / "index").read_bytes())
    repo.git("add", "b.py", env={"GIT_INDEX_FILE": str(index)})
    change = DiffStaged(root(repo), "HEAD", os.fsencode(index))
    found = analyst.examine(Examine(change, [], [])).evidence
    assert found.paths == ("a.py", "b.py")
    assert names(analyst.examine(Examine(DiffStaged(root(repo), "HEAD"), [], [])).evidence) == ["f", "k"]


def test_before_the_first_commit_all_that_is_staged_is_new(repo: GitRepo, analyst: Analyst) -> None:
    repo.write(ONE)
    repo.git("add", "a.py")
    staged = analyst.diff_staged(str(repo.path), "HEAD", None)
    assert [edit.changes for edit in staged.edits] == [("added",), ("added",)]


def test_work_tree_index_and_commit_show_the_same(repo: GitRepo) -> None:
    repo.commit(ONE)
    repo.write(TWO)
    with Pool(size=1) as pool:
        found = pool.examine(DiffWorktree(root(repo), "HEAD"), ["f", "h", "nobody"], ["b.py", "gone.py"])
        repo.git("add", "a.py")
        staged = pool.examine(DiffStaged(root(repo), "HEAD"), ["f", "h"], ["b.py"])
        sha = repo.commit()
        made = pool.examine(DiffCommits(os.fsencode(repo.git_dir), [sha]), ["f", "h"], ["b.py"])
    assert found == staged == made
    assert (found.paths, found.degraded, names(found)) == (("a.py",), (), ["f", "k"])
    assert [(s.sought, s.old and s.old.calls, s.new and s.new.calls) for s in found.sights] == [
        ("f", ("g",), ("k",)),
        ("h", ("f",), ("f",)),
    ]


def test_a_commit_that_is_not_there_is_refused(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit(ONE)
    with pytest.raises(AuraError) as refused:
        analyst.examine(Examine(DiffCommits(os.fsencode(repo.git_dir), ["0" * 40]), [], []))
    assert refused.value.code == "unreadable_object"


def test_what_there_was_no_time_for_is_said(
    repo: GitRepo, analyst: Analyst, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(ONE)
    repo.write(TWO)
    monkeypatch.setattr(analysis, "LOOK_SECONDS", -1.0)
    found = analyst.examine(Examine(DiffWorktree(root(repo), "HEAD"), [], [])).evidence
    assert (names(found), found.degraded) == (["f", "k"], ("a.py",))


def test_what_could_not_be_read_is_said(repo: GitRepo, analyst: Analyst) -> None:
    repo.commit(ONE)
    repo.write({"a.py": "def f(:\n    return (\n"})
    found = analyst.examine(Examine(DiffWorktree(root(repo), "HEAD"), [], [])).evidence
    assert found.degraded == ("a.py",)
