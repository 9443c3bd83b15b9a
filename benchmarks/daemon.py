"""A daemon of its own for one measurement, in a temporary folder, with one registered work tree."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from .history import git_environment
from .processes import cpu_seconds, family

START_SECONDS = 30.0
QUIET_SECONDS, QUIET_SHARE = 0.3, 0.05


class Daemon:
    """A daemon that runs, and how to speak to it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.socket = str(home / "daemon.sock")
        self.environment = git_environment() | {"AURA_HOME": str(home)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "aura.daemon", "--background"], cwd="/", env=self.environment
        )
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            with contextlib.suppress(OSError):
                self.ask("GET", "/livez")
                return
            time.sleep(0.02)
        raise RuntimeError("the daemon does not answer")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)
            self.process = None

    def ask(self, method: str, path: str, body: Any = None, *, repo: Path | None = None) -> Any:
        """Send one request and return the decoded answer. Raises RuntimeError on a refusal."""
        with Connection(self.socket) as connection:
            status, answer = connection.ask(message(method, path, body, repo))
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.decode(errors='replace')}")
        return json.loads(answer)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def register(self, work: Path) -> None:
        """Register a work tree and leave its history unread."""
        tree = self.ask("POST", "/v1/worktrees", {"path": str(work)})
        self.ask("POST", f"/v1/worktrees/{tree['id']}:backfill", {"depth": 0, "rest": False})

    def settle(self, seconds: float = 60.0) -> float:
        """Wait until nothing waits in the daemon any more; return how long that took."""
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            if not any(self.ask("GET", "/v1/status")["queue"].values()):
                return time.monotonic() - start
            time.sleep(0.05)
        raise RuntimeError("the daemon has work for too long")

    def quiet(self, seconds: float = 120.0) -> None:
        """Wait until the daemon and its workers have nothing left to do."""
        until = time.monotonic() + seconds
        self.settle()
        while time.monotonic() < until:
            pids = family(self.pid)
            before = cpu_seconds(pids)
            time.sleep(QUIET_SECONDS)
            if cpu_seconds(pids) - before < QUIET_SECONDS * QUIET_SHARE:
                return
        raise RuntimeError("the daemon does not come to rest")

    def aura(self, *args: str, cwd: Path) -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [command(), *args], cwd=cwd, env=self.environment, check=True, capture_output=True
        )


class Connection:
    """A raw socket on which one request after the other is sent."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(60.0)
        self._socket.connect(path)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body of the answer."""
        self._socket.sendall(request)
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more()
        at = got.index(b"Content-Length:") + 15
        whole = end + 4 + int(got[at : got.index(b"\r", at)])
        while len(got) < whole:
            got += self._more()
        return int(got[9:12]), got[end + 4 :]

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _more(self) -> bytes:
        piece = self._socket.recv(1 << 16)
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        return piece


def message(method: str, path: str, body: Any = None, repo: Path | None = None) -> bytes:
    """Return a request as it goes over the socket."""
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: aura", "Content-Type: application/json"]
    lines += [f"Aura-Repo: {quote(os.fsencode(repo))}"] if repo else []
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "", ""]).encode() + data


def command() -> str:
    """Return the installed `aura` beside this Python."""
    found = Path(sys.executable).with_name("aura")
    if not found.exists():
        raise RuntimeError(f"{found} is not there: install aura in this environment")
    return str(found)


@contextmanager
def running(*works: Path) -> Iterator[Daemon]:
    """Give a daemon in which these work trees are registered."""
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        daemon = Daemon(Path(folder).resolve())
        try:
            daemon.start()
            for work in works:
                daemon.register(work)
            daemon.quiet()
            yield daemon
        finally:
            daemon.stop()


def wall(line: list[str], cwd: Path, environment: Mapping[str, str], given: str = "") -> float:
    """Run a command that must succeed and return its wall time in milliseconds."""
    start = time.perf_counter()
    done = subprocess.run(line, cwd=cwd, env=environment, input=given.encode(), capture_output=True)
    taken = (time.perf_counter() - start) * 1000
    if done.returncode:
        raise RuntimeError(f"{line}: {done.stderr.decode(errors='replace')}")
    return taken
