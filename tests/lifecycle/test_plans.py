"""Intents logged before anything is changed: what follows in their work tree is theirs, by content."""

from pathlib import Path
from typing import Any

import pytest

from aura import wire

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura

ONE, TWO, THREE = (f"def f():\n    return {n}\n" for n in (1, 2, 3))
FILES = {"a.py": ONE, "b.py": ONE.replace("f()", "g()")}
G_TWO = TWO.replace("f()", "g()")


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    """A registered repository with two functions in two files, and nothing uncommitted."""
    repo.commit(FILES, "begin")
    aura.init(repo)
    return repo


def plan(aura: Aura, repo: GitRepo, summary: str, session: str | None = None, **more: Any) -> Any:
    body = {"summary": summary, "wait_ms": 20_000, **more}
    headers = {"Aura-Session": session} if session else None
    reply = wire.request("POST", "/v1/intents", body, repo=str(repo.path), headers=headers, timeout=30)
    assert reply.status == 201, reply.json()
    return reply.json()


def committed(aura: Aura, repo: GitRepo, files: dict[str, Any], message: str = "a change") -> str:
    sha = repo.commit(files, message)
    aura.recorded(repo, sha)
    return sha


def about(aura: Aura, repo: GitRepo, made: Any) -> tuple[str, str | None, dict[str, str]]:
    now = aura.intent(repo, made["id"])
    return now["binding"], now["commit_sha"], aura.states(repo, made["id"])


def test_what_is_changed_and_committed_next_is_what_was_planned(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "f shall return two")
    assert (made["binding"], made["commit_sha"]) == ("waiting", None)
    sha = committed(aura, known, {"a.py": TWO})
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})
    assert aura.intent(known, made["id"])["nodes_changed"] == 1
    assert made["id"] in [r["intent"]["id"] for r in aura.json("why", "a.py:1", cwd=known.path)["data"]]


def test_a_plan_takes_one_commit_and_no_more(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "f")
    sha = committed(aura, known, {"a.py": TWO})
    committed(aura, known, {"b.py": G_TWO})
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})


def test_a_commit_that_changes_nothing_leaves_the_plan_waiting(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "f")
    committed(aura, known, {}, "nothing")
    assert about(aura, known, made) == ("waiting", None, {})
    sha = committed(aura, known, {"a.py": TWO})
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})


def test_what_is_fetched_or_checked_out_was_not_planned_here(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    known.git("checkout", "-q", "-b", "theirs")
    theirs = committed(aura, known, {"b.py": G_TWO}, "theirs")
    known.git("checkout", "-q", "main")
    made = plan(aura, known, "f")
    known.git("merge", "-q", "--ff-only", "theirs")
    aura.recorded(known, theirs)
    assert about(aura, known, made) == ("waiting", None, {})
    sha = committed(aura, known, {"a.py": TWO})
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})


def test_a_commit_of_another_work_tree_is_not_what_was_planned_here(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    known.git("worktree", "add", "-q", "-b", "other", str(tmp_path / "other"))
    other = GitRepo(tmp_path / "other", init=False)
    other.clock = known.clock
    made = plan(aura, known, "f")
    committed(aura, other, {"a.py": THREE})
    assert about(aura, known, made) == ("waiting", None, {})
    sha = committed(aura, known, {"a.py": TWO})
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})


def test_the_next_intent_of_a_session_ends_what_follows_the_plan(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "f")
    known.write({"a.py": TWO})
    done = plan(aura, known, "f is done")
    assert about(aura, known, made) == ("open", None, {"f": "open"})
    sha = committed(aura, known, {"b.py": G_TWO})
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})
    assert about(aura, known, done) == ("bound", sha, {"f": "bound"})


def test_a_new_plan_takes_the_place_of_one_that_nothing_came_of(aura: Aura, known: GitRepo) -> None:
    first, second = plan(aura, known, "one thing"), plan(aura, known, "rather another")
    sha = committed(aura, known, {"a.py": TWO})
    assert about(aura, known, first) == ("unbound", None, {})
    assert about(aura, known, second) == ("bound", sha, {"f": "bound"})


def test_a_plan_of_some_files_takes_these_and_leaves_the_rest(aura: Aura, known: GitRepo) -> None:
    whole = plan(aura, known, "all else")
    only = plan(aura, known, "only a", files=["a.py"])
    first = committed(aura, known, {"b.py": G_TWO})
    assert about(aura, known, only) == ("waiting", None, {})
    assert about(aura, known, whole) == ("bound", first, {"g": "bound"})
    second = committed(aura, known, {"a.py": TWO, "b.py": G_TWO.replace("2", "3")})
    assert about(aura, known, only) == ("bound", second, {"f": "bound"})


def test_a_plan_leaves_what_another_session_accounts_for(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "g", session="ses_01HW3K9Z4X7P2Q8R0000000001")
    known.write({"a.py": TWO})
    other = plan(aura, known, "f", session="ses_01HW3K9Z4X7P2Q8R0000000002")
    sha = committed(aura, known, {"b.py": G_TWO})
    assert about(aura, known, other) == ("bound", sha, {"f": "bound"})
    assert about(aura, known, made) == ("bound", sha, {"g": "bound"})


def test_of_the_plans_of_two_sessions_none_is_given_what_may_be_the_others(
    aura: Aura, known: GitRepo
) -> None:
    made = [plan(aura, known, s, session=f"ses_01HW3K9Z4X7P2Q8R000000000{s}") for s in "12"]
    sha = committed(aura, known, {"a.py": TWO})
    assert [about(aura, known, m) for m in made] == [("unbound", None, {})] * 2
    bound = aura.json("intent", "bind", made[0]["id"], cwd=known.path)
    assert (bound["binding"], bound["commit_sha"], bound["nodes_changed"]) == ("bound", sha, 1)


def test_an_amend_adds_what_was_planned_and_not_what_was_there(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"b.py": G_TWO})
    made = plan(aura, known, "f")
    known.write({"a.py": TWO})
    known.git("commit", "-q", "-a", "--amend", "--no-edit")
    sha = known.rev("HEAD")
    aura.recorded(known, sha)
    assert about(aura, known, made) == ("bound", sha, {"f": "bound"})


def test_an_amend_later_carries_what_a_plan_took(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "f")
    committed(aura, known, {"a.py": TWO})
    known.git("commit", "-q", "--amend", "-m", "said better")
    sha = known.rev("HEAD")
    aura.recorded(known, sha)
    eventually(lambda: about(aura, known, made) == ("bound", sha, {"f": "bound"}))


def test_a_plan_in_a_repository_without_commits_takes_the_first(aura: Aura, repo: GitRepo) -> None:
    aura.init(repo)
    made = plan(aura, repo, "begin")
    sha = committed(aura, repo, {"a.py": ONE})
    assert about(aura, repo, made)[:2] == ("bound", sha)


def test_what_was_claimed_of_a_plan_is_judged_by_the_commit(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "only f", claims=["only_touches a.py"])
    committed(aura, known, {"a.py": TWO, "b.py": G_TWO})

    def verdicts() -> list[str]:
        return [claim["verdict"] for claim in aura.intent(known, made["id"])["claims"]]

    eventually(lambda: verdicts() == ["contradicted"])


def test_nobody_need_look_between_the_plan_and_the_commit(aura: Aura, known: GitRepo) -> None:
    made = plan(aura, known, "f", wait_ms=0)
    sha = known.commit({"a.py": TWO})
    eventually(lambda: about(aura, known, made) == ("bound", sha, {"f": "bound"}))


def test_a_plan_outlives_the_daemon(own: Aura, repo: GitRepo) -> None:
    repo.commit(FILES, "begin")
    own.start()
    own.init(repo)
    made = plan(own, repo, "f")
    own.kill()
    sha = repo.commit({"a.py": TWO})
    repo.commit({"b.py": G_TWO})
    own.start()
    own.recorded(repo, repo.rev("HEAD"))
    assert about(own, repo, made) == ("bound", sha, {"f": "bound"})


def test_a_commit_that_was_rebased_before_anybody_read_it_is_what_was_planned(
    own: Aura, repo: GitRepo
) -> None:
    repo.commit(FILES, "begin")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"c.py": "X = 1\n"}, "aside")
    own.start()
    own.init(repo)
    made = plan(own, repo, "f")
    own.kill()
    repo.commit({"a.py": TWO}, "two")
    repo.git("checkout", "-q", "main")
    repo.commit({"b.py": G_TWO}, "meanwhile")
    repo.git("rebase", "-q", "main", "side")
    own.start()
    sha = repo.rev("HEAD")
    own.recorded(repo, sha)
    eventually(lambda: about(own, repo, made) == ("bound", sha, {"f": "bound"}))


def test_only_what_is_not_bound_by_its_content_is_bound_by_hand(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": TWO})
    made = aura.log(known, "f")
    refused = aura.cli("intent", "bind", made["id"], "HEAD", cwd=known.path)
    assert (refused.returncode, "has changes already" in refused.stderr) == (4, True)
    assert aura.cli("intent", "bind", made["id"], "nowhere", cwd=known.path).returncode == 1


def test_the_list_shows_what_waits_and_what_is_unbound(aura: Aura, known: GitRepo) -> None:
    said = aura.ok("intent", "log", "one thing", cwd=known.path)
    assert "it takes what the next commit in this work tree changes" in said
    again = aura.ok("intent", "log", "rather another", cwd=known.path)
    assert f"instead of {said.split()[0]}, which takes nothing any more" in again
    lines = aura.ok("intent", "list", cwd=known.path).splitlines()
    assert [line.split("\t")[-2:] for line in lines[:2]] == [
        ["waiting", "rather another"],
        ["unbound", "one thing"],
    ]
