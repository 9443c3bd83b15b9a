"""What is to be refused is refused by a hook alone: where there is none, that is said."""

import pytest

from ..gitrepo import GitRepo
from ..lifecycle.daemons import Aura

SAID = "no pre-commit hook here: nothing is refused; aura hooks install"
GUARDS = [
    ("config", "set", "claims", "block"),
    ("config", "set", "strict_mode", "on"),
    ("zone", "claim", "a.py", "--mode", "block"),
]


@pytest.fixture
def shop(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"a.py": "def f():\n    return 1\n"}, "begin")
    aura.init(repo)
    return repo


@pytest.mark.parametrize("args", GUARDS, ids=" ".join)
def test_without_a_hook_that_is_said(aura: Aura, shop: GitRepo, args: tuple[str, ...]) -> None:
    done = aura.cli(*args, cwd=shop.path)
    assert (done.returncode, done.stderr.strip()) == (0, SAID)
    aura.ok("hooks", "install", cwd=shop.path)
    done = aura.cli(*args, cwd=shop.path)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_refuses_nothing_says_nothing(aura: Aura, shop: GitRepo) -> None:
    for args in (("config", "set", "claims", "warn"), ("zone", "claim", "a.py")):
        assert aura.cli(*args, cwd=shop.path).stderr == ""


def test_the_doctor_says_so_too(aura: Aura, shop: GitRepo) -> None:
    said = aura.cli("doctor", cwd=shop.path).stdout
    assert "no pre-commit hook here" in said
    assert "nothing is refused" in said


def test_hooks_in_the_work_tree_are_said_to_be_committed(aura: Aura, shop: GitRepo) -> None:
    shop.git("config", "core.hooksPath", ".husky")
    done = aura.cli("hooks", "install", cwd=shop.path)
    assert done.returncode == 0
    assert "note: .husky lies in the work tree" in done.stderr
    assert "gives them to everybody" in done.stderr
    shop.write({".gitignore": ".husky\n"})
    assert aura.cli("hooks", "install", cwd=shop.path).stderr == ""


def test_a_file_that_is_not_there_yet_can_be_claimed_and_checked(aura: Aura, shop: GitRepo) -> None:
    assert "path new.py is yours" in aura.ok("zone", "claim", "new.py", cwd=shop.path)
    assert "new.py: clear" in aura.ok("check", "new.py", cwd=shop.path)
    (shop.path / "pkg").mkdir()
    assert "path pkg/new.py is yours" in aura.ok("zone", "claim", "new.py", cwd=shop.path / "pkg")
    refused = aura.cli("zone", "claim", "nowhere", cwd=shop.path)
    assert (refused.returncode, "cannot find" in refused.stderr) == (1, True)


def test_a_zone_is_released_by_what_the_list_shows(aura: Aura, shop: GitRepo) -> None:
    for target in ("src/*.py", "f", "a.py"):
        aura.ok("zone", "claim", target, cwd=shop.path)
        (shown,) = [line.split("\t")[1] for line in aura.ok("zone", "list", cwd=shop.path).splitlines()]
        assert shown == target
        aura.ok("zone", "renew", shown, cwd=shop.path)
        assert f"{target} is free" in aura.ok("zone", "release", shown, cwd=shop.path)
