"""Asking for a stream: what it cannot keep to is refused, and its head has no body."""

import pytest

from ..gitrepo import GitRepo
from ..running import Daemon

STREAM = {"Accept": "text/event-stream"}


@pytest.mark.parametrize(
    "given",
    ["since=1d", "until=1d", "group_by=type", "aggregate=count", "order=asc", "order=desc", "limit=1"],
)
@pytest.mark.parametrize("asking", ["subscribe", "accept"])
def test_what_only_a_list_can_keep_to_is_refused_by_its_path(
    daemon: Daemon, repo: GitRepo, given: str, asking: str
) -> None:
    path = f"/v1/events?{given}" + ("&subscribe=true" if asking == "subscribe" else "")
    reply = daemon.get(path, STREAM if asking == "accept" else {})
    assert (reply.status, reply.error["code"]) == (400, "invalid_request")
    assert reply.error["details"]["path"] == f"$.{given.partition('=')[0]}"
    assert reply.error["hint"]


@pytest.mark.parametrize(("path", "headers"), [("?subscribe=true", {}), ("", STREAM)])
def test_the_head_of_a_stream_ends(daemon: Daemon, repo: GitRepo, path: str, headers: dict[str, str]) -> None:
    sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"HEAD /v1/events{path} HTTP/1.1\r\nHost: aura\r\nConnection: close\r\n{sent}\r\n"
    answer = daemon.raw(head.encode(), seconds=5)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"text/event-stream" in answer
    assert answer.endswith(b"\r\n\r\n")
    assert b": aura" not in answer


def test_the_head_of_a_list_is_that_of_a_list(daemon: Daemon, repo: GitRepo) -> None:
    reply = daemon.call("HEAD", "/v1/events?order=desc&limit=1")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers.get_content_type() == "application/json"
