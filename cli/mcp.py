"""`aura mcp`: a thin client of the daemon that speaks MCP on standard input and output."""

import asyncio
import contextlib
import os
import signal
from typing import Any

import click

from aura import __version__, wire

from . import call, tools

AGENTS = {"claude": "claude-code", "codex": "codex", "cursor": "cursor"}
"""How the names that clients give begin, and what their hooks call them."""

ABOUT = (
    "aura knows who else changes this repository, in which work tree, and why each function is what it is."
    " aura_status when you begin; aura_check before you edit; aura_log_intent when a piece of work is done."
)


@click.command("mcp")
@click.option("--repo", metavar="PATH", help="The work tree, instead of the present folder.")
def command(repo: str | None) -> None:
    """Serve coding agents over MCP, on standard input and output, until the input ends.

    The agent gets a session, unless AURA_SESSION names one; it ends with the input.
    """
    try:
        import mcp  # noqa: F401  # asked here, so that its absence is told before anything else
    except ImportError:
        call.refuse(
            {
                "code": "invalid_request",
                "message": "cannot serve MCP: the package mcp is not installed",
                "hint": "pip install 'aura[mcp]'",
            }
        )
    tools.go_to(repo)
    session = Session()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(session))
    session.end()


class Session:
    """The agent's session: that of its environment, that of its hooks, or one of its own."""

    def __init__(self) -> None:
        self._given = bool(os.environ.get("AURA_SESSION"))
        self._own: str | None = None

    def take(self, client: str) -> None:
        """Have a live session in this work tree before a tool is called; without one act as the user."""
        if self._given:
            return
        agent = next((a for begin, a in AGENTS.items() if client.lower().startswith(begin)), client or "mcp")
        reply = call.raw("GET", "/v1/status")
        worktree = reply.json().get("worktree") if reply.status == 200 else None
        if worktree is None:
            return
        query = {"state": "live,lost", "actor": agent, "worktree": worktree, "limit": 50}
        there = {row["id"]: row["state"] for row in call.send("GET", "/v1/sessions", query=query)["data"]}
        live = [id_ for id_, state in there.items() if state == "live"]
        if self._own not in there and len(live) == 1:
            os.environ["AURA_SESSION"] = live[0]
            return
        if self._own not in there:
            self._own = str(call.send("POST", "/v1/sessions", {"agent": agent[:100]})["id"])
        os.environ["AURA_SESSION"] = str(self._own)

    def end(self) -> None:
        """End the session that was started here; the daemon is not started for that."""
        if self._own is not None:
            with contextlib.suppress(wire.NoDaemon, OSError):
                wire.request("POST", f"/v1/sessions/{self._own}:end", timeout=2)


async def _serve(session: Session) -> None:
    from mcp.server.context import ServerRequestContext
    from mcp.server.lowlevel import Server
    from mcp.server.stdio import stdio_server
    from mcp_types import (
        CallToolRequestParams,
        CallToolResult,
        ListToolsResult,
        PaginatedRequestParams,
        TextContent,
        Tool,
    )

    by_name = {tool.name: tool for tool in tools.TOOLS}
    entering = asyncio.Lock()

    async def list_tools(
        context: ServerRequestContext[Any], given: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return ListToolsResult(
            tools=[Tool(name=t.name, description=t.when, input_schema=t.schema) for t in tools.TOOLS]
        )

    async def call_tool(context: ServerRequestContext[Any], given: CallToolRequestParams) -> CallToolResult:
        who = context.session.client_params
        try:
            async with entering:
                await asyncio.to_thread(session.take, who.client_info.name if who else "")
            text, failed = await asyncio.to_thread(_answered, by_name.get(given.name), given), False
        except call.Refusal as refusal:
            text, failed = _refusal(refusal.error), True
        except Exception as error:
            text, failed = _refusal(_fault(error)), True
        return CallToolResult(content=[TextContent(type="text", text=text)], is_error=failed)

    server: Server[Any] = Server(
        "aura", version=__version__, instructions=ABOUT, on_list_tools=list_tools, on_call_tool=call_tool
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _leave, session)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _leave(session: Session) -> None:
    """End at once: what waits for standard input cannot be told to stop."""
    session.end()
    os._exit(0)


def _answered(tool: tools.Tool | None, given: Any) -> str:
    if tool is None:
        names = ", ".join(t.name for t in tools.TOOLS)
        call.refuse(
            {
                "code": "invalid_request",
                "message": f"cannot call {given.name}: there is no such tool",
                "hint": f"The tools are {names}.",
            }
        )
    return tools.answer(tool, dict(given.arguments or {}))


def _refusal(error: dict[str, Any]) -> str:
    hint = f"\nhint: {error['hint']}" if error.get("hint") else ""
    return tools.cut(f"{error['code']}: {error['message']}{hint}", "aura daemon logs")


def _fault(error: Exception) -> dict[str, Any]:
    return {
        "code": "internal_error",
        "message": f"cannot answer: {type(error).__name__}: {error}",
        "hint": "aura doctor",
    }
