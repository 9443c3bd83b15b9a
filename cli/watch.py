"""`aura watch`: work trees, edits, zones, impacts and messages as they are now, on the whole screen."""

import contextlib
import os
import queue
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import click

from aura import wire

from . import call, show
from .board import LISTS, Board, after, with_list, with_past
from .follow import AGAIN_SECONDS, Frame, Refused, follow
from .told import told

DRAW_SECONDS = 0.1
READ_SECONDS = 0.25
TICK_SECONDS = 15.0
UNSETTLED_SECONDS = 0.5
SUSPEND = "\x1a"
Change = Callable[[Board], tuple[Board, frozenset[str]]]


@click.command("watch")
def command() -> None:
    """Watch work trees, edits, zones, impacts and messages live.

    On a terminal this takes the whole screen; q ends it. Elsewhere it writes one line for each event.
    """
    call.ensure_daemon_unless_running()
    try:
        if show.on_terminal() and os.environ.get("TERM", "dumb") != "dumb":
            _Screen().run()
        else:
            _write_lines()
    except Refused as refusal:
        call.refuse(refusal.error)
    except KeyboardInterrupt:
        return


def _write_lines() -> None:
    connected = True
    for frame in follow():
        if connected != (frame is not None):
            connected = not connected
            click.echo("the daemon is back" if connected else "the daemon is away: waiting for it", err=True)
        if frame is not None and frame.type:
            at = frame.data.get("at")
            click.echo(f"{show.when(at) if at else 'now':<16}  {told({'type': frame.type, **frame.data})}")


class Feed:
    """Reads the daemon's lists and follows its stream in threads; what it meets is a change of the board."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._changes: queue.SimpleQueue[Change] = queue.SimpleQueue()
        self._old = set(LISTS)
        self._changed = threading.Condition()
        self.refusal: Refused | None = None

    def start(self) -> None:
        for work in (self._follow, self._read):
            threading.Thread(target=work, daemon=True).start()

    def changes(self) -> Iterator[Change]:
        """Yield the changes that wait."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._changes.get_nowait()

    def read_again(self, nouns: Iterable[str]) -> None:
        """Ask for lists to be read anew."""
        with self._changed:
            self._old.update(nouns)
            self._changed.notify()

    def _put(self, change: Change) -> None:
        self._changes.put(change)
        self._wake()

    def _follow(self) -> None:
        try:
            past = self._past()
            self._put(lambda board: (with_past(board, past), frozenset()))
            for frame in follow(last=str(past[0]["seq"]) if past else None):
                self._put(_taking(frame))
        except Refused as refusal:
            self.refusal = refusal
            self._wake()

    def _past(self) -> list[dict[str, Any]]:
        """Return the newest events, once the daemon answers."""
        while True:
            with contextlib.suppress(wire.NoDaemon, OSError):
                reply = wire.request("GET", "/v1/events?order=desc&limit=200", repo=wire.here())
                answer = reply.json()
                if reply.status == 200:
                    return list(answer["data"])
                if reply.status < 500:
                    raise Refused(answer["error"])
            self._put(_taking(None))
            time.sleep(AGAIN_SECONDS)

    def _read(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._old)
                old, self._old = self._old, set()
            for noun in sorted(old):
                # What cannot be read now is read again with everything else once the stream is back.
                with contextlib.suppress(wire.NoDaemon, OSError, ValueError):
                    reply = wire.request("GET", LISTS[noun], repo=wire.here())
                    if reply.status in (200, 404):
                        self._put(_reading(noun, reply.json() if reply.status == 200 else None))
            time.sleep(READ_SECONDS)


def _taking(frame: Frame | None) -> Change:
    return lambda board: after(board, frame)


def _reading(noun: str, answer: Any) -> Change:
    return lambda board: (with_list(board, noun, answer), frozenset())


class _Screen:
    """The terminal: drawn when something changed, at most ten times a second."""

    def __init__(self) -> None:
        self._woken, self._waker = os.pipe()
        for end in (self._woken, self._waker):
            os.set_blocking(end, False)
        self._feed = Feed(self._wake)
        self._board = Board()

    def run(self) -> None:
        """Draw until q or Ctrl-C."""
        from rich.console import Console, Group
        from rich.live import Live

        from .panels import draw

        console = Console()
        self._heed_signals()
        self._feed.start()
        while True:
            with _keys(), Live(console=console, screen=True, auto_refresh=False) as live:
                while True:
                    self._take()
                    console.size = _size()
                    live.update(Group(*draw(self._board, *_size())), refresh=True)
                    key = self._wait()
                    if key in ("q", "Q"):
                        return
                    if key == SUSPEND:
                        break
            os.kill(0, signal.SIGTSTP)

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._waker, b"\0")

    def _heed_signals(self) -> None:
        """Redraw when the terminal's size changes, and leave it as it was when told to end."""
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGWINCH, lambda *_: None)
        for ending in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, lambda number, _: sys.exit(128 + number))

    def _take(self) -> None:
        if self._feed.refusal is not None:
            raise self._feed.refusal
        for change in self._feed.changes():
            self._board, old = change(self._board)
            if old:
                self._feed.read_again(old)

    def _wait(self) -> str:
        """Wait for a key, or for something new to draw; return the key."""
        key = self._key(DRAW_SECONDS, woken=False)
        if not key:
            settled = self._board.is_settled
            key = self._key(TICK_SECONDS if settled else UNSETTLED_SECONDS, woken=True)
            if not settled:
                self._feed.read_again(["worktrees"])
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 65536)
        return key

    def _key(self, seconds: float, *, woken: bool) -> str:
        keys = [sys.stdin.fileno()] if _has_keys() else []
        ready, _, _ = select.select([*keys, *([self._woken] if woken else [])], [], [], seconds)
        if not set(keys) & set(ready):
            return ""
        return os.read(keys[0], 1).decode("latin-1") or "q"


@contextlib.contextmanager
def _keys() -> Iterator[None]:
    """Give each key at once and unseen, Ctrl-Z too, and leave the terminal as it was."""
    if not _has_keys():
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    now = termios.tcgetattr(sys.stdin)
    now[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(sys.stdin, termios.TCSANOW, now)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)


def _has_keys() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _size() -> tuple[int, int]:
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return 80, 24
    return (size.columns or 80, size.lines or 24)
