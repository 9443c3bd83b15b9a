"""Events as a list and as a stream: in order, each once, and never lost between the log and live."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon, Frames, eventually, running

HEARTBEAT = 0.3


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with running("--heartbeat", str(HEARTBEAT)) as daemon:
        yield daemon


def last(daemon: Daemon) -> int:
    seq: int = daemon.get("/v1/events?order=desc&limit=1").data[0]["seq"]
    return seq


def test_the_list_is_ascending_and_can_be_polled(daemon: Daemon, repo: GitRepo) -> None:
    daemon.log("To be seen")
    page = daemon.get("/v1/events?limit=500").json()
    seqs = [row["seq"] for row in page["data"]]
    assert seqs == sorted(set(seqs))
    assert page["next_cursor"]
    daemon.log("Seen later")
    eventually(lambda: daemon.get("/v1/intents?analysis=pending").data == [])
    more = daemon.get(f"/v1/events?limit=500&cursor={page['next_cursor']}").data
    assert all(row["seq"] > seqs[-1] for row in more)
    assert "Seen later" in {row["data"].get("summary") for row in more}


def test_an_event_has_the_envelope(daemon: Daemon, repo: GitRepo) -> None:
    intent = daemon.log("In an envelope", {"Aura-Session": "ses_1"})
    row = next(r for r in daemon.get("/v1/events?type=intent.logged&order=desc").data)
    assert set(row) == {"event_id", "seq", "type", "at", "repo", "worktree", "session", "actor", "data"}
    assert (row["repo"], row["session"]) == ("acme/widgets", "ses_1")
    assert row["worktree"] == str(repo.path.resolve())
    assert row["actor"] == {"id": "ada@example.org", "kind": "human", "name": ""}
    assert row["data"]["intent_id"] == intent["id"]
    assert row["event_id"].startswith("evt_")


def test_the_list_is_filtered_and_refuses_unknown_types(daemon: Daemon, repo: GitRepo) -> None:
    daemon.log("Of a session", {"Aura-Session": "ses_f"})
    assert {r["type"] for r in daemon.get("/v1/events?type=worktree.registered").data} == {
        "worktree.registered"
    }
    assert {r["session"] for r in daemon.get("/v1/events?session=ses_f").data} == {"ses_f"}
    assert {r["actor"]["id"] for r in daemon.get("/v1/events?actor=aura").data} <= {"aura"}
    assert daemon.get("/v1/events?type=intent.dreamt").status == 400
    assert daemon.get("/v1/events?type=intent.dreamt&subscribe=true").error["details"] == {"path": "$.type"}


def test_a_stream_has_the_documents_frame_and_the_headers(daemon: Daemon, repo: GitRepo) -> None:
    with Frames(daemon, "/v1/events?subscribe=true") as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["X-Aura-Version"]
        assert stream.response.headers["X-Request-Id"].startswith("req_")
        assert stream.next() == {"comment": "aura"}
        intent = daemon.log("Now")
        event = stream.event()
        assert (event["type"], event["data"]["intent_id"]) == ("intent.logged", intent["id"])
        rows = daemon.get("/v1/events?order=desc").data
        assert event in rows


def test_heartbeats_keep_a_quiet_stream_alive(daemon: Daemon, repo: GitRepo) -> None:
    with Frames(daemon, "/v1/events?session=nobody") as stream:
        assert [stream.next()["comment"] for _ in range(3)] == ["aura", "heartbeat", "heartbeat"]


@pytest.mark.parametrize("how", ["Last-Event-ID", "a number as cursor", "a list's cursor"])
def test_a_stream_resumes_where_the_client_stood(daemon: Daemon, repo: GitRepo, how: str) -> None:
    start = last(daemon)
    page = daemon.get("/v1/events?limit=500").json()
    while page["has_more"]:
        page = daemon.get(f"/v1/events?limit=500&cursor={page['next_cursor']}").json()
    logged = [daemon.log(f"Missed {n}")["id"] for n in range(5)]
    headers = {"Last-Event-ID": str(start)} if how == "Last-Event-ID" else {}
    cursor = {"a number as cursor": str(start), "a list's cursor": page["next_cursor"]}.get(how)
    path = "/v1/events?type=intent.logged" + (f"&cursor={cursor}" if cursor else "")
    with Frames(daemon, path, headers) as stream:
        assert [stream.event()["data"]["intent_id"] for _ in logged] == logged
        live = daemon.log("And now")["id"]
        assert stream.event()["data"]["intent_id"] == live


def test_without_a_place_a_stream_begins_now(daemon: Daemon, repo: GitRepo) -> None:
    daemon.log("Before")
    with Frames(daemon, "/v1/events?type=intent.logged", {"Last-Event-ID": ""}) as stream:
        assert stream.next() == {"comment": "aura"}
        now = daemon.log("After")["id"]
        assert stream.event()["data"]["intent_id"] == now


def test_a_stream_is_filtered_by_type_session_and_actor(daemon: Daemon, repo: GitRepo) -> None:
    path = f"/v1/events?type=intent.logged&session={quote('ses_a,ses_b')}&actor=ada@example.org"
    with Frames(daemon, path) as stream:
        stream.next()
        daemon.log("Of nobody")
        one = daemon.log("One", {"Aura-Session": "ses_a"})["id"]
        daemon.log("Another", {"Aura-Session": "ses_c"})
        two = daemon.log("Two", {"Aura-Session": "ses_b"})["id"]
        assert [stream.event()["data"]["intent_id"] for _ in range(2)] == [one, two]


@pytest.mark.parametrize("said", ["x", "-1", "1.5", "²", "9" * 30])
def test_a_place_that_is_none_is_refused(daemon: Daemon, repo: GitRepo, said: str) -> None:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": said}
    assert daemon.get("/v1/events", headers).error["code"] == "invalid_cursor"
    assert daemon.get(f"/v1/events?subscribe=true&cursor={quote(said)}").error["code"] == "invalid_cursor"


def test_a_place_beyond_the_end_waits_for_what_comes(daemon: Daemon, repo: GitRepo) -> None:
    with Frames(daemon, "/v1/events?type=intent.logged", {"Last-Event-ID": str(10**15)}) as stream:
        stream.next()
        now = daemon.log("Now")["id"]
        assert stream.event()["data"]["intent_id"] == now


@pytest.mark.parametrize("name", ["since=1h", "until=1h", "group_by=type", "aggregate=count"])
def test_what_only_a_list_can_do_is_refused_in_a_stream(daemon: Daemon, repo: GitRepo, name: str) -> None:
    reply = daemon.get(f"/v1/events?subscribe=true&{name}")
    assert (reply.status, reply.error["details"]) == (400, {"path": f"$.{name.partition('=')[0]}"})


def test_nothing_is_lost_or_repeated_between_the_log_and_live(daemon: Daemon, repo: GitRepo) -> None:
    """Clients come and go, and resume, while others write."""
    start, stop = last(daemon), threading.Event()
    written: list[str] = []

    def write() -> None:
        while not stop.is_set():
            written.append(daemon.log("Under load")["id"])

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[int] = []
    ids: list[str] = []
    place = start
    try:
        for _ in range(25):
            with Frames(daemon, "/v1/events?type=intent.logged", {"Last-Event-ID": str(place)}) as stream:
                for _ in range(7):
                    event = stream.event()
                    seen.append(event["seq"])
                    ids.append(event["data"]["intent_id"])
                place = seen[-1]
    finally:
        stop.set()
        writer.join()
    assert seen == sorted(set(seen))
    assert ids == written[: len(ids)]


def test_each_event_is_seen_once_over_crashes(daemon: Daemon, repo: GitRepo) -> None:
    place, ids, logged = last(daemon), list[str](), list[str]()
    for round_ in range(3):
        with Frames(daemon, "/v1/events?type=intent.logged", {"Last-Event-ID": str(place)}) as stream:
            logged += [daemon.log(f"Round {round_}.{n}")["id"] for n in range(4)]
            for _ in range(2):
                event = stream.event()
                ids.append(event["data"]["intent_id"])
                place = event["seq"]
        daemon.restart(signal.SIGKILL)
    with Frames(daemon, "/v1/events?type=intent.logged", {"Last-Event-ID": str(place)}) as stream:
        while len(ids) < len(logged):
            ids.append(stream.event()["data"]["intent_id"])
    assert ids == logged


def resident(daemon: Daemon) -> int:
    with open(f"/proc/{daemon.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_reader_that_stalls_is_dropped_and_holds_little(daemon: Daemon, repo: GitRepo) -> None:
    body = {"intents": [{"summary": f"{n} " + "x" * 5_000} for n in range(180)]}
    # What the posts themselves cost is there before the readers are.
    for _ in range(4):
        daemon.post("/v1/intents:batch", body)
    start = last(daemon)
    before, clients = resident(daemon), list[socket.socket]()
    for _ in range(8):
        sock = socket.socket(socket.AF_UNIX)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(20)
        sock.connect(daemon.path)
        sock.sendall(b"GET /v1/events?subscribe=true HTTP/1.1\r\nHost: aura\r\n\r\n")
        assert sock.recv(4096)
        clients.append(sock)
    written = [id_["ok"]["id"] for _ in range(4) for id_ in daemon.post("/v1/intents:batch", body).json()]
    assert resident(daemon) - before < 8 * (2 << 20) + (24 << 20)
    for sock in clients:
        eventually(lambda sock=sock: _ended(sock))
        sock.close()
    seen = list[str]()
    with Frames(daemon, "/v1/events?type=intent.logged", {"Last-Event-ID": str(start)}) as stream:
        while len(seen) < len(written):
            seen.append(stream.event()["data"]["intent_id"])
    assert seen == written


def _ended(sock: socket.socket) -> bool:
    try:
        return sock.recv(1 << 20) == b""
    except ConnectionResetError:
        return True


def test_streams_end_when_the_daemon_stops_and_it_stops_in_time(repo: GitRepo, daemon: Daemon) -> None:
    stalled = socket.socket(socket.AF_UNIX)
    stalled.connect(daemon.path)
    stalled.sendall(b"GET /v1/events?subscribe=true&cursor=0 HTTP/1.1\r\nHost: aura\r\n\r\n")
    with Frames(daemon, "/v1/events") as stream, Frames(daemon, "/v1/events") as other:
        began = time.monotonic()
        assert daemon.kill(signal.SIGTERM) == 0
        assert time.monotonic() - began < 5
        assert stream.event() == other.event() == {}
    stalled.close()
    assert not os.path.exists(daemon.path)
    daemon.start()
