"""How git is run: nothing that a repository configures takes part, and nothing waits for ever."""

import io
import os
import select
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Self

from aura.errors import AuraError

SILENCE_S = 60.0
"""How long a git process may be silent before it counts as hung."""

_SETTINGS = (
    "core.fsmonitor=",
    "core.hooksPath=/dev/null",
    "core.untrackedCache=false",
    "core.pager=cat",
    "diff.external=",
    "submodule.recurse=false",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
_OWN = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    # A replaced object would be cached under the id of another one.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def environment() -> dict[str, str]:
    """Return our own environment without any GIT_* that a hook or a shell exported."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | _OWN


def argv(git_dir: str | None, args: Sequence[str], *, work_tree: str | None = None) -> list[str]:
    """Return the command line of git for one repository (or for none)."""
    line = ["git", "--no-pager"]
    for setting in _SETTINGS:
        line += ["-c", setting]
    if git_dir is not None:
        line.append(f"--git-dir={git_dir}")
    if work_tree is not None:
        line.append(f"--work-tree={work_tree}")
    return [*line, *args]


def run(
    git_dir: str | None,
    *args: str,
    work_tree: str | None = None,
    stdin: bytes = b"",
    accept: Sequence[int] = (0,),
    extra: Mapping[str, str] | None = None,
    timeout_s: float = SILENCE_S,
) -> bytes:
    """Run git once and return what it wrote.

    Raises what `failure` makes of its complaint when it exits with a status not in `accept`.
    """
    try:
        done = subprocess.run(
            argv(git_dir, args, work_tree=work_tree),
            input=stdin,
            capture_output=True,
            env=environment() | dict(extra or {}),
            # Never in the repository: a deleted folder or a relative PATH must not matter.
            cwd="/",
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        raise _missing() from None
    except subprocess.TimeoutExpired:
        raise _hung(git_dir) from None
    except ValueError:
        raise AuraError("git_failed", "cannot run git: an argument holds a NUL byte") from None
    if done.returncode not in accept:
        raise failure(done.stderr, git_dir)
    return done.stdout


def failure(stderr: bytes, git_dir: str | None) -> AuraError:
    """Return the error that git's complaint stands for."""
    text = stderr.decode("utf-8", "replace").strip()
    where = shown(git_dir) if git_dir else "the repository"
    if "dubious ownership" in text:
        return dubious(git_dir or ".")
    if "not a git repository" in text:
        return AuraError("not_a_repository", f"cannot read {where}: it is not a git repository")
    if "Permission denied" in text:
        return AuraError("permission_denied", f"cannot read {where}: permission denied", _first(text))
    if "unknown repository extension" in text or "Expected git repo version" in text:
        hint = "install a newer git: this repository uses a format that the present one does not know"
        return AuraError("git_failed", f"cannot read {where}: {_first(text)}", hint)
    if any(sign in text for sign in _UNREADABLE):
        hint = "run `git fsck`; in a partial or shallow clone, fetch what is missing"
        return AuraError("unreadable_object", f"cannot read an object of {where}: {_first(text)}", hint)
    return AuraError("git_failed", f"cannot run git in {where}: {_first(text) or 'it gave no reason'}")


_UNREADABLE = (
    "bad object", "unable to read", "Could not read", "could not fetch", "is corrupt", "corrupt loose",
    "missing object", "unable to parse", "failed to read", "could not parse", "bad tree", "inflate",
    "not allowed",
)  # fmt: skip


def dubious(path: str) -> AuraError:
    """Return the error for a repository that belongs to somebody else."""
    hint = f"if you trust it: git config --global --add safe.directory {shown(path)}"
    return AuraError("permission_denied", f"cannot use {shown(path)}: it belongs to another user", hint)


def shown(path: str) -> str:
    """Return a path that can be printed, whatever bytes it holds."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)


class Stream:
    """A git process that is fed and read piece by piece; for one thread.

    Reads from `out` raise AuraError `git_failed` when git is silent for too long; an end of the process shows
    as an end of file, and `why` says what git complained about.
    """

    def __init__(self, git_dir: str, *args: str, work_tree: str | None = None) -> None:
        self.git_dir = git_dir
        # Not a pipe: nobody reads it until the end, and a full pipe would stop git.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the process
        try:
            self._process = subprocess.Popen(
                argv(git_dir, args, work_tree=work_tree),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment(),
                cwd="/",
                bufsize=0,
            )
        except FileNotFoundError:
            self._complaints.close()
            raise _missing() from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin = self._process.stdin
        self.out = io.BufferedReader(_Patient(self._process.stdout.fileno(), git_dir), 1 << 16)

    def send(self, data: bytes) -> None:
        """Write to git; data lost because git has ended shows at the next read."""
        view = memoryview(data)
        try:
            while view:
                view = view[self._stdin.write(view) or 0 :]
        except (BrokenPipeError, ValueError):
            return

    def end(self) -> None:
        """Say that nothing more will be sent."""
        self._stdin.close()

    def why(self) -> AuraError:
        """Wait for a process that has closed its output, and return what it complained about."""
        self._reap()
        self._complaints.seek(0)
        return failure(self._complaints.read(1 << 16), self.git_dir)

    def status(self) -> int:
        """Return the exit status of a process that has closed its output."""
        self._reap()
        return self._process.returncode

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._stdin.close()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._complaints.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reap(self) -> None:
        try:
            self._process.wait(SILENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _Patient(io.RawIOBase):
    """Reads a pipe, but does not wait for ever."""

    def __init__(self, fd: int, git_dir: str) -> None:
        self._fd = fd
        self._git_dir = git_dir
        self._poll = select.poll()
        self._poll.register(fd, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower than Buffer: all we get
        if not self._poll.poll(SILENCE_S * 1000):
            raise _hung(self._git_dir)
        return os.readv(self._fd, [buffer])


def _first(text: str) -> str:
    line = text.partition("\n")[0]
    return line.removeprefix("fatal: ").removeprefix("error: ")[:300]


def _missing() -> AuraError:
    return AuraError("git_missing", "cannot find the program git", "install git 2.25 or newer")


def _hung(git_dir: str | None) -> AuraError:
    where = shown(git_dir) if git_dir else "the repository"
    return AuraError("git_failed", f"cannot wait longer for git in {where}")
