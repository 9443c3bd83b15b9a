"""A commit that enters another's zone."""

import os
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from .daemons import Aura
from .test_claims import commit

SHOP = "def pay(order):\n    total = order.sum()\n    return total\n"


@pytest.fixture
def side(aura: Aura, repo: GitRepo, tmp_path: Path) -> GitRepo:
    """A second work tree beside `repo`; in both commits are looked at."""
    repo.commit({"shop.py": SHOP, "till.py": "def open():\n    pass\n"}, "begin")
    repo.git("config", "user.name", "Ada Lovelace")
    repo.git("config", "user.email", "ada@example.org")
    aura.init(repo)
    aura.ok("hooks", "install", cwd=repo.path)
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    return GitRepo(tmp_path / "side", init=False)


def told(repo: GitRepo) -> str:
    """Commit all changes, and return what git's hooks said, refused or not."""
    try:
        return commit(repo, "-a")
    except PermissionError as refused:
        return str(refused)


def claim(aura: Aura, repo: GitRepo, *what: str) -> str:
    zone: str = aura.json("zone", "claim", *what, cwd=repo.path)["id"]
    return zone


def test_a_blocked_zone_refuses_the_commits_of_others(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    zone = claim(aura, repo, "pay", "--mode", "block", "--reason", "new rounding")
    side.write({"shop.py": SHOP.replace("total\n", "total + 1\n")})
    said = told(side)
    assert "refused: what is staged enters the zones of others" in said
    assert "shop.py: Ada Lovelace has pay (new rounding) until" in said
    assert side.rev("HEAD") == repo.rev("HEAD")
    aura.ok("zone", "release", zone, cwd=repo.path)
    assert told(side) == ""
    assert side.rev("HEAD") != repo.rev("HEAD")


def test_a_zone_follows_what_it_is_about_under_another_name(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    claim(aura, repo, "pay", "--mode", "block")
    side.write({"shop.py": SHOP.replace("pay", "charge")})
    assert "refused" in told(side)


def test_what_a_hook_says_steers_no_terminal(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    claim(aura, repo, "pay", "--mode", "block", "--reason", "red \x1b[31m and \u202eback")
    side.write({"shop.py": SHOP.replace("total\n", "total + 1\n")})
    assert "(red \\x1b[31m and \\u202eback) until" in told(side)


def test_an_exclusive_zone_only_warns(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    claim(aura, repo, "shop.py")
    side.write({"shop.py": SHOP + "\n\npay(1)\n"})
    assert "warning: what is staged enters the zones of others" in told(side)
    assert side.rev("HEAD") != repo.rev("HEAD")


def test_what_lies_elsewhere_is_nobodys_business(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    claim(aura, repo, "pay", "--mode", "block")
    side.write({"till.py": "def open():\n    return 1\n"})
    assert told(side) == ""


def test_in_ones_own_work_tree_a_zone_is_ones_own(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    claim(aura, repo, "shop.py", "--mode", "block")
    repo.write({"shop.py": SHOP + "\n\npay(1)\n"})
    assert told(repo) == ""


def test_two_sessions_in_one_work_tree_are_two(
    aura: Aura, repo: GitRepo, side: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AURA_SESSION", "one")
    claim(aura, repo, "shop.py", "--mode", "block")
    repo.write({"shop.py": SHOP + "\n\npay(1)\n"})
    monkeypatch.setenv("AURA_SESSION", "two")
    assert "refused" in told(repo)
    monkeypatch.setenv("AURA_SESSION", "one")
    assert told(repo) == ""


def test_a_merge_may_enter_any_zone(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    repo.commit({"shop.py": SHOP + "\n\npay(1)\n"}, "call it")
    side.commit({"till.py": "def open():\n    return 1\n"}, "open")
    claim(aura, repo, "shop.py", "--mode", "block")
    side.git("merge", "-q", "--no-commit", "main")
    assert os.path.exists(os.path.join(side.git_dir, "MERGE_HEAD"))
    assert told(side) == ""


def test_a_zone_is_claimed_by_a_path_from_where_one_stands(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    repo.write({"deep/a.py": "a = 1\n"})
    zone = aura.json("zone", "claim", "a.py", cwd=repo.path / "deep")
    assert (zone["kind"], zone["path"]) == ("path", "deep/a.py")
