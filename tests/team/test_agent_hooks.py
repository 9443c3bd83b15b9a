"""What editors' hooks tell is understood, whatever they tell, and answered in each editor's own words."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aura.syntax.extract import extract
from aura.team import agent_hooks
from aura.team.agent_hooks import AgentHook, Editor, Event, Planned

SOURCE = b"def pay(order):\n    return order\n\n\nclass Till:\n    def open(self):\n        return 1\n"
PATCH = """*** Begin Patch
*** Update File: shop.py
@@ class Till:
     def open(self):
-        return 1
+        return 2
*** Add File: new.py
+A = 1
*** Delete File: old.py
*** Update File: from.py
*** Move to: to.py
@@
-B = 1
+B = 2
*** End Patch
"""


def hook(payload: dict[str, Any], editor: Editor = "claude-code", event: Event = "before-edit") -> AgentHook:
    return AgentHook(editor, event, payload)


def named(plan: Planned) -> set[str] | None:
    found = agent_hooks.touched(plan, SOURCE, extract(SOURCE, "shop.py").entities)
    return None if found is None else {e.qualified_name for e in found if e.kind != "statements"}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"tool_input": {"file_path": "/w/a.py", "old_string": "x", "new_string": "y"}}, ("/w/a.py", ("x",))),
        ({"tool_input": {"file_path": "/w/a.py", "edits": [{"old_string": "x"}]}}, ("/w/a.py", ("x",))),
        ({"cwd": "/w", "tool_input": {"notebook_path": "n.ipynb"}}, ("/w/n.ipynb", ())),
        ({"file_path": "/w/a.py", "edits": [{"old_string": "x", "new_string": "y"}]}, ("/w/a.py", ("x",))),
        ({"workspace_roots": ["/w"], "tool_input": {"file_path": "../v/a.py"}}, ("/v/a.py", ())),
    ],
)
def test_the_file_of_an_edit_is_found(payload: dict[str, Any], expected: tuple[str, tuple[str, ...]]) -> None:
    (plan,) = agent_hooks.planned(hook(payload))
    assert (plan.path, plan.before) == expected


def test_a_patch_names_all_its_files_and_what_is_there_before() -> None:
    told = hook({"cwd": "/w", "tool_name": "apply_patch", "tool_input": {"command": PATCH}}, "codex")
    plans = agent_hooks.planned(told)
    assert [plan.path for plan in plans] == ["/w/shop.py", "/w/new.py", "/w/old.py", "/w/from.py", "/w/to.py"]
    assert plans[0].before == ("    def open(self):\n        return 1\n",)
    assert named(plans[0]) == {"Till", "Till.open"}


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
JSON = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=9), PLAIN, max_size=3)
FIELDS = ("session_id", "conversation_id", "cwd", "workspace_roots", "tool_input", "file_path", "edits")
INSIDE = ("file_path", "path", "command", "content", "old_string", "edits")


@settings(max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from(FIELDS), JSON | st.dictionaries(st.sampled_from(INSIDE), JSON)),
    st.sampled_from(["claude-code", "codex", "cursor"]),
)
def test_whatever_an_editor_tells_is_taken(payload: dict[str, Any], editor: Editor) -> None:
    told = hook(payload, editor)
    for plan in agent_hooks.planned(told):
        assert plan.path.startswith("/")
        agent_hooks.touched(plan, SOURCE, extract(SOURCE, "shop.py").entities)
    folder, key = agent_hooks.folder_of(told), agent_hooks.key_of(told)
    assert folder is None or folder.startswith("/")
    assert key is None or key.startswith(f"{editor}:")


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (Planned("", ("return order",)), {"pay"}),
        (Planned("", ("return 1",)), {"Till", "Till.open"}),
        (Planned("", ("return order\n\n\nclass Till:",)), {"pay", "Till"}),
        (Planned("", ("nowhere",)), None),
        (Planned(""), None),
        (Planned("", whole=SOURCE.decode().replace("return 1", "return 2")), {"Till", "Till.open"}),
        (Planned("", whole=""), {"pay", "Till", "Till.open"}),
        (Planned("", whole=f"import os\n{SOURCE.decode()}"), set()),
    ],
)
def test_an_edit_touches_the_entities_whose_text_it_changes(plan: Planned, expected: set[str] | None) -> None:
    assert named(plan) == expected


def test_nothing_to_say_is_an_empty_answer_that_grants_nothing() -> None:
    for editor in ("claude-code", "codex", "cursor"):
        assert agent_hooks.context(hook({}, editor), []) == {}


def test_a_refusal_has_its_reason_where_each_editor_looks_for_it() -> None:
    denied = agent_hooks.denial(hook({}, "codex"), ["Ada has it"])["hookSpecificOutput"]
    assert (denied["permissionDecision"], denied["permissionDecisionReason"]) == ("deny", "Ada has it")
    denied = agent_hooks.denial(hook({}, "cursor"), ["Ada has it"])
    assert (denied["permission"], denied["agent_message"]) == ("deny", "Ada has it")


def test_context_alone_never_grants_an_edit_in_claude_code_and_codex() -> None:
    said = agent_hooks.context(hook({}), ["Ada is there"])
    assert said["hookSpecificOutput"] == {"hookEventName": "PreToolUse", "additionalContext": "Ada is there"}
