"""What the daemon costs while nobody asks for anything. Reads `/proc`, so for Linux alone."""

import time

from . import daemon, history
from .figures import Bar, Figure, Settings
from .processes import cpu_seconds, family, resident

IDLE_SECONDS = 45.0


def run(settings: Settings) -> list[Figure]:
    """Read some history, wait until the workers have left, and then only watch."""
    with history.clone(settings) as work, daemon.running(work) as server:
        server.aura("init", "--depth", str(settings.count(history.COMMITS)), "--no-background", cwd=work)
        server.aura("intent", "log", "Say something", cwd=work)
        server.quiet()
        until = time.monotonic() + settings.seconds(IDLE_SECONDS)
        while len(family(server.pid)) > 1 and time.monotonic() < until:
            time.sleep(0.5)
        time.sleep(settings.seconds(3.0))
        pids = family(server.pid)
        before, start = cpu_seconds(pids), time.perf_counter()
        time.sleep(settings.seconds(15.0))
        spent = (cpu_seconds(pids) - before) / (time.perf_counter() - start) * 100
        memory = sum(map(resident, pids)) / 1e6
    return [
        Figure("resident memory of all processes", memory, "MB", bar=Bar(80.0)),
        Figure("processor time", spent, "%", bar=Bar(0.5)),
        Figure("processes", len(pids), ""),
    ]
