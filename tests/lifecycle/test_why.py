"""Why: what shaped a line, an entity or a file, along what the work tree's HEAD reaches."""

from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from .daemons import Aura


def body(name: str, *lines: str, indent: str = "") -> str:
    """Return a function long enough to be known again after an edit."""
    said = [f"{indent}def {name}(order, rate):"]
    steps = [
        "total = order.sum()",
        "total = total * (1 + rate)",
        "order.close(total)",
        *lines,
        "return total",
    ]
    return "\n".join(said + [f"{indent}    {step}" for step in steps]) + "\n"


OTHER = "def unrelated(path):\n    with open(path) as file:\n        return file.read().split()\n"


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"shop.py": body("charge"), "io.py": OTHER}, "begin")
    aura.init(repo)
    return repo


def committed(aura: Aura, repo: GitRepo, files: dict[str, str | bytes | None], message: str) -> str:
    sha = repo.commit(files, message)
    aura.recorded(repo, sha)
    return sha


def test_a_rename_is_crossed(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": body("charge", "log(total)")}, "log it")
    committed(aura, known, {"shop.py": body("bill", "log(total)")}, "say bill")
    committed(aura, known, {"shop.py": body("bill", "log(total)", "audit(total)")}, "audit it")
    told = ["audit it", "say bill", "log it", "begin"]
    assert aura.why(known, "bill") == told
    assert aura.why(known, "shop.py:2") == told


def test_a_name_that_was_left_and_taken_again_is_one_life(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": body("charge", "log(total)")}, "log it")
    committed(aura, known, {"shop.py": body("bill", "log(total)")}, "say bill")
    committed(aura, known, {"shop.py": body("charge", "log(total)")}, "say charge again")
    assert aura.why(known, "charge") == ["say charge again", "say bill", "log it", "begin"]


def test_an_older_name_leads_to_what_the_entity_is_called_now(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": body("bill")}, "say bill")
    found = aura.json("why", "charge", cwd=known.path)
    assert found["about"]["qualified_name"] == "bill"
    assert [r["intent"]["summary"] for r in found["data"]] == ["say bill", "begin"]


def test_a_move_to_another_file_is_crossed(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"io.py": OTHER + "\n\n" + body("charge"), "shop.py": "X = 1\n"}, "move it")
    assert aura.why(known, "io.py:7") == ["move it", "begin"]


def test_a_renamed_file_is_crossed(aura: Aura, known: GitRepo) -> None:
    known.git("mv", "shop.py", "store.py")
    committed(aura, known, {}, "rename the file")
    committed(aura, known, {"store.py": body("charge", "log(total)")}, "log it")
    assert aura.why(known, "store.py:1") == ["log it", "rename the file", "begin"]
    assert aura.why(known, "store.py") == ["log it", "rename the file", "begin"]


def test_a_member_lives_on_in_its_renamed_class(aura: Aura, known: GitRepo) -> None:
    inner = body("pay", indent="    ")
    committed(aura, known, {"till.py": "class Till:\n    rate = 1\n\n" + inner}, "a till")
    committed(aura, known, {"till.py": "class Desk:\n    rate = 1\n\n" + inner}, "a desk")
    assert aura.why(known, "Desk.pay") == ["a till"]
    grown = body("pay", "log(total)", indent="    ")
    committed(aura, known, {"till.py": "class Desk:\n    rate = 1\n\n" + grown}, "pay and log")
    assert aura.why(known, "Desk.pay") == ["pay and log", "a till"]


def test_a_name_taken_over_belongs_to_its_new_owner(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": body("charge") + "\n\n" + OTHER, "io.py": "Y = 1\n"}, "gather")
    taken = body("charge_old") + "\n\n" + OTHER.replace("unrelated", "charge")
    committed(aura, known, {"shop.py": taken}, "take the name over")
    assert aura.why(known, "shop.py:9") == ["take the name over", "gather", "begin"]
    assert aura.why(known, "charge_old") == ["take the name over", "begin"]
    later = taken.replace("split()", "splitlines()")
    committed(aura, known, {"shop.py": later}, "split lines")
    assert aura.why(known, "shop.py:9") == ["split lines", "take the name over", "gather", "begin"]
    assert aura.why(known, "charge_old") == ["take the name over", "begin"]


def test_what_is_uncommitted_comes_first(aura: Aura, known: GitRepo) -> None:
    known.write({"shop.py": body("charge", "log(total)")})
    aura.log(known, "about to log")
    assert aura.why(known, "shop.py:1") == ["about to log", "begin"]
    assert aura.why(known, "shop.py") == ["about to log", "begin"]


def test_an_uncommitted_rename_that_nobody_logged_is_crossed(aura: Aura, known: GitRepo) -> None:
    known.write({"shop.py": body("bill")})
    assert aura.why(known, "shop.py:1") == ["begin"]


def test_what_another_work_tree_does_is_not_told(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = GitRepo(tmp_path / "side", init=False)
    side.clock = known.clock
    committed(aura, side, {"shop.py": body("bill")}, "renamed on the side")
    side.write({"shop.py": body("bill", "log(total)")})
    aura.log(side, "uncommitted on the side")
    assert aura.why(known, "shop.py:1") == ["begin"]
    assert aura.why(known, "charge") == ["begin"]
    assert aura.why(side, "shop.py:1") == ["uncommitted on the side", "renamed on the side", "begin"]


def test_a_merge_that_repeats_its_branch_is_left_out(aura: Aura, known: GitRepo) -> None:
    known.git("checkout", "-q", "-b", "side")
    committed(aura, known, {"shop.py": body("bill")}, "renamed on the side")
    committed(aura, known, {"shop.py": body("bill", "log(total)")}, "logged on the side")
    known.git("checkout", "-q", "main")
    committed(aura, known, {"io.py": OTHER + "Z = 1\n"}, "main goes on")
    known.clock += 60
    known.git("merge", "-q", "--no-ff", "-m", "merge the side", "side")
    aura.recorded(known, known.rev("HEAD"))
    told = ["logged on the side", "renamed on the side", "begin"]
    assert aura.why(known, "shop.py:1") == told
    assert aura.why(known, "shop.py") == told


def test_a_merge_that_decides_is_told_with_both_its_sides(aura: Aura, known: GitRepo) -> None:
    known.git("checkout", "-q", "-b", "side")
    committed(aura, known, {"shop.py": body("charge", "log(total)")}, "on the side")
    known.git("checkout", "-q", "main")
    committed(aura, known, {"shop.py": body("charge", "audit(total)")}, "on main")
    known.clock += 60
    known.git("merge", "-q", "-s", "ours", "--no-commit", "side")
    known.write({"shop.py": body("charge", "log(total)", "audit(total)")})
    committed(aura, known, {}, "both")
    assert aura.why(known, "charge") == ["both", "on main", "on the side", "begin"]


def test_commits_of_one_second_are_in_the_order_of_history(aura: Aura, known: GitRepo) -> None:
    for number in range(5):
        known.clock -= 60
        known.commit({"shop.py": body("charge", f"log({number})")}, f"step {number}")
    aura.recorded(known, known.rev("HEAD"))
    wanted = [f"step {n}" for n in (4, 3, 2, 1, 0)]
    assert aura.why(known, "charge")[:5] == wanted
    assert aura.summaries(known)[:5] == wanted


def test_a_logged_intent_stands_beside_its_commit(aura: Aura, known: GitRepo) -> None:
    known.write({"shop.py": body("charge", "log(total)")})
    aura.log(known, "because of ENG-5")
    committed(aura, known, {}, "log it")
    committed(aura, known, {"shop.py": body("charge")}, "do not log it")
    assert aura.why(known, "charge") == ["do not log it", "log it", "because of ENG-5", "begin"]


def test_a_deleted_entity_and_a_deleted_file_can_be_asked_about(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": None}, "no shop")
    assert aura.why(known, "charge") == ["no shop", "begin"]
    assert aura.why(known, "shop.py") == ["no shop", "begin"]


def test_names_of_other_languages_are_understood(aura: Aura, known: GitRepo) -> None:
    code = "struct Till { int rate; };\nint Till::pay(int x) {\n  return x + 1;\n}\n"
    committed(aura, known, {"till.cpp": code}, "c++")
    assert aura.why(known, "Till::pay") == ["c++"]
    assert aura.why(known, "shop.py:charge") == ["begin"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("nothing_so_called", "cannot find an entity nothing_so_called"),
        ("nowhere/there.py:3", "cannot find nowhere/there.py in"),
        ("../outside.py", "cannot"),
    ],
)
def test_what_is_not_there_is_said_with_a_hint(aura: Aura, known: GitRepo, asked: str, said: str) -> None:
    done = aura.cli("why", asked, cwd=known.path)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "hint: " in done.stderr


def test_a_line_between_entities_belongs_to_the_statements(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"shop.py": "import os\n\n" + body("charge")}, "import os")
    assert aura.why(known, "shop.py:1")[0] == "import os"
    assert aura.why(known, "shop.py:3") == ["begin"]


def test_of_overloads_the_one_that_holds_is_meant(aura: Aura, known: GitRepo) -> None:
    holds = body("charge", "log(total)")
    committed(aura, known, {"shop.py": "@overload\ndef charge(order): ...\n\n\n" + holds}, "overload it")
    stub = "@overload\ndef charge(order) -> int: ...\n\n\n"
    committed(aura, known, {"shop.py": stub + holds}, "say int")
    assert aura.why(known, "charge") == ["overload it", "begin"]
    assert aura.why(known, "shop.py:2") == ["say int", "overload it"]


def test_what_is_there_but_never_changed_is_told_from_what_is_not(aura: Aura, tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "old")
    repo.commit({"shop.py": body("charge")}, "begin")
    repo.commit({"io.py": OTHER}, "an other")
    aura.ok("init", "--depth", "1", "--no-background", cwd=repo.path)
    for what in ("charge", "shop.py:charge"):
        for command in ("why", "log"):
            refused = aura.cli(command, what, cwd=repo.path)
            assert refused.returncode == 1
            assert "cannot find a change of" in refused.stderr
            assert "It is in shop.py:1; aura init --depth N reads more." in refused.stderr


def test_a_folder_and_an_empty_file_are_told_from_what_is_not_there(aura: Aura, known: GitRepo) -> None:
    known.commit({"lib/a.py": "A = 1\n", "empty.py": ""}, "a folder")
    for command in ("why", "blame"):
        assert "it is a folder" in aura.cli(command, "lib", cwd=known.path).stderr
    assert "cannot find anything in empty.py" in aura.cli("blame", "empty.py", cwd=known.path).stderr


@pytest.mark.parametrize("args", [("why", "a.py:4"), ("callers", "a.py:4"), ("log", "a.py:4")])
def test_a_line_beyond_the_end_of_a_file_is_refused(aura: Aura, repo: GitRepo, args: tuple[str, ...]) -> None:
    repo.commit({"a.py": "def f():\n    return 1\n# the end"}, "begin")
    aura.init(repo)
    refused = aura.cli(*args, cwd=repo.path)
    assert refused.returncode == 2
    assert refused.stderr == "error: cannot find line 4 of a.py\nhint: It has 3 lines.\n"
    assert aura.cli("why", "a.py:3", cwd=repo.path).returncode == 0


def test_entities_so_called_are_named_once_each(aura: Aura, repo: GitRepo) -> None:
    twice = "if x:\n    def f():\n        return 1\nelse:\n    def f():\n        return 2\n"
    repo.commit({"a.py": twice, "b.py": twice}, "begin")
    aura.init(repo)
    said = aura.cli("why", "f", cwd=repo.path)
    path = said.stdout.split()[2]
    (other,) = {"a.py", "b.py"} - {path}
    assert said.stderr == f"also so called: {other}:f\n"
