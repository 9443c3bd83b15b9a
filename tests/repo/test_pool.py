import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from aura.errors import AuraError
from aura.repo import pool as pools
from aura.repo import process
from aura.repo.pool import Pool
from aura.repo.requests import Diff, DiffTrees, Done, decode_answer, framed, length_of

from ..gitrepo import GitRepo

# A worker in which the text of a file says what happens to it.
FAULTY = """
    import os, signal, subprocess, sys, time
    from aura.repo import analysis, worker

    real = analysis.diff_files

    def faulty(before, after):
        for file in after.values():
            if b"CRASH" in file.source:
                os.kill(os.getpid(), signal.SIGSEGV)
            if b"ONCE" in file.source and not os.path.exists({flag!r}):
                open({flag!r}, "w").close()
                os._exit(3)
            if b"HANG" in file.source:
                subprocess.Popen(["sleep", "987654"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(60)
            if b"COMPLAIN" in file.source:
                print("a complaint", file=sys.stderr, flush=True)
        return real(before, after)

    analysis.diff_files = faulty
    worker.main()
"""


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with Pool(cache=str(tmp_path / "cache.db")) as made:
        yield made


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Pool]:
    script = tmp_path / "faulty.py"
    script.write_text(textwrap.dedent(FAULTY).format(flag=str(tmp_path / "flag")))
    monkeypatch.setattr(process, "COMMAND", ("-P", str(script)))
    monkeypatch.setattr(pools, "_BACKOFF", (0.0, 0.01))
    return Pool


def numbered(repo: GitRepo, count: int, odd: dict[int, str] | None = None) -> list[str]:
    return [
        repo.commit({f"m{n}.py": f"def f{n}():\n    return {(odd or {}).get(n, str(n))}\n"})
        for n in range(count)
    ]


def sleepers() -> bool:
    return "sleep 987654" in subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


def test_commits_are_all_answered_by_several_workers(repo: GitRepo, pool: Pool) -> None:
    shas = numbered(repo, 30)
    found = {diff.sha: diff for diff in pool.diff_commits(repo.git_dir, shas)}
    assert list(found) != []
    assert set(found) == set(shas)
    for n, sha in enumerate(shas):
        (edit,) = found[sha].edits
        assert edit.new is not None
        assert edit.new.name == f"f{n}"
    assert len(pool._free) == 2
    assert list(pool.diff_commits(repo.git_dir, [])) == []


def test_trees_work_trees_and_entities_are_answered(repo: GitRepo, pool: Pool) -> None:
    first, second = numbered(repo, 2)
    repo.write({"m0.py": "def g(): pass\n"})
    assert len(pool.diff_trees(repo.git_dir, first, second).edits) == 1
    assert len(pool.diff_trees(repo.git_dir, None, second).edits) == 2
    assert pool.diff_worktree(str(repo.path)).edits
    assert [one.path for one in pool.entities(str(repo.path), "HEAD", ["m1.py"])] == ["m1.py"]
    assert len(pool._free) == 1
    assert [one.path for one in pool.entities(str(repo.path), "HEAD")] == ["m0.py", "m1.py"]
    assert [one.path for one in pool.entities(str(repo.path))] == ["m0.py", "m1.py"]
    assert [one.path for one in pool.folder_entities(str(repo.path))] == ["m0.py", "m1.py"]


def test_an_error_of_the_library_arrives_as_itself(repo: GitRepo, pool: Pool, tmp_path: Path) -> None:
    (sha,) = numbered(repo, 1)
    for call in (
        lambda: pool.diff_worktree(str(repo.path), "nope"),
        lambda: pool.diff_trees(repo.git_dir, "0" * 40, sha),
        lambda: list(pool.diff_commits(str(tmp_path), [sha, sha, sha])),
        lambda: pool.entities(str(tmp_path), None),
    ):
        with pytest.raises(AuraError) as met:
            call()
        assert met.value.message.startswith("cannot")
    assert met.value.code == "repo_not_found"
    assert len(pool.diff_worktree(str(repo.path)).edits) == 0


def test_a_killed_worker_is_replaced_and_nothing_is_lost(repo: GitRepo, pool: Pool) -> None:
    shas = numbered(repo, 40)
    seen = []
    for diff in pool.diff_commits(repo.git_dir, shas):
        seen.append(diff)
        if len(seen) == 3:
            for worker in [*pool._busy]:
                os.kill(worker.pid, signal.SIGKILL)
    assert sorted(diff.sha for diff in seen) == sorted(shas)
    assert all(diff.failed is None for diff in seen)


def test_an_idle_worker_that_was_killed_is_not_asked(repo: GitRepo, pool: Pool) -> None:
    (sha,) = numbered(repo, 1)
    for _ in range(3):
        assert len(pool.diff_trees(repo.git_dir, None, sha).edits) == 1
        os.kill(pool._free[0].pid, signal.SIGKILL)


def test_a_commit_that_kills_workers_fails_alone(repo: GitRepo, faulty: Callable[..., Pool]) -> None:
    shas = numbered(repo, 12, {5: "CRASH"})
    with faulty(size=1) as pool:
        found = {diff.sha: diff.failed for diff in pool.diff_commits(repo.git_dir, shas)}
        assert found == {sha: "internal_error" if n == 5 else None for n, sha in enumerate(shas)}
        with pytest.raises(AuraError) as met:
            pool.diff_trees(repo.git_dir, shas[4], shas[5])
        assert met.value.code == "internal_error"
        assert pool.diff_trees(repo.git_dir, shas[0], shas[1]).edits


def test_a_death_by_bad_luck_is_tried_again(repo: GitRepo, faulty: Callable[..., Pool]) -> None:
    shas = numbered(repo, 3, {1: "ONCE"})
    with faulty(size=1) as pool:
        assert all(diff.failed is None for diff in pool.diff_commits(repo.git_dir, shas))


def test_what_takes_too_long_fails_alone_and_its_processes_die(
    repo: GitRepo, faulty: Callable[..., Pool]
) -> None:
    shas = numbered(repo, 3, {1: "HANG"})
    with faulty(size=1, deadline_s=2.0) as pool:
        found = [diff.failed for diff in pool.diff_commits(repo.git_dir, shas)]
        assert found == [None, "analysis_timeout", None]
        with pytest.raises(AuraError) as met:
            pool.diff_trees(repo.git_dir, shas[0], shas[1])
        assert met.value.code == "analysis_timeout"
    assert not sleepers()


def test_a_worker_ends_itself_when_nobody_is_left_to_do_so(
    repo: GitRepo, faulty: Callable[..., Pool]
) -> None:
    shas = numbered(repo, 1, {0: "HANG"})
    with faulty(size=1, deadline_s=0.5) as pool:
        pool._deadline_s = 30.0
        started = monotonic()
        (diff,) = pool.diff_commits(repo.git_dir, shas)
        assert diff.failed == "internal_error"
        assert monotonic() - started < 10
    assert not sleepers()


def test_complaints_of_a_worker_go_to_the_log(
    repo: GitRepo, faulty: Callable[..., Pool], caplog: pytest.LogCaptureFixture
) -> None:
    shas = numbered(repo, 1, {0: "COMPLAIN"})
    with faulty(size=1) as pool, caplog.at_level(logging.WARNING):
        list(pool.diff_commits(repo.git_dir, shas))
        pool.close()
    assert "a complaint" in caplog.text


def test_an_idle_worker_leaves_and_the_next_call_starts_another(repo: GitRepo) -> None:
    (sha,) = numbered(repo, 1)
    with Pool(size=1, idle_s=0.05) as pool:
        assert pool.diff_trees(repo.git_dir, None, sha).edits
        first = pool._free[0]
        first._listener.join(5)
        assert not first.alive
        assert pool.diff_trees(repo.git_dir, None, sha).edits
        assert pool._free[0].pid != first.pid


def test_a_request_sent_to_a_worker_that_is_leaving_is_sent_again(repo: GitRepo) -> None:
    (sha,) = numbered(repo, 1)
    with Pool(size=1, idle_s=0.02) as pool:
        for _ in range(6):
            assert pool.diff_trees(repo.git_dir, None, sha).edits
            pool._changed.acquire()
            pool._changed.wait(0.02)
            pool._changed.release()


def test_many_threads_share_few_workers(repo: GitRepo, pool: Pool) -> None:
    shas = numbered(repo, 8)
    found: list[int] = []

    def ask(n: int) -> None:
        diff = pool.diff_trees(repo.git_dir, shas[n - 1] if n else None, shas[n])
        found.append(len(diff.edits))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert found == [1] * 8
    assert len(pool._free) <= 2


def test_answers_left_early_leave_no_worker_at_work(repo: GitRepo, pool: Pool) -> None:
    shas = numbered(repo, 30)
    stream = pool.diff_commits(repo.git_dir, shas)
    next(stream)
    stream.close()
    assert len(pool.diff_trees(repo.git_dir, None, shas[0]).edits) == 1


def test_closing_ends_all_workers_and_calls(repo: GitRepo, faulty: Callable[..., Pool]) -> None:
    shas = numbered(repo, 2, {1: "HANG"})
    pool = faulty(size=1)
    met: list[str] = []

    def ask() -> None:
        try:
            pool.diff_trees(repo.git_dir, shas[0], shas[1])
        except AuraError as error:
            met.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    while not pool._busy:
        threading.Event().wait(0.01)
    pool.close()
    for thread in threads:
        thread.join(10)
    assert met == ["shutting_down"] * 2
    with pytest.raises(AuraError):
        pool.diff_trees(repo.git_dir, None, shas[0])


def test_a_worker_speaks_over_plain_pipes(repo: GitRepo) -> None:
    (sha,) = numbered(repo, 1)
    request = framed(DiffTrees(os.fsencode(repo.git_dir), None, sha))
    command = [sys.executable, "-m", "aura.repo.worker", "background=yes"]
    done = subprocess.run(command, input=request * 2, capture_output=True, timeout=20, check=True)
    answers, out = [], done.stdout
    while out:
        end = 4 + length_of(out[:4])
        answers.append(decode_answer(out[4:end]))
        out = out[end:]
    assert [type(answer) for answer in answers] == [Diff, Done, Diff, Done]
    assert done.stderr == b""


def test_chunks_hold_all_commits_in_order_and_become_small() -> None:
    for count in (0, 1, 3, 12, 200, 1000):
        shas = [str(number) for number in range(count)]
        chunks = pools._chunks(shas, 2)
        assert [sha for chunk in chunks for sha in chunk] == shas
        assert all(0 < len(chunk) <= pools.CHUNK for chunk in chunks)
        assert [len(chunk) for chunk in chunks[-1:]] == [1] * bool(count)


def test_a_worker_starts_without_what_few_requests_need() -> None:
    script = "import sys, aura.repo.worker; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    loaded = set(out.stdout.split())
    assert "aura.syntax.diff" in loaded
    assert not loaded & {"aura.syntax.examine", "aura.syntax.references.join", "aura.repo.calls", "argparse"}
    assert not any(name.startswith(("aura.syntax.languages.", "tree_sitter_")) for name in loaded)


def test_some_paths_of_a_work_tree_are_compared_alone(repo: GitRepo) -> None:
    repo.commit({"a.py": "def f(): pass\n", "b.py": "def g(): pass\n"})
    repo.write({"a.py": "def f(): return 1\n", "b.py": "def g(): return 1\n", "\udcff.py": "def h(): pass\n"})
    with Pool(size=1) as pool:
        root = str(repo.path)
        assert {e.new.path for e in pool.diff_worktree(root, paths=["a.py"]).edits if e.new} == {"a.py"}
        assert {e.new.path for e in pool.diff_worktree(root, paths=["\udcff.py"]).edits if e.new} == {
            "\\xff.py"
        }
        assert pool.diff_worktree(root, paths=[]).edits == []
        whole, part = pool.diff_worktree(root), pool.diff_worktree(root, most=2)
        assert (part.edits, part.more) == (whole.edits[:2], 1)
