"""`aura watch` in a real terminal and in a pipe, beside a real daemon."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..lifecycle.daemons import AURA, Aura

ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"


class Terminal:
    """A command in a terminal of its own, and what stands on its screen."""

    def __init__(self, cwd: Path, *args: str) -> None:
        self.main, self._side = pty.openpty()
        self.resize(24, 80)
        self.before = termios.tcgetattr(self._side)
        self._bytes = b""
        env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self.process = subprocess.Popen(
            [*AURA, *args],
            cwd=cwd,
            stdin=self._side,
            stdout=self._side,
            stderr=self._side,
            env=env | {"TERM": "xterm-256color"},
            start_new_session=True,
        )

    def resize(self, lines: int, columns: int) -> None:
        self._lines = lines
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def until(self, text: str, seconds: float = 20.0) -> list[str]:
        """Wait until a text stands on the screen, and return its lines."""
        end = time.monotonic() + seconds
        while text not in self.screen:
            assert time.monotonic() < end, f"{text!r} did not come; this did: {self.screen}"
            self._read(0.1)
        return self.screen.split("\n")

    @property
    def said(self) -> str:
        return self._bytes.decode("utf-8", "replace")

    @property
    def screen(self) -> str:
        """What was drawn last on the whole of the screen."""
        drawn = [part for part in self.said.split("\x1b[H") if part.count("\n") == self._lines - 1]
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn[-1] if drawn else "")

    def _read(self, seconds: float) -> None:
        if select.select([self.main], [], [], seconds)[0]:
            self._bytes += os.read(self.main, 65536)

    def key(self, key: str) -> None:
        os.write(self.main, key.encode())

    def ended(self) -> int:
        """Return the exit status, and hear the last words."""
        end = time.monotonic() + 20
        while (status := self.process.poll()) is None:
            assert time.monotonic() < end, "it did not end"
            self._read(0.05)
        while select.select([self.main], [], [], 0)[0]:
            self._read(0)
        return status

    @property
    def is_as_it_was(self) -> bool:
        """Whether the terminal shows what it showed before, and handles keys as it did."""
        return self.said.rstrip().endswith(LEAVE) and termios.tcgetattr(self._side) == self.before

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.main)
        os.close(self._side)


@pytest.fixture
def watching(own: Aura, repo: GitRepo) -> Iterator[Terminal]:
    repo.commit({"a.py": "def f():\n    return 1\n"}, "begin")
    own.start()
    own.init(repo)
    terminal = Terminal(repo.path, "watch")
    yield terminal
    terminal.close()


def test_everything_is_shown_as_it_happens_and_q_leaves_the_terminal_as_it_was(
    own: Aura, repo: GitRepo, watching: Terminal
) -> None:
    watching.until("work trees (1)")
    assert ENTER in watching.said
    session = own.ok("session", "start", "--agent", "claude-code", cwd=repo.path).strip()
    own.ok("zone", "claim", "a.py", cwd=repo.path, env={"AURA_SESSION": session})
    own.ok("message", "send", "red \x1b[31m text", cwd=repo.path)
    own.log(repo, "why it is so")
    for said in (
        "zones (1)",
        "messages (1)",
        "logged: why it is so",
        "red \\x1b[31m text",
        "claude-code claimed a.py",
    ):
        watching.until(said)
    lines = watching.until("exclusive  claude-code")
    assert len(lines) == 24
    assert "\x1b[31m text" not in watching.said
    watching.key("x")
    watching.key("q")
    assert watching.ended() == 0
    assert watching.is_as_it_was


def test_it_goes_on_while_the_daemon_is_replaced_and_shows_that(
    own: Aura, repo: GitRepo, watching: Terminal
) -> None:
    watching.until("work trees (1)")
    own.kill()
    watching.until("the daemon is away")
    own.ok("daemon", "start", cwd="/")
    own.log(repo, "after the kill")
    lines = watching.until("logged: after the kill")
    assert "away" not in lines[0]
    watching.process.send_signal(signal.SIGINT)
    assert watching.ended() == 0
    assert watching.is_as_it_was


def test_it_fits_itself_to_the_terminal_and_leaves_it_when_told_to_end(watching: Terminal) -> None:
    watching.until("work trees (1)")
    watching.resize(40, 150)
    watching.process.send_signal(signal.SIGWINCH)
    line = next(line for line in watching.until("─ zones") if "─ zones" in line)
    assert "work trees (1)" in line
    watching.process.send_signal(signal.SIGTERM)
    assert watching.ended() == 128 + signal.SIGTERM
    assert watching.is_as_it_was


def test_a_pipe_gets_a_line_for_each_event(aura: Aura, known: GitRepo) -> None:
    with subprocess.Popen([*AURA, "watch"], cwd=known.path, stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        try:
            while not select.select([watcher.stdout], [], [], 0.1)[0]:
                aura.ok("message", "send", "are\nyou \x1b[31mthere", cwd=known.path)
            line = watcher.stdout.readline()
        finally:
            watcher.send_signal(signal.SIGINT)
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d  shop: \S+: are you \\x1b\[31mthere\n", line), line
    assert watcher.returncode == 0


def test_a_repository_that_is_not_registered_is_refused(aura: Aura, repo: GitRepo) -> None:
    terminal = Terminal(repo.path, "watch")
    try:
        assert terminal.ended() == 1
        assert "hint: Run aura init" in terminal.said
        assert terminal.said.index(LEAVE) < terminal.said.index("error:")
    finally:
        terminal.close()
