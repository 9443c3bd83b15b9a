"""Blame: the last intent of each entity of a file, as the work tree or a revision has it."""

from typing import Any

import pytest

from ..gitrepo import GitRepo
from .daemons import Aura

TWO = "def f(a):\n    return a + 1\n\n\ndef g(b):\n    return b * 2\n"


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"a.py": TWO}, "begin")
    aura.init(repo)
    return repo


def committed(aura: Aura, repo: GitRepo, files: dict[str, str | bytes | None], message: str) -> str:
    sha = repo.commit(files, message)
    aura.recorded(repo, sha)
    return sha


def blamed(aura: Aura, repo: GitRepo, *what: str) -> dict[str, Any]:
    """Return the summary of each entity's last intent, or its state where there is none."""
    data = aura.json("blame", *what, cwd=repo.path)["data"]
    return {e["name"]: e["intent"]["summary"] if e["intent"] else e["state"] for e in data}


def test_each_entity_has_its_last_intent(aura: Aura, known: GitRepo) -> None:
    sha = committed(aura, known, {"a.py": TWO.replace("a + 1", "a + 2")}, "two more")
    assert blamed(aura, known, "a.py") == {"f": "two more", "g": "begin"}
    (first, second) = aura.json("blame", "a.py", cwd=known.path)["data"]
    assert (first["line"], first["end_line"], first["commit_sha"], first["state"]) == (1, 2, sha, "committed")
    assert second["node"]["changes"] == ["added"]


def test_what_was_said_by_hand_comes_before_the_commit_s_own_message(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": TWO.replace("a + 1", "a + 2")})
    aura.log(known, "because of ENG-5")
    assert blamed(aura, known, "a.py") == {"f": "because of ENG-5", "g": "begin"}
    sha = committed(aura, known, {}, "wip")
    (found, _) = aura.json("blame", "a.py", cwd=known.path)["data"]
    assert (found["intent"]["summary"], found["commit_sha"]) == ("because of ENG-5", sha)


def test_a_change_that_nobody_spoke_of_is_uncommitted(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": TWO.replace("a + 1", "a + 2") + "\n\ndef h():\n    return 3\n"})
    assert blamed(aura, known, "a.py") == {"f": "uncommitted", "g": "begin", "h": "uncommitted"}


def test_what_only_travels_is_not_changed(aura: Aura, known: GitRepo) -> None:
    text = "class Till:\n    rate = 1\n\n    def pay(self, order):\n        return order.sum() * self.rate\n"
    committed(aura, known, {"till.py": text}, "a till")
    known.git("mv", "till.py", "desk.py")
    known.write({"desk.py": text.replace("Till", "Desk")})
    assert blamed(aura, known, "desk.py") == {"Desk": "uncommitted", "rate": "a till", "pay": "a till"}


def test_lay_out_and_moves_leave_the_blame_where_it_was(aura: Aura, known: GitRepo) -> None:
    laid_out = TWO.replace("a + 1", "(\n        a + 1\n    )")
    committed(aura, known, {"a.py": laid_out}, "lay out")
    known.git("mv", "a.py", "b.py")
    committed(aura, known, {}, "rename the file")
    assert blamed(aura, known, "b.py") == {"f": "begin", "g": "begin"}


def test_a_revision_is_blamed_as_it_was(aura: Aura, known: GitRepo) -> None:
    committed(aura, known, {"a.py": TWO.replace("a + 1", "a + 2")}, "two more")
    known.write({"a.py": TWO.replace("a + 1", "a + 3")})
    aura.log(known, "three more")
    assert blamed(aura, known, "a.py", "HEAD~1") == {"f": "begin", "g": "begin"}
    assert blamed(aura, known, "a.py", "HEAD") == {"f": "two more", "g": "begin"}


def test_history_that_was_not_read_is_unknown(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": TWO}, "begin")
    repo.commit({"b.py": "B = 1\n"}, "another file")
    tree = aura.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    aura.api("POST", f"/v1/worktrees/{tree['id']}:backfill", {"depth": 0})
    assert blamed(aura, repo, "a.py") == {"f": "unknown", "g": "unknown"}


def test_before_the_first_commit_all_is_uncommitted(aura: Aura, repo: GitRepo) -> None:
    repo.write({"a.py": TWO})
    aura.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    assert blamed(aura, repo, "a.py") == {"f": "uncommitted", "g": "uncommitted"}


def test_filters_and_groups_are_those_of_every_list(aura: Aura, known: GitRepo) -> None:
    known.write({"a.py": TWO.replace("a + 1", "a + 2")})
    found = aura.api("GET", "/v1/blame?file=a.py&state=committed", repo=known.path)["data"]
    assert [e["name"] for e in found] == ["g"]
    groups = aura.api("GET", "/v1/blame?file=a.py&group_by=state", repo=known.path)["data"]
    assert [(g["key"]["state"], g["count"]) for g in groups] == [("committed", 1), ("uncommitted", 1)]


def test_people_read_one_line_for_each_entity(aura: Aura, known: GitRepo) -> None:
    lines = aura.ok("blame", "a.py", cwd=known.path).splitlines()
    assert [line.split("\t")[:2] for line in lines] == [["1-2", "function f"], ["5-6", "function g"]]
    assert all(line.endswith("\tAda Lovelace\tbegin") for line in lines)


def test_a_file_that_is_not_there_is_refused(aura: Aura, known: GitRepo) -> None:
    done = aura.cli("blame", "nowhere.py", cwd=known.path)
    assert done.returncode == 1
    assert "cannot find nowhere.py" in done.stderr
