"""Each event has its sentence, on one line, and steers no terminal."""

from typing import Any, get_args

import pytest
from aura.cli.told import TOLD, told

from aura.record.events import EventType

ZONE_EVENTS = ("zone.claimed", "zone.released", "zone.expired", "zone.contested")
ADA = {"id": "ada@example.org", "kind": "human", "name": "Ada"}
ZONE: dict[str, Any] = {
    "zone": "zon_1", "target": "a.py", "mode": "exclusive", "owner": ADA, "wanted": "a.py",
    "expires_at": "2026-04-21T14:23:09Z",
}  # fmt: skip
EXAMPLES: dict[str, dict[str, Any]] = {
    "intent.logged": {"summary": "why", "source": "log"},
    "intent.analyzed": {
        "intent_id": "itn_1", "analysis": "done", "nodes_changed": 1, "nodes_added": 0, "nodes_deleted": 0,
    },
    "intent.linked": {"intent_id": "itn_1", "commit_sha": "a" * 40},
    "intent.checked": {"intent_id": "itn_1", "against": "staged", "verdicts": {"rename_only": "supported"}},
    "repo.backfilled": {"commits": 200, "done": 200, "wanted": 900},
    "worktree.registered": {"id": "wkt_1"},
    "worktree.forgotten": {"id": "wkt_1"},
    "setting.changed": {"name": "claims", "value": "off", "everywhere": True},
    "session.started": {"session": "ses_1", "actor": ADA},
    "session.ended": {"session": "ses_1", "actor": ADA, "reason": "lost"},
    "message.posted": {"message": "msg_1", "channel": "team", "to": {"kind": "broadcast"}, "body": "hello"},
    "message.read": {"messages": ["msg_1"], "reader": "ada"},
    **dict.fromkeys(ZONE_EVENTS, ZONE),
}  # fmt: skip


@pytest.mark.parametrize("type_", EXAMPLES)
def test_an_event_has_a_sentence(type_: str) -> None:
    event = {"type": type_, "actor": ADA, "worktree": "/work/shop", "data": EXAMPLES[type_]}
    said = told(event)
    assert said.endswith(" [shop]")
    assert "{" not in said
    assert "." in said or type_ not in said


def test_sentences_are_of_events_that_exist() -> None:
    assert set(EXAMPLES) == set(TOLD)
    assert set(TOLD) <= {*get_args(EventType), "worktree.edited"}


def test_an_event_that_tells_less_or_other_things_is_told_plainly() -> None:
    assert told({"type": "zone.claimed", "actor": ADA, "data": {}}) == "Ada: zone claimed"
    assert told({"type": "moon.risen", "data": {"phase": "full"}}) == "aura: moon risen phase=full"


def test_a_sentence_is_one_line_that_steers_no_terminal() -> None:
    data = EXAMPLES["message.posted"] | {"body": "red \x1b[31m\nand \u202eback"}
    said = told({"type": "message.posted", "actor": ADA, "data": data})
    assert said == "Ada: red \\x1b[31m and \\u202eback"
