"""Read files of a work tree, and of a git folder, as a stranger may have left them."""

import hashlib
import os
import stat
from collections.abc import Iterator

from msgspec import Struct

SMALL = 1 << 20
"""More bytes than any file of a git folder that we read ourselves ought to have, packed-refs aside."""


class Found(Struct, frozen=True):
    """What lies at a path of a work tree: `data` is a symlink's target, or None beyond the cap of `read`.

    `mode` is git's: 0o100644, 0o100755 or 0o120000.
    """

    mode: int
    size: int
    data: bytes | None = None


def read_small(path: str, cap: int = SMALL) -> bytes | None:
    """Read a file of a git folder; None where there is none that can be read, or it is no regular file."""
    try:
        # Without O_NONBLOCK a FIFO would hold us up for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return None
        parts = []
        while cap > 0 and (part := os.read(fd, min(cap, 1 << 16))):
            parts.append(part)
            cap -= len(part)
        return b"".join(parts)
    except OSError:
        return None
    finally:
        os.close(fd)


class Beneath:
    """Reads the files below one folder and never leaves it: no `..`, no `.git`, no symlink on the way."""

    def __init__(self, root: str) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)

    def close(self) -> None:
        os.close(self._root)

    def __enter__(self) -> "Beneath":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, path: str, cap: int) -> Found | None:
        """Read a regular file or a symlink's target; None where neither can be had."""
        with _Opened(self._root, path) as opened:
            if opened.link is not None:
                return Found(0o120000, len(opened.link), opened.link)
            if opened.fd < 0:
                return None
            met = os.fstat(opened.fd)
            mode = 0o100755 if met.st_mode & stat.S_IXUSR else 0o100644
            if met.st_size > cap:
                return Found(mode, met.st_size)
            data = b"".join(_pieces(opened.fd))
            return Found(mode, len(data), data)

    def digests(self, path: str, algorithm: str) -> tuple[str, str] | None:
        """Return the blob id and the SHA-256 of a regular file of any size; None without one."""
        with _Opened(self._root, path) as opened:
            if opened.fd < 0:
                return None
            blob = hashlib.new(algorithm, b"blob %d\0" % os.fstat(opened.fd).st_size)
            plain = hashlib.sha256()
            for piece in _pieces(opened.fd):
                blob.update(piece)
                plain.update(piece)
            return blob.hexdigest(), plain.hexdigest()


def blob_id(data: bytes, algorithm: str) -> str:
    """Return the id that git gives to a blob; `algorithm` is sha1 or sha256."""
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data).hexdigest()


def algorithm_of(sha: str) -> str:
    """Return the hash algorithm that an object id of this length comes from."""
    return "sha256" if len(sha) == 64 else "sha1"


class _Opened:
    """A file below a folder: an open descriptor, or the target of a symlink, or neither."""

    def __init__(self, root: int, path: str) -> None:
        self.fd = -1
        self.link: bytes | None = None
        steps = path.split("/")
        if any(step in ("", ".", "..") or step.lower() == ".git" for step in steps):
            return
        folder = os.dup(root)
        try:
            for step in steps[:-1]:
                inner = os.open(
                    step, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder
                )
                os.close(folder)
                folder = inner
            self._open(steps[-1], folder)
        except (OSError, ValueError):
            return
        finally:
            os.close(folder)

    def _open(self, name: str, folder: int) -> None:
        met = os.lstat(name, dir_fd=folder)
        if stat.S_ISLNK(met.st_mode):
            self.link = os.readlink(os.fsencode(name), dir_fd=folder)
            return
        if not stat.S_ISREG(met.st_mode):
            return
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(name, flags, dir_fd=folder)
        if stat.S_ISREG(os.fstat(fd).st_mode):
            self.fd = fd
        else:
            os.close(fd)

    def __enter__(self) -> "_Opened":
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd >= 0:
            os.close(self.fd)


def _pieces(fd: int) -> Iterator[bytes]:
    while piece := os.read(fd, 1 << 20):
        yield piece
