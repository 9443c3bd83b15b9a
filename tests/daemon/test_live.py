"""A save is an entity edit in the daemon: told as it happens, never kept, counted beside the work tree."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, Frames, eventually, running

LIVE = "/v1/events?subscribe=true&type=worktree.edited"
FILES = {
    ".gitignore": "*.log\nbuilt/\n",
    "app.py": "def one():\n    return 1\n",
    "lib.py": "def two(a):\n    return a\n\n\ndef three():\n    return 3\n",
    "pkg/deep/mod.py": "class K:\n    def m(self):\n        return 1\n",
}


@pytest.fixture(scope="module")
def own() -> Iterator[Daemon]:
    with running("--heartbeat", "0.3") as daemon:
        yield daemon


@pytest.fixture
def tree(own: Daemon, tmp_path: Path) -> GitRepo:
    made = GitRepo(tmp_path / "tree")
    made.commit(FILES, "Begin")
    own.register(made)
    watched(own, made)
    return made


def follow(daemon: Daemon, tree: GitRepo) -> Frames:
    """Follow the edits in the work trees of one repository."""
    stream = Frames(daemon, LIVE, {"Aura-Repo": str(tree.path)})
    assert stream.next() == {"comment": "aura"}
    return stream


def rows(daemon: Daemon, tree: GitRepo) -> dict[str, dict[str, Any]]:
    """Return the registered work trees of one repository by their paths."""
    found = daemon.get("/v1/worktrees", repo=tree.path).data
    return {row["worktree"]: row for row in found}


def live(daemon: Daemon, tree: GitRepo) -> dict[str, Any]:
    found: dict[str, Any] = daemon.get(f"/v1/worktrees/{quote(str(tree.path), safe='')}").json()["live"]
    return found


def watched(daemon: Daemon, tree: GitRepo) -> None:
    """Wait until a work tree is watched and was looked at."""
    eventually(lambda: (now := live(daemon, tree))["state"] == "watched" and now["edits"] is not None)


def linked(repo: GitRepo, path: Path, branch: str) -> GitRepo:
    repo.git("worktree", "add", "-q", "-b", branch, str(path))
    return GitRepo(path, init=False)


def told(event: dict[str, Any]) -> dict[str, tuple[list[str], str]]:
    return {e["qualified_name"]: (e["changes"], e["grade"]) for e in event["data"]["entities"]}


def save(tree: GitRepo, name: str, content: str) -> None:
    """Save as careful editors do: another file takes the place of the old one."""
    whole = tree.path / name
    beside = whole.with_name(f".{whole.name}.tmp")
    beside.write_text(content)
    beside.replace(whole)


def test_a_save_is_told_as_an_entity_edit(own: Daemon, tree: GitRepo) -> None:
    with follow(own, tree) as stream:
        tree.write({"lib.py": FILES["lib.py"].replace("two(a)", "two(a, b)")})
        event = stream.edited()
        assert (event["type"], event["worktree"]) == ("worktree.edited", str(tree.path))
        assert event["data"]["paths"] == ["lib.py"]
        assert told(event) == {"two": (["signature_changed"], "breaking")}
        now = live(own, tree)
        assert (now["edits"], now["branch"], now["state"]) == (1, "main", "watched")
        assert now["saved_at"] is not None
        save(tree, "lib.py", FILES["lib.py"])
        event = stream.edited()
        assert (event["data"]["paths"], event["data"]["entities"], event["data"]["edits"]) == (
            ["lib.py"],
            [],
            0,
        )
    assert own.get("/v1/events?type=worktree.edited", repo=tree.path).data == []


def test_what_git_ignores_and_what_is_only_touched_is_not_told(own: Daemon, tree: GitRepo) -> None:
    with follow(own, tree) as stream:
        tree.write({"noise.log": "x", "built/out.py": "X = 1\n", "pkg/deep/more.log": "x"})
        os.utime(tree.path / "app.py")
        save(tree, "app.py", FILES["app.py"])
        tree.write({"pkg/deep/mod.py": "class K:\n    def m(self):\n        return 2\n"})
        event = stream.edited()
        assert event["data"]["paths"] == ["pkg/deep/mod.py"]
        assert told(event) == {"K.m": (["body_changed"], "internal")}


def test_new_folders_are_watched_and_moved_and_deleted_ones_are_followed(own: Daemon, tree: GitRepo) -> None:
    with follow(own, tree) as stream:
        tree.write({"new/far/n.py": "def n():\n    return 1\n"})
        assert told(stream.edited()) == {"n": (["added"], "compatible")}
        tree.write({"new/far/n.py": "def n():\n    return 1\n\n\ndef o():\n    return 1\n"})
        assert told(stream.edited()).keys() == {"n", "o"}
        (tree.path / "new").rename(tree.path / "other")
        seen: set[str] = set()
        while "other/far/n.py" not in seen:
            seen = {entity["path"] for entity in stream.edited()["data"]["entities"]}
        save(tree, "other/far/n.py", "def n():\n    return 1\n")
        event = stream.edited()
        assert (event["data"]["paths"], list(told(event))) == (["other/far/n.py"], ["n"])
        shutil.rmtree(tree.path / "other")
        while event["data"]["edits"]:
            event = stream.edited()


def test_what_moves_between_files_is_one_edit(own: Daemon, tree: GitRepo) -> None:
    with follow(own, tree) as stream:
        lib, _, moved = FILES["lib.py"].partition("\n\n\n")
        tree.write({"lib.py": f"{lib}\n"})
        assert told(stream.edited()) == {"three": (["deleted"], "breaking")}
        tree.write({"app.py": f"{FILES['app.py']}\n\n{moved}"})
        event = stream.edited()
        assert event["data"]["paths"] == ["app.py", "lib.py"]
        assert [e["changes"] for e in event["data"]["entities"]] == [["moved"]]


def test_a_commit_and_a_checkout_leave_nothing_uncommitted_behind(own: Daemon, tree: GitRepo) -> None:
    tree.git("branch", "far")
    with follow(own, tree) as stream:
        tree.write({"app.py": "def one():\n    return 2\n"})
        assert told(stream.edited()) == {"one": (["body_changed"], "internal")}
        tree.commit(message="Two")
        event = stream.edited()
        assert (event["data"]["paths"], event["data"]["edits"]) == (["app.py"], 0)
        # A checkout writes files, and none of them is an edit.
        tree.git("checkout", "-q", "far")
        tree.write({"lib.py": FILES["lib.py"].replace("return 3", "return 4")})
        event = stream.edited()
        assert told(event) == {"three": (["body_changed"], "internal")}
        assert live(own, tree)["branch"] == "far"


def test_each_save_belongs_to_the_tree_that_it_lies_in(own: Daemon, tree: GitRepo, tmp_path: Path) -> None:
    inner = linked(tree, tree.path / "built" / "inner", "inner")
    beside = linked(tree, tmp_path / "beside", "beside")
    eventually(lambda: len(rows(own, tree)) == 3)
    for each in (inner, beside):
        watched(own, each)
    with follow(own, tree) as stream:
        for each in (inner, tree, beside):
            each.write({"app.py": f"def one():\n    return {each.path.name!r}\n"})
            assert stream.edited()["worktree"] == str(each.path)
    assert [live(own, each)["edits"] for each in (inner, tree, beside)] == [1, 1, 1]


def test_a_session_is_named_with_what_is_saved_where_it_works(own: Daemon, tree: GitRepo) -> None:
    started = own.post("/v1/sessions", {"agent": "claude-code"}, repo=tree.path).json()
    with follow(own, tree) as stream:
        tree.write({"app.py": "def one():\n    return 5\n"})
        event = stream.edited()
    assert (event["session"], event["actor"]["id"]) == (started["id"], "claude-code")
    status = own.get("/v1/status", repo=tree.path).json()
    (row,) = status["worktrees"]
    assert [s["id"] for s in row["live"]["sessions"]] == [started["id"]]
    shown = own.get(f"/v1/worktrees/{row['id']}").json()
    assert [(e["changes"], e["new"]["qualified_name"]) for e in shown["edits"]] == [(["body_changed"], "one")]


def test_a_restart_finds_what_was_saved_meanwhile(own: Daemon, tree: GitRepo) -> None:
    own.kill()
    tree.write({"app.py": "def one():\n    return 6\n", "while/away.py": "X = 1\n"})
    own.start()
    watched(own, tree)
    assert live(own, tree)["edits"] == 2
    with follow(own, tree) as stream:
        save(tree, "while/away.py", "X = 2\n")
        assert stream.edited()["data"]["paths"] == ["while/away.py"]


def test_a_work_tree_that_is_gone_is_said_to_be_missing_until_it_comes_back(
    own: Daemon, tree: GitRepo, tmp_path: Path
) -> None:
    gone = linked(tree, tmp_path / "gone", "gone")
    eventually(lambda: len(rows(own, tree)) == 2)
    watched(own, gone)
    shutil.rmtree(gone.path)
    eventually(lambda: live(own, gone)["state"] == "missing")
    assert live(own, gone)["edits"] is None
    tree.git("worktree", "prune")
    tree.git("worktree", "add", "-q", str(gone.path), "gone")
    watched(own, gone)
    with follow(own, tree) as stream:
        gone.write({"app.py": "def one():\n    return 7\n"})
        assert stream.edited()["worktree"] == str(gone.path)


def test_a_work_tree_that_was_forgotten_is_not_taken_up_again_by_itself(
    own: Daemon, tree: GitRepo, tmp_path: Path
) -> None:
    linked(tree, tmp_path / "side", "side")
    eventually(lambda: len(rows(own, tree)) == 2)
    side = rows(own, tree)[str(tmp_path / "side")]
    assert own.call("DELETE", f"/v1/worktrees/{side['id']}").status == 200
    own.restart()
    linked(tree, tmp_path / "third", "third")
    eventually(lambda: len(rows(own, tree)) == 2)
    assert rows(own, tree).keys() == {str(tree.path), str(tmp_path / "third")}


def test_thousands_of_files_at_once_are_a_few_short_frames(own: Daemon, tree: GitRepo) -> None:
    with follow(own, tree) as stream:
        tree.write({f"many/m{n}.py": f"def f{n}():\n    return {n}\n" for n in range(1500)})
        event, frames = stream.edited(), 1
        while event["data"]["edits"] < 1500:
            event, frames = stream.edited(), frames + 1
        assert frames < 10
        assert len(event["data"]["entities"]) <= 300


def test_a_name_that_is_not_utf8_is_an_edit_like_any_other(own: Daemon, tree: GitRepo) -> None:
    with follow(own, tree) as stream:
        tree.write({"\udcff.py": "def f():\n    return 1\n"})
        assert stream.edited()["data"]["paths"] == ["\\xff.py"]
        tree.write({"\udcff.py": "def f():\n    return 2\n"})
        tree.write({"app.py": "def one():\n    return 8\n"})
        seen: set[str] = set()
        while "app.py" not in seen:
            seen |= set(stream.edited()["data"]["paths"])
        assert "\\xff.py" in seen


def test_what_the_system_could_not_tell_is_looked_for(own: Daemon, tree: GitRepo) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with follow(own, tree) as stream:
        os.kill(own.pid, signal.SIGSTOP)
        try:
            # Two names in turn, for the same news twice in a row is told once.
            for at in range(limit + 100):
                (tree.path / f"{at % 2}.log").write_text("")
            tree.write({"app.py": "def one():\n    return 9\n", "late/er.py": "X = 1\n"})
        finally:
            os.kill(own.pid, signal.SIGCONT)
        seen: set[str] = set()
        while not {"app.py", "late/er.py"} <= seen:
            seen |= set(stream.edited()["data"]["paths"])
        save(tree, "late/er.py", "X = 2\n")
        assert stream.edited()["data"]["paths"] == ["late/er.py"]


CRAMPED = 'echo 12 > /proc/sys/user/max_inotify_watches && exec "$@"'


def can_limit_watches() -> bool:
    line = ["unshare", "-Ur", "sh", "-c", CRAMPED, "sh", "true"]
    return shutil.which("unshare") is not None and subprocess.run(line, capture_output=True).returncode == 0


@pytest.mark.skipif(not can_limit_watches(), reason="needs a user namespace of its own")
def test_where_the_system_watches_no_more_folders_it_is_said_and_looked_at_now_and_then(
    tmp_path: Path,
) -> None:
    wide = GitRepo(tmp_path / "wide")
    wide.commit({f"d{n}/m.py": "X = 1\n" for n in range(30)}, "Begin")
    wide.write({"d3/m.py": "X = 2\n"})
    with running("--heartbeat", "0.3", before=["unshare", "-Ur", "sh", "-c", CRAMPED, "sh"]) as daemon:
        daemon.register(wide)
        eventually(lambda: live(daemon, wide)["state"] == "polled")
        assert "no more folders" in live(daemon, wide)["note"]
        eventually(lambda: live(daemon, wide)["edits"] == 1)
        assert "d3" in str(daemon.get(f"/v1/worktrees/{quote(str(wide.path), safe='')}").json()["edits"])
        with Frames(daemon, LIVE) as stream:
            wide.write({"d4/m.py": "X = 3\n"})
            assert stream.edited(30)["data"]["paths"] == ["d4/m.py"]
