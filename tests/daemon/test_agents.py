"""What the daemon remembers of agents: their sessions beyond its end, the rest while it lives."""

import json
from pathlib import Path

import pytest
from aura.daemon import agents
from aura.daemon.agents import Agents, Mark

from aura.api import now_us

from ..running import Daemon


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AURA_HOME", str(tmp_path))
    return tmp_path


def edited(session: str, path: str, at: int | None = None) -> Mark:
    return Mark(session, "/w", path, at or now_us())


def test_a_conversation_is_bound_beyond_the_end_of_the_daemon() -> None:
    Agents().bind("codex:1", "ses_1")
    assert Agents().session("codex:1") == "ses_1"
    Agents().bind("codex:1", None)
    assert Agents().session("codex:1") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"codex:1": 7}', "\udcff"])
def test_a_file_that_is_broken_is_no_more_than_forgotten(home: Path, text: str) -> None:
    (home / "agents.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    known = Agents()
    assert known.session("codex:1") is None
    known.bind("codex:1", "ses_1")
    assert json.loads((home / "agents.json").read_text()) == {"codex:1": "ses_1"}


def test_the_oldest_conversations_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "MOST", 3)
    known = Agents()
    for number in range(5):
        known.bind(f"codex:{number}", f"ses_{number}")
    assert known.sessions == {"ses_2", "ses_3", "ses_4"}


def test_an_edit_counts_lately_in_its_file_its_folder_and_its_repository() -> None:
    known = Agents()
    known.mark(1, edited("ses_1", "src/a.py"))
    known.mark(1, edited("ses_2", "src/a.py", now_us() - agents.LATELY_US - 1))
    for place, expected in (("src/a.py", 1), ("src/", 1), ("/", 1), ("src/b.py", 0), ("sr/", 0)):
        assert len(list(known.marks(1, place))) == expected, place
    assert list(known.marks(2, "src/a.py")) == []


def test_what_was_edited_is_asked_about_once() -> None:
    known = Agents()
    known.mark(1, edited("ses_1", "a.py", 100))
    assert [mark.path for mark in known.unexplained("ses_1", 99)] == ["a.py"]
    assert known.unexplained("ses_1", 100) == []
    assert known.unexplained("ses_2", 0) == []
    known.remind("ses_1")
    assert known.unexplained("ses_1", 0) == []
    known.mark(1, edited("ses_1", "b.py", now_us() + 1))
    assert [mark.path for mark in known.unexplained("ses_1", 0)] == ["b.py"]


def test_news_is_told_once_to_each_session_until_it_is_over() -> None:
    known = Agents()
    assert [known.news("ses_1", "zon_1"), known.news("ses_1", "zon_1")] == [True, False]
    assert known.news("ses_2", "zon_1")
    known.forget("ses_1")
    assert known.news("ses_1", "zon_1")


def test_a_hook_that_is_sent_twice_is_heard_once(daemon: Daemon, tmp_path: Path) -> None:
    key = {"Idempotency-Key": "hook-1"}
    body = {"payload": {"cwd": str(tmp_path), "session_id": "1"}}
    first = daemon.post("/v1/agent-hooks/codex/session-start", body, key)
    again = daemon.post("/v1/agent-hooks/codex/session-start", body, key)
    assert (first.status, first.body) == (again.status, again.body) == (200, b"{}")
    assert again.headers["Idempotency-Replayed"] == "true"
