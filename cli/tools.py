"""The tools that an agent has over MCP: few, each a command of this command line with a small answer.

What a tool takes is described once, where the operation is declared; here stands when it is to be called.
"""

import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

from . import call, generated, show, zone
from ._commands import COMMANDS

LONGEST = 3_000
"""Characters of an answer."""

ROWS = 10
Given = dict[str, Any]
_printing = threading.Lock()


class Tool(NamedTuple):
    """A tool: when to call it, the schema of its arguments, what it does, and how to ask for more."""

    name: str
    when: str
    fields: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    run: Callable[[Given], str]
    more: str

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the arguments."""
        return {
            "type": "object",
            "properties": self.fields,
            "required": list(self.required),
            "additionalProperties": False,
        }


def answer(tool: Tool, given: Given) -> str:
    """Do what a tool does, and return its answer, cut where it is long. Raises `call.Refusal`."""
    given = {name: value for name, value in given.items() if value is not None}
    if fault := _fault(tool, given):
        call.refuse(
            {
                "code": "invalid_request",
                "message": f"cannot call {tool.name}: {fault}",
                "hint": f"It takes {', '.join(tool.fields) or 'nothing'}.",
            }
        )
    return cut(tool.run(given), tool.more)


def _fault(tool: Tool, given: Given) -> str | None:
    """Say what is wrong with the arguments of a call, where something is."""
    for name in tool.required:
        if given.get(name) in (None, ""):
            return f"{name} is missing"
    for name, value in given.items():
        schema = tool.fields.get(name)
        if schema is None:
            return f"there is no argument {name}"
        if not _fits(value, schema):
            choices = schema.get("enum")
            return f"{name} must be " + (
                f"one of {', '.join(choices)}" if choices else f"of type {schema['type']}"
            )
    return None


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    kind = {"string": str, "integer": int, "boolean": bool, "array": list}[schema["type"]]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        return False
    if isinstance(value, list):
        return all(_fits(one, schema["items"]) for one in value)
    return "enum" not in schema or value in schema["enum"]


def cut(text: str, more: str) -> str:
    """Cut a text behind a line where it is too long for an answer, and say how to see the rest."""
    text = text.strip()
    if len(text) <= LONGEST:
        return text
    kept = text[: LONGEST - 200]
    kept = kept[: kept.rfind("\n")] if "\n" in kept else kept
    return f"{kept}\n({len(text) - len(kept)} more characters are left out: {more})"


def _told(command: str, given: Given) -> str:
    """Do what a command does, and return what it would print."""
    return _rendered(command, generated.request(COMMANDS[command], given).json(), given)


def _rendered(command: str, found: Any, given: Given) -> str:
    printed = io.StringIO()
    with _printing, redirect_stdout(printed), redirect_stderr(printed):
        generated.render(command, found, given)
    return printed.getvalue()


def _status(_: Given) -> str:
    here = call.send("GET", "/v1/status")
    said = [
        f"work tree {here['worktree']}, branch {here['branch']}, session {here['session']}"
        if here["worktree"]
        else "this folder is in no registered work tree: aura init"
    ]
    lists: list[tuple[str, str, Given, Callable[[Given], str]]] = [
        ("at work", "/v1/sessions", {"state": "live"}, _session_line),
        ("zone", "/v1/zones", {}, _zone_line),
        ("impact", "/v1/impacts", {}, _impact_line),
        ("unread", "/v1/messages", {"unread_only": True}, _message_line),
    ]
    for name, path, query, line in lists if here["worktree"] else []:
        rows, more = _rows(path, query)
        said += [f"{name}: {line(row)}" for row in rows if row.get("id") != here["session"]]
        said += [f"{name}: there are more than {ROWS}"] if more else []
    return "\n".join(show.printable(said))


def _rows(path: str, query: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    reply = call.raw("GET", path, query={**query, "limit": ROWS})
    found = reply.json()
    if reply.status == 404 and found["error"]["code"] == "route_not_found":
        return [], False
    if reply.status >= 400:
        call.refuse(found["error"])
    return found["data"], found["has_more"]


def _who(actor: dict[str, Any]) -> str:
    return str(actor.get("name") or actor["id"])


def _session_line(row: dict[str, Any]) -> str:
    return f"{_who(row['actor'])} in {row['worktree']} ({row['id']})"


def _zone_line(row: dict[str, Any]) -> str:
    return (
        f"{_who(row['owner'])} has {zone.place(row)} ({row['mode']}) until {row['expires_at']} ({row['id']})"
    )


def _impact_line(row: dict[str, Any]) -> str:
    return (
        f"{row['severity']}: {row['function']} {row['change'].replace('_', ' ')}"
        f" on {row['other_branch']} ({row['id']})"
    )


def _message_line(row: dict[str, Any]) -> str:
    return f"{row['from']['id']}: {row['body']} ({row['id']})"


def _check(given: Given) -> str:
    return _told("check", given)


def _log_intent(given: Given) -> str:
    return _told("intent log", given)


def _impacts(given: Given) -> str:
    action = given.pop("action", "show" if "id" in given else "list")
    if action == "list":
        return _told("impact list", given) or "no open impacts: nothing elsewhere breaks what is here"
    if "id" not in given:
        call.refuse({"code": "invalid_request", "message": f"cannot {action} an impact without its id"})
    if action == "show":
        return _told("impact show", given)
    body = {"status": {"resolve": "resolved", "dismiss": "dismissed"}[action], "note": given.get("note")}
    row = call.send("PATCH", f"/v1/impacts/{call.segment(given['id'])}", body)
    return f"{row['id']} is {row['status']}"


def _zone(given: Given) -> str:
    action = given.pop("action", "claim")
    needed = {"claim": "target", "release": "id"}.get(action)
    if needed and not given.get(needed):
        message = f"cannot {action} a zone: {needed} is missing"
        call.refuse({"code": "invalid_request", "message": message, "hint": "action=list shows the zones."})
    taken = {"claim": ("target", "mode", "reason", "expires"), "release": ("id",), "list": ()}[action]
    said = _told(f"zone {action}", {name: given[name] for name in taken if name in given})
    return said or "no zones: nobody has claimed anything"


def _message(given: Given) -> str:
    action = given.pop("action", "send" if "body" in given else "read")
    if action == "send" and not given.get("body"):
        call.refuse({"code": "invalid_request", "message": "cannot send a message without a body"})
    return _told(f"message {action}", given if action == "send" else {})


def _why(given: Given) -> str:
    from . import why

    query = {**why.query(given["what"]), "limit": given.get("limit", 5)}
    found = show.printable(call.send("GET", "/v1/why", query=query, repo=call.here()))
    printed = io.StringIO()
    with _printing, redirect_stdout(printed), redirect_stderr(printed):
        why.show_found(found)
    return printed.getvalue()


def _undo(given: Given) -> str:
    return _told(given.get("action", "undo"), {}) or "done"


def _fields(command: str, *names: str) -> dict[str, dict[str, Any]]:
    return dict(_described(COMMANDS[command]["fields"], names))


def _described(
    fields: Sequence[dict[str, Any]], names: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what JSON Schema says of arguments of a command."""
    for field in (field for name in names for field in fields if field["name"] == name):
        kind = {"int": "integer", "bool": "boolean", "str": "string"}[field["type"]]
        schema: dict[str, Any] = {"type": kind}
        if field["choices"]:
            schema["enum"] = field["choices"]
        if field["multiple"]:
            schema = {"type": "array", "items": schema}
        yield field["name"], {**schema, "description": field["help"]}


def _choice(description: str, *values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values), "description": description}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


TOOLS = (
    Tool(
        "aura_status",
        "Call this when you begin: tells which work tree and session you are, who else is at work in this"
        " repository, what they have claimed, which open impacts there are, and what is unread.",
        {},
        (),
        _status,
        "aura_zone action=list, aura_impacts and aura_message show each",
    ),
    Tool(
        "aura_check",
        "Call this BEFORE you edit a file or a function that you have not checked yet: tells whether somebody"
        " else has claimed it or changes it in another work tree now, and what is unread. `blocked` means: do"
        " not edit it, ask the owner. With callers=true also who calls it, when you change a signature.",
        _fields("check", "target", "callers"),
        ("target",),
        _check,
        "check a smaller target",
    ),
    Tool(
        "aura_log_intent",
        "Call this once AFTER a piece of work, before you commit or stop: says in one line what changed and"
        " why, and records which functions changed. Add claims for what must hold of the change; each is"
        " checked, and a contradicted one tells what to mend.",
        _fields("intent log", "summary", "claims", "files", "dry_run"),
        ("summary",),
        _log_intent,
        "aura intent show ID tells all",
    ),
    Tool(
        "aura_impacts",
        "Call this before you commit or merge, and when aura_status names impacts: lists changes in other"
        " work trees and branches that break code here. Mend it; an impact closes when its cause goes.",
        {
            "action": _choice("What to do; list, or show one.", "list", "show", "resolve", "dismiss"),
            "id": _text("The impact (imp_...) to be shown, resolved or dismissed."),
            "severity": _choice("List only those of this severity.", "error", "warning", "info"),
            "note": _text("Why it is resolved or dismissed."),
        },
        (),
        _impacts,
        "ask for one severity, or for one id",
    ),
    Tool(
        "aura_zone",
        "Call this when you begin work that takes a while on a file, a folder or a function: claims it, so"
        " that others are told or kept out; release it when you are done. A conflict names the owner: write"
        " to them with aura_message instead of editing.",
        {
            "action": _choice("What to do; claim without it.", "claim", "release", "list"),
            **_fields("zone claim", "target", "mode", "reason", "expires"),
            "id": _text("The zone to be released (zon_...)."),
        },
        (),
        _zone,
        "aura zone list --mode or --owner shows some of them",
    ),
    Tool(
        "aura_message",
        "Call this with action=read when something is unread, and with action=send to ask or tell the owner"
        " of a zone, a session (ses_...), a person or everybody. Reading marks what was read.",
        {
            "action": _choice("What to do; send where there is a body, else read.", "read", "send", "list"),
            **_fields("message send", "body", "to", "reply_to"),
        },
        (),
        _message,
        "aura message list shows them page by page",
    ),
    Tool(
        "aura_why",
        "Call this before you change or delete code whose purpose is not plain: tells the intents that shaped"
        " a line, a function or a file, newest first, across renames and moves.",
        {
            "what": _text("FILE:LINE, FILE, or the name of a function, class or method."),
            "limit": {"type": "integer", "description": "Intents at most; 5 without it."},
        },
        ("what",),
        _why,
        "ask with a smaller limit, or for one function",
    ),
    Tool(
        "aura_undo",
        "Call this when your last restore or automatic snapshot is to be taken back: puts the files back as"
        " they were; redo takes that back.",
        {"action": _choice("What to do; undo without it.", "undo", "redo")},
        (),
        _undo,
        "aura snapshot list tells more",
    ),
)


def go_to(folder: str | None) -> None:
    """Take the work tree that is named instead of the present folder."""
    if folder is None:
        return
    try:
        os.chdir(folder)
    except OSError as error:
        call.refuse(
            {
                "code": "not_a_repository",
                "message": f"cannot go to {folder}: {error.strerror}",
                "hint": "Name a folder of a work tree with --repo.",
            }
        )
