"""Each event has its sentence, on one line, and steers no terminal."""

from typing import Any, get_args

import pytest
from aura.cli.told import TOLD, told

from aura.record.events import EventType

IMPACT_EVENTS = ("impact.opened", "impact.resolved", "impact.snoozed", "impact.dismissed")
ZONE_EVENTS = ("zone.claimed", "zone.released", "zone.expired", "zone.contested")
ADA = {"id": "ada@example.org", "kind": "human", "name": "Ada"}
ZONE: dict[str, Any] = {
    "zone": "zon_1", "target": "a.py", "mode": "exclusive", "owner": ADA, "wanted": "a.py",
    "expires_at": "2026-04-21T14:23:09Z",
}  # fmt: skip
IMPACT: dict[str, Any] = {
    "impact": "imp_1", "function": "charge", "path": "a.py", "change": "signature_changed", "callers": 2,
    "severity": "error", "reason": "", "your_branch": "main", "other_worktree": "/src/feat",
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
    "worktree.removed": {"id": "wkt_1"},
    "setting.changed": {"name": "claims", "value": "off", "everywhere": True},
    "session.started": {"session": "ses_1", "actor": ADA},
    "session.ended": {"session": "ses_1", "actor": ADA, "reason": "lost"},
    "message.posted": {"message": "msg_1", "channel": "team", "to": {"kind": "broadcast"}, "body": "hello"},
    "message.read": {"messages": ["msg_1"], "reader": "ada"},
    "worktree.edited": {
        "paths": ["a.py"], "edits": 1, "more": False,
        "entities": [
            {
                "path": "a.py", "line": 1, "kind": "function", "qualified_name": "f", "was": None,
                "changes": ["signature_changed"], "grade": "breaking", "reason": "",
            }
        ],
    },
    **dict.fromkeys(IMPACT_EVENTS, IMPACT),
    **dict.fromkeys(ZONE_EVENTS, ZONE),
}  # fmt: skip


@pytest.mark.parametrize("type_", EXAMPLES)
def test_an_event_has_a_sentence(type_: str) -> None:
    event = {"type": type_, "actor": ADA, "worktree": "/src/shop", "data": EXAMPLES[type_]}
    said = told(event)
    assert said.startswith("shop: ")
    assert "{" not in said
    assert "." in said or type_ not in said


def test_sentences_are_of_events_that_exist() -> None:
    assert set(EXAMPLES) == set(TOLD)
    others = {*IMPACT_EVENTS, "worktree.edited"}
    assert set(TOLD) <= {*get_args(EventType), *others}


def test_an_impact_tells_what_changed_where_and_for_whom() -> None:
    opened = {"type": "impact.opened", "actor": ADA, "data": EXAMPLES["impact.opened"]}
    assert told(opened) == "error: charge signature changed in feat, for main, 2 uses here"
    assert (
        told(opened | {"type": "impact.dismissed"}) == "Ada dismissed the impact of charge in feat, for main"
    )


def test_an_edit_tells_the_first_entities() -> None:
    data = EXAMPLES["worktree.edited"]
    edited = {"type": "worktree.edited", "actor": ADA, "worktree": "/src/shop", "data": data}
    assert told(edited) == "shop: Ada edits function f (signature changed, BREAKING)"
    many = told(edited | {"data": data | {"entities": data["entities"] * 5}})
    assert many.endswith(" and 2 more")
    assert told(edited | {"data": data | {"entities": []}}) == "shop: nothing is uncommitted in a.py"


def test_an_event_that_tells_less_or_other_things_is_told_plainly() -> None:
    assert told({"type": "zone.claimed", "actor": ADA, "data": {}}) == "Ada: zone claimed"
    assert told({"type": "moon.risen", "data": {"phase": "full"}}) == "aura: moon risen phase=full"


def test_who_has_no_name_is_called_by_what_stands_before_the_at() -> None:
    logged = {"type": "intent.logged", "data": EXAMPLES["intent.logged"]}
    assert told(logged | {"actor": {"id": "ada@example.org"}}) == "ada logged: why"
    assert told(logged | {"actor": {"id": "@ada"}}) == "@ada logged: why"


def test_a_sentence_is_one_line_that_steers_no_terminal() -> None:
    data = EXAMPLES["message.posted"] | {"body": "red \x1b[31m\nand \u202eback"}
    said = told({"type": "message.posted", "actor": ADA, "data": data})
    assert said == "Ada: red \\x1b[31m and \\u202eback"
