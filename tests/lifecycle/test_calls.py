"""Who calls whom, as the command line tells it."""

from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from .daemons import Aura

SHOP = "from audit import note\n\n\ndef pay(order):\n    note(order)\n\n\npay(1)\n"
AUDIT = "def note(order):\n    return order\n\n\ndef idle():\n    pass\n"


@pytest.fixture
def shop(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"shop.py": SHOP, "audit.py": AUDIT}, "begin")
    aura.init(repo)
    return repo


def callers(aura: Aura, repo: GitRepo, what: str) -> list[tuple[str, str]]:
    return [(c["caller"], c["confidence"]) for c in aura.json("callers", what, cwd=repo.path)["data"]]


@pytest.mark.parametrize("what", ["note", "audit.note", "audit.py:note", "audit.py:2"])
def test_an_entity_may_be_named_in_every_way(aura: Aura, shop: GitRepo, what: str) -> None:
    assert callers(aura, shop, what) == [("shop.pay", "imported")]


def test_an_id_leads_to_what_the_entity_is_called_now(aura: Aura, shop: GitRepo) -> None:
    (pay,) = aura.json("entities", "shop.py", "--kind", "function", cwd=shop.path)["data"]
    shop.commit({"shop.py": SHOP.replace("pay", "charge")}, "say charge")
    aura.recorded(shop, shop.rev("HEAD"))
    assert callers(aura, shop, pay["id"]) == [("shop", "exact")]


def test_nobody_calling_is_no_error_and_an_unknown_name_is(aura: Aura, shop: GitRepo) -> None:
    assert callers(aura, shop, "idle") == []
    assert "nobody calls it" in aura.cli("callers", "idle", cwd=shop.path).stderr
    refused = aura.cli("callers", "nowhere", cwd=shop.path)
    assert refused.returncode == 1
    assert "cannot find" in refused.stderr


def test_callees_are_told_of_one_entity_or_of_all(aura: Aura, shop: GitRepo) -> None:
    (called,) = aura.json("callees", "pay", cwd=shop.path)["data"]
    assert (called["callee"], called["path"], called["lines"]) == ("audit.note", "shop.py", [5])
    every = aura.json("callees", "--all", cwd=shop.path)["data"]
    assert {(c["caller"], c["callee"]) for c in every} == {("shop", "shop.pay"), ("shop.pay", "audit.note")}
    assert aura.cli("callees", cwd=shop.path).returncode == 2


def test_the_graph_follows_what_is_not_committed(aura: Aura, shop: GitRepo) -> None:
    assert callers(aura, shop, "idle") == []
    shop.write({"audit.py": AUDIT + "\n\nidle()\n"})
    assert callers(aura, shop, "idle") == [("audit", "exact")]


@pytest.mark.parametrize(
    "args", [("callers", "note"), ("callees", "pay"), ("callees", "--all"), ("entities",)]
)
def test_a_bare_repository_has_no_work_tree_to_look_at(
    aura: Aura, shop: GitRepo, tmp_path: Path, args: tuple[str, ...]
) -> None:
    shop.git("clone", "--quiet", "--bare", str(shop.path), str(tmp_path / "bare.git"))
    bare = GitRepo(tmp_path / "bare.git", init=False)
    aura.init(bare)
    refused = aura.cli(*args, cwd=bare.path)
    assert refused.returncode == 1
    assert f"cannot look at the files of {bare.path}: it is bare" in refused.stderr
    assert aura.why(bare, "note") == ["begin"]
    assert "cannot find an entity nowhere" in aura.cli("why", "nowhere", cwd=bare.path).stderr


def test_who_makes_a_class_calls_it(aura: Aura, repo: GitRepo) -> None:
    made = "class Till:\n    def __init__(self):\n        pass\n\n\ndef open_():\n    return Till()\n"
    repo.commit({"till.py": made}, "begin")
    aura.init(repo)
    assert callers(aura, repo, "Till") == [("till.open_", "exact")]
    assert "1 call Till: open_ (till.py:7)" in aura.ok("check", "Till", "--callers", cwd=repo.path)


@pytest.mark.parametrize("args", [("callers", "Till.open"), ("callees", "Till.open")])
def test_where_calls_are_not_read_nobody_is_said_to_call(
    aura: Aura, repo: GitRepo, args: tuple[str, ...]
) -> None:
    repo.commit({"till.rb": "class Till\n  def open\n  end\nend\nTill.new.open\n"}, "begin")
    aura.init(repo)
    refused = aura.cli(*args, cwd=repo.path)
    assert (refused.returncode, "calls are not read in Ruby" in refused.stderr) == (1, True)
    told = aura.ok("check", "Till.open", "--callers", cwd=repo.path)
    assert "who calls Till.open is not known: calls are not read in Ruby (till.rb)" in told
