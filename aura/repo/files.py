"""Read and write files of a work tree, and read those of a git folder, as a stranger may have left them."""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator

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


Stamp = tuple[int, int, int, int, int]
"""When a file was written and changed, its size, its number and its mode."""


class Changed(OSError):
    """A file is not as it was when it was looked at."""


class Beneath:
    """Handles the files below one folder and never leaves it: no `..`, no `.git`, no symlink on the way."""

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
        with self.open(path) as opened:
            if opened.link is not None:
                return Found(0o120000, len(opened.link), opened.link)
            if opened.fd < 0:
                return None
            met = os.fstat(opened.fd)
            mode = 0o100755 if met.st_mode & stat.S_IXUSR else 0o100644
            if met.st_size > cap:
                return Found(mode, met.st_size)
            data = b"".join(opened.pieces())
            return Found(mode, len(data), data)

    def digests(self, path: str, algorithm: str) -> tuple[str, str] | None:
        """Return the blob id and the SHA-256 of a regular file of any size; None without one."""
        with self.open(path) as opened:
            if opened.fd < 0:
                return None
            blob = hashlib.new(algorithm, b"blob %d\0" % os.fstat(opened.fd).st_size)
            plain = hashlib.sha256()
            for piece in opened.pieces():
                blob.update(piece)
                plain.update(piece)
            return blob.hexdigest(), plain.hexdigest()

    def open(self, path: str) -> "Opened":
        """Open what lies at a path."""
        return Opened(self._root, path)

    def met(self, path: str) -> os.stat_result | None:
        """Look at what lies at a path from outside; None where nothing does, or it cannot be reached."""
        try:
            with self._folder_of(path) as (folder, name):
                return os.lstat(name, dir_fd=folder)
        except (OSError, ValueError):
            return None

    def write(self, path: str, mode: int, pieces: Iterable[bytes], part: str, expected: Stamp | None) -> None:
        """Put a file, or with git's mode of a symlink a link, in the place of what lies at a path, at once.

        It is written beside it under the name `part` first, and is durable once its folder was synced. Raises
        OSError, also where something else than a file or a link lies there, `Changed` where it is not as
        `expected` when its turn comes, and ValueError where no path may lead.
        """
        with self._folder_of(path, make=True) as (folder, name):
            _check(name, folder, expected)
            self._unlink(part, folder)
            if stat.S_ISLNK(mode):
                os.symlink(b"".join(pieces), os.fsencode(part), dir_fd=folder)
            else:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                fd = os.open(part, flags, 0o600, dir_fd=folder)
                try:
                    for piece in pieces:
                        view = memoryview(piece)
                        while view:
                            view = view[os.write(fd, view) :]
                    os.fchmod(fd, mode & 0o777)
                    os.fsync(fd)
                finally:
                    os.close(fd)
            _check(name, folder, expected)
            os.rename(part, name, src_dir_fd=folder, dst_dir_fd=folder)

    def remove(self, path: str, expected: Stamp | None) -> None:
        """Remove a file or a link, and the folders above it that are empty then. Raises as `write` does."""
        with self._folder_of(path) as (folder, name):
            _check(name, folder, expected)
            os.unlink(name, dir_fd=folder)
        above = path.rpartition("/")[0]
        with contextlib.suppress(OSError):
            while above:
                with self._folder_of(above) as (folder, name):
                    os.rmdir(name, dir_fd=folder)
                above = above.rpartition("/")[0]

    def clear(self, path: str, part: str) -> None:
        """Remove what a `write` of this path that was cut short left behind."""
        with contextlib.suppress(OSError, ValueError), self._folder_of(path) as (folder, _):
            self._unlink(part, folder)

    def sync(self, folder: str) -> None:
        """Make durable which files a folder holds; one that is gone needs it no more."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if not folder:
                os.fsync(self._root)
                return
            with self._folder_of(f"{folder}/.") as (inner, _):
                os.fsync(inner)

    def _unlink(self, name: str, folder: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)

    @contextlib.contextmanager
    def _folder_of(self, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """Give the folder that a path lies in, open, and its name there. Raises OSError or ValueError."""
        *above, name = path.split("/")
        if not may_be(path if name != "." else "/".join(above)):
            raise ValueError(path)
        folder = os.dup(self._root)
        try:
            for step in above:
                inner = _entered(step, folder, make=make)
                os.close(folder)
                folder = inner
            yield folder, name
        finally:
            os.close(folder)


def blob_id(data: bytes, algorithm: str) -> str:
    """Return the id that git gives to a blob; `algorithm` is sha1 or sha256."""
    return hashlib.new(algorithm, b"blob %d\0" % len(data) + data).hexdigest()


def algorithm_of(sha: str) -> str:
    """Return the hash algorithm that an object id of this length comes from."""
    return "sha256" if len(sha) == 64 else "sha1"


def may_be(path: str) -> bool:
    """Tell whether a path, relative to a work tree, may be that of a file in it."""
    return not any(step in ("", ".", "..") or step.lower() == ".git" for step in path.split("/"))


class Opened:
    """A file below a folder: an open descriptor, or the target of a symlink, or neither."""

    def __init__(self, root: int, path: str) -> None:
        self.fd = -1
        self.link: bytes | None = None
        if not may_be(path):
            return
        steps = path.split("/")
        folder = os.dup(root)
        try:
            for step in steps[:-1]:
                inner = _entered(step, folder)
                os.close(folder)
                folder = inner
            self._open(steps[-1], folder)
        except (OSError, ValueError):
            return
        finally:
            os.close(folder)

    def pieces(self) -> Iterator[bytes]:
        """Yield what the file holds from where it stands."""
        while piece := os.read(self.fd, 1 << 20):
            yield piece

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

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        if self.fd >= 0:
            os.close(self.fd)


def _entered(step: str, folder: int, *, make: bool = False) -> int:
    """Open a folder within an open one, made where there is none and that is asked for."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY | os.O_NOFOLLOW
    try:
        return os.open(step, flags, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(step, 0o700, dir_fd=folder)
        # The daemon's own mask is not what the user gives to folders: the one around it is.
        os.chmod(step, os.fstat(folder).st_mode & 0o777, dir_fd=folder)
    return os.open(step, flags, dir_fd=folder)


def stamp_of(met: os.stat_result) -> Stamp:
    """Return what tells whether a file is still the same."""
    return met.st_mtime_ns, met.st_ctime_ns, met.st_size, met.st_ino & (1 << 63) - 1, met.st_mode


def _check(name: str, folder: int, expected: Stamp | None) -> None:
    """Make sure that what is to be replaced is a file or a link, and as it was when it was looked at."""
    try:
        met = os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        if expected is not None:
            raise Changed(name) from None
        return
    if not _is_file(met.st_mode):
        raise FileExistsError(17, "something that is no file is in its place", name)
    if stamp_of(met) != expected:
        raise Changed(name)


def _is_file(mode: int) -> bool:
    return stat.S_ISREG(mode) or stat.S_ISLNK(mode)
