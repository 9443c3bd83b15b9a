"""`aura check`: what a person or a script is told before an edit."""

from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..impacted import BRANCH, collide, impacts
from .daemons import Aura
from .test_agent_hooks import SHOP, Agent, context


@pytest.fixture
def side(aura: Aura, repo: GitRepo, tmp_path: Path) -> GitRepo:
    """A second work tree beside `repo`."""
    repo.commit({"shop.py": SHOP, "lib/till.py": "OPEN = 1\n"}, "begin")
    aura.init(repo)
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    aura.ok("status", cwd=tmp_path / "side")
    return GitRepo(tmp_path / "side", init=False)


def test_a_blocked_place_is_refused_with_its_exit_status(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    aura.ok("zone", "claim", "lib", "--mode", "block", cwd=repo.path)
    done = aura.cli("check", "lib/till.py", cwd=side.path)
    assert done.returncode == 4
    assert done.stdout.startswith("lib/till.py: blocked, do not edit it now\n")
    assert "blocks changes of lib/ until" in done.stdout
    assert aura.ok("check", "shop.py", cwd=side.path) == "shop.py: clear, nobody else is there\n"
    assert aura.ok("check", ".", cwd=side.path).startswith("/: caution")
    assert aura.cli("check", "lib/till.py", cwd=repo.path).returncode == 0


def test_who_changes_another_function_is_not_in_the_way(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    side.write({"shop.py": SHOP.replace("order.sum()", "order.sum() + 1")})
    assert "clear" in aura.ok("check", "close", cwd=repo.path)
    told = aura.ok("check", "shop.py:2", cwd=repo.path)
    assert told.startswith("pay: caution")
    assert f"in {side.path} (side), uncommitted: pay body changed" in told
    aura.ok("session", "start", "--agent", "codex", cwd=side.path)
    assert f"codex edits it in {side.path} (side), uncommitted" in aura.ok("check", "shop.py", cwd=repo.path)
    assert "clear" in aura.ok("check", "shop.py", cwd=side.path)


def test_a_file_can_be_asked_about_from_another_folder_and_before_it_is_there(
    aura: Aura, side: GitRepo
) -> None:
    assert aura.ok("check", "till.py:1", cwd=side.path / "lib").startswith("OPEN: clear")
    assert "clear" in aura.ok("check", "lib/new.py", cwd=side.path)


def test_what_nobody_knows_is_told_with_a_hint(aura: Aura, side: GitRepo) -> None:
    done = aura.cli("check", "nothing_like_it", cwd=side.path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot find an entity nothing_like_it" in done.stderr
    assert "hint: " in done.stderr


def test_what_changed_elsewhere_is_told_where_it_matters(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"idle.py": "def idle():\n    pass\n"}, "begin")
    collide(repo)
    aura.init(repo)
    pay, _ = impacts(lambda method, path, body: aura.api(method, path, body, repo=repo.path))
    told = aura.ok("check", "till.py", cwd=repo.path)
    assert told.startswith("till.py: caution")
    assert f"pay signature changed on {BRANCH}, used here in till.py:5: aura impact show {pay}" in told
    assert pay in aura.ok("check", "close", cwd=repo.path)
    assert pay in aura.ok("check", "desk.py:1", cwd=repo.path)
    assert "clear" in aura.ok("check", "idle.py", cwd=repo.path)
    agent = Agent(aura, repo, "claude-code")
    assert pay in context(agent.hear("session-start"))
    assert pay in context(agent.edit("before-edit", "till.py", "pay(1)"))
    assert agent.edit("before-edit", "till.py", "pay(1)") == {}
