"""What the kernel says of a process."""

import contextlib
import os
from pathlib import Path


def memory(pid: int) -> int:
    """Return the resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    """Return how many files and sockets are open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def sockets(pid: int) -> int:
    """Return how many sockets are open: files and pipes come and go with what a daemon does at its start."""
    found = 0
    for number in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            found += os.readlink(f"/proc/{pid}/fd/{number}").startswith("socket:")
    return found
