"""A daemon that takes connections and answers nobody; a folder that is none."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura import wire

from ..gitrepo import GitRepo
from ..lifecycle.daemons import Aura


@pytest.fixture
def stopped(own: Aura) -> Iterator[tuple[Aura, int]]:
    """A daemon that stands still."""
    own.start()
    pid = own.pid
    os.kill(pid, signal.SIGSTOP)
    yield own, pid
    os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("args", [("status",), ("daemon", "stop"), ("daemon", "status"), ("events", "-f")])
def test_a_daemon_that_hangs_is_said_to(
    stopped: tuple[Aura, int], tmp_path: Path, args: tuple[str, ...]
) -> None:
    aura, pid = stopped
    began = time.monotonic()
    done = aura.cli(*args, cwd=tmp_path)
    assert time.monotonic() - began < 20
    assert done.returncode == 3
    assert "cannot hear the daemon" in done.stderr
    assert f"kill -9 {pid}" in done.stderr


def test_a_long_answer_is_waited_for(own: Aura, monkeypatch: pytest.MonkeyPatch, repo: GitRepo) -> None:
    monkeypatch.setattr(wire, "QUIET_SECONDS", 0.05)
    own.start()
    repo.commit({"a.py": "A = 1\n"}, "begin")
    own.init(repo)
    body = {"goal": "run: sleep 0.5", "path": os.environ["PATH"]}
    reply = wire.request("POST", "/v1/prove", body, repo=str(repo.path))
    assert (reply.status, reply.json()["result"]) == (200, "pass")


@pytest.mark.parametrize("args", [("status",), ("doctor",), ("events", "-f")])
def test_a_home_that_is_no_folder_is_named(own: Aura, tmp_path: Path, args: tuple[str, ...]) -> None:
    file = tmp_path / "file"
    file.touch()
    done = own.cli(*args, cwd=tmp_path, env={"AURA_HOME": str(file)})
    assert done.returncode != 0
    assert str(file) in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
