"""`aura mcp` as clients meet it, over standard input and output, against a real daemon."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import Implementation

from ..gitrepo import GitRepo
from ..impacted import collide, impacts
from ..running import eventually
from .daemons import AURA, Aura
from .test_agent_hooks import SHOP, Agent, live

NAMES = ["status", "check", "log_intent", "impacts", "zone", "message", "why", "undo"]
TILL = "from shop import pay\n\n\ndef ring():\n    pay(1)\n"


class Server:
    """A server that runs, and the messages of the protocol as they go over its pipes."""

    def __init__(self, cwd: Path, name: str, *args: str, **env: str) -> None:
        own = {k: v for k, v in os.environ.items() if k != "AURA_SESSION"} | env
        self.process = subprocess.Popen(
            [*AURA, "mcp", *args],
            cwd=cwd,
            env=own,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._last = 0
        about = {"protocolVersion": "2025-06-18", "capabilities": {}}
        self.ask("initialize", {**about, "clientInfo": {"name": name, "version": "1"}})
        self._send({"method": "notifications/initialized"})

    def ask(self, method: str, params: dict[str, Any]) -> Any:
        self._last += 1
        self._send({"id": self._last, "method": method, "params": params})
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._last:
                return answer["result"]
        raise AssertionError("the server ended")

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def _call(self, name: str, given: dict[str, Any]) -> tuple[str, bool]:
        answer = self.ask("tools/call", {"name": f"aura_{name}", "arguments": given})
        (content,) = answer["content"]
        assert len(content["text"]) <= 3_000
        return content["text"], answer.get("isError", False)

    def ok(self, name: str, **given: Any) -> str:
        text, failed = self._call(name, given)
        assert not failed, text
        return text

    def refused(self, name: str, **given: Any) -> str:
        text, failed = self._call(name, given)
        assert failed, text
        return text


@contextmanager
def serving(cwd: Path, *args: str, name: str = "test-agent", **env: str) -> Iterator[Server]:
    server = Server(cwd, name, *args, **env)
    with server.process:
        yield server


def registered(aura: Aura, path: Path) -> GitRepo:
    """A registered repository with a caller of `pay`, and a second work tree, `side`, beside it."""
    repo = GitRepo(path / "repo")
    repo.commit({"shop.py": SHOP, "till.py": TILL}, "begin")
    aura.init(repo)
    repo.git("worktree", "add", "-q", "-b", "side", str(path / "side"))
    return repo


@pytest.fixture
def shop(aura: Aura, tmp_path: Path) -> GitRepo:
    return registered(aura, tmp_path)


@pytest.fixture(scope="module")
def shared(aura: Aura, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(registered(aura, tmp_path_factory.mktemp("shared")).path) as server:
        yield server


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_client_of_the_sdk_lists_and_calls_tools(aura: Aura, shop: GitRepo, mode: str) -> None:
    own = {k: v for k, v in os.environ.items() if k != "AURA_SESSION"}
    server = StdioServerParameters(command=AURA[0], args=[*AURA[1:], "mcp"], cwd=str(shop.path), env=own)
    who = Implementation(name="claude-code", version="1")
    with open(os.devnull, "w") as log:
        async with Client(stdio_client(server, errlog=log), client_info=who, mode=mode) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == [f"aura_{n}" for n in NAMES]
            answer = await client.call_tool("aura_check", {"target": "pay"})
            assert not answer.is_error
            assert answer.content[0].model_dump()["text"] == "pay: clear, nobody else is there"
            assert [s["actor"]["id"] for s in live(aura, shop)] == ["claude-code"]
    eventually(lambda: live(aura, shop) == [])


def test_each_tool_says_when_to_call_it_and_what_it_takes(shared: Server) -> None:
    tools = shared.ask("tools/list", {})["tools"]
    assert len(tools) <= 8
    for tool in tools:
        assert tool["description"].startswith("Call this ")
        assert tool["inputSchema"]["additionalProperties"] is False
        assert all(field["description"] for field in tool["inputSchema"]["properties"].values())
    assert len(json.dumps(tools)) < 8_000


def test_every_operation_that_is_marked_for_a_tool_has_it() -> None:
    from aura.cli.tools import TOOLS

    from aura.operations import OPERATIONS

    assert {o.tool for o in OPERATIONS.values()} - {None} <= {tool.name for tool in TOOLS}


def test_an_agent_works_beside_another(aura: Aura, shop: GitRepo) -> None:
    side = GitRepo(shop.path.parent / "side", init=False)
    with serving(side.path, name="codex-mcp-client") as agent:
        told = agent.ok("status")
        (session,) = live(aura, shop)
        assert session["actor"]["id"] == "codex"
        assert f"branch side, session {session['id']}" in told
        assert agent.ok("check", target="pay") == "pay: clear, nobody else is there"

        shop.write({"shop.py": SHOP.replace("pay(order)", "pay(order, tip)")})
        aura.ok("zone", "claim", "pay", "--mode", "block", cwd=shop.path)
        aura.ok("message", "send", "tips are coming", cwd=shop.path)
        told = agent.ok("check", target="shop.py:2", callers=True)
        assert told.startswith("pay: blocked, do not edit it now")
        assert f"somebody edits it in {shop.path} (main), uncommitted: pay signature changed" in told
        assert "1 call pay: ring (till.py:5)" in told
        assert "tips are coming" in told
        assert "tips are coming" in agent.ok("status")
        told = agent.refused("zone", target="pay")
        assert told.startswith("zone_conflict: cannot claim pay: ")
        assert "\nhint: " in told

        assert "tips are coming" in agent.ok("message")
        assert "unread" not in agent.ok("check", target="pay")
        assert "till.py is yours until" in agent.ok("zone", target="till.py", reason="the till")
        assert "till.py" in agent.ok("zone", action="list")
        agent.ok("message", body="what about the till?", to="ada@example.org")
        assert "what about the till?" in aura.ok("message", "list", cwd=shop.path)

        side.write({"till.py": "def ring():\n    return 2\n"})
        told = agent.ok("log_intent", summary="Ring twice", claims=["no_signature_change"])
        assert "supported" in told
        (intent,) = aura.intents(side, "source=log")
        assert (intent["session"], intent["author"]["id"]) == (session["id"], "codex")
        assert "Ring twice" in agent.ok("why", what="ring")
        assert "begin" in agent.ok("why", what="shop.py:1", limit=1)
    assert live(aura, shop) == []
    assert aura.api("GET", "/v1/zones?owner=codex", repo=shop.path)["data"] == []


@pytest.mark.parametrize(
    ("name", "given", "code"),
    [
        ("check", {}, "invalid_request"),
        ("check", {"target": "nowhere_at_all"}, "entity_not_found"),
        ("check", {"target": "../outside.py"}, "invalid_request"),
        ("check", {"target": 7}, "invalid_request"),
        ("check", {"target": "shop.py", "callers": 1}, "invalid_request"),
        ("log_intent", {"summary": "x", "claims": ["nonsense"]}, "invalid_claim"),
        ("log_intent", {"summary": "x", "claims": "rename_only"}, "invalid_request"),
        ("zone", {"action": "release"}, "invalid_request"),
        ("zone", {"action": "release", "id": "zon_x"}, "zone_not_found"),
        ("zone", {"action": "explode"}, "invalid_request"),
        ("zone", {"target": "shop.py", "expires": "never"}, "invalid_request"),
        ("message", {"action": "send"}, "invalid_request"),
        ("why", {"what": "nowhere_at_all"}, "entity_not_found"),
        ("why", {"what": "shop.py", "limit": -1}, "invalid_request"),
        ("status", {"surprise": 1}, "invalid_request"),
        ("impacts", {"action": "resolve"}, "invalid_request"),
        ("nothing", {}, "invalid_request"),
    ],
)
def test_what_cannot_be_done_is_an_error_with_its_code(
    shared: Server, name: str, given: dict[str, Any], code: str
) -> None:
    told = shared.refused(name, **given)
    assert told.startswith(f"{code}: cannot "), told


def test_impacts_are_listed_shown_and_resolved(aura: Aura, repo: GitRepo) -> None:
    collide(repo)
    aura.init(repo)
    pay, refund = impacts(lambda method, path, body: aura.api(method, path, body, repo=repo.path))
    with serving(repo.path) as agent:
        assert pay in agent.ok("impacts")
        assert pay in agent.ok("status")
        assert "no open impacts" in agent.ok("impacts", severity="info")
        assert "till.py:5" in agent.ok("impacts", id=pay)
        assert agent.ok("impacts", action="resolve", id=pay, note="mended") == f"{pay} is resolved"
        assert agent.ok("impacts", action="dismiss", id=refund) == f"{refund} is dismissed"
        assert agent.ok("impacts").startswith("no open impacts")
        assert agent.refused("impacts", id="imp_x").startswith("impact_not_found: cannot")


def test_a_long_answer_is_cut_and_says_how_to_see_more(aura: Aura, shared: Server) -> None:
    for number in range(40):
        shared.ok("message", body=f"{number} {'long ' * 30}")
    told = shared.ok("message", action="list")
    assert "more characters are left out: aura message list shows them page by page)" in told


def test_hooks_and_mcp_server_of_one_agent_are_one_session(aura: Aura, shop: GitRepo) -> None:
    with serving(shop.path, name="claude-code") as first:
        first.ok("status")
        editor = Agent(aura, shop, "claude-code")
        editor.hear("session-start")
        (session,) = live(aura, shop)
        first.ok("zone", target="pay", mode="block")
        assert editor.edit("before-edit", "shop.py", "total") == {}, "it is its own zone"
    assert live(aura, shop) == [], "the server began it"
    editor.hear("session-start")
    (session,) = live(aura, shop)
    with serving(shop.path, name="claude-code") as second:
        assert f"session {session['id']}" in second.ok("status")
    assert [s["id"] for s in live(aura, shop)] == [session["id"]], "it is not the server's to end"


def test_session_and_work_tree_can_be_given(aura: Aura, shop: GitRepo) -> None:
    given = aura.json("session", "start", "--agent", "mine", cwd=shop.path)["id"]
    with serving(Path("/"), "--repo", str(shop.path), AURA_SESSION=given) as agent:
        assert f"work tree {shop.path}, branch main, session {given}" in agent.ok("status")
        assert "shop.py: clear" in agent.ok("check", target="shop.py")
    assert [s["id"] for s in live(aura, shop)] == [given]


def test_outside_of_any_work_tree_every_tool_says_so(aura: Aura, shop: GitRepo, tmp_path: Path) -> None:
    with serving(tmp_path) as agent:
        assert "in no registered work tree: aura init" in agent.ok("status")
        assert "hint: " in agent.refused("check", target="x.py")


def test_the_daemon_is_started_and_started_again(own: Aura, tmp_path: Path) -> None:
    own.start()
    repo = registered(own, tmp_path)
    own.stop()
    with serving(repo.path, AURA_AUTOSTART="0") as agent:
        for name in ("status", "message"):
            assert agent.refused(name).startswith("daemon_unreachable: cannot reach the daemon")
    with serving(repo.path) as agent:
        first = agent.ok("status")
        own.kill()
        assert agent.ok("status") == first, "the session outlives the daemon"


def test_a_server_that_is_told_to_stop_ends_its_session(aura: Aura, shop: GitRepo) -> None:
    with serving(shop.path) as agent:
        agent.ok("status")
        assert len(live(aura, shop)) == 1
        agent.process.send_signal(signal.SIGTERM)
        assert agent.process.wait(20) == 0
    assert live(aura, shop) == []


def test_a_restore_is_undone_and_done_again(aura: Aura, shop: GitRepo) -> None:
    kept = aura.json("snapshot", "create", "shop.py", cwd=shop.path)["id"]
    shop.write({"shop.py": "gone = 1\n"})
    with serving(shop.path) as agent:
        assert agent.refused("undo").startswith("nothing_to_undo: cannot")
        aura.ok("snapshot", "restore", kept, cwd=shop.path)
        assert (shop.path / "shop.py").read_text() == SHOP
        assert "shop.py" in agent.ok("undo")
        assert (shop.path / "shop.py").read_text() == "gone = 1\n"
        agent.ok("undo", action="redo")
        assert (shop.path / "shop.py").read_text() == SHOP
