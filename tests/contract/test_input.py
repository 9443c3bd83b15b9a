"""What a request may hold: everything else is refused with the JSON path, and nothing crashes."""

import gzip
import json
import os
import string
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..gitrepo import GitRepo
from ..running import Daemon, Reply

MIB = 1 << 20


def refused(reply: Reply, path: str) -> None:
    assert reply.status == 400, reply
    error = reply.error
    assert error["code"] == "invalid_request"
    assert error["message"].startswith("cannot ")
    assert error["hint"]
    assert error["details"]["path"] == path, error


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"summary": "a", "colour": "red"}, "$.colour"),
        ({"summary": "a", "tickets": [{"system": "x", "id": "y", "z": 1}]}, "$.tickets[0].z"),
        ({"summary": 3}, "$.summary"),
        ({"summary": None}, "$.summary"),
        ({"summary": ""}, "$.summary"),
        ({}, "$.summary"),
        ({"summary": "a", "wait_ms": "2"}, "$.wait_ms"),
        ({"summary": "a", "wait_ms": 10**40}, "$.wait_ms"),
        ({"summary": "a", "wait_ms": -1}, "$.wait_ms"),
        ({"summary": "a", "files": ["x", 1]}, "$.files[1]"),
        ([], "$"),
        ("text", "$"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(
    daemon: Daemon, repo: GitRepo, body: Any, path: str
) -> None:
    refused(daemon.post("/v1/intents", body), path)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b'{"summary": NaN}',
        b'{"summary": "a", "summary": "b"}',
        b'{"summary": "a", "tickets": [{"system": "s", "id": "1", "id": "2"}]}',
        b'{"summary": "\xff"}',
        b'{"summary": "\\ud800"}',
        b'{"summary": "\\udc00\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b"[" * 65 + b'"' + b'\\"' * 500_000,
    ],
    ids=range(11),
)
def test_json_with_no_reading_or_two_is_refused(daemon: Daemon, repo: GitRepo, body: bytes) -> None:
    refused(daemon.post("/v1/intents", body, timeout=5), "$")


def test_a_number_that_none_can_hold_is_refused(daemon: Daemon, repo: GitRepo) -> None:
    reply = daemon.post("/v1/intents", b'{"summary": "a", "wait_ms": 1e999}')
    assert (reply.status, reply.error["code"]) == (400, "invalid_request")


def test_bad_utf8_is_refused_with_its_place(daemon: Daemon, repo: GitRepo) -> None:
    message = daemon.post("/v1/intents", b'{"summary": "ab\xff"}').error["message"]
    assert "byte 15" in message


@pytest.mark.parametrize(
    "path",
    [
        "/v1/intents?colour=red",
        "/v1/settings/strict_mode?colour=red",
        "/v1/status?colour=red",
        "/livez?colour=red",
    ],
)
def test_an_unknown_parameter_is_refused(daemon: Daemon, repo: GitRepo, path: str) -> None:
    refused(daemon.get(path), "$.colour")


def test_an_unknown_parameter_of_a_write_is_refused(daemon: Daemon, repo: GitRepo) -> None:
    refused(daemon.post("/v1/intents?dry_run=true", {"summary": "a"}), "$.dry_run")
    refused(daemon.post("/v1/hooks:drain", {"now": True}), "$.now")


def test_a_field_of_the_path_may_not_be_said_twice(daemon: Daemon, repo: GitRepo) -> None:
    body = {"name": "tickets.system", "value": "jira"}
    refused(daemon.call("PUT", "/v1/settings/strict_mode", body), "$.name")
    refused(daemon.get("/v1/settings/strict_mode?name=tickets.system"), "$.name")


@pytest.mark.parametrize("limit", ["0", "501", "-1", "ten", "1.5", "", str(10**30)])
def test_a_limit_that_is_none_is_refused(daemon: Daemon, repo: GitRepo, limit: str) -> None:
    refused(daemon.get(f"/v1/intents?limit={limit}"), "$.limit")


@pytest.mark.parametrize("since", ["yesterday", "30", "d", "-3d", "2026-13-01", "٣d"])
def test_a_time_that_is_none_is_refused_with_an_example(daemon: Daemon, repo: GitRepo, since: str) -> None:
    reply = daemon.get(f"/v1/intents?since={quote(since)}")
    refused(reply, "$.since")
    assert "30d" in reply.error["hint"]


TEXT = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\0\x01\n\r\t\u2028\ufeff\U0001f600"),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
@given(summary=TEXT, ticket=TEXT)
def test_any_text_comes_back_as_it_was_sent(daemon: Daemon, repo: GitRepo, summary: str, ticket: str) -> None:
    sent = {"summary": summary, "wait_ms": 0, "tickets": [{"system": "x", "id": ticket}]}
    logged = daemon.post("/v1/intents", json.dumps(sent, ensure_ascii=False).encode())
    assert logged.status == 201, logged
    kept = daemon.get(f"/v1/intents/{logged.json()['id']}").json()
    assert kept["summary"] == summary
    assert {"system": "x", "id": ticket} in kept["tickets"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "summary",
    "tickets",
    "commit",
    "files",
    "prove_goals",
    "goal",
    "goals",
    "command",
    "timeout_s",
    "dry_run",
    "wait_ms",
    "intents",
    "path",
    "file",
]
BODIES = JSON | st.dictionaries(st.sampled_from(NAMES), JSON, max_size=5)
WRITES = [
    ("POST", "/v1/intents"),
    ("POST", "/v1/intents:batch"),
    ("POST", "/v1/worktrees"),
    ("PUT", "/v1/settings/tickets.system"),
    ("POST", "/v1/admin/database:backup"),
    ("POST", "/v1/prove"),
    ("POST", "/v1/prove/goals"),
]


@settings(max_examples=120, derandomize=True, suppress_health_check=list(HealthCheck))
@given(route=st.sampled_from(WRITES), body=BODIES | st.binary(max_size=60))
def test_no_body_makes_the_daemon_fail(
    daemon: Daemon, repo: GitRepo, route: tuple[str, str], body: Any
) -> None:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    reply = daemon.call(*route, sent)
    assert reply.status < 500, reply
    if reply.status >= 400:
        assert reply.error["message"].startswith("cannot ")


READS = [
    "/v1/intents?branch={}",
    "/v1/intents?since={}",
    "/v1/intents?cursor={}",
    "/v1/intents?order=asc&cursor={}",
    "/v1/intents?group_by={}",
    "/v1/intents?aggregate={}",
    "/v1/intents/{}",
    "/v1/intents/{}/nodes",
    "/v1/why?file={}&line=1",
    "/v1/why?entity={}",
    "/v1/entities?path={}",
    "/v1/diff?from={}",
    "/v1/diff?path={}",
    "/v1/settings/{}",
    "/v1/worktrees/{}",
    "/v1/events?cursor={}&subscribe=true&limit=0",
    "/v1/status?repo={}",
]
ODD = (
    st.binary(min_size=1, max_size=12)
    | TEXT.map(str.encode)
    | st.sampled_from(
        [
            b"\xed\xa0\x80",
            b"\0",
            "²".encode(),
            b"--output=x",
            b"../../etc/passwd",
            b"@{-1}",
            b"HEAD^{tree}",
            b"a" * 4000,
        ]
    )
)


@settings(max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck))
@given(route=st.sampled_from(READS), value=ODD)
def test_no_parameter_makes_the_daemon_fail(daemon: Daemon, repo: GitRepo, route: str, value: bytes) -> None:
    quoted = "".join(chr(b) if chr(b) in string.ascii_letters else f"%{b:02X}" for b in value)
    reply = daemon.get(route.format(quoted))
    assert reply.status < 500, reply
    if reply.status >= 400:
        assert reply.error["message"].startswith("cannot ")


@pytest.mark.parametrize(
    "header", ["Aura-Repo", "Aura-Session", "Idempotency-Key", "Aura-API-Version", "Last-Event-ID"]
)
@pytest.mark.parametrize("value", ["%00", "%ED%A0%80", "%FF", "\xff", "/%FF", "a" * 4000, "\u00b2"])
def test_no_header_makes_the_daemon_fail(daemon: Daemon, repo: GitRepo, header: str, value: str) -> None:
    reply = daemon.post("/v1/intents", {"summary": "a", "wait_ms": 0}, {header: value})
    assert reply.status < 500, reply
    if reply.status >= 400:
        assert reply.error["message"].startswith("cannot ")


def resident(daemon: Daemon) -> int:
    with open(f"/proc/{daemon.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_a_large_body_is_refused_by_its_length_alone(daemon: Daemon, repo: GitRepo) -> None:
    head = b"POST /v1/intents HTTP/1.1\r\nHost: aura\r\nContent-Length: %d\r\n\r\n"
    with daemon.connected() as sock:
        sock.sendall(head % (1 << 30))
        answer = sock.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413")
    error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
    assert (error["code"], bool(error["hint"])) == ("body_too_large", True)


def test_a_client_that_asks_first_is_not_told_to_send_a_large_body(daemon: Daemon, repo: GitRepo) -> None:
    ask = b"POST /v1/intents HTTP/1.1\r\nHost: aura\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with daemon.connected() as sock:
        sock.sendall(ask % (2 * MIB))
        assert sock.recv(65536).startswith(b"HTTP/1.1 413")
    with daemon.connected() as sock:
        sock.sendall(ask % 2)
        assert sock.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(b"{}")
        assert sock.recv(65536).startswith(b"HTTP/1.1 400")


def test_a_large_body_in_chunks_is_refused_and_not_held(daemon: Daemon, repo: GitRepo) -> None:
    before = resident(daemon)
    head = b"POST /v1/intents HTTP/1.1\r\nHost: aura\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with daemon.connected() as sock:
        sock.sendall(head)
        for _ in range(64):
            sock.sendall(chunk)
        assert sock.recv(65536).startswith(b"HTTP/1.1 413")
    assert resident(daemon) - before < 8 * MIB


def test_a_body_of_just_the_limit_is_read(daemon: Daemon, repo: GitRepo) -> None:
    at = b'{"summary": "' + b"x" * (MIB - 15) + b'"}'
    assert len(at) == MIB
    refused(daemon.post("/v1/intents", at), "$.summary")
    assert daemon.post("/v1/intents", at + b" ").status == 413


def test_what_is_no_http_is_refused_in_the_same_shape(daemon: Daemon) -> None:
    for sent in (
        b"GET /v1/status HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"\x16\x03\x01hello\r\n\r\n",
    ):
        head, _, body = daemon.raw(sent).partition(b"\r\n\r\n")
        assert b" 400 " in head.split(b"\r\n")[0]
        assert b"X-Request-Id: req_" in head
        assert json.loads(body)["error"]["code"] == "invalid_request"


BOMB = gzip.compress(b" " * (1 << 28))


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "identity, gzip", "nonsense"])
def test_an_encoded_body_is_refused_unread(daemon: Daemon, repo: GitRepo, encoding: str) -> None:
    for body in (BOMB, b"no such thing", b""):
        began = time.monotonic()
        reply = daemon.post("/v1/intents", body, {"Content-Encoding": encoding})
        assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")
        assert time.monotonic() - began < 1


def test_an_encoded_body_needs_no_token_to_be_refused_and_is_not_asked_for(daemon: Daemon) -> None:
    head = b"POST /v1/intents HTTP/1.1\r\nHost: aura\r\nContent-Encoding: gzip\r\n"
    answer = daemon.raw(head + b"Expect: 100-continue\r\nContent-Length: 100\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 415")


def test_a_body_may_say_that_it_is_what_it_is(daemon: Daemon, repo: GitRepo) -> None:
    headers = {"Content-Encoding": "identity"}
    reply = daemon.post("/v1/intents", {"summary": "as it is", "dry_run": True}, headers)
    assert reply.status < 300
