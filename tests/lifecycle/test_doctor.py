"""`aura doctor`: proves that changes are captured, and says how to mend each thing that is broken."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ..gitrepo import GitRepo
from .daemons import Aura


@pytest.fixture
def healthy(own: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"a.py": "def f():\n    return 1\n"}, "begin")
    own.ok("init", "--hooks", cwd=repo.path)
    return repo


def examined(aura: Aura, cwd: Path, **env: str) -> tuple[int, dict[str, Any]]:
    done = aura.cli("doctor", "--json", cwd=cwd, env=env)
    found = json.loads(done.stdout)["data"]
    broken = [f for f in found if f["outcome"] != "ok"]
    assert all(f["mend"] for f in broken)
    return done.returncode, {f["check"]: f["outcome"] for f in found}


def test_all_is_well_in_a_healthy_repository(own: Aura, healthy: GitRepo) -> None:
    status, found = examined(own, healthy.path)
    assert status == 0
    assert set(found.values()) == {"ok"}
    assert {
        "git",
        "home",
        "daemon",
        "database",
        "spool",
        "repository",
        "head",
        "hooks",
        "watch",
        "canary",
    } == set(found)


def test_it_leaves_nothing_behind(own: Aura, healthy: GitRepo) -> None:
    def state() -> Any:
        trees = own.api("GET", "/v1/worktrees")["data"]
        intents = own.api("GET", "/v1/intents")["data"]
        files = sorted(str(path) for path in healthy.path.rglob("*"))
        canaries = [name for name in os.listdir(tempfile.gettempdir()) if name.startswith("aura-canary-")]
        return trees, intents, files, canaries, own.spooled()

    before = state()
    own.ok("doctor", cwd=healthy.path)
    assert state() == before


def test_broken_and_outdated_hooks_are_found_and_mended_as_told(own: Aura, healthy: GitRepo) -> None:
    hooks = healthy.path / ".git" / "hooks"
    (hooks / "post-commit").chmod(0o644)
    (hooks / "post-merge").write_text((hooks / "post-merge").read_text().replace("version", "older version"))
    done = own.cli("doctor", cwd=healthy.path)
    assert done.returncode == 1
    assert "post-commit is not executable, post-merge is outdated" in done.stdout
    assert "aura hooks install" in done.stdout
    own.ok("hooks", "install", cwd=healthy.path)
    assert own.cli("doctor", cwd=healthy.path).returncode == 0


def test_absent_hooks_are_a_warning(own: Aura, healthy: GitRepo) -> None:
    own.ok("hooks", "uninstall", cwd=healthy.path)
    status, found = examined(own, healthy.path)
    assert (status, found["hooks"]) == (0, "warn")


def test_a_spool_that_nobody_can_write_is_found(own: Aura, healthy: GitRepo) -> None:
    spool = Path(own.home) / "spool"
    spool.rmdir()
    spool.touch()
    status, found = examined(own, healthy.path)
    assert (status, found["spool"]) == (1, "fail")
    spool.unlink()
    own.ok("daemon", "restart", cwd="/")
    assert own.cli("doctor", cwd=healthy.path).returncode == 0


def test_a_daemon_that_must_not_be_started_is_told(own: Aura, healthy: GitRepo) -> None:
    own.stop()
    status, found = examined(own, healthy.path, AURA_AUTOSTART="0")
    assert (status, found["daemon"]) == (3, "fail")
    assert own.cli("daemon", "status", cwd="/").returncode == 3


def test_outside_of_a_repository_the_rest_is_examined(own: Aura, tmp_path: Path) -> None:
    status, found = examined(own, tmp_path)
    assert (status, found["repository"], found["canary"]) == (0, "warn", "ok")


def test_a_repository_that_nobody_registered_is_told(own: Aura, repo: GitRepo) -> None:
    status, found = examined(own, repo.path)
    assert (status, found["repository"]) == (1, "fail")
