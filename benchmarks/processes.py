"""What a process and those it started cost, as Linux tells it."""

import os
from pathlib import Path


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def cpu_seconds(pids: list[int]) -> float:
    """Return the seconds that these processes have spent on a processor; those that left count nothing."""
    spent = 0
    for task in (task for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat")):
        try:
            spent += int(task.read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue
    return spent / 1e9


def spent_in_all(pid: int) -> float:
    """Return the seconds that a process, its threads and its ended children have spent on a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Return the bytes of memory that a process holds, with what it shares with others."""
    return _memory(pid, "VmRSS:")


def peak(pid: int) -> int:
    """Return the most bytes of memory that a process ever held."""
    return _memory(pid, "VmHWM:")


def _memory(pid: int, field: str) -> int:
    """Return a figure of the system's on a process; 0 where it has ended since."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    held = status.partition(field)[2].split()
    return int(held[0]) * 1024 if held else 0
