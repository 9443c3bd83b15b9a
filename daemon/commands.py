"""Commands: each in the sandbox, with a bounded output, and ended with all that it started."""

import asyncio
import codecs
import contextlib
import json
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from aura.work import sandbox
from aura.work.goals import Evidence, Judgement, Ran
from aura.work.sandbox import Sandbox

if TYPE_CHECKING:
    from .context import Context

Say = Callable[[str], Awaitable[None]]
AT_ONCE = 2
KEPT_BYTES = 16 << 10
"""The end of an output that is kept as evidence."""
SHOWN_BYTES = 1 << 20
"""What is passed on of an output while it is written; more is only counted."""
GRACE_SECONDS = 2.0
log = logging.getLogger("aura.commands")


class Commands:
    """Runs commands, a few at once; what the machine can do is found out once."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._finding = asyncio.Lock()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.subprocess.Process] = set()
        self._sandbox: Sandbox | None = None

    async def sandbox(self) -> Sandbox:
        """Return the strongest sandbox of this machine."""
        async with self._finding:
            if self._sandbox is None:
                self._sandbox = await self._context.in_thread(sandbox.detect)
                log.info("commands run under %s", self._sandbox.level)
            return self._sandbox

    def close(self) -> None:
        """End every command: the daemon stops."""
        for process in self._running:
            _signal(process, signal.SIGTERM)

    async def run(
        self, argv: Sequence[str], root: str, path: str | None, timeout_s: float, say: Say
    ) -> Judgement:
        """Run a command in a work tree and judge by how it ends; `say` is told its output as it comes."""
        found = await self.sandbox()
        environment = sandbox.environment(found, os.environ, path)
        program = await self._context.in_thread(sandbox.program, argv[0], root, environment["PATH"])
        if program is None:
            ran = Ran(tuple(argv), found.level)
            return Judgement("error", f"cannot find the program {argv[0]}", Evidence(command=ran))
        async with self._slots:
            if self._context.stopping.is_set():
                return Judgement("error", "the daemon is stopping")
            begun = time.monotonic()
            read, write = os.pipe()
            try:
                line = sandbox.argv(found, [program, *argv[1:]], root=root, status=write)
                output, timed_out = await self._supervise(line, write, environment, timeout_s, say)
                os.set_blocking(read, False)
                told = _told(read)
            finally:
                os.close(read)
            return _judge(argv, found, told, output, timed_out, time.monotonic() - begun, timeout_s)

    async def _supervise(
        self, line: list[str], status: int, environment: dict[str, str], timeout_s: float, say: Say
    ) -> tuple["_Output", bool]:
        output = _Output(say)
        try:
            process = await asyncio.create_subprocess_exec(
                *line,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment,
                cwd="/",
                pass_fds=[status],
                start_new_session=True,
            )
        finally:
            os.close(status)
        self._running.add(process)
        try:
            async with asyncio.timeout(timeout_s):
                await output.read(process)
                await process.wait()
            return output, False
        except TimeoutError:
            return output, True
        finally:
            await _end(process)
            self._running.discard(process)


class _Output:
    """What a command writes: all of it counted, its beginning passed on, its end kept."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.bytes = 0
        self.end = b""

    async def read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while piece := await process.stdout.read(1 << 16):
            passed_on = max(0, SHOWN_BYTES - self.bytes)
            self.bytes += len(piece)
            self.end = (self.end + piece)[-KEPT_BYTES:]
            if text := self._decoder.decode(piece[:passed_on]):
                await self._say(text)


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command and all that it started; the jailer takes care of that, unless it does not answer."""
    if process.returncode is not None:
        return
    _signal(process, signal.SIGTERM)
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


def _told(read: int) -> dict[str, int | str]:
    """Return what the jailer told first."""
    try:
        found: dict[str, int | str] = json.loads(os.read(read, 4096).split(b"\n")[0])
        return found
    except (OSError, ValueError):
        return {}


def _judge(
    argv: Sequence[str],
    used: Sandbox,
    told: dict[str, int | str],
    output: _Output,
    timed_out: bool,
    seconds: float,
    timeout_s: float,
) -> Judgement:
    code, number = told.get("exit"), told.get("signal")
    exit_code = code if isinstance(code, int) and not timed_out else None
    killed_by = number if isinstance(number, int) and not timed_out else None
    if used.bwrap and exit_code is not None and exit_code > 128:
        # As a shell would, it says so of a command that was killed.
        killed_by, exit_code = exit_code - 128, None
    ran = Ran(
        tuple(argv),
        used.level,
        exit_code,
        killed_by,
        timed_out,
        round(seconds, 3),
        output.end.decode("utf-8", "replace"),
        output.bytes,
    )
    evidence = Evidence(command=ran)
    if timed_out:
        return Judgement("error", f"it did not end within {timeout_s:g} s, and was ended", evidence)
    if "failed" in told:
        return Judgement("error", f"it could not be run: {told['failed']}", evidence)
    if ran.signal is not None:
        return Judgement("fail", f"ended by signal {ran.signal}", evidence)
    if ran.exit_code is None:
        return Judgement("error", "it was broken off", evidence)
    return Judgement("pass" if ran.exit_code == 0 else "fail", f"exit status {ran.exit_code}", evidence)
