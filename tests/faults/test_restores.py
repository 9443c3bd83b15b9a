"""A restore that is killed at any point is finished by asking again, and nothing is lost."""

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, eventually, python_repo, running

Files = dict[str, bytes]


def lying(repo: GitRepo) -> Files:
    found: Files = {}
    for folder, folders, names in os.walk(repo.path):
        if ".git" in folders:
            folders.remove(".git")
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, repo.path)] = file.read()
    return found


def changed(repo: GitRepo, round_: int, random_: random.Random) -> Files:
    """Change, remove and add files all over a work tree, and return what it holds then."""
    for name, data in lying(repo).items():
        if random_.random() < 0.1:
            (repo.path / name).unlink()
        else:
            repo.write({name: data[:100] + b"# round %d\n" % round_})
    repo.write({f"new/{round_}/{n}.py": f"new = {n}\n" for n in range(10)})
    return lying(repo)


def killed(
    daemon: Daemon, repo: GitRepo, path: str, key: str, watched: str, wanted: bytes | None, how: int
) -> Files:
    """Ask for a restore, end the daemon as soon as one file is as it will be then, and start it again.

    Returns what lay there in between.
    """

    def ask() -> None:
        try:
            daemon.post(path, {}, {"Idempotency-Key": key}, repo=repo.path)
        except OSError:
            return

    def is_there() -> bool:
        file = repo.path / watched
        return not asking.is_alive() or (file.read_bytes() if file.exists() else None) == wanted

    asking = threading.Thread(target=ask)
    asking.start()
    eventually(is_there, 60)
    daemon.kill(how)
    asking.join()
    left = lying(repo)
    daemon.start()
    return left


def rounds(count: int, files: int, folder: Path, seed: int) -> None:
    random_, halves = random.Random(seed), 0
    repo = python_repo(folder / "repo")
    repo.commit({f"src/p{n % 20}/m{n}.py": f"value = {n}\n" * 20 for n in range(files)}, "many")
    with running() as daemon:
        daemon.register(repo)
        for number in range(count):
            then = lying(repo)
            id_ = daemon.post("/v1/snapshots", {}, repo=repo.path).json()["id"]
            now = changed(repo, number, random_)
            differing = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
            turns = [(f"/v1/snapshots/{id_}:restore", now, then), ("/v1/snapshots:undo", then, now)]
            for path, before, after in turns:
                watched = random_.choice(differing)
                key = f"{number}{path}"
                how = random_.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
                left = killed(daemon, repo, path, key, watched, after.get(watched), how)
                halves += left not in (before, after)
                done = daemon.post(path, {}, {"Idempotency-Key": key}, repo=repo.path)
                assert (done.status, done.json()["blocked"]) == (200, {}), done
                assert done.json()["files"] == len(differing)
                assert lying(repo) == after, f"round {number}, {path}"
            redone = daemon.post("/v1/snapshots:redo", {}, repo=repo.path)
            assert redone.status == 200, redone
            assert lying(repo) == then
    assert halves, "none was killed half-way"


def test_a_restore_that_is_killed_is_finished_by_asking_again(tmp_path: Path) -> None:
    rounds(2, 200, tmp_path, 11)


@pytest.mark.long
def test_restores_of_two_thousand_files_are_finished_however_often_they_are_killed(tmp_path: Path) -> None:
    rounds(50, 2_000, tmp_path, 12)


def test_what_a_user_changed_before_the_daemon_came_back_is_left_alone(tmp_path: Path) -> None:
    repo = python_repo(tmp_path / "repo")
    names = [f"m{n:03}.py" for n in range(200)]
    repo.commit(dict.fromkeys(names, "then\n"), "many")
    with running() as daemon:
        daemon.register(repo)
        id_ = daemon.post("/v1/snapshots", {}, repo=repo.path).json()["id"]
        repo.write(dict.fromkeys(names, "now\n"))
        path = f"/v1/snapshots/{id_}:restore"

        def ask() -> None:
            try:
                daemon.post(path, {}, {"Idempotency-Key": "k"}, repo=repo.path)
            except OSError:
                return

        asking = threading.Thread(target=ask)
        asking.start()
        eventually(lambda: (repo.path / names[3]).read_bytes() == b"then\n")
        daemon.kill()
        asking.join()
        cut = [name for name in names if (repo.path / name).read_bytes() == b"now\n"]
        assert cut, "it was quicker than we"
        repo.write({cut[-1]: "precious\n"})
        daemon.start()
        done = daemon.post(path, {}, {"Idempotency-Key": "k"}, repo=repo.path).json()
        assert done["blocked"] == {cut[-1]: "it was changed since"}
        assert {(repo.path / n).read_bytes() for n in names if n != cut[-1]} == {b"then\n"}
        assert (repo.path / cut[-1]).read_bytes() == b"precious\n"
        assert daemon.post("/v1/snapshots:undo", {}, repo=repo.path).status == 200
        assert {(repo.path / n).read_bytes() for n in names if n != cut[-1]} == {b"now\n"}
        assert (repo.path / cut[-1]).read_bytes() == b"precious\n"


def test_where_head_has_moved_a_restore_is_left_as_it_is_and_can_be_undone(tmp_path: Path) -> None:
    repo = python_repo(tmp_path / "repo")
    names = [f"m{n:03}.py" for n in range(200)]
    repo.commit(dict.fromkeys(names, "then\n"), "many")
    with running() as daemon:
        daemon.register(repo)
        id_ = daemon.post("/v1/snapshots", {}, repo=repo.path).json()["id"]
        repo.write(dict.fromkeys(names, "now\n"))
        asking = threading.Thread(target=lambda: _quietly(daemon, repo, id_))
        asking.start()
        eventually(lambda: (repo.path / names[3]).read_bytes() == b"then\n")
        daemon.kill()
        asking.join()
        half = lying(repo)
        repo.git("commit", "-q", "--allow-empty", "-m", "elsewhere")
        daemon.start()
        assert daemon.post("/v1/snapshots:undo", {}, repo=repo.path).status == 200
        assert half != lying(repo)
        assert set(lying(repo)) == {*names, "app.py"}
        assert {(repo.path / name).read_bytes() for name in names} == {b"now\n"}


def _quietly(daemon: Daemon, repo: GitRepo, id_: str) -> None:
    try:
        daemon.post(f"/v1/snapshots/{id_}:restore", {}, repo=repo.path)
    except OSError:
        return
