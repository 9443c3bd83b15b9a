"""What coding agents' editors read: their files of hooks and of MCP servers, and our entries in them.

Claude Code has `settings.json`, and Codex a `hooks.json` of the same shape; Cursor has one of its own.
Everything else in these files is kept as it is; what is not understood is refused, never written over.
"""

import json
import os
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple

Config = dict[str, Any]
SCRIPT = "agent-hook"
MARK = f".aura}}/{SCRIPT}"
COMMAND = f"""sh -c 'h="${{AURA_HOME:-$HOME/.aura}}/{SCRIPT}"; [ -x "$h" ] && exec "$h" "$@"; exit 0' aura"""
"""Runs the script where there is one: a configuration that is shared breaks nobody's editor."""

TIMEOUT_SECONDS = 5
BEGIN, END = "# aura begin: `aura agent-hooks uninstall` removes this", "# aura end"


class Broken(Exception):
    """A file that cannot be changed: what is wrong with it."""


class Wired(NamedTuple):
    """What the editor calls an event of ours, and which tools it is about."""

    event: str
    native: str
    matcher: str | None = None


class Editor(NamedTuple):
    """An editor: its folder in a project and at home, its file of hooks, and that of its MCP servers."""

    name: str
    folder: str
    home: str
    hooks: str
    wired: tuple[Wired, ...]
    servers: str
    note: str = ""

    def path(self, root: str | None, file: str) -> str:
        """Return the path of a file in a project, or at home."""
        if root is not None:
            return os.path.join(root, file if file.startswith(".") else f"{self.folder}/{file}")
        at_home = os.environ.get(self.home) or os.path.join(os.path.expanduser("~"), self.folder)
        return os.path.join(at_home, os.path.basename(file))


def _wired(before: str) -> tuple[Wired, ...]:
    return (
        Wired("session-start", "SessionStart"),
        Wired("before-edit", "PreToolUse", before),
        Wired("after-edit", "PostToolUse", before),
        Wired("stop", "Stop"),
        Wired("session-end", "SessionEnd"),
    )


EDITORS = {
    editor.name: editor
    for editor in (
        Editor(
            "claude-code",
            ".claude",
            "CLAUDE_CONFIG_DIR",
            "settings.json",
            _wired("Edit|Write|MultiEdit|NotebookEdit"),
            ".mcp.json",
        ),
        Editor(
            "cursor",
            ".cursor",
            "",
            "hooks.json",
            (
                Wired("session-start", "sessionStart"),
                Wired("before-edit", "preToolUse", "Write|Edit|StrReplace|Delete|EditNotebook"),
                Wired("after-edit", "afterFileEdit"),
                Wired("stop", "stop"),
                Wired("session-end", "sessionEnd"),
            ),
            "mcp.json",
        ),
        Editor(
            "codex",
            ".codex",
            "CODEX_HOME",
            "hooks.json",
            _wired("apply_patch|Edit|Write"),
            "config.toml",
            "Codex runs them when they are trusted: /hooks in Codex shows and trusts them",
        ),
    )
}


def with_hooks(editor: Editor, config: Config) -> Config:
    """Return a configuration with our hooks in it, and everything else as it was. Raises Broken."""
    made = without_hooks(editor, config)
    if editor.name == "cursor":
        made = {"version": 1, **made}
    hooks = made["hooks"] = dict(made.get("hooks", {}))
    for wired in editor.wired:
        hooks[wired.native] = [*hooks.get(wired.native, []), _entry(editor, wired)]
    return made


def without_hooks(editor: Editor, config: Config) -> Config:
    """Return a configuration without our hooks, and everything else as it was. Raises Broken."""
    if "hooks" not in config:
        return dict(config)
    hooks = {}
    for native, entries in _events(config).items():
        kept = [left for entry in entries for left in _without(entry)]
        if kept or not entries:
            hooks[native] = kept
    made = config | {"hooks": hooks}
    if not hooks and config["hooks"]:
        del made["hooks"]
    return made


def wired(editor: Editor, config: Config) -> dict[str, str]:
    """Return how each event stands: installed, outdated, or absent. Raises Broken."""
    events = _events(config)
    found = {}
    for one in editor.wired:
        ours = [entry for entry in events.get(one.native, []) if _is_ours(entry)]
        current = ours == [_entry(editor, one)]
        found[one.event] = "installed" if current else "outdated" if ours else "absent"
    return found


def is_empty(config: Config) -> bool:
    """Tell whether nothing is left that a file would be kept for."""
    return not config or config == {"version": 1}


def with_server(editor: Editor, text: str, command: list[str]) -> str:
    """Return a file of MCP servers with ours in it. Raises Broken."""
    if editor.servers.endswith(".toml"):
        return _with_table(without_server(editor, text), command)
    config = parse(text)
    servers = _object(config, "mcpServers")
    if "aura" in servers and not _is_server(servers["aura"]):
        raise Broken("it has another MCP server that is called aura")
    arguments = ["--repo", "${workspaceFolder}"] if editor.name == "cursor" else []
    ours = {"command": command[0], "args": [*command[1:], "mcp", *arguments]}
    return dump(config | {"mcpServers": servers | {"aura": ours}}, text)


def without_server(editor: Editor, text: str) -> str:
    """Return a file of MCP servers without ours; an empty text where nothing else is in it. Raises Broken."""
    if editor.servers.endswith(".toml"):
        before, begin, rest = text.partition(f"{BEGIN}\n")
        _, end, after = rest.partition(f"{END}\n")
        if begin and not end:
            raise Broken(f"a line {END!r} is missing")
        # The empty line before ours was ours.
        return before.removesuffix("\n") + after if begin and before.endswith("\n\n") else before + after
    config = parse(text)
    servers = _object(config, "mcpServers")
    if not _is_server(servers.get("aura")):
        return text
    rest_ = {name: server for name, server in servers.items() if name != "aura"}
    made = config | {"mcpServers": rest_}
    if not rest_:
        del made["mcpServers"]
    return dump(made, text) if made else ""


def has_server(editor: Editor, text: str) -> bool:
    """Tell whether a file of MCP servers has ours."""
    if editor.servers.endswith(".toml"):
        return f"{BEGIN}\n" in text
    return _is_server(_object(parse(text), "mcpServers").get("aura"))


def parse(text: str) -> Config:
    """Read JSON that can be written again without loss; an empty text is an empty object. Raises Broken."""
    if not text.strip():
        return {}
    try:
        config = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Broken(f"it is no plain JSON: {error}") from None
    if not isinstance(config, dict):
        raise Broken("it holds no JSON object")
    return config


def dump(config: Config, before: str) -> str:
    """Write JSON, indented as it was before."""
    indent = next((len(line) - len(line.lstrip(" ")) for line in before.split("\n") if line[:1] == " "), 2)
    text = json.dumps(config, indent="\t" if "\n\t" in before else indent, ensure_ascii="\\u" in before)
    return f"{text}\n"


def _entry(editor: Editor, wired: Wired) -> Config:
    command = f"{COMMAND} {editor.name} {wired.event}"
    matcher = {"matcher": wired.matcher} if wired.matcher else {}
    if editor.name == "cursor":
        return {**matcher, "command": command, "timeout": TIMEOUT_SECONDS}
    return {**matcher, "hooks": [{"type": "command", "command": command, "timeout": TIMEOUT_SECONDS}]}


def _events(config: Config) -> dict[str, list[Any]]:
    hooks = _object(config, "hooks")
    for native, entries in hooks.items():
        if not isinstance(entries, list):
            raise Broken(f"hooks.{native} is no list")
    return hooks


def _without(entry: Any) -> list[Any]:
    """Return what is left of an entry without our hook: all of it, a part, or nothing."""
    if not _is_ours(entry):
        return [entry]
    inner = entry.get("hooks")
    if not isinstance(inner, list):
        return []
    kept = [hook for hook in inner if not _is_ours(hook)]
    return [{**entry, "hooks": kept}] if kept else []


def _is_ours(entry: Any) -> bool:
    return any(MARK in command for command in _commands(entry))


def _commands(entry: Any) -> Iterator[str]:
    if isinstance(entry, dict):
        if isinstance(command := entry.get("command"), str):
            yield command
        inner = entry.get("hooks")
        for hook in inner if isinstance(inner, list) else ():
            yield from _commands(hook)


def _is_server(server: Any) -> bool:
    if not isinstance(server, dict) or not isinstance(args := server.get("args"), list):
        return False
    return "mcp" in args and any("aura" in str(word) for word in (server.get("command"), *args))


def _with_table(text: str, command: list[str]) -> str:
    words = ", ".join(json.dumps(word) for word in (*command[1:], "mcp"))
    ours = f"[mcp_servers.aura]\ncommand = {json.dumps(command[0])}\nargs = [{words}]\n"
    try:
        before = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Broken(f"it is no TOML: {error}") from None
    servers = before.get("mcp_servers", {})
    if not isinstance(servers, dict) or "aura" in servers:
        raise Broken("it has another MCP server that is called aura")
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    made = f"{text}{gap}{BEGIN}\n{ours}{END}\n"
    try:
        after = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        raise Broken("its mcp_servers is written so that nothing can be added below it") from None
    if {**after, "mcp_servers": {**after["mcp_servers"], "aura": None}} != {
        **before,
        "mcp_servers": {**servers, "aura": None},
    }:
        raise Broken("nothing can be added below it")
    return made


def _object(config: Config, name: str) -> dict[str, Any]:
    found = config.get(name, {})
    if not isinstance(found, dict):
        raise Broken(f"{name} is no object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> Config:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("an object holds the same key twice")
    return dict(pairs)


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON")
