"""The daemon's process: one at a time under a lock, its socket, its log, and its detaching."""

import contextlib
import fcntl
import json
import logging
import logging.handlers
import os
import socket
import stat
import sys
import time
from typing import Any

from aura import __version__, home
from aura.errors import AuraError

LOG_BYTES, LOG_FILES = 5 << 20, 3


class Lock:
    """The lock that the running daemon holds; its file says who that is."""

    def __init__(self) -> None:
        self._fd = os.open(
            home.path("daemon.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
        )

    def take(self, arguments: list[str]) -> None:
        """Take the lock and note with which arguments; `aura daemon restart` starts with the same.

        Raises `daemon_running` where another daemon holds it.
        """
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = self._who()
            raise AuraError(
                "daemon_running",
                f"cannot start: a daemon is running (pid {who.get('pid', '?')},"
                f" version {who.get('version', '?')})",
                "aura daemon status shows it; aura daemon restart replaces it.",
                who,
            ) from None
        os.ftruncate(self._fd, 0)
        me = {"pid": os.getpid(), "version": __version__, "arguments": arguments}
        os.pwrite(self._fd, json.dumps(me).encode(), 0)

    def _who(self) -> dict[str, Any]:
        for _ in range(20):
            with contextlib.suppress(ValueError):
                who: dict[str, Any] = json.loads(os.pread(self._fd, 4096, 0))
                return who
            time.sleep(0.01)
        return {}

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._fd)


def bind_socket() -> socket.socket:
    """Bind the daemon's socket; a stale one is removed. To be called under the lock.

    Raises `conflict` where something else stands at its path.
    """
    path = home.path("daemon.sock")
    with contextlib.suppress(FileNotFoundError):
        met = os.lstat(path)
        if not stat.S_ISSOCK(met.st_mode) or met.st_uid != os.getuid():
            raise AuraError(
                "conflict",
                f"cannot listen on {path}: something else is there",
                f"Look at it, then rm {path}.",
            )
        if _answers(path):
            raise AuraError(
                "daemon_running",
                f"cannot listen on {path}: another program answers there",
                "Stop that program, or set another AURA_HOME.",
            )
        os.unlink(path)
    if len(os.fsencode(path)) > 107:
        raise AuraError(
            "conflict",
            f"cannot listen on {path}: the path is too long for a socket",
            "Set a shorter AURA_HOME.",
        )
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(path)
    finally:
        os.umask(before)
    sock.listen(1024)
    sock.setblocking(False)
    return sock


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return False
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["trace"] = self.formatException(record.exc_info)
        return json.dumps(entry)


def log_to_file(foreground: bool) -> None:
    """Send the log to a rotating file, and to the terminal in the foreground."""
    before = os.umask(0o077)
    try:
        file = logging.handlers.RotatingFileHandler(
            home.path("daemon.log"), maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
    finally:
        os.umask(before)
    file.setFormatter(JsonLines())
    handlers: list[logging.Handler] = [file]
    if foreground:
        terminal = logging.StreamHandler(sys.stderr)
        terminal.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        handlers.append(terminal)
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
