"""What every answer carries: the error shape, the headers, the version."""

import asyncio
import json
import re
import subprocess
from pathlib import Path

import pytest
from aiohttp import web
from aura.daemon.app import build
from aura.daemon.callers import Callers
from aura.daemon.context import Context
from aura.daemon.manual import MANUAL
from aura.daemon.runner import Runner
from aura.daemon.stream import Tail

from aura import API_VERSION, __version__
from aura.errors import CODES, AuraError
from aura.ids import is_id
from aura.operations import OPERATIONS
from aura.repo.pool import Pool
from aura.store import Store

from ..gitrepo import GitRepo
from ..running import Daemon, Reply, short_home


def whole(reply: Reply) -> None:
    """What every answer has."""
    assert reply.headers["X-Aura-Version"] == __version__
    assert is_id(reply.headers["X-Request-Id"], "req")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert int(reply.headers["Content-Length"]) == len(reply.body)
    if reply.status >= 400:
        error = reply.error
        assert CODES[error["code"]].status == reply.status
        assert error["message"].startswith("cannot ")
        assert error["hint"]
        assert error["request_id"] == reply.headers["X-Request-Id"]
        assert reply.headers["Content-Type"] == "application/json"


def test_every_kind_of_answer_has_its_shape_and_headers(daemon: Daemon, repo: GitRepo) -> None:
    kinds = {
        200: daemon.get("/v1/status"),
        201: daemon.post("/v1/intents", {"summary": "Say so", "wait_ms": 0}),
        400: daemon.get("/v1/intents?limit=0"),
        404: daemon.get("/v1/intents/itn_none"),
        405: daemon.call("DELETE", "/v1/intents"),
        413: daemon.post("/v1/intents", b"x" * (1 << 20) + b"x"),
        426: daemon.get("/v1/status", {"Aura-API-Version": ">=9.0"}),
    }
    kinds[422] = daemon.post("/v1/intents", {"summary": "one", "wait_ms": 0}, {"Idempotency-Key": "shape"})
    kinds[422] = daemon.post("/v1/intents", {"summary": "two", "wait_ms": 0}, {"Idempotency-Key": "shape"})
    for status, reply in kinds.items():
        assert reply.status == status, reply
        whole(reply)


def test_an_unknown_route_and_method_say_what_there_is(daemon: Daemon, repo: GitRepo) -> None:
    for path in (
        "/",
        "/v1",
        "/v1/",
        "/v2/intents",
        "/v1/intents/",
        "/v1/intents/itn_x:dance",
        "/favicon.ico",
    ):
        reply = daemon.get(path)
        assert (reply.status, reply.error["code"]) == (404, "route_not_found"), path
        whole(reply)
    reply = daemon.call("PATCH", "/v1/intents", {})
    assert reply.error["code"] == "method_not_allowed"
    assert reply.headers["Allow"] == "GET,HEAD,POST"
    assert "POST" in reply.error["hint"]


def test_the_same_list_is_asked_for_by_its_head(daemon: Daemon, repo: GitRepo) -> None:
    reply = daemon.call("HEAD", "/v1/intents")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["X-Aura-Version"] == __version__


def test_request_ids_differ_and_sort(daemon: Daemon, repo: GitRepo) -> None:
    ids = [daemon.get("/livez").headers["X-Request-Id"] for _ in range(20)]
    assert ids == sorted(set(ids))


def test_error_codes_are_a_closed_set_in_snake_case() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in CODES)
    with pytest.raises(KeyError):
        AuraError("no_such_code", "cannot do it")


def test_every_operation_declares_a_scope_but_probes_and_documents() -> None:
    free = {o.path for o in OPERATIONS.values() if o.scope is None}
    assert free <= {"/livez", "/readyz", "/healthz", "/openapi.json", "/docs", "/metrics"}


MAJOR, MINOR = (int(part) for part in API_VERSION.split("."))


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (API_VERSION, 200),
        (f">={API_VERSION}", 200),
        (f" >= {API_VERSION} ", 200),
        (">=1.0", 200),
        (">=1", 200),
        (f">={MAJOR}.{MINOR + 1}", 426),
        (f">{API_VERSION}", 426),
        (f">{MAJOR}.{MINOR - 1}", 200),
        (f"=={API_VERSION}", 200),
        ("==1.0", 426),
        (f"~={API_VERSION}", 200),
        (f"~={MAJOR}.{MINOR + 1}", 426),
        ("~=0.9", 426),
        (">=2.0", 426),
        ("<2", 400),
        ("latest", 400),
        (">=1.3.0", 400),
        ("", 200),
    ],
)
def test_a_client_pins_the_version_it_needs(daemon: Daemon, repo: GitRepo, wanted: str, status: int) -> None:
    reply = daemon.get("/v1/status", {"Aura-API-Version": wanted})
    assert reply.status == status, reply
    assert daemon.get("/v1/status").json()["api_version"] == API_VERSION
    if status == 426:
        assert reply.error["code"] == "upgrade_required"
        assert reply.error["details"]["api_version"] == API_VERSION


async def test_a_fault_of_our_own_has_the_shape_too_and_tells_nothing() -> None:
    with short_home() as home:
        store = Store(home / "aura.db")
        pool = Pool(size=1)
        context = Context(
            store=store,
            pool=pool,
            background=pool,
            graphs=None,  # neither calls nor threads are needed
            callers=Callers(store),
            threads=None,
            tail=Tail(asyncio.get_running_loop()),
            socket=str(home / "s"),
        )

        async def broken(request: web.Request) -> web.Response:
            raise ZeroDivisionError("the secret of the house")

        app = build(context, MANUAL)
        app.router.add_get("/broken", broken)
        runner = Runner(app)
        await runner.setup()
        await web.UnixSite(runner, str(home / "s")).start()
        try:
            done = await asyncio.to_thread(
                subprocess.run,
                ["curl", "-si", "--unix-socket", str(home / "s"), "http://aura/broken"],
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            await runner.cleanup()
            pool.close()
            store.close()
    head, _, body = done.stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 500")
    assert "X-Request-Id: req_" in head
    error = json.loads(body)["error"]
    assert error["code"] == "internal_error"
    assert error["request_id"] in error["hint"]
    assert "secret" not in done.stdout


def test_the_status_names_the_only_repository_and_its_place(daemon: Daemon, repo: GitRepo) -> None:
    status = daemon.get("/v1/status").json()
    assert (status["repo"], status["worktree"]) == ("acme/widgets", str(Path(repo.path).resolve()))
    assert (status["branch"], status["head"]) == ("main", repo.rev("HEAD"))
    assert (status["version"], status["pid"], status["strict_mode"]) == (__version__, daemon.pid, False)
    assert status["team"]["connected"] is False


def test_the_status_without_a_repository_is_an_answer(empty_daemon: Daemon, fresh: GitRepo) -> None:
    for repo in (None, fresh.path, "/"):
        reply = empty_daemon.get("/v1/status", repo=repo)
        assert (reply.status, reply.json()["repo"]) == (200, None)


def test_probes_tell_of_each_part(daemon: Daemon) -> None:
    for path in ("/livez", "/readyz", "/healthz"):
        reply = daemon.get(path)
        assert (reply.status, reply.json()["status"]) == (200, "ok")
        assert all({"name", "ok", "detail"} == set(check) for check in reply.json()["checks"])
