"""The daemon as the command line starts, shows and stops it."""

import socket

import pytest

from .daemons import Aura


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def test_a_restart_keeps_what_the_daemon_was_started_with(own: Aura, port: int) -> None:
    own.ok("daemon", "start", "--http", f"127.0.0.1:{port}", cwd="/")
    first = own.pid
    said = own.ok("daemon", "restart", cwd="/")
    assert f"http://127.0.0.1:{port}" in said
    assert own.pid != first


def test_a_restart_with_options_forgets_the_former_ones(own: Aura, port: int) -> None:
    own.ok("daemon", "start", "--http", f"127.0.0.1:{port}", cwd="/")
    assert "http:" not in own.ok("daemon", "restart", "--host-name", "aura.example.org", cwd="/")


def test_a_second_start_names_the_daemon_that_runs(own: Aura) -> None:
    own.start()
    refused = own.cli("daemon", "start", cwd="/")
    assert refused.returncode == 1
    assert f"pid {own.pid}" in refused.stderr


def test_a_stopped_daemon_leaves_nothing_that_answers(own: Aura) -> None:
    own.start()
    assert own.ok("daemon", "stop", cwd="/").strip() == "stopped"
    assert own.cli("daemon", "status", cwd="/").returncode == 3
    assert own.ok("daemon", "stop", cwd="/").strip() == "no daemon runs"


def test_the_log_is_shown_line_by_line(own: Aura) -> None:
    own.start()
    own.stop()
    assert own.ok("daemon", "logs", cwd="/").splitlines()
