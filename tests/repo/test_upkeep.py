"""Git's own upkeep, while we read: packs appear and vanish under open readers."""

import threading
from pathlib import Path

import pytest

from aura.repo.analysis import Analyst
from aura.repo.cache import Cache
from aura.repo.uncommitted import worktree_changes
from aura.repo.worktrees import discover, head

from ..gitrepo import GitRepo


@pytest.fixture
def busy(repo: GitRepo) -> GitRepo:
    for n in range(30):
        repo.commit({f"m{n % 5}.py": f"def f():\n    return {n}\n"})
    return repo


def test_collecting_garbage_disturbs_no_reader(busy: GitRepo) -> None:
    shas = busy.git("rev-list", "HEAD").split()
    done = threading.Event()

    def collect() -> None:
        for options in (("-d",), ("-a", "-d"), ("-a", "-d", "-f")) * 2:
            busy.git("repack", "--quiet", *options)
            busy.git("pack-refs", "--all", "--prune")
            busy.git("prune-packed", "--quiet")
        done.set()

    thread = threading.Thread(target=collect)
    thread.start()
    found = discover(str(busy.path))
    with Cache(None) as cache:
        while not done.is_set():
            with Analyst(cache) as analyst:
                for _ in range(3):
                    diffs = list(analyst.diff_commits(busy.git_dir, shas))
                    assert [(diff.failed, len(diff.edits)) for diff in diffs] == [(None, 1)] * 30
                    assert head(found).sha == shas[0]
                    assert worktree_changes(found) == []
    thread.join()


def test_a_lock_left_behind_stops_no_reading(busy: GitRepo) -> None:
    for name in ("index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock", "shallow.lock"):
        Path(busy.git_dir, name).write_text("")
    busy.write({"m0.py": "changed"})
    assert [c.path for c in worktree_changes(discover(str(busy.path)))] == ["m0.py"]


def test_a_rebase_in_progress_is_a_detached_head(busy: GitRepo) -> None:
    onto = busy.rev("HEAD~3")
    with pytest.raises(AssertionError):
        busy.git("rebase", "--quiet", "--exec", "false", "HEAD~3")
    found = discover(str(busy.path)).head
    assert found.ref is None
    assert found.sha not in (None, onto)
