"""Telling an event in a sentence: who did what, where."""

import os
from collections.abc import Callable
from typing import Any

from . import edits, show

Event = dict[str, Any]


def told(event: Event) -> str:
    """Write one event for people, on one line and without what could steer a terminal."""
    event = show.printable(event)
    tell = TOLD.get(event["type"], _plainly)
    try:
        said = tell(event, event["data"])
    except (KeyError, TypeError, AttributeError):
        # An older or newer daemon may tell less of it than this command knows to ask for.
        said = _plainly(event, event["data"])
    where = f"{place(event['worktree'])}: " if event.get("worktree") else ""
    return " ".join(f"{where}{said}".split())


def place(worktree: str) -> str:
    """Return the short name of a work tree: its folder's."""
    return os.path.basename(worktree.rstrip("/")) or worktree


def who(event: Event) -> str:
    """Return who did it, for short: events know no more than an address of most."""
    return called(event.get("actor") or {"id": "aura"})


def called(actor: Event) -> str:
    """Return the name of an actor, or what stands for it in the address."""
    return str(actor.get("name") or str(actor["id"]).partition("@")[0] or actor["id"])


def until(at: str) -> str:
    """Write when something ends, to the minute."""
    return show.when(at)[11:]


def _plainly(event: Event, data: Event) -> str:
    about = data.get("summary") or data.get("reason") or show.text(data)
    return f"{who(event)}: {event['type'].replace('.', ' ').replace('_', ' ')} {about}"


def _logged(event: Event, data: Event) -> str:
    if data.get("source") == "commit":
        return f"{who(event)} committed {(data.get('commit_sha') or '')[:9]}: {data['summary']}"
    return f"{who(event)} logged: {data['summary']}"


def _analyzed(_: Event, data: Event) -> str:
    if data["analysis"] == "failed":
        return f"the entities of {data['intent_id']} could not be read"
    counts = f"{data['nodes_changed']} +{data['nodes_added']} -{data['nodes_deleted']}"
    return f"{data['intent_id']} changed {counts} entities"


def _checked(_: Event, data: Event) -> str:
    verdicts = ", ".join(f"{verdict}: {claim}" for claim, verdict in data["verdicts"].items())
    return f"{data['intent_id']} was judged by {data['against'][:9]}: {verdicts}"


def _backfilled(_: Event, data: Event) -> str:
    return f"history: {data['done']} of {show.count(data['wanted'], 'commit')} read"


def _zone(verb: str) -> Callable[[Event, Event], str]:
    def tell(event: Event, data: Event) -> str:
        end = f" until {until(data['expires_at'])}" if verb == "claimed" else ""
        return f"{who(event)} {verb} {data['target']} ({data['mode']}){end}"

    return tell


def _expired(_: Event, data: Event) -> str:
    return f"the zone {data['target']} of {_owner(data)} ended"


def _contested(event: Event, data: Event) -> str:
    return f"{who(event)} wants {data['wanted']}, where {_owner(data)} has {data['target']}"


def _owner(data: Event) -> str:
    return called(data["owner"])


def _posted(event: Event, data: Event) -> str:
    to = data["to"].get("id")
    channel = "" if data["channel"] == "team" else f" #{data['channel']}"
    return f"{who(event)}{channel}{f' to {to}' if to else ''}: {data['body']}"


def _read(event: Event, data: Event) -> str:
    return f"{who(event)} read {show.count(len(data['messages']), 'message')}"


def _ended(_: Event, data: Event) -> str:
    actor = called(data["actor"])
    return f"{actor} fell silent" if data["reason"] == "lost" else f"{actor} ended a session"


def _opened(_: Event, data: Event) -> str:
    change = data["change"].replace("_", " ")
    uses = f", {show.count(data['callers'], 'use')} here" if data.get("callers") else ""
    return f"{data['severity']}: {data['function']} {change} {sides(data)}{uses}"


def _closed(event: Event, data: Event) -> str:
    verb = event["type"].removeprefix("impact.")
    return f"{who(event)} {verb} the impact of {data['function']} {sides(data)}"


def sides(about: Event) -> str:
    """Write on which side something changed, and on which it matters: branches, or work trees without one."""
    theirs, yours = (
        about.get(f"{side}_branch") or place(about.get(f"{side}_worktree") or "?")
        for side in ("other", "your")
    )
    return f"in {theirs}, for {yours}"


def _edited(event: Event, data: Event) -> str:
    if not data["entities"]:
        return f"nothing is uncommitted in {_some(data['paths'])}"
    return f"{who(event)} edits {_some([_entity(e) for e in data['entities']])}"


def _entity(entity: Event) -> str:
    changes = [change.replace("_", " ") for change in entity["changes"]]
    changes += ["BREAKING"] * (entity["grade"] == "breaking")
    return f"{edits.named(entity['kind'], entity['qualified_name'])} ({', '.join(changes)})"


def _some(things: list[str], most: int = 3) -> str:
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + more


TOLD: dict[str, Callable[[Event, Event], str]] = {
    "intent.logged": _logged,
    "intent.analyzed": _analyzed,
    "intent.linked": lambda _, data: f"{data['intent_id']} is held by commit {data['commit_sha'][:9]}",
    "intent.checked": _checked,
    "repo.backfilled": _backfilled,
    "worktree.registered": lambda event, _: f"{who(event)} registered a work tree",
    "worktree.forgotten": lambda event, _: f"{who(event)} forgot a work tree",
    "worktree.removed": lambda _, __: "git has this work tree no longer",
    "setting.changed": lambda event, data: f"{who(event)} set {data['name']} to {data['value']}",
    "session.started": lambda _, data: f"{called(data['actor'])} is at work",
    "session.ended": _ended,
    "impact.opened": _opened,
    "impact.resolved": _closed,
    "impact.snoozed": _closed,
    "impact.dismissed": _closed,
    "worktree.edited": _edited,
    "zone.claimed": _zone("claimed"),
    "zone.released": _zone("released"),
    "zone.expired": _expired,
    "zone.contested": _contested,
    "message.posted": _posted,
    "message.read": _read,
}
