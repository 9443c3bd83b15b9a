"""What the system tells of folders: files saved, and files and folders that come and go.

On Linux the kernel is asked directly, and not through watchfiles: that holds the interpreter while it takes
up folders (a second for 40,000), wakes up twenty times a second, asks to be told of each file that is read,
ends at a name that is not UTF-8, and keeps to itself that the queue ran over.
"""

import asyncio
import contextlib
import errno
import logging
import os
import stat
import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple, Protocol

try:
    import inotify_simple as inotify  # type: ignore[import-untyped]  # it has no annotations
except ImportError:
    inotify = None

PIECE = 1 << 16
"""Bytes of news that are taken at a time, so that others get their turn."""
log = logging.getLogger("aura.watch")
logging.getLogger("watchfiles").setLevel(logging.WARNING)


class Notice(NamedTuple):
    """One thing that happened in a folder; without a name, to the folder itself.

    What has `come` is a folder, or a file that is still to be written; what has `left` is elsewhere now.
    """

    folder: str
    name: str
    what: Literal["saved", "come", "gone", "left"]
    is_folder: bool


Hear = Callable[[list[Notice]], None]


class Exhausted(OSError):
    """The system watches no more folders for us."""


class Notices(Protocol):
    """Watches folders, none of them with what lies beneath.

    `hear` is called in the event loop with what happened, and `missed` when something may have been lost.
    """

    watched: dict[str, int]

    def watch(self, folders: Iterable[str]) -> None:
        """Watch folders, too; those that are not there are passed over. To be called in a thread.

        Raises Exhausted; those before are watched then.
        """

    def drop(self, folders: Iterable[str]) -> None:
        """Watch some folders no longer."""

    def close(self) -> None: ...


def begin(loop: asyncio.AbstractEventLoop, hear: Hear, missed: Callable[[], None]) -> Notices:
    """Return what this system offers; to be called in a thread."""
    return Inotify(loop, hear, missed) if inotify is not None else Watchfiles(loop, hear, missed)


def beneath(watching: Notices, folder: str) -> list[str]:
    """Return what is watched of a folder and of what lies beneath it."""
    prefix = f"{folder}/"
    return [path for path in list(watching.watched) if path == folder or path.startswith(prefix)]


class Inotify:
    """The kernel's own notices; while nothing happens they cost nothing."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hear: Hear, missed: Callable[[], None]) -> None:
        self._loop, self._hear, self._missed = loop, hear, missed
        self._flags = flags = inotify.flags
        self._mask = int(flags.CLOSE_WRITE | flags.CREATE | flags.DELETE | flags.MOVED_FROM | flags.MOVED_TO)
        self._mask |= int(flags.MOVE_SELF | flags.ONLYDIR | flags.DONT_FOLLOW | flags.EXCL_UNLINK)
        self._inotify = inotify.INotify(nonblocking=True)
        self.watched: dict[str, int] = {}
        self._folders: dict[int, str] = {}
        loop.call_soon_threadsafe(self._listen)

    def watch(self, folders: Iterable[str]) -> None:
        for folder in folders:
            try:
                number = self._inotify.add_watch(folder, self._mask)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.ENOMEM):
                    raise Exhausted(error.errno, "the system watches no more folders") from None
                # Gone since it was listed, or not for us to read.
                continue
            self._folders[number] = folder
            self.watched[folder] = number

    def drop(self, folders: Iterable[str]) -> None:
        for folder in folders:
            number = self.watched.pop(folder, -1)
            if self._folders.pop(number, None) is not None:
                with contextlib.suppress(OSError):
                    self._inotify.rm_watch(number)

    def close(self) -> None:
        if not self._inotify.closed:
            self._loop.remove_reader(self._inotify.fileno())
            self._inotify.close()

    def _listen(self) -> None:
        if not self._inotify.closed:
            self._loop.add_reader(self._inotify.fileno(), self._read)

    def _read(self) -> None:
        try:
            data = os.read(self._inotify.fileno(), PIECE)
        except BlockingIOError:
            return
        told = []
        for event in inotify.parse_events(data):
            if event.mask & self._flags.Q_OVERFLOW:
                self._missed()
            elif (notice := self._notice(event)) is not None:
                told.append(notice)
        if told:
            self._hear(told)

    def _notice(self, event: "inotify.Event") -> Notice | None:
        flags, mask = self._flags, event.mask
        if mask & (flags.IGNORED | flags.MOVE_SELF):
            folder = (
                self._folders.pop(event.wd, None) if mask & flags.IGNORED else self._folders.get(event.wd)
            )
            if folder is None:
                return None
            if mask & flags.IGNORED and self.watched.get(folder) == event.wd:
                del self.watched[folder]
            return Notice(folder, "", "gone" if mask & flags.IGNORED else "left", True)
        folder = self._folders.get(event.wd)
        if folder is None:
            return None
        is_folder = bool(mask & flags.ISDIR)
        if mask & (flags.DELETE | flags.MOVED_FROM):
            return Notice(folder, event.name, "gone" if mask & flags.DELETE else "left", is_folder)
        begun = mask & flags.CREATE and not _is_whole(f"{folder}/{event.name}")
        return Notice(folder, event.name, "come" if is_folder or begun else "saved", is_folder)


class Watchfiles:
    """The notices of watchfiles, where the system has no inotify; taken up anew when folders are added."""

    def __init__(self, loop: asyncio.AbstractEventLoop, hear: Hear, missed: Callable[[], None]) -> None:
        self._loop, self._hear, self._missed = loop, hear, missed
        self.watched: dict[str, int] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def watch(self, folders: Iterable[str]) -> None:
        from watchfiles._rust_notify import RustNotify

        with self._lock:
            self.watched |= dict.fromkeys(folders, 0)
            there = [folder for folder in self.watched if os.path.isdir(folder)]
            for folder in self.watched.keys() - set(there):
                del self.watched[folder]
            try:
                watcher = RustNotify(there, False, False, 0, False, False)
            except FileNotFoundError:
                there = [folder for folder in there if os.path.isdir(folder)]
                watcher = RustNotify(there, False, False, 0, False, True)
            except OSError as error:
                raise Exhausted(errno.ENOSPC, str(error)) from None
            self._stop.set()
            self._stop = threading.Event()
            threading.Thread(target=self._follow, args=(watcher, self._stop), daemon=True).start()

    def drop(self, folders: Iterable[str]) -> None:
        for folder in folders:
            self.watched.pop(folder, None)

    def close(self) -> None:
        self._stop.set()

    def _follow(self, watcher: Any, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                changes = watcher.watch(400, 50, 0, stop)
            except RuntimeError as error:
                log.warning("cannot watch: %s", error)
                self._loop.call_soon_threadsafe(self._missed)
                return
            if not isinstance(changes, str) and not self._loop.is_closed():
                told = [_told(change, path) for change, path in changes]
                self._loop.call_soon_threadsafe(self._hear, told)


def _told(change: int, path: str) -> Notice:
    folder, _, name = path.rpartition("/")
    if change == 3:
        return Notice(folder, name, "gone", False)
    is_folder = os.path.isdir(path)
    return Notice(folder, name, "come" if is_folder else "saved", is_folder)


def _is_whole(path: str) -> bool:
    """Tell whether a file that was just made will not be written: a symlink, or another name of a file."""
    try:
        met = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISLNK(met.st_mode) or met.st_nlink > 1
