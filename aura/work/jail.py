"""The jailer: runs one command with what it may use and see cut down, and leaves no process of it behind.

Run as a script by an isolated interpreter: `jail.py PLAN COMMAND...`, where PLAN is a JSON object. What
became of the command goes to the descriptor `status`, one JSON object: {"exit": 0}, {"signal": 9} or
{"failed": why}. Whoever started it ends it with SIGTERM, or by dying.

With `level` namespaces the command sees every file system read-only, but the work tree and /tmp through
overlays that are thrown away; neither the folders to `hide`, nor the processes of others, nor any network but
a loopback of its own; and it has no capabilities, also where root runs it.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV = 0x1000, 0x4000, 0x40000, 2, 4
PDEATHSIG, CAPBSET_DROP, SUBREAPER, NO_NEW_PRIVS = 1, 24, 36, 38
MOUNT_SETATTR, AT_RECURSIVE, ATTR_RDONLY = 442, 0x8000, 1
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
CAPABILITIES = 64


def main() -> None:
    """Run the command of the command line."""
    plan: dict[str, Any] = json.loads(sys.argv[1])
    status, parent = plan["status"], plan["parent"]
    try:
        _prctl(PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(0)
        _limit(plan["limits"])
        os.nice(plan["nice"])
        if plan["level"] == "namespaces":
            _apart(plan, sys.argv[2:], status)
        else:
            _supervise(plan, sys.argv[2:], status)
    except OSError as error:
        _tell(status, {"failed": f"{error.filename or ''} {error.strerror}".strip()})
        os._exit(1)


def _supervise(plan: dict[str, Any], command: list[str], status: int) -> None:
    """Run the command as a child; what it leaves behind becomes our child, and ends with it."""
    _prctl(SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: _end())
    child = _forked(lambda: _become(plan, command, status))
    told = _outcome(child)
    _kill_all()
    _tell(status, told)
    os._exit(0)


def _end() -> None:
    _kill_all()
    os._exit(1)


def _kill_all() -> None:
    """Kill every descendant: those of the dead become our children, so that none escapes in the end."""
    while True:
        for pid in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:
        return []


def _apart(plan: dict[str, Any], command: list[str], status: int) -> None:
    """Run the command in namespaces of its own; the first process in them takes all others along."""
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", NEWUSER | NEWNS | NEWPID | NEWNET | NEWIPC)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    _prctl(PDEATHSIG, signal.SIGTERM)
    first = _forked(lambda: _first(plan, command, status))
    signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGKILL))
    _outcome(first)
    os._exit(0)


def _first(plan: dict[str, Any], command: list[str], status: int) -> None:
    """Be the first process of the namespaces: furnish them, run the command, collect what it leaves."""
    _prctl(PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _furnish(plan)
    _bring_up_loopback()
    child = _forked(lambda: _become(plan, command, status))
    _drop_rights()
    _tell(status, _outcome(child))
    os._exit(0)


def _furnish(plan: dict[str, Any]) -> None:
    """Make every file system read-only, and lay over it what the command may write."""
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    stage = plan["stage"]
    _mount("tmpfs", stage, f"size={plan['scratch']},mode=0700")
    laid = [(_overlay("/tmp", os.path.join(stage, "tmp")), "/tmp")]
    for path in plan["writable"]:
        # Not every file system can lie under an overlay: the work tree is then read-only, too.
        with contextlib.suppress(OSError):
            laid.append((_overlay(path, os.path.join(stage, "root")), path))
    devices = _devices(os.path.join(stage, "dev"))
    empty = os.path.join(stage, "empty")
    os.mkdir(empty)
    nothing, null = os.open(empty, os.O_PATH), os.open(os.path.join(stage, "dev", "null"), os.O_PATH)
    _set_read_only()
    for tree, path in laid:
        _bind(tree, path)
    _bind(devices, "/dev")
    for path in plan["hide"]:
        _bind(nothing if os.path.isdir(path) else null, path, writable=False)
    # A container may forbid this; then /proc stays the one outside, read-only.
    with contextlib.suppress(OSError):
        _call("mount", b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV, None)


def _overlay(path: str, stage: str) -> int:
    """Lay a folder of our own over another one, and return it: writes go to ours."""
    made = [os.path.join(stage, name) for name in ("upper", "work", "tree")]
    for folder in made:
        os.makedirs(folder)
    os.chmod(made[0], os.stat(path).st_mode & 0o7777)
    # By descriptors, for a path may hold what separates mount options.
    lower, upper, work = (os.open(folder, os.O_PATH) for folder in (path, *made[:2]))
    at = "/proc/self/fd"
    options = f"lowerdir={at}/{lower},upperdir={at}/{upper},workdir={at}/{work},userxattr"
    _call("mount", b"overlay", os.fsencode(made[2]), b"overlay", MS_NOSUID | MS_NODEV, options.encode())
    return os.open(made[2], os.O_PATH)


def _devices(folder: str) -> int:
    """Furnish a folder as /dev, with no device that holds anything, and return it."""
    for name in ("", "shm", "pts"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    os.chmod(os.path.join(folder, "shm"), 0o1777)
    for name in DEVICES:
        place = os.path.join(folder, name)
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o600))
        _call("mount", f"/dev/{name}".encode(), os.fsencode(place), None, MS_BIND, None)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        os.symlink(f"/proc/self/fd/{number}", os.path.join(folder, name))
    os.symlink("/proc/self/fd", os.path.join(folder, "fd"))
    with contextlib.suppress(OSError):
        _mount("devpts", os.path.join(folder, "pts"), "newinstance,ptmxmode=0666,mode=620", MS_NOSUID)
        os.symlink("pts/ptmx", os.path.join(folder, "ptmx"))
    return os.open(folder, os.O_PATH)


def _set_read_only() -> None:
    """Make every mount read-only that is there by now.

    The overlays still write to their upper layers, for they hold the file system of these by themselves.
    """
    attributes = struct.pack("QQQQ", ATTR_RDONLY, 0, 0, 0)
    _call("syscall", MOUNT_SETATTR, -1, b"/", AT_RECURSIVE, attributes, len(attributes))


def _bind(source: int, target: str, *, writable: bool = True) -> None:
    """Put a folder that was opened before in another's place."""
    _call("mount", f"/proc/self/fd/{source}".encode(), os.fsencode(target), None, MS_BIND | MS_REC, None)
    if writable:
        attributes = struct.pack("QQQQ", 0, ATTR_RDONLY, 0, 0)
        _call("syscall", MOUNT_SETATTR, -1, os.fsencode(target), AT_RECURSIVE, attributes, len(attributes))


def _mount(kind: str, target: str, options: str, flags: int = MS_NOSUID | MS_NODEV) -> None:
    _call("mount", kind.encode(), os.fsencode(target), kind.encode(), flags, options.encode())


def _bring_up_loopback() -> None:
    """Let 127.0.0.1 answer, for tests talk to servers of their own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 1)
        fcntl.ioctl(sock, 0x8914, request)


def _become(plan: dict[str, Any], command: list[str], status: int) -> None:
    """Turn this process into the command."""
    os.setsid()
    if not plan["keeps_rights"]:
        _drop_rights()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.set_inheritable(status, False)
    try:
        os.chdir(plan["cwd"])
        os.execv(command[0], command)
    except OSError as error:
        _tell(status, {"failed": f"{command[0]}: {error.strerror}"})
        os._exit(127)


def _drop_rights() -> None:
    """Give up every capability, and the chance to gain one."""
    if sys.platform != "linux":
        return
    _prctl(NO_NEW_PRIVS, 1)
    for number in range(CAPABILITIES):
        with contextlib.suppress(OSError):
            _prctl(CAPBSET_DROP, number)
    _call("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))


def _limit(limits: dict[str, int]) -> None:
    for name, wanted in limits.items():
        kind = getattr(resource, name, None)
        if kind is not None:
            hard = resource.getrlimit(kind)[1]
            least = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(kind, (least, least))


def _forked(run: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        run()
    except OSError as error:
        _tell(
            json.loads(sys.argv[1])["status"], {"failed": f"{error.filename or ''} {error.strerror}".strip()}
        )
    finally:
        os._exit(1)


def _outcome(child: int) -> dict[str, int]:
    """Collect processes until this one has ended, and return how it did."""
    while True:
        pid, ended = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(ended)
            return {"exit": code} if code >= 0 else {"signal": -code}


def _tell(status: int, what: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.write(status, json.dumps(what).encode() + b"\n")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _call("prctl", option, ctypes.c_ulong(value), 0, 0, 0)


def _call(name: str, *arguments: Any) -> None:
    """Call a function of the C library. Raises OSError."""
    if getattr(_libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)


_libc = ctypes.CDLL(None, use_errno=True)

if __name__ == "__main__":
    main()
