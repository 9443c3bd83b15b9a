"""Sessions over the socket: what is done in one belongs to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, python_repo, running


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Daemon, GitRepo]]:
    repo = python_repo(tmp_path_factory.mktemp("sessions") / "repo")
    with running() as daemon:
        daemon.register(repo)
        yield daemon, repo


def start(daemon: Daemon, repo: Path, agent: str) -> str:
    id_: str = daemon.post("/v1/sessions", {"agent": agent}, repo=repo).json()["id"]
    return id_


def test_what_is_logged_in_a_session_is_the_agents(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    session = start(daemon, repo.path, "codex")
    intent = daemon.log("Tidy up", {"Aura-Session": session}, repo=repo.path)
    assert intent["session"] == session
    assert intent["author"]["id"] == "codex"
    assert daemon.log("By hand", repo=repo.path)["author"]["id"] == "ada@example.org"


def test_after_its_end_a_session_speaks_for_nobody(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    session = start(daemon, repo.path, "cursor")
    assert daemon.post(f"/v1/sessions/{session}:end", {}).json()["state"] == "ended"
    assert daemon.log("Later", {"Aura-Session": session}, repo=repo.path)["author"]["id"] == "ada@example.org"


def test_sessions_are_known_again_after_a_restart(place: tuple[Daemon, GitRepo]) -> None:
    daemon, repo = place
    session = start(daemon, repo.path, "aider")
    daemon.restart()
    intent = daemon.log("After the restart", {"Aura-Session": session}, repo=repo.path)
    assert intent["author"]["id"] == "aider"
    assert [s["id"] for s in daemon.get("/v1/sessions?actor=aider&state=live").data] == [session]
