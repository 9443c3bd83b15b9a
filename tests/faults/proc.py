"""What the kernel says of a process."""

import contextlib
import os
from pathlib import Path


def memory(pid: int) -> int:
    """Return the resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int, *, without: str | None = None) -> int:
    """Return how many files and sockets are open, `without` those whose path holds a text."""
    folder = f"/proc/{pid}/fd"
    if without is None:
        return len(os.listdir(folder))
    found = 0
    for number in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            found += without not in os.readlink(f"{folder}/{number}")
    return found


def connections(path: str) -> int:
    """Return how many connections of a Unix socket the one who listens there has taken."""
    with open("/proc/net/unix") as table:
        found = [line.split() for line in table]
    return sum(row[5] == "03" and row[7:] == [path] for row in found)
