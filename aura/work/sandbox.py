"""The sandbox of commands: what this machine can do, and the command line that does it.

| level | file system | network | processes |
|---|---|---|---|
| `bubblewrap` | read-only; its own /tmp and, from 0.11 on, work tree | its own loopback | its own |
| `namespaces` | read-only; its own work tree and /tmp | its own loopback | its own |
| `rlimits` | as it is | as it is | ended along with the command |

Its own means that it sees what is there, and that what it writes is thrown away. At every level there are no
shell, no input, limits on each process, a timeout, and an environment of named variables alone.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from aura import home

Level = Literal["bubblewrap", "namespaces", "rlimits"]
JAIL = os.path.join(os.path.dirname(__file__), "jail.py")
SCRATCH_BYTES = 2 << 30
"""What a command may write, in memory: the overlays are thrown away with it."""
LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 4 << 30,
    "RLIMIT_NOFILE": 4096,
    "RLIMIT_DATA": 16 << 30,
}
NICE = 5
PROBE_SECONDS = 10.0
PASSED_ON = (
    "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TERM", "VIRTUAL_ENV", "CONDA_PREFIX", "GOPATH",
    "GOROOT", "CARGO_HOME", "RUSTUP_HOME", "JAVA_HOME", "NVM_DIR", "PYENV_ROOT", "RBENV_ROOT", "SDKMAN_DIR",
)  # fmt: skip
_NEEDED = frozenset({"current-system", "booted-system", "opengl-driver", "wrappers", "systemd"})
"""What programs use of /run where a system keeps itself there; the rest are sockets of services."""
_PROBE = (
    "import os, sys\n"
    "try:\n    os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
    "except OSError:\n    sys.exit(any(line.split(':')[0].strip() not in ('lo',) for line in"
    " open('/proc/net/dev').readlines()[2:]))\n"
    "sys.exit(1)\n"
)


class Sandbox(Struct, frozen=True):
    """What this machine can do; with `overlays` bubblewrap lets the work tree be written for the while."""

    level: Level
    bwrap: str | None = None
    overlays: bool = False


def detect(path: str | None = None) -> Sandbox:
    """Find out the strongest sandbox by trying: a probe must fail to write, and see no network.

    An old bubblewrap comes last, for under it nothing can be written to the work tree.
    """
    bwrap = shutil.which("bwrap", path=path)
    candidates = [Sandbox("bubblewrap", bwrap, True)] if bwrap else []
    candidates.append(Sandbox("namespaces"))
    candidates += [Sandbox("bubblewrap", bwrap)] if bwrap else []
    return next((sandbox for sandbox in candidates if _holds(sandbox)), Sandbox("rlimits"))


def _holds(sandbox: Sandbox) -> bool:
    """Tell whether a sandbox keeps here what its level promises."""
    outside = os.path.join(home.folder(), f"probe-{os.getpid()}")
    command = [sys.executable, "-I", "-S", "-c", _PROBE, outside]
    read, write = os.pipe()
    try:
        subprocess.run(
            argv(sandbox, command, root="/", status=write),
            pass_fds=[write],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(sandbox, {}),
            timeout=PROBE_SECONDS,
            start_new_session=True,
            check=False,
        )
        os.set_blocking(read, False)
        return bool(json.loads(os.read(read, 4096)) == {"exit": 0}) and not os.path.lexists(outside)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    finally:
        os.close(read)
        os.close(write)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(outside)


def argv(sandbox: Sandbox, command: Sequence[str], *, root: str, status: int) -> list[str]:
    """Return the command line that runs a command, whose program is given by its path, in a work tree.

    `status` is the descriptor to which the jailer tells how it ended.
    """
    stage = home.path("sandbox")
    os.makedirs(stage, mode=0o700, exist_ok=True)
    writable = [root] if root not in ("/", "/tmp") else []
    hidden = _hidden(root)
    plan: dict[str, Any] = {
        "level": sandbox.level,
        "status": status,
        "parent": os.getpid(),
        "limits": LIMITS,
        "nice": NICE,
        "cwd": root,
        "keeps_rights": sandbox.level == "bubblewrap",
        "stage": stage,
        "scratch": SCRATCH_BYTES,
        "writable": writable,
        "hide": hidden,
    }
    wrapped = [*_bubblewrap(sandbox, root, writable, hidden), *command]
    return [sys.executable, "-I", "-S", JAIL, json.dumps(plan), *wrapped]


def _bubblewrap(sandbox: Sandbox, root: str, writable: list[str], hidden: list[str]) -> list[str]:
    if sandbox.bwrap is None:
        return []
    line = [sandbox.bwrap, "--die-with-parent", "--unshare-all", "--cap-drop", "ALL"]
    line += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    if sandbox.overlays:
        both = ("/tmp", *writable)
        line += [part for path in both for part in ("--overlay-src", path, "--tmp-overlay", path)]
    else:
        line += ["--tmpfs", "/tmp", *(["--ro-bind", root, root] if _holds_path("/tmp", root) else [])]
    for path in hidden:
        line += ["--tmpfs", path] if os.path.isdir(path) else ["--ro-bind", "/dev/null", path]
    return [*line, "--chdir", root, "--"]


def _hidden(root: str) -> list[str]:
    """Return what a command must not see: aura's own folder, and the sockets of services in /run."""
    found = [home.folder()]
    with contextlib.suppress(OSError), os.scandir("/run") as entries:
        found += [e.path for e in entries if not e.is_symlink() and e.name not in _NEEDED]
    return [path for path in found if os.path.lexists(path) and not _holds_path(path, root)]


def _holds_path(folder: str, path: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def environment(sandbox: Sandbox, given: Mapping[str, str], path: str | None = None) -> dict[str, str]:
    """Return the variables of a command: those that are named, and where it looks for programs.

    Tokens that the daemon was started with are none of its business. Caches go to a /tmp that is its own.
    """
    kept = {name: value for name, value in given.items() if name in PASSED_ON or name.startswith("LC_")}
    own = {"PATH": path or given.get("PATH") or os.defpath, "AURA_AUTOSTART": "0"}
    if sandbox.level != "rlimits":
        own["XDG_CACHE_HOME"] = "/tmp/cache"
    return kept | own


def program(name: str, root: str, path: str) -> str | None:
    """Return the path of a program, or None: by PATH, or from the work tree where its name has a slash."""
    if "/" not in name:
        return shutil.which(name, path=path)
    whole = os.path.normpath(os.path.join(root, name))
    return whole if os.path.isfile(whole) and os.access(whole, os.X_OK) else None
