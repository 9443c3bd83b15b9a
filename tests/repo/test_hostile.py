"""A repository that wants its programs run, and never sees one of them run."""

import os
import subprocess
from pathlib import Path

import pytest

from aura.repo import git
from aura.repo.changes import commit_changes, tree_changes
from aura.repo.commits import commits, resolve
from aura.repo.objects import CatFile
from aura.repo.uncommitted import staged_changes, worktree_changes
from aura.repo.worktrees import discover, head, identity

from ..gitrepo import GitRepo

PROGRAMS = (
    "core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "core.askPass", "core.gitProxy",
    "core.alternateRefsCommand", "diff.external", "diff.evil.command", "diff.evil.textconv",
    "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.a=b.clean",
    "filter.a=b.process", "gpg.program", "pager.diff-tree", "pager.cat-file", "pager.rev-list",
    "credential.helper", "remote.origin.uploadpack", "trace2.eventTarget", "alias.cat-file",
    "alias.diff-files", "uploadpack.packObjectsHook", "sequence.editor",
)  # fmt: skip


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


@pytest.fixture
def hostile(repo: GitRepo, canary: Path) -> GitRepo:
    repo.commit({"a.txt": "1\n", "b.bin": "1\n", "c.odd": "1\n"})
    repo.commit({".gitattributes": "*.txt filter=evil diff=evil\n*.bin filter=other\n*.odd filter=a=b\n"})
    program = canary.with_name("program")
    program.write_text(f"#!/bin/sh\ntouch '{canary}'\ncat\n")
    program.chmod(0o755)
    for key in PROGRAMS:
        repo.git("config", key, str(program))
    for name in ("evil", "a=b"):
        repo.git("config", f"filter.{name}.required", "true")
    repo.git("config", "filter.other.process", str(program))
    repo.git("config", "log.showSignature", "true")
    hooks = Path(repo.git_dir) / "hooks"
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"):
        hooks.mkdir(exist_ok=True)
        (hooks / hook).write_text(program.read_text())
        (hooks / hook).chmod(0o755)
    index = Path(repo.git_dir) / "index"
    # As old as this, every entry is younger than the index: git has to read the files.
    os.utime(index, (1, 1))
    assert not canary.exists()
    return repo


def test_git_itself_would_run_them(hostile: GitRepo, canary: Path) -> None:
    """The control: without our care the canary appears."""
    plain = ["git", "-c", "core.fsmonitor=", "diff-files", "--raw"]
    subprocess.run(plain, cwd=hostile.path, capture_output=True, check=False)
    assert canary.exists()


def test_no_reading_runs_a_program_of_the_repository(hostile: GitRepo, canary: Path) -> None:
    found = discover(str(hostile.path))
    head(found)
    identity(found)
    tip = resolve(hostile.git_dir, "HEAD")
    shas = [c.sha for c in commits(hostile.git_dir, ["HEAD"])]
    list(commit_changes(hostile.git_dir, shas))
    tree_changes(hostile.git_dir, None, tip)
    with CatFile(hostile.git_dir) as cat:
        cat.read(tip)
        list(cat.read_many(["0" * 40]))
    assert worktree_changes(found) == staged_changes(found) == []
    assert not canary.exists()


def test_no_look_at_a_changed_work_tree_runs_one_either(hostile: GitRepo, canary: Path) -> None:
    for name in ("a.txt", "b.bin", "c.odd", "new.txt"):
        (hostile.path / name).write_text("2\n")
    os.utime(Path(hostile.git_dir) / "index", (1, 1))
    found = worktree_changes(discover(str(hostile.path)))
    assert [c.path for c in found] == ["a.txt", "b.bin", "c.odd", "new.txt"]
    assert not canary.exists()


def test_a_submodule_is_not_asked_for_its_own_changes(repo: GitRepo, tmp_path: Path, canary: Path) -> None:
    inner = GitRepo(tmp_path / "inner")
    inner.commit({"x": "1"})
    repo.git("submodule", "--quiet", "add", str(inner.path), "sub")
    repo.commit()
    sub = GitRepo(repo.path / "sub", init=False)
    sub.git("config", "core.fsmonitor", f"touch '{canary}'; false")
    sub.git("config", "filter.mine.clean", f"touch '{canary}'; cat")
    Path(sub.git_dir, "info", "attributes").write_text("* filter=mine\n")
    os.utime(Path(sub.git_dir) / "index", (1, 1))
    canary.unlink(missing_ok=True)
    assert worktree_changes(discover(str(repo.path))) == []
    assert not canary.exists()
    subprocess.run(["git", "diff-files", "--raw"], cwd=repo.path, capture_output=True, check=False)
    assert canary.exists()


def test_a_caller_in_a_hook_does_not_mislead_us(
    repo: GitRepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = repo.commit({"a": "1"})
    other = GitRepo(tmp_path / "other")
    other.commit({"b": "1"}, "another")
    monkeypatch.setenv("GIT_DIR", other.git_dir)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    git_dir = str(repo.path / ".git")
    assert resolve(git_dir, "HEAD") == sha
    assert worktree_changes(discover(str(repo.path))) == []
    assert git.run(git_dir, "rev-parse", "HEAD").decode().strip() == sha
