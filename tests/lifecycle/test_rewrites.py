"""Amends and rebases carry intents to the new commits, with hooks and without, in each work tree."""

from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura

FILES = {name: f"def {name[0]}():\n    return 1\n" for name in ("a.py", "b.py", "c.py", "d.py")}


@pytest.fixture(params=["with hooks", "without hooks"])
def known(request: pytest.FixtureRequest, aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit(FILES, "begin")
    aura.init(repo)
    if request.param == "with hooks":
        aura.ok("hooks", "install", cwd=repo.path)
    return repo


def said_and_committed(aura: Aura, tree: GitRepo, file: str, text: str) -> tuple[str, str]:
    """Change a function, log why, commit, and return the intent's id and the commit."""
    tree.write({file: f"def {file[0]}():\n    return {text!r}\n"})
    intent = aura.log(tree, f"reason of {text}")["id"]
    sha = tree.commit(message=f"commit of {text}")
    aura.recorded(tree, sha)
    assert aura.intent(tree, intent)["commit_sha"] == sha
    return intent, sha


def goes_to(aura: Aura, tree: GitRepo, intent: str, rev: str) -> None:
    sha = tree.rev(rev)
    eventually(lambda: aura.intent(tree, intent)["commit_sha"] == sha, 20)


def editor(script: str, path: Path) -> dict[str, str]:
    """Return the environment in which git's todo list is edited by a sed script."""
    file = path / "edit.sh"
    file.write_text(f'#!/bin/sh\nsed -i "{script}" "$1"\n')
    file.chmod(0o755)
    return {"GIT_SEQUENCE_EDITOR": str(file), "GIT_EDITOR": "true"}


def test_an_amended_message_carries_the_intent(aura: Aura, known: GitRepo) -> None:
    intent, old = said_and_committed(aura, known, "a.py", "one")
    known.git("commit", "--amend", "-q", "-m", "a better message")
    goes_to(aura, known, intent, "HEAD")
    listed = eventually(lambda: "commit of one" not in (said := aura.summaries(known)) and said)
    assert listed == ["reason of one", "a better message", "begin"]
    assert aura.intent(known, old)["rewritten_to"] == known.rev("HEAD")


def test_an_amend_that_changes_the_function_again_supersedes(aura: Aura, known: GitRepo) -> None:
    intent, _ = said_and_committed(aura, known, "a.py", "one")
    known.write({"a.py": "def a():\n    return 'amended'\n"})
    known.git("commit", "-a", "--amend", "-q", "--no-edit")
    goes_to(aura, known, intent, "HEAD")
    assert aura.states(known, intent) == {"a": "superseded"}


def test_amends_one_after_the_other_lead_to_the_last(aura: Aura, known: GitRepo) -> None:
    intent, _ = said_and_committed(aura, known, "a.py", "one")
    for text in ("first", "second", "third"):
        known.git("commit", "--amend", "-q", "-m", text)
    goes_to(aura, known, intent, "HEAD")
    assert eventually(lambda: (s := aura.summaries(known, "source=commit")) == ["third", "begin"] and s)


def test_a_rebase_carries_each_intent_to_its_new_commit(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.git("checkout", "-q", "-b", "work")
    made = [said_and_committed(aura, known, f"{n}.py", n) for n in "abc"]
    known.git("checkout", "-q", "main")
    known.commit({"d.py": "def d():\n    return 'main'\n"}, "main goes on")
    known.git("checkout", "-q", "work")
    known.git("rebase", "-q", "main")
    for (intent, old), rev in zip(made, ("HEAD~2", "HEAD~1", "HEAD"), strict=True):
        goes_to(aura, known, intent, rev)
        assert aura.intent(known, old)["rewritten_to"] == known.rev(rev)
    assert len(aura.summaries(known, "source=commit")) == 5


def test_a_rebase_may_change_the_order(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    made = [said_and_committed(aura, known, f"{n}.py", n) for n in "abc"]
    known.git("rebase", "-q", "-i", "HEAD~3", env=editor("1{h;d};2G", tmp_path))
    assert known.git("log", "--format=%s", "-3").split("\n") == ["commit of c", "commit of a", "commit of b"]
    for (intent, _), rev in zip(made, ("HEAD~1", "HEAD~2", "HEAD"), strict=True):
        goes_to(aura, known, intent, rev)


@pytest.mark.parametrize("word", ["squash", "fixup"])
def test_what_is_melted_into_one_commit_goes_there(
    aura: Aura, known: GitRepo, tmp_path: Path, word: str
) -> None:
    made = [said_and_committed(aura, known, f"{n}.py", n) for n in "ab"]
    known.git("rebase", "-q", "-i", "HEAD~2", env=editor(f"2s/pick/{word}/", tmp_path))
    assert known.git("rev-list", "--count", "HEAD") == "2"
    for intent, _ in made:
        goes_to(aura, known, intent, "HEAD")


def test_three_linked_work_trees_are_followed_each(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    trees = []
    for name in "abc":
        path = tmp_path / f"tree-{name}"
        known.git("worktree", "add", "-q", "-b", f"work-{name}", str(path))
        tree = GitRepo(path, init=False)
        tree.clock = known.clock
        trees.append(tree)
    made = [
        (tree, *said_and_committed(aura, tree, f"{n}.py", n)) for tree, n in zip(trees, "abc", strict=True)
    ]
    for tree, intent, sha in made:
        found = aura.intent(tree, intent)
        assert (found["worktree"], found["branch"]) == (str(tree.path), tree.git("branch", "--show-current"))
        assert aura.intent(tree, sha)["branch"] == found["branch"]
    trees[0].git("commit", "--amend", "-q", "-m", "amended")
    known.commit({"d.py": "def d():\n    return 'main'\n"}, "main goes on")
    trees[1].git("rebase", "-q", "main")
    for tree, intent, _ in made[:2]:
        goes_to(aura, tree, intent, "HEAD")
    assert aura.intent(trees[2], made[2][1])["commit_sha"] == made[2][2]


def test_a_reset_and_a_new_commit_of_the_same_changes_take_the_intent_along(
    aura: Aura, known: GitRepo
) -> None:
    intent, _ = said_and_committed(aura, known, "a.py", "one")
    known.git("reset", "-q", "--soft", "HEAD~1")
    known.commit(message="said otherwise")
    goes_to(aura, known, intent, "HEAD")
    assert aura.states(known, intent) == {"a": "bound"}


def test_a_commit_that_was_picked_elsewhere_is_not_taken_for_rewritten(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    known.git("checkout", "-q", "-b", "work")
    intent, old = said_and_committed(aura, known, "a.py", "one")
    known.git("checkout", "-q", "main")
    known.commit({"d.py": "def d():\n    return 'main'\n"}, "main goes on")
    known.git("cherry-pick", old)
    aura.recorded(known, known.rev("HEAD"))
    assert aura.intent(known, intent)["commit_sha"] == old
    assert aura.intent(known, old)["rewritten_to"] is None


def of_one_function(aura: Aura, tree: GitRepo) -> list[str]:
    """Change a function twice on a branch, each time with a reason; return the intents."""
    tree.git("checkout", "-q", "-b", "work")
    return [said_and_committed(aura, tree, "a.py", text)[0] for text in ("one", "two")]


def test_a_squash_merge_takes_along_all_that_was_said_of_one_function(aura: Aura, known: GitRepo) -> None:
    made = of_one_function(aura, known)
    known.git("checkout", "-q", "main")
    known.git("merge", "-q", "--squash", "work")
    sha = known.commit(message="squashed")
    aura.recorded(known, sha)
    told = ["squashed", "reason of two", "reason of one", "begin"]
    assert aura.why(known, "a") == told
    known.git("branch", "-q", "-D", "work")
    for intent in made:
        goes_to(aura, known, intent, "HEAD")
    assert aura.why(known, "a") == told
    assert {r["node"]["commit_sha"] for r in aura.json("why", "a", cwd=known.path)["data"][:3]} == {sha}


def test_a_branch_that_went_without_a_trace_takes_nothing_to_what_others_made(
    aura: Aura, known: GitRepo
) -> None:
    known.git("checkout", "-q", "-b", "work")
    intent, old = said_and_committed(aura, known, "a.py", "dropped")
    known.git("checkout", "-q", "main")
    known.git("branch", "-q", "-D", "work")
    aura.recorded(known, known.commit({"a.py": "def a():\n    return 'another'\n"}, "another"))
    assert aura.intent(known, intent)["commit_sha"] == old
    assert aura.why(known, "a") == ["another", "begin"]


def test_a_rebased_branch_that_was_merged_before_anybody_looked_again_takes_the_intents_along(
    aura: Aura, repo: GitRepo, tmp_path: Path
) -> None:
    repo.commit(FILES, "begin")
    aura.init(repo)
    made = of_one_function(aura, repo)
    repo.git("checkout", "-q", "main")
    aura.recorded(repo, repo.commit({"d.py": "def d():\n    return 'main'\n"}, "main goes on"))
    repo.git("checkout", "-q", "work")
    repo.git("rebase", "-q", "-i", "main", env=editor("1s/pick/edit/", tmp_path))
    aura.recorded(repo, repo.rev("HEAD"))
    repo.git("rebase", "--continue", env={"GIT_EDITOR": "true"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--ff-only", "work")
    repo.git("branch", "-q", "-d", "work")
    for intent, rev in zip(made, ("HEAD~1", "HEAD"), strict=True):
        goes_to(aura, repo, intent, rev)
