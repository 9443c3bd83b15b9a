"""Our entries in editors' files come and go; everything else in these files stays as it was."""

import copy
import json
import tomllib
from typing import Any

import pytest
from aura.cli import editors
from aura.cli.editors import EDITORS, Broken, Editor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ALL = list(EDITORS.values())
SETTINGS = settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(TEXT, PLAIN, max_size=3)
COMMAND = st.fixed_dictionaries({"type": st.just("command"), "command": TEXT})
GROUP = st.fixed_dictionaries({"matcher": TEXT, "hooks": st.lists(COMMAND, min_size=1, max_size=2)})
NATIVE = st.sampled_from([*(w.native for e in ALL for w in e.wired), "Notification", "PreCompact"])
HOOKS = st.dictionaries(NATIVE, st.lists(GROUP | COMMAND | JSON, min_size=1, max_size=3), min_size=1)
CONFIG = st.builds(
    lambda config, hooks: config | ({"hooks": hooks} if hooks else {}),
    st.dictionaries(TEXT.filter(lambda name: name not in ("hooks", "version")), JSON, max_size=3),
    st.none() | HOOKS,
)


@SETTINGS
@given(CONFIG, st.sampled_from(ALL))
def test_hooks_come_and_go_and_foreign_entries_stay(config: dict[str, Any], editor: Editor) -> None:
    before = copy.deepcopy(config)
    made = editors.with_hooks(editor, config)
    assert config == before
    assert set(editors.wired(editor, made).values()) == {"installed"}
    assert editors.with_hooks(editor, made) == made
    for native, entries in config.get("hooks", {}).items():
        assert made["hooks"][native][: len(entries)] == entries
    after = editors.without_hooks(editor, made)
    assert after | {"version": None} == before | {"version": None}
    assert set(editors.wired(editor, after).values()) == {"absent"}


@SETTINGS
@given(CONFIG, st.sampled_from([e for e in ALL if not e.servers.endswith(".toml")]))
def test_an_mcp_server_comes_and_goes_and_foreign_ones_stay(config: dict[str, Any], editor: Editor) -> None:
    config = {**config, "mcpServers": {"other": {"command": "other"}}}
    text = json.dumps(config, ensure_ascii=False)
    made = editors.with_server(editor, text, ["aura"])
    assert json.loads(made)["mcpServers"]["other"] == {"command": "other"}
    assert editors.has_server(editor, made)
    assert editors.with_server(editor, made, ["aura"]) == made
    assert json.loads(editors.without_server(editor, made)) == config


@pytest.mark.parametrize("tail", ["", "\n", "\n\n\n"])
@pytest.mark.parametrize(
    "text",
    ["", "# mine", 'model = "x"\n[mcp_servers.other]\ncommand = "other" # kept', "[features]\nhooks = true"],
)
def test_a_toml_file_gets_its_table_and_is_the_same_to_the_byte_without(text: str, tail: str) -> None:
    codex, text = EDITORS["codex"], text + tail if text else ""
    made = editors.with_server(codex, text, ["aura"])
    assert tomllib.loads(made)["mcp_servers"]["aura"] == {"command": "aura", "args": ["mcp"]}
    assert made.startswith(text)
    assert editors.with_server(codex, made, ["aura"]) == made
    without = editors.without_server(codex, made)
    assert without == text or without == f"{text}\n"
    assert editors.without_server(codex, f'{made}[after]\nkey = "kept"\n').endswith('[after]\nkey = "kept"\n')


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"text"',
        '{"hooks": []}',
        '{"hooks": {"Stop": {}}}',
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '// mine\n{"a": 1}',
        '{"a": 1,}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("editor", ALL, ids=lambda editor: editor.name)
def test_what_is_not_understood_is_refused(editor: Editor, text: str) -> None:
    with pytest.raises(Broken):
        editors.with_hooks(editor, editors.parse(text))
    if "Stop" not in text and '"hooks": []' not in text:
        with pytest.raises(Broken):
            editors.with_server(editor, text, ["aura"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("claude-code", '{"mcpServers": {"aura": {"command": "another"}}}'),
        ("cursor", '{"mcpServers": []}'),
        ("codex", '[mcp_servers.aura]\ncommand = "another"\n'),
        ("codex", 'mcp_servers = { other = { command = "x" } }\n'),
        ("codex", "mcp_servers = 1\n"),
        ("codex", f"{editors.BEGIN}\n[mcp_servers.aura]\n"),
    ],
)
def test_another_server_of_our_name_is_never_written_over(name: str, text: str) -> None:
    with pytest.raises(Broken):
        editors.with_server(EDITORS[name], text, ["aura"])


def test_a_server_of_another_that_is_called_aura_is_not_removed() -> None:
    text = '{"mcpServers": {"aura": {"command": "another"}}}'
    assert editors.without_server(EDITORS["claude-code"], text) == text


def test_our_hook_goes_out_of_a_group_that_others_share() -> None:
    claude = EDITORS["claude-code"]
    made = editors.with_hooks(claude, {})
    made["hooks"]["Stop"][0]["hooks"].append({"type": "command", "command": "mine"})
    after = editors.without_hooks(claude, made)
    assert after == {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "mine"}]}]}}


def test_hooks_of_an_older_aura_are_replaced() -> None:
    claude = EDITORS["claude-code"]
    older = json.loads(json.dumps(editors.with_hooks(claude, {})).replace('"timeout": 5', '"timeout": 60'))
    assert set(editors.wired(claude, older).values()) == {"outdated"}
    assert editors.with_hooks(claude, older) == editors.with_hooks(claude, {})


@pytest.mark.parametrize("text", ['{\n    "a": "é"\n}\n', '{\n\t"a": 1\n}\n', '{\n  "a": "\\ud800"\n}\n'])
def test_a_file_keeps_its_indentation_and_its_way_of_writing(text: str) -> None:
    assert editors.dump(editors.parse(text), text) == text
