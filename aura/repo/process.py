"""One analysis worker process, seen from the daemon."""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from time import monotonic

from aura.errors import AuraError
from aura.repo.requests import Answer, Done, Failed, Request, decode_answer, framed, length_of

COMMAND = ("-P", "-X", "utf8", "-m", "aura.repo.worker")
_LOG = logging.getLogger(__name__)


class WorkerTimeout(Exception):
    """The worker did not answer in time, and was killed."""


class WorkerEnded(Exception):
    """The worker is gone; `idle`: it had answered nothing to this request, and left of its own accord."""

    def __init__(self, *, idle: bool) -> None:
        super().__init__()
        self.idle = idle


class Worker:
    """A worker process in a process group of its own; for one thread at a time.

    It exits by itself when it is idle, which costs the daemon nothing; a thread that reads its complaints
    then collects it.
    """

    def __init__(self, options: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *COMMAND, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "1000000"},
            cwd="/",
            bufsize=0,
            process_group=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self._out = self._process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._out, select.POLLIN)
        self._reaping = threading.Lock()
        self._listener = threading.Thread(target=self._listen, name="aura-worker-log", daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._listener.is_alive() and self._process.returncode is None

    def ask(self, request: Request, deadline_s: float) -> Iterator[Answer]:
        """Yield the answers to a request, each within the deadline.

        Raises WorkerTimeout, WorkerEnded, and the AuraError by which the worker ended its answers. A caller
        that leaves early kills the worker, whose later answers nobody would read.
        """
        complete = answered = False
        try:
            self._send(framed(request))
            while True:
                answer = decode_answer(self._message(monotonic() + deadline_s))
                answered = True
                if isinstance(answer, Failed):
                    complete = True
                    raise AuraError(answer.code, answer.message, answer.hint)
                if isinstance(answer, Done):
                    complete = True
                    return
                yield answer
        except EOFError:
            self.kill()
            raise WorkerEnded(idle=not answered and self._process.returncode == 0) from None
        finally:
            if not complete:
                self.kill()

    def interrupt(self) -> None:
        """End the worker and whatever it has started, from another thread than the one that asks it."""
        with self._reaping:
            if self._process.returncode is None:
                self._kill_group()

    def kill(self) -> None:
        """End the worker and whatever it has started, and give back what it held here."""
        self.interrupt()
        self._listener.join()
        self._stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def dismiss(self) -> None:
        """Let the worker end by itself; kill it when it does not."""
        self._stdin.close()
        self._listener.join(2.0)
        self.kill()

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._stdin.write(view) or 0 :]
        except (BrokenPipeError, ValueError):
            return

    def _message(self, deadline: float) -> bytes:
        return self._read(length_of(self._read(4, deadline)), deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        parts = []
        while size:
            wait = deadline - monotonic()
            if wait <= 0 or not self._poll.poll(wait * 1000):
                raise WorkerTimeout
            part = os.read(self._out, size)
            if not part:
                raise EOFError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _listen(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as complaints:
            for line in complaints:
                _LOG.warning(
                    "worker %s: %s", self._process.pid, line.decode("utf-8", "replace").rstrip()[:2000]
                )
        with self._reaping:
            # Before the process is collected, for until then nobody else can get its number.
            self._kill_group()
            self._process.wait()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
