"""What the kernel says of a process."""

import os
from pathlib import Path


def memory(pid: int) -> int:
    """Return the resident bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    """Return how many files and sockets are open."""
    return len(os.listdir(f"/proc/{pid}/fd"))
