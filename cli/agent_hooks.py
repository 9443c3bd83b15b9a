"""`aura agent-hooks`: hooks in coding agents' editors, so that what agents do is known without discipline."""

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import click

from aura import home, wire

from . import call, editors, show
from .editors import EDITORS, SCRIPT, Broken, Editor

TEXT = """#!/bin/sh
# aura agent hook, version 1: coding agents' editors run it; `aura agent-hooks uninstall` takes it out.
# Hands on what the editor tells, and prints the answer; says nothing where none comes within a second.
home=${AURA_HOME:-$HOME/.aura}
[ -S "$home/daemon.sock" ] || exit 0
if command -v curl >/dev/null; then
  said=$({ printf '{"payload":'; cat; printf '}'; } |
    curl -qsf -m 1 --noproxy '*' --unix-socket "$home/daemon.sock" -H 'Content-Type: application/json' \\
      -H 'Expect:' ${AURA_SESSION:+-H "Aura-Session: $AURA_SESSION"} --data-binary @- \\
      "http://aura/v1/agent-hooks/$1/$2" 2>/dev/null) || exit 0
else
  said=$(PYTHON -m aura.cli.agent_hook "$1" "$2" 2>/dev/null) || exit 0
fi
case $2:$said in
session-start:*AURA_SESSION=ses_*)
  # What the agent runs in its shell, git among it, then belongs to the session.
  session=${said#*AURA_SESSION=}
  [ -z "$CLAUDE_ENV_FILE" ] ||
    printf 'export AURA_SESSION=%s\\n' "${session%%[!A-Za-z0-9_]*}" >>"$CLAUDE_ENV_FILE"
  ;;
*:'{}') exit 0 ;;
esac
printf '%s\\n' "$said"
exit 0
"""

_name = click.argument("editor", type=click.Choice(list(EDITORS)))
_user = click.option("--user", is_flag=True, help="For all projects of this user, not only this one.")


@click.group("agent-hooks")
def command() -> None:
    """Install hooks in coding agents' editors, which report what agents do.

    A session begins and ends with the agent's; before an edit the agent is told who else is there, and a zone
    that blocks is kept; when it stops without having said why it changed something, it is asked once.
    """


@command.command("install")
@_name
@_user
@click.option("--mcp", is_flag=True, help="Enter the MCP server, too.")
def install(editor: str, user: bool, mcp: bool) -> None:
    """Write the hooks into the editor's own configuration; what is there already stays."""
    which, root = EDITORS[editor], None if user else _root()
    if mcp:
        _refuse_state_file(which, user)
    script()
    _change(which.path(root, which.hooks), lambda text: _with_hooks(which, text))
    if mcp and find_spec("mcp") is None:
        click.echo("warning: the MCP server needs more: pip install 'aura[mcp]'", err=True)
    if mcp:
        _change(which.path(root, which.servers), lambda text: editors.with_server(which, text, _aura()))
    _show([_stand(which, root)])
    if which.note:
        click.echo(which.note, err=True)


@command.command("uninstall")
@_name
@_user
def uninstall(editor: str, user: bool) -> None:
    """Take our hooks and our MCP server out of the editor's configuration, and nothing else."""
    which, root = EDITORS[editor], None if user else _root()
    _change(which.path(root, which.hooks), lambda text: _without_hooks(which, text))
    if not _is_state_file(which, user):
        _change(which.path(root, which.servers), lambda text: editors.without_server(which, text))
    _show([_stand(which, root)])


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show in which editors the hooks are, for this project and for this user."""
    roots = [_root(), None] if wire.here() else [None]
    found = [_stand(editor, root) for editor in EDITORS.values() for root in roots]
    if as_json:
        call.print_json({"data": found})
    else:
        _show(found)


def script() -> str:
    """Write the script that the hooks run, and return its path."""
    try:
        path = os.path.join(home.prepare(), SCRIPT)
        part = f"{path}.{os.getpid()}.part"
        with open(part, "w", encoding="utf-8") as file:
            file.write(TEXT.replace("PYTHON", _quoted(sys.executable)))
        os.chmod(part, 0o700)
        os.replace(part, path)
    except OSError as error:
        call.refuse(
            {
                "code": "permission_denied",
                "message": f"cannot write the hook into {home.folder()}: {error.strerror or error}",
                "hint": "Check who may write there, or set AURA_HOME.",
            }
        )
    return path


def _with_hooks(editor: Editor, text: str) -> str:
    config = editors.parse(text)
    made = editors.with_hooks(editor, config)
    return text if made == config else editors.dump(made, text)


def _without_hooks(editor: Editor, text: str) -> str:
    config = editors.parse(text)
    made = editors.without_hooks(editor, config)
    if made == config:
        return text
    return "" if editors.is_empty(made) else editors.dump(made, text)


def _change(path: str, change: Callable[[str], str]) -> None:
    """Change a file as a whole or not at all; one that would be empty is removed."""
    try:
        # A link into somebody's collection of such files stays a link.
        whole = os.path.realpath(path)
        text = _read(whole)
        made = change(text)
        if made == text:
            return
        if not made:
            os.unlink(whole)
            return
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        part = f"{whole}.{os.getpid()}.part"
        with open(part, "w", encoding="utf-8", newline="") as file:
            file.write(made)
        if os.path.exists(whole):
            shutil.copymode(whole, part)
        os.replace(part, whole)
    except Broken as error:
        call.refuse(
            {
                "code": "conflict",
                "message": f"cannot change {path}: {error}",
                "hint": "Mend the file; nothing was changed in it.",
            }
        )
    except (OSError, UnicodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        call.refuse({"code": "permission_denied", "message": f"cannot change {path}: {said}"})


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _stand(editor: Editor, root: str | None) -> dict[str, Any]:
    """Return how the hooks of an editor stand."""
    path = editor.path(root, editor.hooks)
    found: dict[str, Any] = {
        "editor": editor.name,
        "scope": "user" if root is None else "project",
        "path": path,
        "state": "absent",
        "mcp": False,
    }
    try:
        events = editors.wired(editor, editors.parse(_read(path)))
        there = set(events.values())
        if there != {"absent"}:
            found["state"] = "installed" if there == {"installed"} else "outdated"
        if found["state"] == "installed" and not os.access(home.path(SCRIPT), os.X_OK):
            found["state"] = "without its script"
        if not _is_state_file(editor, root is None):
            found["mcp"] = editors.has_server(editor, _read(editor.path(root, editor.servers)))
    except (Broken, OSError, UnicodeError) as error:
        found["state"] = f"unreadable: {error}"
    return found


def _show(found: list[dict[str, Any]]) -> None:
    rows = [(f["editor"], f["scope"], f["state"], f["mcp"], f["path"]) for f in found]
    show.table(("editor", "for", "hooks", "mcp", "path"), rows)


def _root() -> str:
    from .hooks import worktree

    return worktree().root


def _aura() -> list[str]:
    """Return the command that runs this aura from any folder."""
    return ["aura"] if shutil.which("aura") else [sys.executable, "-m", "aura.cli.main"]


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"


def _is_state_file(editor: Editor, user: bool) -> bool:
    """Whether the user's MCP servers are in a file that the editor itself writes all the time."""
    return user and editor.name == "claude-code"


def _refuse_state_file(editor: Editor, user: bool) -> None:
    if _is_state_file(editor, user):
        call.refuse(
            {
                "code": "conflict",
                "message": "cannot enter the MCP server for the user: Claude Code keeps that file itself",
                "hint": "claude mcp add --scope user aura -- aura mcp",
            }
        )
