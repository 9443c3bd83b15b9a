import os
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo import git

from ..gitrepo import GitRepo


def test_no_git_variable_of_the_caller_reaches_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.lock")
    monkeypatch.setenv("GIT_DIR", "elsewhere")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.fsmonitor=touch canary'")
    found = git.environment()
    assert {name for name in found if name.startswith("GIT_")} == set(git._OWN) - {"LC_ALL"}
    assert found["LC_ALL"] == "C"


def test_a_missing_git_is_said(repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git_dir = repo.git_dir
    monkeypatch.setenv("PATH", str(tmp_path))
    for call in (git.run, git.Stream):
        with pytest.raises(AuraError) as met:
            call(git_dir, "version")
        assert met.value.code == "git_missing"


def test_git_is_not_looked_for_in_the_current_folder(
    repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git_dir = repo.git_dir
    fake = repo.path / "git"
    fake.write_text(f"#!/bin/sh\ntouch {tmp_path}/canary\n")
    fake.chmod(0o755)
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("PATH", f".:{os.environ['PATH']}")
    assert git.run(git_dir, "version").startswith(b"git version")
    assert not (tmp_path / "canary").exists()


def test_a_git_that_hangs_is_given_up(repo: GitRepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git_dir = repo.git_dir
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git, "SILENCE_S", 0.05)
    with pytest.raises(AuraError) as met, git.Stream(git_dir, "cat-file", "--batch") as stream:
        stream.out.readline()
    assert met.value.code == "git_failed"
    with pytest.raises(AuraError) as met:
        git.run(git_dir, "version", timeout_s=0.05)
    assert met.value.code == "git_failed"


@pytest.mark.parametrize(
    ("complaint", "code"),
    [
        (b"fatal: not a git repository: '/x'", "not_a_repository"),
        (b"fatal: detected dubious ownership in repository at '/x'", "permission_denied"),
        (b'error: open("a"): Permission denied', "permission_denied"),
        (b"fatal: bad object HEAD", "unreadable_object"),
        (b"fatal: unknown repository extension found:\n\trefstorage", "git_failed"),
        (b"", "git_failed"),
    ],
)
def test_each_complaint_of_git_has_a_code(complaint: bytes, code: str) -> None:
    met = git.failure(complaint, "/x")
    assert met.code == code
    assert met.message.startswith("cannot")


def test_dubious_ownership_says_what_to_do() -> None:
    assert "safe.directory /a b" in git.dubious("/a b").hint


def test_odd_paths_are_printed_escaped() -> None:
    assert git.shown("a\nb\udcff") == "a\\nb\\udcff"
