"""The daemon among faults: crashes, a full disk, damaged files, clients that vanish."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, eventually, python_repo, running, short_home


def refusal(daemon: Daemon) -> dict[str, Any]:
    """Start a daemon that cannot start, and return the error that it prints."""
    process = daemon.launch()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1, said
    assert "Traceback" not in said
    error: dict[str, Any] = json.loads(said.splitlines()[-1])["error"]
    assert error["message"].startswith("cannot ")
    assert error["hint"]
    return error


# crashes


def acknowledged_under_kills(daemon: Daemon, rounds: int) -> None:
    """Kill the daemon while clients write with keys and retry; each key must have one effect."""
    random_, acked = random.Random(rounds), dict[str, str]()
    for round_ in range(rounds):
        stop = threading.Event()

        def write(name: str, stop: threading.Event = stop) -> None:
            n = 0
            while not stop.is_set():
                n += 1
                key = f"{name}-{n}"
                try:
                    body = {"summary": key, "wait_ms": 0}
                    reply = daemon.post("/v1/intents", body, {"Idempotency-Key": key}, timeout=10)
                    acked[key] = reply.json()["id"]
                except (OSError, ValueError):
                    return

        writers = [threading.Thread(target=write, args=(f"r{round_}w{w}",)) for w in range(4)]
        for writer in writers:
            writer.start()
        before = len(acked)
        eventually(lambda before=before: len(acked) > before)
        time.sleep(random_.random() * 0.05)  # the moment of the crash is the point
        daemon.kill(signal.SIGKILL)
        stop.set()
        for writer in writers:
            writer.join()
        began = time.monotonic()
        daemon.start()
        assert time.monotonic() - began < 10
        for key in random_.sample(sorted(acked), 3):
            retried = daemon.post("/v1/intents", {"summary": key, "wait_ms": 0}, {"Idempotency-Key": key})
            assert retried.json()["id"] == acked[key]
    kept: dict[str, list[str]] = {}
    cursor = ""
    while True:
        page = daemon.get(f"/v1/intents?order=asc&limit=500{cursor}").json()
        for row in page["data"]:
            kept.setdefault(row["summary"], []).append(row["id"])
        cursor = f"&cursor={page['next_cursor']}"
        if not page["has_more"]:
            break
    assert all(kept.get(key) == [id_] for key, id_ in acked.items())
    assert all(len(ids) == 1 for ids in kept.values())
    assert daemon.post("/v1/admin/database:check").json() == {"ok": True, "problems": []}


def test_acknowledged_intents_survive_crashes_once_each(fresh: GitRepo) -> None:
    with running() as daemon:
        daemon.register(fresh)
        acknowledged_under_kills(daemon, 3)


@pytest.mark.long
def test_acknowledged_intents_survive_a_hundred_crashes_once_each(fresh: GitRepo) -> None:
    with running() as daemon:
        daemon.register(fresh)
        acknowledged_under_kills(daemon, 100)


def test_an_intent_that_a_crash_left_pending_is_analysed_by_the_next_daemon(
    daemon: Daemon, repo: GitRepo
) -> None:
    repo.write({"app.py": "def one():\n    return 'changed'\n", "a\nb.py": "def odd():\n    pass\n"})
    ids = [
        daemon.log(f"Pending {n}", files=files)["id"] for n, files in enumerate([["app.py"], ["a\nb.py"], []])
    ]
    daemon.restart(signal.SIGKILL)
    for id_ in ids:
        eventually(lambda id_=id_: daemon.get(f"/v1/intents/{id_}").json()["analysis"] == "done")
    counts = [daemon.get(f"/v1/intents/{id_}").json() for id_ in ids]
    assert [(c["nodes_changed"], c["nodes_added"]) for c in counts] == [(1, 0), (0, 1), (1, 1)]


# clients that vanish


def test_a_client_that_dies_leaves_its_intent_whole_or_absent(daemon: Daemon, repo: GitRepo) -> None:
    body = json.dumps({"summary": "Left half way [ENG-4]"}).encode()
    head = f"POST /v1/intents HTTP/1.1\r\nHost: aura\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for sent in (head, head + body[:10], head + body[:-1]):
        daemon.raw(sent, close=True)
    for _ in range(5):
        daemon.raw(head + body, close=True)
    daemon.log("The last")
    found = eventually(lambda: (r := daemon.get("/v1/intents?ticket=ENG-4").data) and _all_done(r) and r)
    assert 1 <= len(found) <= 5
    assert all(row["tickets"] == [{"system": "linear", "id": "ENG-4"}] for row in found)
    events = daemon.get("/v1/events?type=intent.logged&order=desc&limit=20").data
    told = {event["data"]["intent_id"] for event in events}
    assert {row["id"] for row in found} <= told


def _all_done(found: list[dict[str, Any]]) -> bool:
    return all(row["analysis"] == "done" for row in found)


# a full disk


@contextmanager
def small_disk(size: str) -> Iterator[Path]:
    with short_home() as home:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(home)], capture_output=True
        )
        if done.returncode:
            pytest.skip("a tmpfs cannot be mounted here")
        try:
            yield home
        finally:
            subprocess.run(["umount", "-l", str(home)], check=True)


def test_a_full_disk_refuses_writes_answers_reads_and_heals_by_itself(fresh: GitRepo) -> None:
    with small_disk("8m") as home:
        daemon = Daemon(home).start()
        try:
            daemon.register(fresh)
            kept = daemon.log("Before")["id"]
            room = shutil.disk_usage(home).free
            (home / "filler").write_bytes(b"x" * (room - 64 * 1024))
            refused = None
            written = [kept]
            for n in range(400):
                reply = daemon.post("/v1/intents", {"summary": f"{n} " + "x" * 15_000, "wait_ms": 0})
                if reply.status != 201:
                    refused = reply
                    break
                written.append(reply.json()["id"])
            assert refused is not None
            assert (refused.status, refused.error["code"]) == (507, "storage_full")
            assert refused.error["hint"]
            assert daemon.get(f"/v1/intents/{kept}").json()["summary"] == "Before"
            assert daemon.get("/v1/intents?aggregate=count").status == 200
            assert daemon.get("/livez").status == 200
            (home / "filler").unlink()
            after = eventually(
                lambda: (
                    (r := daemon.post("/v1/intents", {"summary": "After", "wait_ms": 0})).status == 201 and r
                )
            )
            written.append(after.json()["id"])
            ids = {row["id"] for row in daemon.get("/v1/intents?source=log&limit=500").data}
            assert set(written) <= ids
            assert daemon.post("/v1/admin/database:check").json()["ok"] is True
            assert daemon.get("/readyz").status == 200
        finally:
            daemon.stop()


def test_it_stops_in_time_on_a_full_disk(fresh: GitRepo) -> None:
    with small_disk("4m") as home:
        daemon = Daemon(home).start()
        daemon.register(fresh)
        (home / "filler").write_bytes(b"x" * shutil.disk_usage(home).free)
        for _ in range(30):
            daemon.post("/v1/intents", {"summary": "x" * 15_000, "wait_ms": 0})
        began = time.monotonic()
        assert daemon.kill(signal.SIGTERM) == 0
        assert time.monotonic() - began < 5


# files


@pytest.fixture
def home() -> Iterator[Path]:
    with short_home() as home:
        (home / "aura").mkdir(mode=0o700)
        yield home


def test_a_newer_database_is_refused_by_name(home: Path) -> None:
    db = apsw.Connection(str(home / "aura" / "aura.db"))
    db.pragma("user_version", 999)
    db.close()
    assert refusal(Daemon(home))["code"] == "database_newer"


def test_a_damaged_database_is_refused_by_name(home: Path) -> None:
    (home / "aura" / "aura.db").write_bytes(b"this is no database, and it is long enough to be seen so" * 100)
    assert refusal(Daemon(home))["code"] == "database_damaged"


def test_damage_within_is_told_and_never_served_as_good(home: Path, fresh: GitRepo) -> None:
    daemon = Daemon(home).start()
    daemon.register(fresh)
    batch = {"intents": [{"summary": f"{n} " + "y" * 3000} for n in range(100)]}
    daemon.post("/v1/intents:batch", batch)
    daemon.stop()
    file = home / "aura" / "aura.db"
    content = bytearray(file.read_bytes())
    for page in range(len(content) // 4096):
        if content[page * 4096 : page * 4096 + 4096].count(b"y") > 2000:
            content[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    file.write_bytes(content)
    daemon.start()
    try:
        checked = daemon.post("/v1/admin/database:check").json()
        assert checked["ok"] is False
        assert checked["problems"]
        reply = daemon.get("/v1/intents?source=log&limit=500")
        assert (reply.status, reply.error["code"]) == (500, "database_damaged")
        assert "backup" in reply.error["hint"]
    finally:
        daemon.stop()


def test_a_backup_is_made_while_the_database_is_in_use(daemon: Daemon, repo: GitRepo, tmp_path: Path) -> None:
    kept = daemon.log("To be backed up")["id"]
    target = tmp_path / "copy.db"
    reply = daemon.post("/v1/admin/database:backup", {"file": str(target)})
    assert (reply.status, reply.json()) == (
        201,
        {"file": str(target), "bytes": target.stat().st_size, "contents": None, "contents_bytes": 0},
    )
    with short_home() as home:
        (home / "aura").mkdir(mode=0o700)
        shutil.copy(target, home / "aura" / "aura.db")
        restored = Daemon(home).start()
        assert restored.get(f"/v1/intents/{kept}").json()["summary"] == "To be backed up"
        restored.stop()
    for file, code in (
        (str(target), "conflict"),
        ("relative.db", "invalid_request"),
        (str(tmp_path / "none" / "x.db"), "file_not_found"),
        ("/tmp/\0x", "invalid_request"),
        (str(tmp_path / ("x" * 300)), "permission_denied"),
    ):
        reply = daemon.post("/v1/admin/database:backup", {"file": file})
        assert reply.error["code"] == code
        assert reply.error["hint"]


def test_a_backup_restores_what_snapshots_hold(daemon: Daemon, repo: GitRepo, tmp_path: Path) -> None:
    repo.write({"kept.txt": b"as it was"})
    kept = daemon.post("/v1/snapshots", {"paths": ["kept.txt"]}, repo=repo.path).json()["id"]
    made = daemon.post("/v1/admin/database:backup", {"file": str(tmp_path / "copy.db")}).json()
    contents = tmp_path / "copy.db.blobs"
    assert (made["contents"], made["contents_bytes"]) == (str(contents), contents.stat().st_size)
    with short_home() as home:
        (home / "aura").mkdir(mode=0o700)
        shutil.copy(tmp_path / "copy.db", home / "aura" / "aura.db")
        restored = Daemon(home).start()
        lost = restored.post("/v1/admin/database:check", {}).json()
        assert lost == {"ok": False, "problems": ["blobs.db: 1 contents that snapshots need are not there"]}
        restored.stop()
        shutil.copy(contents, home / "aura" / "blobs.db")
        restored.start()
        assert restored.post("/v1/admin/database:check", {}).json()["ok"]
        assert restored.get(f"/v1/snapshots/{kept}/content").body == b"as it was"
        restored.stop()
    other = tmp_path / "other.db"
    other.with_name("other.db.blobs").touch()
    refused = daemon.post("/v1/admin/database:backup", {"file": str(other)})
    assert (refused.error["code"], other.exists()) == ("conflict", False)


# starting and stopping


def test_of_twenty_starts_at_once_one_wins_and_the_others_say_who(home: Path) -> None:
    processes = [Daemon(home).launch() for _ in range(20)]
    winner = Daemon(home)
    eventually(lambda: os.path.exists(winner.path) and sum(p.poll() is None for p in processes) == 1, 60)
    pid = eventually(lambda: winner.get("/v1/status").json()["pid"])
    for process in processes:
        if process.pid == pid:
            process.terminate()
            _, said = process.communicate(timeout=20)
            assert process.returncode == 0, said
            continue
        _, said = process.communicate(timeout=20)
        error = json.loads(said.splitlines()[-1])["error"]
        assert (process.returncode, error["code"]) == (1, "daemon_running")
        assert str(pid) in error["message"]
        assert "restart" in error["hint"]


def test_a_stale_socket_is_cleaned_away_and_the_new_one_is_private(home: Path) -> None:
    daemon = Daemon(home).start()
    daemon.kill(signal.SIGKILL)
    assert os.path.exists(daemon.path)
    daemon.start()
    assert daemon.get("/livez").status == 200
    assert os.stat(daemon.path).st_mode & 0o777 == 0o600
    assert os.stat(home / "aura").st_mode & 0o777 == 0o700
    for file in (home / "aura").iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    daemon.stop()
    assert not os.path.exists(daemon.path)


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_a_foreign_thing_at_the_sockets_path_is_left_alone(home: Path, what: str) -> None:
    daemon = Daemon(home)
    if what == "file":
        Path(daemon.path).write_text("mine")
    elif what == "folder":
        os.mkdir(daemon.path)
    else:
        os.symlink("/tmp/somewhere/else", daemon.path)
    error = refusal(daemon)
    assert error["code"] == "conflict"
    assert daemon.path in error["hint"]
    assert os.path.lexists(daemon.path)


def test_a_socket_on_which_somebody_answers_is_never_taken_away(home: Path) -> None:
    daemon = Daemon(home)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(daemon.path)
        other.listen()
        error = refusal(daemon)
    assert error["code"] == "daemon_running"
    assert os.path.exists(daemon.path)


def test_a_linked_home_is_refused(home: Path) -> None:
    (home / "aura").rename(home / "elsewhere")
    (home / "aura").symlink_to(home / "elsewhere")
    error = refusal(Daemon(home))
    assert error["code"] == "permission_denied"
    assert list((home / "elsewhere").iterdir()) == []


def test_an_open_home_is_closed(home: Path) -> None:
    (home / "aura").chmod(0o755)
    daemon = Daemon(home).start()
    daemon.stop()
    assert (home / "aura").stat().st_mode & 0o777 == 0o700


def test_a_home_whose_path_is_too_long_is_refused(home: Path) -> None:
    (home / ("x" * 100)).mkdir()
    error = refusal(Daemon(home / ("x" * 100)))
    assert "too long" in error["message"]
    assert "AURA_HOME" in error["hint"]


def test_a_taken_port_is_told_and_leaves_nothing_behind(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        error = refusal(Daemon(home, "--http", f"127.0.0.1:{taken.getsockname()[1]}"))
    assert error["code"] == "conflict"
    daemon = Daemon(home).start()
    daemon.stop()


@pytest.mark.parametrize(
    "http", ["nowhere", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", ":7420", "127.0.0.1:x"]
)
def test_an_address_that_is_none_is_told(home: Path, http: str) -> None:
    assert refusal(Daemon(home, "--http", http))["code"] == "invalid_request"


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
def test_another_user_is_refused_even_where_the_folder_lets_them_in(home: Path) -> None:
    daemon = Daemon(home).start()
    try:
        for path, mode in ((home, 0o755), (home / "aura", 0o755), (Path(daemon.path), 0o666)):
            path.chmod(mode)
        done = subprocess.run(
            [
                "setpriv",
                "--reuid=65534",
                "--clear-groups",
                "curl",
                "-s",
                "--unix-socket",
                daemon.path,
                "http://a/v1/status",
            ],
            capture_output=True,
            text=True,
        )
        assert json.loads(done.stdout)["error"]["code"] == "permission_denied"
    finally:
        daemon.stop()


def test_who_waits_for_an_analysis_is_answered_when_the_daemon_stops(home: Path, tmp_path: Path) -> None:
    repo = python_repo(tmp_path / "slow")
    repo.write({f"m{i}.py": f"def f{i}():\n" + "    x = [1, 2, (3, 4)]\n" * 20_000 for i in range(4)})
    daemon, replies = Daemon(home).start(), list[Any]()
    daemon.register(repo)
    body = {"summary": "Slow to analyse", "wait_ms": 60_000}
    waiting = threading.Thread(target=lambda: replies.append(daemon.post("/v1/intents", body)))
    waiting.start()
    eventually(lambda: daemon.get("/v1/intents?source=log").data)
    began = time.monotonic()
    assert daemon.kill(signal.SIGTERM) == 0
    assert time.monotonic() - began < 5
    waiting.join()
    assert (replies[0].status, replies[0].json()["analysis"]) == (201, "pending")
    daemon.start()
    id_ = replies[0].json()["id"]
    eventually(lambda: daemon.get(f"/v1/intents/{id_}").json()["analysis"] != "pending", 60)
    daemon.stop()


def test_the_log_is_structured_and_private(daemon: Daemon, repo: GitRepo) -> None:
    daemon.log("Confidential words")
    text = (daemon.home / "aura" / "daemon.log").read_text()
    entries = [json.loads(line) for line in text.splitlines()]
    assert all({"at", "level", "logger", "message"} <= set(entry) for entry in entries)
    assert "Confidential words" not in text
