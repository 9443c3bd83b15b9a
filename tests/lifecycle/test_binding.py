"""Intents logged before a commit, and what becomes of them: bound by entity and hash, never by time."""

from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura

TWO = {"a.py": "def f():\n    return 1\n", "b.py": "def g():\n    return 1\n"}


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    """A registered repository with two functions in two files."""
    repo.commit(TWO, "begin")
    aura.init(repo)
    return repo


def linked(repo: GitRepo, path: Path, branch: str) -> GitRepo:
    repo.git("worktree", "add", "-q", "-b", branch, str(path))
    tree = GitRepo(path, init=False)
    tree.clock = repo.clock
    return tree


def test_an_intent_takes_staged_unstaged_and_untracked_changes(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n"})
    known.git("add", "a.py")
    known.write({"b.py": "def g():\n    return 2\n", "c.py": "def h():\n    return 2\n"})
    made = aura.log(known, "all three kinds")
    assert (made["analysis"], made["nodes_changed"], made["nodes_added"]) == ("done", 2, 1)
    assert made["commit_sha"] is None
    assert aura.states(known, made["id"]) == {"f": "open", "g": "open", "h": "open"}


def test_a_commit_that_holds_all_changes_binds_the_intent(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n", "c.py": "def h():\n    return 2\n"})
    made = aura.log(known, "both")
    sha = known.commit(message="hold both")
    aura.recorded(known, sha)
    now = aura.intent(known, made["id"])
    assert now["commit_sha"] == sha
    assert aura.states(known, made["id"]) == {"f": "bound", "h": "bound"}


def test_each_change_is_bound_to_the_commit_that_holds_it(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n", "b.py": "def g():\n    return 2\n"})
    made = aura.log(known, "both")
    known.git("add", "a.py")
    known.git("commit", "-q", "-m", "half")
    first = known.rev("HEAD")
    aura.recorded(known, first)
    assert aura.states(known, made["id"]) == {"f": "bound", "g": "open"}
    second = known.commit(message="the rest")
    aura.recorded(known, second)
    now = aura.intent(known, made["id"])
    assert now["commit_sha"] == first
    assert {n["new"]["name"]: n["commit_sha"] for n in now["nodes"]} == {"f": first, "g": second}


def test_what_changed_again_before_the_commit_is_superseded(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n", "b.py": "def g():\n    return 2\n"})
    made = aura.log(known, "both")
    known.write({"a.py": "def f():\n    return 3\n"})
    sha = known.commit(message="f is another by now")
    aura.recorded(known, sha)
    assert aura.states(known, made["id"]) == {"f": "superseded", "g": "bound"}
    assert aura.intent(known, made["id"])["commit_sha"] == sha


BOTH = "def f(x):\n    y = x + 1\n    z = y * 3\n    return z\n"
IDEA = BOTH.replace("x + 1", "x + 2")


@pytest.fixture
def with_f(aura: Aura, repo: GitRepo) -> GitRepo:
    """A registered repository with a function of some lines."""
    repo.commit({"a.py": BOTH}, "begin")
    aura.init(repo)
    return repo


def test_what_was_undone_is_no_reason_of_a_later_change_of_the_same_function(
    aura: Aura, with_f: GitRepo
) -> None:
    with_f.write({"a.py": IDEA})
    made = aura.log(with_f, "abandoned idea")
    with_f.git("checkout", "-q", "a.py")
    sha = with_f.commit({"a.py": BOTH.replace("* 3", "* 5")}, "later")
    aura.recorded(with_f, sha)
    assert aura.states(with_f, made["id"]) == {"f": "open"}
    assert aura.intent(with_f, made["id"])["commit_sha"] is None
    blamed = aura.json("blame", "a.py", cwd=with_f.path)["data"]
    assert [(line["commit_sha"], line["intent"]["summary"]) for line in blamed] == [(sha, "later")]
    told = aura.json("why", "f", cwd=with_f.path)["data"]
    assert {r["intent"]["summary"]: r["node"]["commit_sha"] for r in told}["abandoned idea"] is None


def test_what_was_put_aside_and_came_back_is_bound_to_the_commit_that_holds_it(
    aura: Aura, with_f: GitRepo
) -> None:
    with_f.write({"a.py": IDEA})
    made = aura.log(with_f, "put aside")
    with_f.git("checkout", "-q", "a.py")
    aura.recorded(with_f, with_f.commit({"a.py": BOTH.replace("* 3", "* 5")}, "between"))
    sha = with_f.commit({"a.py": IDEA.replace("* 3", "* 5")}, "back again")
    aura.recorded(with_f, sha)
    assert [(n["state"], n["commit_sha"]) for n in aura.intent(with_f, made["id"])["nodes"]] == [
        ("superseded", sha)
    ]


@pytest.mark.parametrize(
    "committed",
    [IDEA.replace("* 3", "* 5"), IDEA.replace("+ 2", "+ 22"), IDEA.replace("    z", "    print(y)\n    z")],
)
def test_what_was_worked_on_further_keeps_its_reason(aura: Aura, with_f: GitRepo, committed: str) -> None:
    with_f.write({"a.py": IDEA})
    made = aura.log(with_f, "the reason")
    sha = with_f.commit({"a.py": committed}, "with more")
    aura.recorded(with_f, sha)
    assert [(n["state"], n["commit_sha"]) for n in aura.intent(with_f, made["id"])["nodes"]] == [
        ("superseded", sha)
    ]
    assert aura.why(with_f, "f") == ["with more", "the reason", "begin"]


def test_a_deletion_that_was_undone_explains_no_edit(aura: Aura, with_f: GitRepo) -> None:
    with_f.write({"a.py": "X = 1\n"})
    made = aura.log(with_f, "f goes")
    aura.recorded(with_f, with_f.commit({"a.py": BOTH.replace("* 3", "* 5")}, "f stays"))
    assert aura.states(with_f, made["id"])["f"] == "open"


def test_a_function_committed_in_two_halves_is_bound_when_it_is_whole(aura: Aura, known: GitRepo) -> None:
    whole = "def f():\n    a = 2\n    return a\n"
    known.write({"a.py": whole})
    made = aura.log(known, "two lines")
    aura.recorded(known, known.commit({"a.py": "def f():\n    a = 2\n    return 1\n"}, "one line"))
    last = known.commit({"a.py": whole}, "the other line")
    aura.recorded(known, last)
    assert aura.states(known, made["id"]) == {"f": "bound"}
    assert aura.intent(known, made["id"])["commit_sha"] == last


def test_a_deletion_is_bound_to_the_commit_that_deletes(aura: Aura, known: GitRepo) -> None:
    (known.path / "b.py").unlink()
    made = aura.log(known, "g goes")
    assert made["nodes_deleted"] == 1
    sha = known.commit(message="g is gone")
    aura.recorded(known, sha)
    assert aura.states(known, made["id"]) == {"g": "bound"}


def test_a_rename_before_the_commit_does_not_lose_the_intent(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n"})
    made = aura.log(known, "f returns two")
    sha = known.commit({"a.py": "def renamed():\n    return 2\n"}, "rename f")
    aura.recorded(known, sha)
    assert made["id"] in [r["intent"]["id"] for r in aura.json("why", "renamed", cwd=known.path)["data"]]


def test_two_intents_on_one_change_are_both_bound(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n"})
    made = [aura.log(known, text)["id"] for text in ("one reason", "another reason")]
    sha = known.commit(message="f")
    aura.recorded(known, sha)
    assert [aura.intent(known, id_)["commit_sha"] for id_ in made] == [sha, sha]


def test_a_commit_made_while_the_analysis_waits_binds_all_the_same(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n"})
    made = aura.log(known, "f", wait_ms=0)
    sha = known.commit(message="at once")
    aura.recorded(known, sha)
    eventually(lambda: aura.intent(known, made["id"])["commit_sha"] == sha)


def test_another_change_to_the_same_function_in_another_work_tree_supersedes_nothing(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    other = linked(known, tmp_path / "other", "other")
    known.write({"a.py": "def f():\n    return 2\n"})
    made = aura.log(known, "f returns two")
    aura.recorded(other, other.commit({"a.py": "def f():\n    return 99\n"}, "another idea"))
    assert aura.states(known, made["id"]) == {"f": "open"}
    sha = known.commit(message="f")
    aura.recorded(known, sha)
    assert aura.intent(known, made["id"])["commit_sha"] == sha


def test_the_same_change_committed_in_another_work_tree_binds(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    other = linked(known, tmp_path / "other", "other")
    known.write({"a.py": "def f():\n    return 2\n"})
    made = aura.log(known, "f returns two")
    sha = other.commit({"a.py": "def f():\n    return 2\n"}, "carried over")
    aura.recorded(other, sha)
    assert aura.intent(known, made["id"])["commit_sha"] == sha


def test_an_intent_goes_to_the_branch_that_its_change_is_committed_on(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n"})
    made = aura.log(known, "said on main")
    known.git("checkout", "-q", "-b", "newb")
    sha = known.commit(message="committed on newb")
    known.git("checkout", "-q", "main")
    known.git("merge", "-q", "--ff-only", "newb")
    aura.recorded(known, sha)
    assert aura.intent(known, made["id"])["commit_sha"] == sha
    assert aura.summaries(known, "branch=newb") == ["said on main", "committed on newb"]
    assert aura.summaries(known, "branch=main&source=log") == []


def test_a_cherry_pick_leaves_the_binding_and_is_explained_by_the_same_intent(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    other = linked(known, tmp_path / "other", "other")
    other.write({"a.py": "def f():\n    return 2\n"})
    made = aura.log(other, "f returns two")
    first = other.commit(message="two")
    aura.recorded(other, first)
    known.commit({"c.py": "def h():\n    return 1\n"}, "something else")
    known.git("cherry-pick", first)
    picked = known.rev("HEAD")
    aura.recorded(known, picked)
    assert aura.intent(known, made["id"])["commit_sha"] == first
    assert aura.why(known, "a.py:1") == ["two", "f returns two", "begin"]


def test_a_named_commit_is_explained_without_touching_what_is_uncommitted(aura: Aura, known: GitRepo) -> None:
    sha = known.commit({"a.py": "def f():\n    return 2\n"}, "two")
    known.write({"b.py": "def g():\n    return 2\n"})
    made = aura.json("intent", "log", "why two", "--commit", "HEAD", cwd=known.path)
    assert made["commit_sha"] == sha
    eventually(lambda: aura.states(known, made["id"]) == {"f": "bound"})


def test_a_file_is_named_relative_to_the_present_folder(aura: Aura, known: GitRepo) -> None:
    known.write({"pkg/m.py": "def m():\n    return 1\n", "pkg/n.py": "def n():\n    return 1\n", "a.py": ""})
    made = aura.json("intent", "log", "only m", "--file", "m.py", cwd=known.path / "pkg")
    assert aura.states(known, made["id"]) == {"m": "open"}
    whole = aura.json("intent", "log", "the folder", "--file", ".", cwd=known.path / "pkg")
    assert aura.states(known, whole["id"]) == {"m": "open", "n": "open"}


def test_in_a_bare_repository_an_intent_needs_a_commit(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.git("clone", "-q", "--bare", str(known.path), str(tmp_path / "bare.git"))
    bare = tmp_path / "bare.git"
    aura.ok("worktree", "add", str(bare), cwd=bare)
    for options in ((), ("--dry-run",)):
        refused = aura.cli("intent", "log", "what?", *options, cwd=bare)
        assert (refused.returncode, "--commit HEAD" in refused.stderr) == (1, True)
    assert aura.json("intent", "log", "why so", "--commit", "HEAD", cwd=bare)["commit_sha"] == known.rev(
        "HEAD"
    )


def test_a_dry_run_analyzes_and_records_nothing(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": "def f():\n    return 2\n"})
    said = aura.json("intent", "log", "try [ENG-7]", "--dry-run", cwd=known.path)
    assert (said["analysis"], said["nodes_changed"], said["tickets"][0]["id"]) == ("done", 1, "ENG-7")
    assert aura.summaries(known, "source=log") == []
    assert aura.cli("intent", "show", said["id"], cwd=known.path).returncode == 1


def test_tickets_come_from_the_option_and_the_summary_each_once(aura: Aura, known: GitRepo) -> None:
    tickets = ("--ticket", "jira:OPS-2", "--ticket", "linear:ENG-1", "--ticket", "ABC-3")
    made = aura.json("intent", "log", "fix [ENG-1]", *tickets, cwd=known.path)
    assert {(t["system"], t["id"]) for t in made["tickets"]} == {
        ("jira", "OPS-2"),
        ("linear", "ENG-1"),
        ("linear", "ABC-3"),
    }
    assert aura.summaries(known, "ticket=OPS-2") == ["fix [ENG-1]"]


SPREAD = "def f(\n    a,\n    b,\n):\n    return g(\n        a, b, 'x'\n    )\n"
DENSE = 'def f(a, b):\n    return g(a, b, "x")\n'


@pytest.mark.parametrize(
    ("committed", "state"),
    [
        (SPREAD, "bound"),
        (SPREAD.replace("def f", "def renamed"), "bound"),
        (DENSE.replace("a, b, ", "b, a, "), "superseded"),
    ],
)
def test_lay_out_and_another_name_bind_and_another_body_does_not(
    aura: Aura, known: GitRepo, committed: str, state: str
) -> None:
    known.commit({"c.py": 'def f(a):\n    return g(a, "x")\n'}, "one argument")
    known.write({"c.py": DENSE})
    made = aura.log(known, "two arguments")
    aura.recorded(known, known.commit({"c.py": committed}, "two arguments, in the end"))
    assert aura.states(known, made["id"]) == {"f": state}


@pytest.mark.parametrize(
    ("committed", "state"),
    [
        (SPREAD, "bound"),
        (DENSE.replace("def f", "def another"), "bound"),
        (DENSE.replace('"x"', '"y"'), "superseded"),
    ],
)
def test_what_was_logged_as_added_binds_in_another_lay_out_and_by_another_name(
    aura: Aura, known: GitRepo, committed: str, state: str
) -> None:
    known.write({"c.py": DENSE})
    made = aura.log(known, "f is new")
    aura.recorded(known, known.commit({"c.py": committed}, "new, in the end"))
    assert aura.states(known, made["id"]) == {"f": state}
    assert made["id"] in [r["intent"]["id"] for r in aura.json("why", "c.py:1", cwd=known.path)["data"]]


def test_content_that_a_later_commit_gives_in_another_lay_out_binds_at_last(
    aura: Aura, known: GitRepo
) -> None:
    known.commit({"c.py": 'def f(a):\n    return g(a, "x")\n'}, "one argument")
    known.write({"c.py": DENSE})
    made = aura.log(known, "two arguments")
    aura.recorded(known, known.commit({"c.py": DENSE.replace('"x"', '"y"')}, "half of it"))
    assert aura.states(known, made["id"]) == {"f": "superseded"}
    last = known.commit({"c.py": SPREAD}, "the rest")
    aura.recorded(known, last)
    assert aura.states(known, made["id"]) == {"f": "bound"}
    assert aura.intent(known, made["id"])["commit_sha"] == last


def test_the_commit_that_an_intent_was_logged_on_top_of_does_not_hold_it(aura: Aura, known: GitRepo) -> None:
    sha = known.commit({"a.py": "def f():\n    return 2\n"})
    known.write({"a.py": "def renamed():\n    return 2\n", "b.py": "def g():\n    return 2\n"})
    made = aura.log(known, "call it so")
    aura.recorded(known, sha)
    assert aura.states(known, made["id"]) == {"renamed": "open", "g": "open"}
    assert aura.intent(known, made["id"])["commit_sha"] is None
