"""A page of intents out of a million, against the same page out of ten thousand."""

import contextlib
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw

from . import daemon, history, synthetic
from .figures import Bar, Figure, Settings, quantile

MANY, FEW = 1_000_000, 10_000
_AUTHOR = "INSERT INTO authors (handle, name, kind) VALUES ('ada@example.org', 'Ada', 'human') RETURNING id"
_ROWS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO intents (id, repo, worktree, branch, author, source, summary, created_at, recorded_at, analysis)
SELECT printf('itn_01%024d', i), ?, ?, 'branch-' || (i % 5), ?, iif(i % 3, 'commit', 'log'),
       'Change number ' || i, 1700000000000000 + i * 1000000, 1700000000000000 + i * 1000000, 'done'
FROM n
"""


def run(settings: Settings) -> list[Figure]:
    """Ask for the newest 50 intents of a branch, of two databases in turn."""
    sizes = (settings.count(MANY), settings.count(FEW))
    taken: dict[int, list[float]] = {size: [] for size in sizes}
    with TemporaryDirectory(prefix="aura-bench-") as folder, contextlib.ExitStack() as stack:
        work = Path(folder).resolve() / "work"
        source = synthetic.make(Path(folder), 3)
        subprocess.run(["git", "clone", "-q", source, str(work)], check=True, env=history.git_environment())
        request = daemon.message("GET", "/v1/intents?branch=branch-3&limit=50", None, work)
        servers = [stack.enter_context(daemon.running(work)) for _ in sizes]
        for server, size in zip(servers, sizes, strict=True):
            server.stop()
            _fill(server.home, size)
            server.start()
        asked = [stack.enter_context(daemon.Connection(server.socket)) for server in servers]
        for _ in range(settings.count(2000, 20)):
            for connection, size in zip(asked, sizes, strict=True):
                start = time.perf_counter()
                status, answer = connection.ask(request)
                taken[size].append((time.perf_counter() - start) * 1000)
                if status != 200 or answer.count(b'"id":"itn_') != min(50, size // 5):
                    raise RuntimeError(answer.decode(errors="replace")[:300])
    what, beside = f"newest 50 among {sizes[0]:,}", f"among {sizes[1]:,}"
    (many, few), (usual, few_usual) = ([quantile(taken[size], p) for size in sizes] for p in (0.99, 0.5))
    return [
        Figure(f"{what}, p99", many, "ms", few, beside, Bar(1.5)),
        Figure(f"{what}, p50", usual, "ms", few_usual, beside),
    ]


def _fill(home: Path, count: int) -> None:
    """Put intents into the database of a daemon that does not run."""
    db = apsw.Connection(str(home / "aura.db"))
    with contextlib.closing(db):
        db.pragma("synchronous", "off")
        db.pragma("cache_size", -400_000)
        with db:
            (author,) = db.execute(_AUTHOR).fetchall()[0]
            ((repo, path),) = db.execute("SELECT repo, path FROM worktrees").fetchall()
            db.execute(_ROWS, (count, repo, path, author))
