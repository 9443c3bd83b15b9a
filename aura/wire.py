"""HTTP over the daemon's socket with nothing but the standard library's socket and json: fast to import."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from aura import home

TIMEOUT = 120.0
QUIET_SECONDS, ALIVE_SECONDS = 10.0, 5.0
"""After which silence it is asked whether the daemon lives, and how long that may take."""

LONGEST_PATH = 107
Headers = dict[str, str]


class NoDaemon(Exception):
    """Nobody answers on the daemon's socket."""


class Hung(TimeoutError):
    """The daemon takes connections, and answers nobody."""


class Reply:
    """An answer: its status, its headers in lower case, and its body."""

    def __init__(self, status: int, headers: Headers, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


def here() -> str | None:
    """Return the present folder where it lies in a git repository, to be named in a request, else None."""
    try:
        cwd = folder = os.getcwd()
    except OSError:
        return None
    while True:
        if os.path.lexists(os.path.join(folder, ".git")):
            return cwd
        if os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects")):
            return cwd
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def request(
    method: str,
    path: str,
    body: Any = None,
    *,
    repo: str | None = None,
    headers: Headers | None = None,
    timeout: float = TIMEOUT,
) -> Reply:
    """Send one request and read its answer whole. Raises NoDaemon, Hung, or OSError when the connection
    breaks.
    """
    with _connect(timeout) as sock:
        # A body that is refused unread still has an answer.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(_head(method, path, body, repo, headers or {}))
        _wait(sock, timeout)
        with sock.makefile("rb") as stream:
            status, found = _read_head(stream)
            return Reply(status, found, _read_body(stream, found))


def stream(
    path: str,
    *,
    method: str = "GET",
    body: Any = None,
    repo: str | None = None,
    headers: Headers | None = None,
) -> Iterator[bytes]:
    """Follow a stream, line by line; the first item is the status line's code as bytes."""
    with _connect(None) as sock:
        sock.sendall(_head(method, path, body, repo, {"Accept": "text/event-stream", **(headers or {})}))
        _wait(sock, None)
        with sock.makefile("rb") as source:
            status, found = _read_head(source)
            yield str(status).encode()
            if status != 200:
                yield _read_body(source, found)
                return
            yield from _lines(source, found)


def _connect(timeout: float | None) -> socket.socket:
    path = home.path("daemon.sock")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise NoDaemon(f"{path} is too long for a socket")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(path)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        sock.close()
        raise NoDaemon(str(error)) from error
    except NotADirectoryError as error:
        sock.close()
        raise NotADirectoryError(error.errno, "its folder is no folder", path) from error
    except OSError:
        sock.close()
        raise
    return sock


def _wait(sock: socket.socket, timeout: float | None) -> None:
    """Wait for an answer to begin: some take long, but a daemon that lives says so meanwhile. Raises Hung."""
    left = float("inf") if timeout is None else timeout
    try:
        while left > QUIET_SECONDS:
            sock.settimeout(QUIET_SECONDS)
            left -= QUIET_SECONDS
            with contextlib.suppress(TimeoutError):
                sock.recv(1, socket.MSG_PEEK)
                return
            try:
                request("GET", "/livez", timeout=ALIVE_SECONDS)
            except TimeoutError as error:
                raise Hung(f"it has not answered for {QUIET_SECONDS + ALIVE_SECONDS:.0f} s") from error
    finally:
        sock.settimeout(timeout if timeout is None else max(left, 0.001))


def _head(method: str, path: str, body: Any, repo: str | None, headers: Headers) -> bytes:
    data = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: aura", "Connection: close"]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
    if repo is not None:
        lines.append(f"Aura-Repo: {quote(os.fsencode(repo))}")
    if session := os.environ.get("AURA_SESSION"):
        lines.append(f"Aura-Session: {quote(session)}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def _read_head(stream: Any) -> tuple[int, Headers]:
    line = stream.readline()
    if not line:
        raise ConnectionResetError("the daemon closed the connection without an answer")
    status = int(line.split()[1])
    headers: Headers = {}
    while (line := stream.readline().rstrip(b"\r\n")) != b"":
        name, _, value = line.partition(b":")
        headers[name.decode().lower()] = value.strip().decode()
    return status, headers


def _read_body(stream: Any, headers: Headers) -> bytes:
    if "chunked" in headers.get("transfer-encoding", ""):
        return b"".join(_chunks(stream))
    if (length := headers.get("content-length")) is not None:
        body: bytes = stream.read(int(length))
        if len(body) < int(length):
            raise ConnectionResetError("the daemon closed the connection within an answer")
        return body
    rest: bytes = stream.read()
    return rest


def _chunks(stream: Any) -> Iterator[bytes]:
    while size := int(stream.readline().split(b";")[0] or b"0", 16):
        yield stream.read(size)
        stream.readline()


def _lines(stream: Any, headers: Headers) -> Iterator[bytes]:
    if "chunked" not in headers.get("transfer-encoding", ""):
        yield from stream
        return
    rest = b""
    for chunk in _chunks(stream):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line + b"\n"
