"""A real daemon in its own process, on a short AURA_HOME of its own, and plain HTTP to talk to it."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .gitrepo import GitRepo

START_SECONDS = 30.0


class Reply:
    """An answer: its status, its headers (any case) and its body."""

    def __init__(self, status: int, headers: http.client.HTTPMessage, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error, which must have the shape of API.md."""
        found: dict[str, Any] = self.json()["error"]
        assert set(found) == {"code", "message", "hint", "details", "request_id"}, found
        return found

    @property
    def data(self) -> list[Any]:
        found: list[Any] = self.json()["data"]
        return found

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:2000]!r}"


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("aura", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Daemon:
    """`python -m aura.daemon` in the foreground of its own process."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home = home
        self.arguments = list(arguments)
        self.before: list[str] = []
        self.token: str | None = None
        self.said: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    @property
    def path(self) -> str:
        return str(self.home / "aura" / "daemon.sock")

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "AURA_", "XDG_"))}
        return kept | {"HOME": str(self.home), "AURA_HOME": str(self.home / "aura")}

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def launch(self) -> "subprocess.Popen[str]":
        """Start the process without waiting for anything."""
        return subprocess.Popen(
            [*self.before, sys.executable, "-m", "aura.daemon", *self.arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=self.environment,
            cwd="/",
            start_new_session=True,
            text=True,
        )

    def start(self) -> "Daemon":
        """Start and wait until it says that it answers."""
        process = self._process = self.launch()
        assert process.stderr is not None
        self.said = []
        for line in process.stderr:
            self.said.append(line)
            if "answers on" in line:
                threading.Thread(target=process.stderr.read, daemon=True).start()
                return self
        raise AssertionError(f"the daemon did not start: {''.join(self.said)}")

    def kill(self, number: int = signal.SIGKILL, seconds: float = 20.0) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        process = self._process
        assert process is not None
        process.send_signal(number)
        status = process.wait(seconds)
        self._process = None
        return status

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        try:
            self.kill(signal.SIGTERM)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            raise

    def restart(self, number: int = signal.SIGTERM) -> None:
        self.kill(number)
        self.start()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        repo: str | os.PathLike[str] | None = None,
        timeout: float = 60.0,
    ) -> Reply:
        """Send one request over the socket; a body that is not bytes is sent as JSON."""
        return _send(_Connection(self.path, timeout), method, path, body, headers or {}, repo)

    def get(self, path: str, headers: dict[str, str] | None = None, **options: Any) -> Reply:
        return self.call("GET", path, None, headers, **options)

    def post(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Reply:
        return self.call("POST", path, body, headers, **options)

    def raw(self, sent: bytes, *, close: bool = False, seconds: float = 20.0) -> bytes:
        """Send bytes as they are and return what comes until the daemon closes."""
        with self.connected(seconds) as sock:
            sock.sendall(sent)
            if close:
                return b""
            return b"".join(iter(lambda: sock.recv(65536), b""))

    @contextmanager
    def connected(self, seconds: float = 20.0) -> Iterator[socket.socket]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.settimeout(seconds)
            sock.connect(self.path)
            yield sock

    def register(self, repo: GitRepo) -> dict[str, Any]:
        reply = self.post("/v1/worktrees", {"path": str(repo.path)})
        assert reply.status == 201, reply
        found: dict[str, Any] = reply.json()
        return found

    def log(self, summary: str, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        """Log an intent without waiting for its analysis."""
        repo = fields.pop("repo", None)
        reply = self.post("/v1/intents", {"summary": summary, "wait_ms": 0, **fields}, headers, repo=repo)
        assert reply.status == 201, reply
        found: dict[str, Any] = reply.json()
        return found

    # TCP

    @property
    def http(self) -> str:
        return self.arguments[self.arguments.index("--http") + 1]

    def tcp(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        repo: str | os.PathLike[str] | None = None,
    ) -> Reply:
        """Send one request over TCP with exactly these headers."""
        host, _, port = self.http.rpartition(":")
        return _send(
            http.client.HTTPConnection(host, int(port), timeout=60), method, path, body, headers or {}, repo
        )

    def bearer(self) -> dict[str, str]:
        if self.token is None:
            self.token = self.post("/v1/tokens:short").json()["token"]
        return {"Authorization": f"Bearer {self.token}"}


def _send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any,
    headers: dict[str, str],
    repo: str | os.PathLike[str] | None,
) -> Reply:
    sent = dict(headers)
    if repo is not None:
        sent["Aura-Repo"] = quote(os.fsencode(repo))
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    try:
        connection.request(method, path, body, sent)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


class Frames:
    """A stream of server-sent events, read frame by frame."""

    def __init__(
        self, daemon: Daemon, path: str, headers: dict[str, str] | None = None, seconds: float = 20.0
    ) -> None:
        self._connection = _Connection(daemon.path, seconds)
        self._connection.request("GET", path, None, {"Accept": "text/event-stream", **(headers or {})})
        self.response = self._connection.getresponse()
        assert self.response.status == 200, self.response.read()

    def __enter__(self) -> "Frames":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def next(self) -> dict[str, str]:
        """Return the next frame, or comment, as its fields; {} at the end of the stream."""
        fields: dict[str, str] = {}
        for raw in self.response:
            line = raw.decode().rstrip("\n")
            if not line:
                return fields
            name, _, value = line.partition(":")
            fields[name or "comment"] = value.strip()
        return fields

    def event(self) -> dict[str, Any]:
        """Return the next event of the log as its envelope, passing over the rest; {} at the end."""
        while frame := self.next():
            if "id" in frame:
                envelope: dict[str, Any] = json.loads(frame["data"])
                assert frame["id"] == str(envelope["seq"])
                assert frame["event"] == envelope["type"]
                return envelope
        return {}

    def edited(self, seconds: float = 15.0) -> dict[str, Any]:
        """Return the next frame about uncommitted edits, which has no place in the log; {} at the end."""
        until = time.monotonic() + seconds
        while frame := self.next():
            assert time.monotonic() < until, "no such frame came"
            if frame.get("event") == "worktree.edited":
                assert "id" not in frame
                envelope: dict[str, Any] = json.loads(frame["data"])
                assert envelope.keys() == {"type", "at", "repo", "worktree", "session", "actor", "data"}
                return envelope
        return {}


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def short_home() -> Iterator[Path]:
    """A home folder whose path leaves room for a socket's name."""
    home = Path(tempfile.mkdtemp(prefix="aura-", dir="/tmp"))
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(*arguments: str, before: Sequence[str] = ()) -> Iterator[Daemon]:
    """A daemon of its own, stopped and cleaned away at the end; `before` is a command that becomes it."""
    with short_home() as home:
        daemon = Daemon(home, *arguments)
        daemon.before = list(before)
        try:
            yield daemon.start()
        finally:
            daemon.stop()


def python_repo(path: Path, email: str = "ada@example.org", name: str = "Ada") -> GitRepo:
    """A repository with one committed Python file and a committer of its own."""
    repo = GitRepo(path)
    repo.git("config", "user.email", email)
    repo.git("config", "user.name", name)
    repo.commit({"app.py": "def one():\n    return 1\n"}, "Begin")
    return repo


def eventually(holds: Any, seconds: float = 10.0) -> Any:
    """Wait until a condition that nobody announces holds, and return its value."""
    until = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < until, "it did not come to hold"
        time.sleep(0.01)
    return value
