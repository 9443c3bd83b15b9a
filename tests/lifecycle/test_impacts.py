"""Two people at work side by side: a save of the one is an impact at the other, before any merge."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..gitrepo import GitRepo
from ..impacted import DESK, TAKES_MORE, TILL
from ..running import Daemon, Frames, eventually

TYPES = "impact.opened,impact.resolved,impact.snoozed,impact.dismissed"
PAYS_MORE = DESK.replace("pay(order)", "pay(order, ctx)")


class Pair:
    """A daemon and two work trees of one repository, which it watches."""

    def __init__(self, daemon: Daemon, here: GitRepo, side: GitRepo) -> None:
        self.daemon, self.here, self.side = daemon, here, side

    def follow(self) -> Frames:
        """Follow impacts as a client of the one work tree."""
        return Frames(self.daemon, f"/v1/events?type={TYPES}", {"Aura-Repo": str(self.here.path)})

    def save(self, repo: GitRepo, name: str, text: str) -> None:
        """Save a file as an editor does: whole, or not yet."""
        repo.write({f".{name}.part": text})
        os.replace(repo.path / f".{name}.part", repo.path / name)

    def impacts(self, query: str = "") -> list[Any]:
        return self.daemon.get(f"/v1/impacts?{query}", repo=self.here.path).data

    def trees(self) -> list[Any]:
        return self.daemon.get("/v1/worktrees", repo=self.here.path).data

    def watched(self) -> None:
        """Wait until both work trees are watched and were looked at."""

        def looked() -> bool:
            trees = self.trees()
            return len(trees) == 2 and all(tree["live"]["edits"] is not None for tree in trees)

        eventually(looked, 30)


@pytest.fixture
def pair(daemon: Daemon, tmp_path: Path) -> Iterator[Pair]:
    here = GitRepo(tmp_path / "here")
    here.commit({"desk.py": DESK, "till.py": TILL}, "begin")
    here.git("worktree", "add", "-q", "-b", "feat", str(tmp_path / "side"))
    side = GitRepo(tmp_path / "side", init=False)
    side.clock = here.clock
    made = Pair(daemon, here, side)
    registered = [daemon.register(repo)["id"] for repo in (here, side)]
    made.watched()
    yield made
    for id_ in registered:
        daemon.call("DELETE", f"/v1/worktrees/{id_}")


def about(event: dict[str, Any]) -> tuple[str, str, str]:
    return event["type"], event["data"]["function"], event["worktree"]


def test_a_save_is_an_impact_at_the_others_client_until_its_cause_goes(pair: Pair) -> None:
    here = str(pair.here.path)
    with pair.follow() as frames:
        pair.save(pair.side, "desk.py", PAYS_MORE)
        opened = frames.event()
        assert about(opened) == ("impact.opened", "pay", here)
        assert (opened["data"]["severity"], opened["data"]["other_branch"]) == ("error", "feat")
        (impact,) = pair.impacts()
        assert (impact["your_branch"], impact["other_worktree"]) == ("main", str(pair.side.path))
        assert [site["path"] for site in impact["callers"]] == ["till.py"]
        counts = {tree["worktree"]: tree["live"]["impacts"] for tree in pair.trees()}
        assert counts == {here: 1, str(pair.side.path): 0}
        # The other side goes back, and then the caller gives what is wanted.
        pair.save(pair.side, "desk.py", DESK)
        assert about(frames.event()) == ("impact.resolved", "pay", here)
        pair.save(pair.side, "desk.py", PAYS_MORE)
        assert about(frames.event()) == ("impact.opened", "pay", here)
        pair.save(pair.here, "till.py", TILL.replace("pay(1)", "0"))
        assert about(frames.event()) == ("impact.resolved", "pay", here)


def test_whoever_goes_to_and_fro_is_followed(pair: Pair) -> None:
    with pair.follow() as frames:
        for turn in range(24):
            pair.save(pair.side, "desk.py", DESK if turn % 2 else PAYS_MORE)
            assert frames.event()["type"] == ("impact.resolved" if turn % 2 else "impact.opened")


def test_commits_keep_an_impact_and_a_merge_ends_it(pair: Pair) -> None:
    with pair.follow() as frames:
        pair.save(pair.side, "desk.py", PAYS_MORE)
        id_ = frames.event()["data"]["impact"]
        pair.side.commit(message="take a context")
        pair.here.commit({"other.py": "X = 1\n"}, "something else")
        pair.here.git("merge", "-q", "--no-edit", "feat")
        ended = frames.event()
        assert (ended["type"], ended["data"]["impact"]) == ("impact.resolved", id_)


def test_an_impact_outlives_the_daemon_and_is_told_once(pair: Pair) -> None:
    with pair.follow() as frames:
        pair.save(pair.side, "desk.py", PAYS_MORE)
        frames.event()
    (before,) = pair.impacts()
    pair.daemon.restart(signal.SIGKILL)
    pair.watched()
    with pair.follow() as frames:
        pair.save(pair.side, "desk.py", TAKES_MORE)
        assert about(frames.event())[:2] == ("impact.opened", "refund")
    there = {impact["id"]: impact["function"] for impact in pair.impacts()}
    assert there[before["id"]] == "pay"
    opened = pair.daemon.get("/v1/events?type=impact.opened").data
    told = [event["data"]["impact"] for event in opened]
    assert [there[id_] for id_ in told if id_ in there] == ["pay", "refund"]


def test_who_is_at_work_is_told_in_the_channel_sentinel(pair: Pair) -> None:
    session = pair.daemon.post("/v1/sessions", {"agent": "codex"}, repo=pair.here.path).json()["id"]
    with pair.follow() as frames:
        pair.save(pair.side, "desk.py", PAYS_MORE)
        frames.event()
    headers = {"Aura-Session": session}
    taken = pair.daemon.post("/v1/messages:read", None, headers, repo=pair.here.path).json()["data"]
    told = [message for message in taken if message["channel"] == "sentinel"]
    assert len(told) == 1, told
    (said,) = told
    assert (said["from"]["id"], said["to"]) == ("aura", {"kind": "session", "id": session})
    assert said["body"].startswith("error: pay in desk.py, with another signature on feat")
    assert pair.impacts()[0]["your_session"] == session


def test_what_changes_nothing_for_the_other_is_no_impact(pair: Pair) -> None:
    with pair.follow() as frames:
        pair.side.write({"own.py": "def own():\n    return 1\n", "desk.py": f"# a remark\n{DESK}"})
        pair.save(pair.side, "desk.py", PAYS_MORE)
        assert about(frames.event())[1] == "pay"
    assert len(pair.impacts("status=open,resolved,dismissed,snoozed")) == 1
