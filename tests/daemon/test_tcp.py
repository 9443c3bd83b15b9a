"""TCP: a token, the right Host, no foreign origin, and a scope for every operation."""

import asyncio
import hashlib
import json
import re
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import apsw
import pytest
from aiohttp import web
from aura.daemon import access
from aura.daemon.runner import Runner

from aura.api import SCOPES, now_us
from aura.op import Operation
from aura.operations import OPERATIONS

from ..gitrepo import GitRepo
from ..running import Daemon, Reply, free_port, running

ORIGIN = "http://localhost:3000"
FREE = sorted(o.path for o in OPERATIONS.values() if o.scope is None)
GUARDED = [o for o in OPERATIONS.values() if o.scope is not None]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with running(
        "--http", f"127.0.0.1:{free_port()}", "--cors", ORIGIN, "--host-name", "aura.test:7"
    ) as daemon:
        yield daemon


def token_with(daemon: Daemon, scopes: str, *, expires_in: int = 3600, secret: str = "") -> str:
    """Put a scoped token into the database, as a later version hands them out."""
    secret = secret or f"aura_short_{scopes or 'none'}_{expires_in}"
    db = apsw.Connection(str(daemon.home / "aura" / "aura.db"))
    db.set_busy_timeout(5000)
    digest, now = hashlib.sha256(secret.encode()).digest(), now_us()
    row = (digest, "short", scopes, now, now + expires_in * 1_000_000)
    db.execute(
        "INSERT OR REPLACE INTO tokens (digest, kind, scopes, created_at, expires_at) VALUES (?,?,?,?,?)", row
    )
    db.close()
    return secret


def ask(daemon: Daemon, operation: Operation, headers: dict[str, str]) -> Reply:
    path = re.sub(r"{\w+}", "wkt_none", operation.path)
    return daemon.tcp(operation.method, path, {} if operation.in_body else None, headers)


# tokens


@pytest.mark.parametrize("operation", GUARDED, ids=lambda o: o.name)
def test_without_a_token_nothing_is_answered(daemon: Daemon, operation: Operation) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
    ):
        reply = ask(daemon, operation, headers)
        assert (reply.status, reply.error["code"]) == (401, "unauthorized")
        assert "aura daemon token" in reply.error["hint"]


@pytest.mark.parametrize("path", FREE)
def test_probes_and_documents_are_free(daemon: Daemon, path: str) -> None:
    assert daemon.tcp("GET", path).status == 200


def test_a_short_lived_token_opens_everything(daemon: Daemon, repo: GitRepo) -> None:
    reply = daemon.post("/v1/tokens:short")
    assert (reply.status, set(reply.json())) == (201, {"token", "expires_in_seconds"})
    status = daemon.tcp("GET", "/v1/status", None, {"Authorization": f"bearer {reply.json()['token']}"})
    assert (status.status, status.json()["http"]) == (200, daemon.http)


def test_an_expired_token_is_refused_at_once(daemon: Daemon) -> None:
    for seconds, status in ((60, 200), (0, 401), (-60, 401)):
        token = token_with(daemon, "admin", expires_in=seconds)
        assert daemon.tcp("GET", "/v1/status", None, {"Authorization": f"Bearer {token}"}).status == status


def test_a_token_is_kept_as_a_hash_and_never_logged(daemon: Daemon, repo: GitRepo) -> None:
    token = daemon.post("/v1/tokens:short").json()["token"]
    assert len(token) > 40
    daemon.tcp("GET", "/v1/status", None, {"Authorization": f"Bearer {token}"})
    daemon.tcp("GET", "/v1/intents?limit=0", None, {"Authorization": f"Bearer {token}"})
    daemon.tcp("GET", "/v1/status", None, {"Authorization": f"Bearer {token}x"})
    daemon.tcp("GET", "/" + "a" * 9000, None, {"Authorization": f"Bearer {token}"})
    for file in (daemon.home / "aura").iterdir():
        if file.is_file():
            assert token.encode() not in file.read_bytes(), file
    with open(f"/proc/{daemon.pid}/cmdline", "rb") as line:
        assert token.encode() not in line.read()


def test_a_token_in_the_url_opens_nothing(daemon: Daemon) -> None:
    token = daemon.post("/v1/tokens:short").json()["token"]
    assert daemon.tcp("GET", f"/v1/intents?token={token}").status == 401


# scopes


@pytest.mark.parametrize("operation", GUARDED, ids=lambda o: o.name)
def test_an_operation_opens_to_its_scope_and_to_admin_alone(
    daemon: Daemon, repo: GitRepo, operation: Operation
) -> None:
    for scope in sorted(SCOPES):
        headers = {"Authorization": f"Bearer {token_with(daemon, scope)}"}
        if operation.name in ("hooks.drain", "status.token", "database.check") and scope == "admin":
            continue  # these would do what they are for
        reply = ask(daemon, operation, headers)
        if scope in (operation.scope, "admin"):
            assert reply.status not in (401, 403), (scope, reply)
        else:
            assert (reply.status, reply.error["code"]) == (403, "scope_missing"), (scope, reply)
            assert str(operation.scope) in reply.error["message"]
    assert ask(daemon, operation, {"Authorization": f"Bearer {token_with(daemon, '')}"}).status == 403


def test_a_token_may_hold_several_scopes(daemon: Daemon, repo: GitRepo) -> None:
    headers = {"Authorization": f"Bearer {token_with(daemon, 'read_intents write_intents')}"}
    assert daemon.tcp("GET", "/v1/intents", None, headers).status == 200
    assert daemon.tcp("POST", "/v1/intents", {"summary": "Scoped", "wait_ms": 0}, headers).status == 201
    assert daemon.tcp("GET", "/v1/events", None, headers).status == 403


def test_a_key_of_one_token_is_not_replayed_to_another(daemon: Daemon, repo: GitRepo) -> None:
    body, made = {"summary": "Mine", "wait_ms": 0}, set()
    for token in (
        token_with(daemon, "write_intents", secret="one"),
        token_with(daemon, "admin", secret="two"),
    ):
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "shared"}
        made.add(daemon.tcp("POST", "/v1/intents", body, headers).json()["id"])
    made.add(daemon.post("/v1/intents", body, {"Idempotency-Key": "shared"}).json()["id"])
    assert len(made) == 3


def test_the_guard_comes_before_the_body(daemon: Daemon) -> None:
    assert daemon.tcp("POST", "/v1/intents", b"not json at all").status == 401


# hosts


def spoken(daemon: Daemon, head: str) -> int:
    host, _, port = daemon.http.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(head.replace("\n", "\r\n").encode() + b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: sock.recv(65536), b""))
    return int(answer.split()[1])


@pytest.mark.parametrize(
    "path", ["/livez", "/openapi.json", "/docs", "/v1/intents", "/v1/events?subscribe=true", "/none"]
)
@pytest.mark.parametrize(
    "host",
    [
        "evil.com", "localhost.evil.com:{port}", "x.local", "", "0.0.0.0:{port}", "LOCALHOST:{port}",
        "localhost.:{port}", "localhost", "127.0.0.1", "127.0.0.1:1", "localhost:{port}\nHost: evil.com",
        "[::]:{port}", "aura.test:{port}", "127.0.0.1:{port}@evil.com", "2130706433:{port}",
    ],
)  # fmt: skip
def test_a_foreign_host_is_refused_before_anything(daemon: Daemon, path: str, host: str) -> None:
    port = daemon.http.rpartition(":")[2]
    assert spoken(daemon, f"GET {path} HTTP/1.1\nHost: {host.format(port=port)}\n") in (400, 403)


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}"])
def test_the_hosts_of_this_machine_are_served(daemon: Daemon, host: str) -> None:
    port = daemon.http.rpartition(":")[2]
    assert spoken(daemon, f"GET /livez HTTP/1.1\nHost: {host.format(port=port)}\n") == 200


def test_a_missing_host_is_refused(daemon: Daemon) -> None:
    assert spoken(daemon, "GET /livez HTTP/1.1\n") in (400, 403)
    assert spoken(daemon, "GET /livez HTTP/1.0\n") in (400, 403)


def test_the_refusal_says_how_to_allow_a_host(daemon: Daemon) -> None:
    reply = daemon.tcp("GET", "/livez", None, {"Host": "evil.com"})
    assert (reply.status, reply.error["code"]) == (403, "host_refused")
    assert "--host-name" in reply.error["hint"]


def test_on_the_socket_any_host_and_origin_will_do(daemon: Daemon) -> None:
    reply = daemon.get(
        "/livez", {"Host": "evil.com", "Origin": "https://evil.com", "Sec-Fetch-Site": "cross-site"}
    )
    assert reply.status == 200


# browsers

FOREIGN = [
    {"Origin": "https://evil.com"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:3001"},
    {"Origin": "http://localhost:3000.evil.com"},
    {"Origin": "https://localhost:3000"},
    {"Origin": ORIGIN.upper()},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_page_is_refused_even_with_a_token(
    daemon: Daemon, repo: GitRepo, headers: dict[str, str], method: str
) -> None:
    path = "/v1/worktrees/wkt_none" if method == "DELETE" else "/v1/intents"
    body = {"summary": "Forged"} if method == "POST" else None
    reply = daemon.tcp(method, path, body, headers | daemon.bearer())
    assert (reply.status, reply.error["code"]) == (403, "origin_refused")
    assert "--cors" in reply.error["hint"]
    assert "Access-Control-Allow-Origin" not in reply.headers


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "text/plain; application/json",
    ],
)
def test_a_body_that_a_page_can_send_unasked_is_refused(
    daemon: Daemon, repo: GitRepo, content_type: str
) -> None:
    body = json.dumps({"summary": "Forged"}).encode()
    reply = daemon.tcp("POST", "/v1/intents", body, {"Content-Type": content_type} | daemon.bearer())
    assert (reply.status, reply.error["code"]) == (415, "unsupported_media_type")
    ok = {"Content-Type": "application/json; charset=utf-8"} | daemon.bearer()
    assert daemon.tcp("POST", "/v1/intents", body, ok).status == 201


def test_the_named_origin_alone_may_read_answers(daemon: Daemon, repo: GitRepo) -> None:
    reply = daemon.tcp(
        "GET", "/v1/intents", None, {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"} | daemon.bearer()
    )
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert reply.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in reply.headers
    assert "X-Request-Id" in reply.headers["Access-Control-Expose-Headers"]
    error = daemon.tcp("GET", "/v1/intents", None, {"Origin": ORIGIN})
    assert (error.status, error.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
    own = daemon.tcp("GET", "/v1/intents", None, {"Origin": f"http://{daemon.http}"} | daemon.bearer())
    assert own.status == 200
    plain = daemon.tcp("GET", "/v1/intents", None, daemon.bearer())
    assert "Access-Control-Allow-Origin" not in plain.headers


def test_a_preflight_is_answered_for_the_named_origin(daemon: Daemon) -> None:
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    reply = daemon.tcp("OPTIONS", "/v1/intents", None, asked)
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "POST" in reply.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key", "Aura-Repo", "Last-Event-ID"):
        assert name in reply.headers["Access-Control-Allow-Headers"]


def test_an_event_stream_needs_a_token_and_its_origin(daemon: Daemon, repo: GitRepo) -> None:
    assert daemon.tcp("GET", "/v1/events?subscribe=true").status == 401
    headers = {"Origin": "https://evil.com"} | daemon.bearer()
    assert daemon.tcp("GET", "/v1/events?subscribe=true", None, headers).status == 403


@pytest.fixture(scope="module")
def bare() -> Iterator[Daemon]:
    with running(
        "--http", f"127.0.0.1:{free_port()}", "--http-auth", "none", "--host-name", "aura.test"
    ) as daemon:
        yield daemon


def test_without_cors_no_origin_is_ever_allowed(bare: Daemon) -> None:
    for method in ("GET", "OPTIONS"):
        reply = bare.tcp(method, "/v1/status", None, {"Origin": ORIGIN})
        assert reply.status == 403
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_without_auth_the_documents_curl_lines_work_and_a_warning_is_logged(
    bare: Daemon, fresh: GitRepo
) -> None:
    bare.register(fresh)
    assert bare.tcp("GET", "/v1/status").json()["repo"] == "fresh"
    sent: dict[str, Any] = {
        "summary": "Port auth config loader",
        "tickets": [{"system": "linear", "id": "ENG-1500"}],
    }
    reply = bare.tcp("POST", "/v1/intents", sent)
    assert (reply.status, reply.json()["tickets"]) == (201, sent["tickets"])
    assert "anybody" in (bare.home / "aura" / "daemon.log").read_text()
    assert bare.tcp("GET", "/v1/status", None, {"Host": "evil.com"}).status == 403
    port = bare.http.rpartition(":")[2]
    assert bare.tcp("GET", "/v1/status", None, {"Host": f"aura.test:{port}"}).status == 200
    assert bare.tcp("GET", "/v1/status", None, {"Sec-Fetch-Site": "cross-site"}).status == 403


def test_repositories_are_named_over_tcp_as_on_the_socket(bare: Daemon, fresh: GitRepo) -> None:
    bare.register(fresh)
    assert bare.tcp("GET", f"/v1/intents?repo={quote(str(fresh.path))}").status == 200


# the connection


async def test_a_connection_over_tcp_is_one_also_when_it_has_just_been_lost() -> None:
    said: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    async def answer(request: web.Request) -> web.Response:
        while request.transport is not None:
            await asyncio.sleep(0)
        said.set_result(access.on_tcp(request))
        return web.Response()

    app, port = web.Application(), free_port()
    app.router.add_get("/", answer)
    runner = Runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: aura\r\n\r\n")
        writer.close()
        assert await asyncio.wait_for(said, 20) is True
    finally:
        await runner.cleanup()
