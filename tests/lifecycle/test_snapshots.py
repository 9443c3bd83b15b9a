"""Snapshots as a person has them: kept, looked at, restored and undone from the command line."""

import subprocess
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from .daemons import AURA, Aura

SHOP = "def pay(order):\n    return order.sum()\n\n\ndef ship(order):\n    return order.address\n"


@pytest.fixture
def shop(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"src/shop.py": SHOP, "till.py": "TILL = 1\n"}, "begin")
    aura.init(repo)
    return repo


def test_a_work_tree_is_kept_restored_and_the_restore_undone(aura: Aura, shop: GitRepo) -> None:
    id_ = aura.ok("snapshot", "create", "--message", "before the rewrite", cwd=shop.path).split()[0]
    shop.write({"src/shop.py": SHOP.replace("sum", "total"), "new.py": "NEW = 1\n"})
    assert "~ function pay" in aura.ok("snapshot", "diff", id_, cwd=shop.path)
    assert aura.ok("snapshot", "restore", id_, cwd=shop.path) == "restored 2 files\n"
    assert (shop.path / "src/shop.py").read_text() == SHOP
    assert not (shop.path / "new.py").exists()
    assert aura.ok("undo", cwd=shop.path) == "undone: 2 files as before\n"
    assert (shop.path / "new.py").read_text() == "NEW = 1\n"
    assert aura.ok("redo", cwd=shop.path) == "restored 2 files again\n"
    again = aura.cli("redo", cwd=shop.path)
    assert (again.returncode, again.stderr.splitlines()[0]) == (
        4, f"error: cannot redo: nothing was undone in {shop.path}",
    )  # fmt: skip
    assert "before the rewrite" in aura.ok("snapshot", "list", "--scope", "tree", cwd=shop.path)


def test_paths_are_meant_from_where_one_stands(aura: Aura, shop: GitRepo) -> None:
    inside = shop.path / "src"
    made = aura.json("snapshot", "create", "shop.py", cwd=inside)
    assert made["path"] == "src/shop.py"
    listed = aura.json("snapshot", "list", "--file", "shop.py", cwd=inside)["data"]
    assert [row["id"] for row in listed] == [made["id"]]
    shop.write({"src/shop.py": "broken(\n", "till.py": "TILL = 2\n"})
    whole = aura.json("snapshot", "create", cwd=inside)["id"]
    shop.write({"src/shop.py": SHOP, "till.py": "TILL = 3\n"})
    aura.ok("snapshot", "restore", whole, "--path", "shop.py", cwd=inside)
    assert (inside / "shop.py").read_text() == "broken(\n"
    assert (shop.path / "till.py").read_text() == "TILL = 3\n"


def test_one_function_comes_back_by_its_name(aura: Aura, shop: GitRepo) -> None:
    id_ = aura.json("snapshot", "create", cwd=shop.path)["id"]
    shop.write({"src/shop.py": SHOP.replace("sum", "total").replace("address", "street")})
    said = aura.ok("snapshot", "restore", id_, "--entity", "src/shop.py:pay", cwd=shop.path)
    assert said == "restored src/shop.py:pay\n"
    assert (shop.path / "src/shop.py").read_text() == SHOP.replace("address", "street")
    said = aura.ok("snapshot", "restore", id_, "--entity", "pay", cwd=shop.path)
    assert said == "nothing to restore: all is as it was then\n"


def test_a_content_comes_out_byte_for_byte(aura: Aura, shop: GitRepo, tmp_path: Path) -> None:
    data = bytes(range(256)) * 10
    shop.write({"image.bin": data})
    id_ = aura.json("snapshot", "create", "image.bin", cwd=shop.path)["id"]
    line = [*AURA, "snapshot", "content", id_]
    assert subprocess.run(line, cwd=shop.path, capture_output=True, check=True).stdout == data
    refused = aura.cli("snapshot", "content", id_, "--path", "other", cwd=shop.path)
    assert (refused.returncode, refused.stderr.startswith("error: cannot find other")) == (1, True)


def test_snapshots_of_edits_are_switched_and_old_ones_removed(aura: Aura, shop: GitRepo) -> None:
    assert aura.ok("snapshot", "auto", cwd=shop.path).endswith(": off\n")
    assert aura.ok("snapshot", "auto", "on", cwd=shop.path).endswith(": on\n")
    assert aura.ok("config", "get", "snapshots.auto", cwd=shop.path)
    assert "0 snapshots" in aura.ok("snapshot", "gc", "--dry-run", cwd=shop.path)
    refused = aura.cli("snapshot", "auto", "perhaps", cwd=shop.path)
    assert refused.returncode == 2
