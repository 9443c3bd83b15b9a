"""What the hooks of agents' editors tell and are answered: each editor's own JSON is read and written here.

An editor runs `~/.aura/agent-hook` with its payload on the input; that hands the payload on as it is, and
prints the answer. The shapes are those of Claude Code's `hooks` (which Codex shares) and of Cursor's
`hooks.json`.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from aura.api import Caller
from aura.op import op
from aura.store import Connection, one
from aura.syntax.types import Entity

Editor = Literal["claude-code", "codex", "cursor"]
Event = Literal["session-start", "before-edit", "after-edit", "stop", "session-end"]
MOST_PATHS = 50
BODY = 16 << 20
"""An editor tells the whole content of a file that it writes."""
_PATCHED = re.compile(r"^\*\*\* (?:Update File|Add File|Delete File|Move to): (.+?)\s*$")


class AgentHook(Struct, frozen=True, forbid_unknown_fields=True):
    editor: Annotated[Editor, Meta(description="The editor whose hook this is.")]
    event: Annotated[Event, Meta(description="What happens there.")]
    payload: Annotated[dict[str, Any], Meta(description="What the editor gave its hook, as it is.")]


class Planned(Struct, frozen=True):
    """A file that is to be edited: the texts in it that change, or (`whole`) what it becomes as a whole."""

    path: str
    before: tuple[str, ...] = ()
    whole: str | None = None


@op(
    "POST /v1/agent-hooks/{editor}/{event}",
    scope="write_intents",
    needs="none",
    manual=True,
    emits=("session.started", "session.ended", "snapshot.created"),
    body=BODY,
)
def hear(caller: Caller, given: AgentHook) -> dict[str, Any]:
    """Answer the hook of an agent's editor in the editor's own words; the hook that aura installs calls this.

    The work tree is the one that the edited file lies in. Outside of any that is registered the answer is
    empty, as it is where there is nothing to say.
    """
    raise LookupError("answered by the daemon")


def key_of(given: AgentHook) -> str | None:
    """Return what tells this conversation from others, where the editor says so."""
    found = given.payload.get("conversation_id") or given.payload.get("session_id")
    return f"{given.editor}:{found}" if isinstance(found, str) and found else None


def folder_of(given: AgentHook) -> str | None:
    """Return the folder that the editor is at work in."""
    roots = given.payload.get("workspace_roots")
    for found in (given.payload.get("cwd"), *(roots if isinstance(roots, list) else ())):
        if isinstance(found, str) and os.path.isabs(found):
            return found
    return None


def may_go_on(given: AgentHook) -> bool:
    """Tell whether an agent that stops may be asked to go on: it was not before, and nobody stopped it."""
    asked = given.payload.get("stop_hook_active") or given.payload.get("loop_count")
    return not asked and given.payload.get("status") in (None, "completed")


def planned(given: AgentHook) -> list[Planned]:
    """Return the files that the editor is about to edit, or has edited, by their absolute paths."""
    told = given.payload.get("tool_input")
    source = told if isinstance(told, dict) else given.payload
    folder = folder_of(given) or "/"
    if isinstance(patch := source.get("command") or source.get("patch"), str):
        found = _patched(patch)
    else:
        found = _named(source)
    return [
        Planned(os.path.normpath(os.path.join(folder, p.path)), p.before, p.whole)
        for p in list(found)[:MOST_PATHS]
        if "\0" not in p.path
    ]


def _named(source: dict[str, Any]) -> Iterator[Planned]:
    path = next(
        (v for n in ("file_path", "notebook_path", "path") if isinstance(v := source.get(n), str)), ""
    )
    if not path:
        return
    several = source.get("edits")
    edits = [source, *(several if isinstance(several, list) else ())]
    before = [e["old_string"] for e in edits if isinstance(e, dict) and isinstance(e.get("old_string"), str)]
    whole = next((v for n in ("content", "contents") if isinstance(v := source.get(n), str)), None)
    yield Planned(path, tuple(filter(None, before)), whole)


def _patched(patch: str) -> Iterator[Planned]:
    """Read an `apply_patch` envelope: the files, and of each hunk the lines that are there before."""
    path, hunks = "", [""]
    for line in patch.splitlines():
        if match := _PATCHED.match(line):
            if path:
                yield Planned(path, tuple(filter(None, hunks)))
            path, hunks = match[1], [""]
        elif line.startswith(("@@", "*** ")):
            hunks.append("")
        elif line.startswith((" ", "-")):
            hunks[-1] += f"{line[1:]}\n"
    if path:
        yield Planned(path, tuple(filter(None, hunks)))


def context(given: AgentHook, lines: Iterable[str], session: str | None = None) -> dict[str, Any]:
    """Answer with what the agent should know; nothing is answered where there is nothing to say."""
    text = "\n".join(lines)
    if given.editor == "cursor":
        if given.event == "session-start":
            env = {"env": {"AURA_SESSION": session}} if session else {}
            return env | ({"additional_context": text} if text else {})
        return {"permission": "allow", "agent_message": text} if text else {}
    if not text:
        return {}
    name = "SessionStart" if given.event == "session-start" else "PreToolUse"
    return {"hookSpecificOutput": {"hookEventName": name, "additionalContext": text}}


def denial(given: AgentHook, lines: Iterable[str]) -> dict[str, Any]:
    """Refuse an edit, with the reason."""
    text = "\n".join(lines)
    if given.editor == "cursor":
        return {"permission": "deny", "user_message": text, "agent_message": text}
    return {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": text,
        }
    }


def going_on(given: AgentHook, text: str) -> dict[str, Any]:
    """Have the agent go on rather than stop, with what is left to do."""
    if given.editor == "cursor":
        return {"followup_message": text}
    return {"decision": "block", "reason": text}


def touched(plan: Planned, source: bytes, entities: Sequence[Entity]) -> list[Entity] | None:
    """Return the entities of a file that an edit touches; None where the payload does not tell.

    An edit that replaces the whole file touches what is not in its new text as it was.
    """
    if plan.whole is not None:
        whole = plan.whole.encode("utf-8", "surrogatepass")
        return [entity for entity in entities if source[entity.start : entity.end] not in whole]
    ranges = []
    for text in plan.before:
        wanted = text.encode("utf-8", "surrogatepass")
        if (start := source.find(wanted)) < 0 and (start := source.find(wanted.rstrip(b"\n"))) < 0:
            return None
        ranges.append((start, start + len(wanted)))
    if not ranges:
        return None
    return [e for e in entities if any(e.start < end and start < e.end for start, end in ranges)]


def last_logged(db: Connection, worktree: str, session: str) -> int:
    """Return when an intent was last logged in a work tree, by a session or outside of any; 0 for never."""
    found = "source = 'log' AND (session = ? OR session IS NULL) ORDER BY id DESC LIMIT 1"
    row = one(db, f"SELECT recorded_at FROM intents WHERE worktree = ? AND {found}", worktree, session)
    return row[0] if row else 0
