"""Several work trees of one repository: each path belongs to the tree that it lies in."""

import shutil
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"a.py": "def f():\n    return 1\n", "pkg/b.py": "def g():\n    return 1\n"}, "begin")
    aura.init(repo)
    return repo


def linked(repo: GitRepo, path: Path) -> GitRepo:
    repo.git("worktree", "add", "-q", "-b", path.name, str(path))
    tree = GitRepo(path, init=False)
    tree.clock = repo.clock
    return tree


def test_a_work_tree_that_was_added_later_belongs_to_its_repository(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    tree = linked(known, tmp_path / "later")
    assert aura.summaries(tree) == ["begin"]
    sha = tree.commit({"c.py": "def h():\n    return 1\n"}, "from the later one")
    assert aura.recorded(tree, sha)["repo"] == aura.intents(known)[0]["repo"]
    listed = aura.json("worktree", "list", cwd=known.path)["data"]
    assert {row["worktree"] for row in listed} == {str(known.path), str(tree.path)}


def test_a_request_is_about_the_tree_that_its_path_lies_in(aura: Aura, known: GitRepo) -> None:
    inner = linked(known, known.path / ".trees" / "inner")
    inner.write({"pkg/b.py": "def g():\n    return 2\n"})
    made = aura.json("intent", "log", "inside", cwd=inner.path / "pkg")
    assert (made["worktree"], made["branch"], made["nodes_changed"]) == (str(inner.path), "inner", 1)
    outside = aura.json("intent", "log", "outside", "--file", "a.py", cwd=known.path)
    assert (outside["worktree"], outside["nodes_changed"]) == (str(known.path), 0)


def test_a_work_tree_that_was_removed_breaks_nothing(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    gone, stays = linked(known, tmp_path / "gone"), linked(known, tmp_path / "stays")
    for tree in (gone, stays):
        aura.recorded(tree, tree.commit({f"{tree.path.name}.py": "X = 1\n"}, f"in {tree.path.name}"))
    gone.write({"a.py": "def f():\n    return 3\n"})
    aura.log(gone, "never committed")
    shutil.rmtree(gone.path)
    sha = stays.commit({"y.py": "Y = 1\n"}, "still heard")
    aura.recorded(stays, sha)
    assert "in gone" in aura.summaries(stays)
    assert aura.cli("status", cwd=known.path).returncode == 0
    known.git("worktree", "prune")
    sha = known.commit({"z.py": "Z = 1\n"}, "heard, too")
    aura.recorded(known, sha)
    again = GitRepo(tmp_path / "gone", init=False)
    known.git("worktree", "add", "-q", str(again.path), "gone")
    again.clock = known.clock
    aura.recorded(again, again.commit({"w.py": "W = 1\n"}, "born again"))


def test_a_moved_work_tree_is_known_again(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    tree = linked(known, tmp_path / "before")
    aura.recorded(tree, tree.commit({"x.py": "X = 1\n"}, "before the move"))
    known.git("worktree", "move", str(tree.path), str(tmp_path / "after"))
    moved = GitRepo(tmp_path / "after", init=False)
    moved.clock = tree.clock
    aura.recorded(moved, moved.commit({"x.py": "X = 2\n"}, "after the move"))
    assert aura.why(moved, "x.py:1") == ["after the move", "before the move"]


def listed(aura: Aura, repo: GitRepo, *options: str) -> set[str]:
    rows = aura.json("worktree", "list", *options, cwd=repo.path)["data"]
    return {Path(row["worktree"]).name for row in rows}


@pytest.mark.parametrize("is_moved", [False, True])
def test_a_work_tree_that_git_has_no_longer_leaves_the_list_and_not_the_record(
    aura: Aura, known: GitRepo, tmp_path: Path, is_moved: bool
) -> None:
    tree = linked(known, tmp_path / "gone")
    made = aura.log(tree, "to do in there")
    assert "gone" in listed(aura, known)
    args = ("move", str(tree.path), str(tmp_path / "elsewhere")) if is_moved else ("remove", str(tree.path))
    known.git("worktree", *args)
    eventually(lambda: "gone" not in listed(aura, known))
    assert "gone" in listed(aura, known, "--removed")
    assert ("elsewhere" in listed(aura, known)) == is_moved
    assert aura.intent(known, made["id"])["worktree"] == str(tree.path)
    assert "is not there" not in aura.ok("status", cwd=known.path)


def test_a_work_tree_that_was_removed_comes_back_to_the_list(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    tree = linked(known, tmp_path / "again")
    assert "again" in listed(aura, known)
    known.git("worktree", "remove", str(tree.path))
    eventually(lambda: "again" not in listed(aura, known))
    known.git("worktree", "add", "-q", str(tree.path), "again")
    eventually(lambda: "again" in listed(aura, known))


def test_a_work_tree_that_is_only_away_stays_in_the_list(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    tree = linked(known, tmp_path / "away")
    assert "away" in listed(aura, known)
    tree.path.rename(tmp_path / "unplugged")

    def state() -> str:
        rows = aura.json("worktree", "list", cwd=known.path)["data"]
        return next(row["live"]["state"] for row in rows if Path(row["worktree"]).name == "away")

    eventually(lambda: state() == "missing")


def test_commits_are_noticed_without_hooks_and_without_being_asked(aura: Aura, known: GitRepo) -> None:
    count = "/v1/events?type=intent.logged&aggregate=count"
    before = aura.api("GET", count)["data"][0]["count"]
    known.commit({"a.py": "def f():\n    return 4\n"}, "unasked")
    eventually(lambda: aura.api("GET", count)["data"][0]["count"] > before)


def test_a_forgotten_repository_can_be_read_again(aura: Aura, known: GitRepo) -> None:
    before = aura.summaries(known)
    (tree,) = aura.json("worktree", "list", cwd=known.path)["data"]
    aura.ok("worktree", "remove", tree["id"], cwd=known.path)
    refused = aura.cli("intent", "list", cwd=known.path)
    assert refused.returncode == 1
    assert "aura init" in refused.stderr
    aura.ok("init", cwd=known.path)
    assert aura.summaries(known) == before


def test_nothing_of_a_forgotten_repository_is_another_ones(aura: Aura, tmp_path: Path) -> None:
    first, second = GitRepo(tmp_path / "first"), GitRepo(tmp_path / "second")
    first.commit({"a.py": "X = 1\n"}, "begin")
    tree = aura.init(first)
    aura.log(first, "of the first")
    aura.ok("worktree", "remove", tree["id"], "--force", cwd=first.path)
    second.commit({"a.py": "X = 1\n"}, "begin")
    aura.init(second)
    told = aura.api("GET", "/v1/events?limit=500", repo=second.path)["data"]
    assert {event["worktree"] for event in told} == {str(second.path)}
