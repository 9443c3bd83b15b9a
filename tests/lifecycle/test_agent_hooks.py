"""The hooks of agents' editors, run as the editors run them, against a real daemon."""

import json
import os
import shlex
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura

SHOP = "def pay(order):\n    total = order.sum()\n    return total\n\n\ndef close(till):\n    return till\n"


class Agent:
    """An editor with one conversation, whose hooks are run as its configuration says."""

    def __init__(self, aura: Aura, repo: GitRepo, editor: str, number: int = 1) -> None:
        self.aura, self.repo, self.editor = aura, repo, editor
        self.key = f"{editor} {repo.path} {number}"
        aura.ok("agent-hooks", "install", editor, cwd=repo.path)
        name = {"claude-code": ".claude/settings.json"}.get(editor, f".{editor}/hooks.json")
        told = json.loads((repo.path / name).read_text())["hooks"]
        self.commands: dict[str, str] = {}
        for entries in told.values():
            for entry in entries:
                line = (entry.get("hooks") or [entry])[0]["command"]
                self.commands[shlex.split(line)[-1]] = line

    def run(
        self, event: str, payload: Mapping[str, Any], env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.commands[event],
            shell=True,
            cwd="/",
            env=os.environ | dict(env or {}),
            input=json.dumps({**self._whole(), **payload}),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def _whole(self) -> dict[str, Any]:
        if self.editor == "cursor":
            return {"conversation_id": self.key, "workspace_roots": [str(self.repo.path)]}
        return {"session_id": self.key, "cwd": str(self.repo.path)}

    def hear(self, event: str, env: Mapping[str, str] | None = None, **payload: Any) -> dict[str, Any]:
        """Run a hook that must end well, and return what it prints."""
        done = self.run(event, payload, env)
        assert (done.returncode, done.stderr) == (0, "")
        answer: dict[str, Any] = json.loads(done.stdout or "{}")
        return answer

    def edit(self, event: str, path: str, old: str = "", **more: Any) -> dict[str, Any]:
        told = {"file_path": str(self.repo.path / path), "old_string": old, "new_string": "x", **more}
        return self.hear(event, tool_name="Edit", tool_input=told)


def context(answer: dict[str, Any]) -> str:
    return str(answer.get("hookSpecificOutput", {}).get("additionalContext", ""))


def denied(answer: dict[str, Any]) -> str:
    assert answer["hookSpecificOutput"]["permissionDecision"] == "deny"
    return str(answer["hookSpecificOutput"]["permissionDecisionReason"])


def live(aura: Aura, repo: GitRepo) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aura.api("GET", "/v1/sessions?state=live", repo=repo.path)["data"]
    return found


@pytest.fixture
def side(aura: Aura, repo: GitRepo, tmp_path: Path) -> GitRepo:
    """A second work tree beside `repo`."""
    repo.commit({"shop.py": SHOP, "till.py": "OPEN = 1\n"}, "begin")
    aura.init(repo)
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    return GitRepo(tmp_path / "side", init=False)


@pytest.mark.parametrize("editor", ["claude-code", "codex", "cursor"])
def test_a_conversation_is_a_session_from_its_begin_to_its_end(
    aura: Aura, repo: GitRepo, side: GitRepo, editor: str
) -> None:
    agent = Agent(aura, side, editor)
    said = agent.hear("session-start")
    (session,) = live(aura, side)
    assert (session["actor"]["id"], session["worktree"]) == (editor, str(side.path))
    assert f"AURA_SESSION={session['id']}" in (said.get("additional_context") or context(said))
    assert editor != "cursor" or said["env"] == {"AURA_SESSION": session["id"]}
    agent.hear("session-start")
    assert [s["id"] for s in live(aura, side)] == [session["id"]]
    Agent(aura, side, editor, 2).hear("session-start")
    assert len(live(aura, side)) == 2
    agent.hear("session-end")
    assert session["id"] not in [s["id"] for s in live(aura, side)]
    assert agent.hear("session-end") == {}


def test_what_an_agent_runs_in_its_shell_belongs_to_its_session(
    aura: Aura, side: GitRepo, tmp_path: Path
) -> None:
    kept = tmp_path / "env"
    Agent(aura, side, "claude-code").hear("session-start", {"CLAUDE_ENV_FILE": str(kept)})
    (session,) = live(aura, side)
    assert kept.read_text() == f"export AURA_SESSION={session['id']}\n"


def test_a_blocked_zone_refuses_the_edit_of_what_it_is_about_and_nothing_else(
    aura: Aura, repo: GitRepo, side: GitRepo
) -> None:
    agent = Agent(aura, side, "claude-code")
    aura.ok("zone", "claim", "pay", "--mode", "block", "--reason", "new rounding", cwd=repo.path)
    reason = denied(agent.edit("before-edit", "shop.py", "total = order.sum()"))
    assert reason.startswith("cannot edit this now: a zone of another blocks it\n")
    assert "blocks changes of pay (new rounding) until" in reason
    assert agent.edit("before-edit", "shop.py", "return till") == {}
    assert agent.edit("before-edit", "till.py", "OPEN") == {}
    unsure = context(agent.edit("before-edit", "shop.py", "not there"))
    assert "blocks changes of pay" in unsure
    whole = {"old_string": "", "content": SHOP.replace("return till", "return None")}
    assert agent.edit("before-edit", "shop.py", **whole) == {}
    denied(agent.edit("before-edit", "shop.py", old="", content="gone"))


@pytest.mark.parametrize("editor", ["codex", "cursor"])
def test_each_editor_hears_the_refusal_in_its_own_words(
    aura: Aura, repo: GitRepo, side: GitRepo, editor: str
) -> None:
    agent = Agent(aura, side, editor)
    aura.ok("zone", "claim", "shop.py", "--mode", "block", cwd=repo.path)
    if editor == "cursor":
        told = {"tool_name": "Write", "tool_input": {"file_path": str(side.path / "shop.py")}}
        answer = agent.hear("before-edit", **told)
        assert answer["permission"] == "deny"
        assert "blocks changes of shop.py" in answer["agent_message"]
        assert agent.hear("after-edit", file_path=str(side.path / "till.py"), edits=[]) == {}
    else:
        patch = (
            "*** Begin Patch\n*** Update File: shop.py\n@@\n-    return till\n+    return 1\n*** End Patch\n"
        )
        answer = agent.hear("before-edit", tool_name="apply_patch", tool_input={"command": patch})
        assert "blocks changes of shop.py" in denied(answer)


def test_a_warning_is_given_once(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    agent = Agent(aura, side, "claude-code")
    aura.ok("zone", "claim", "till.py", cwd=repo.path)
    aura.ok("message", "send", "mind the till", cwd=repo.path)
    said = context(agent.edit("before-edit", "till.py", "OPEN"))
    assert "has claimed till.py until" in said
    assert "mind the till" in said
    assert agent.edit("before-edit", "till.py", "OPEN") == {}
    other = Agent(aura, repo, "codex")
    patch = "*** Begin Patch\n*** Update File: shop.py\n*** End Patch\n"
    other.hear("after-edit", tool_name="apply_patch", tool_input={"command": patch})
    assert "codex edits it in" in context(agent.edit("before-edit", "shop.py", "pay"))


def test_each_edit_can_be_taken_back_where_that_is_asked_for(aura: Aura, side: GitRepo) -> None:
    agent = Agent(aura, side, "claude-code")
    agent.edit("before-edit", "shop.py", "pay")
    assert aura.api("GET", "/v1/snapshots", repo=side.path)["data"] == []
    aura.ok("snapshot", "auto", "on", cwd=side.path)
    agent.edit("before-edit", "shop.py", "pay")
    side.write({"shop.py": "gone = 1\n"})
    (kept,) = aura.api("GET", "/v1/snapshots", repo=side.path)["data"]
    assert (kept["path"], kept["reason"], kept["author"]["id"]) == ("shop.py", "edit", "claude-code")
    aura.ok("snapshot", "restore", kept["id"], cwd=side.path)
    assert (side.path / "shop.py").read_text() == SHOP


def test_a_large_file_is_written_under_the_same_rules(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    aura.ok("zone", "claim", "shop.py", "--mode", "block", cwd=repo.path)
    agent = Agent(aura, side, "claude-code")
    denied(agent.edit("before-edit", "shop.py", content="x = 1\n" * 500_000))


def test_an_agent_that_changed_something_is_asked_once_why(aura: Aura, side: GitRepo) -> None:
    agent = Agent(aura, side, "claude-code")
    assert agent.hear("stop") == {}
    agent.edit("after-edit", "shop.py")
    assert agent.hear("stop") == {}, "nothing differs from the last commit"
    side.write({"shop.py": SHOP.replace("till", "drawer")})
    agent.edit("after-edit", "shop.py")
    assert agent.hear("stop", stop_hook_active=True) == {}
    said = agent.hear("stop")
    assert said["decision"] == "block"
    assert "You changed shop.py, and no intent says why" in said["reason"]
    assert agent.hear("stop") == {}
    side.write({"shop.py": SHOP.replace("till", "box")})
    agent.edit("after-edit", "shop.py")
    (session,) = live(aura, side)
    aura.ok("intent", "log", "boxes", cwd=side.path, env={"AURA_SESSION": session["id"]})
    assert agent.hear("stop") == {}
    cursor = Agent(aura, side, "cursor")
    cursor.hear("after-edit", file_path=str(side.path / "shop.py"), edits=[])
    assert cursor.hear("stop", status="aborted", loop_count=0) == {}
    assert "no intent says why" in cursor.hear("stop", status="completed", loop_count=0)["followup_message"]


def test_an_agent_that_said_before_what_it_would_do_is_not_asked_why(aura: Aura, side: GitRepo) -> None:
    agent = Agent(aura, side, "claude-code")
    side.commit(message="the hooks")
    agent.edit("before-edit", "shop.py")
    (session,) = live(aura, side)
    aura.ok("intent", "log", "drawers shall be tills", cwd=side.path, env={"AURA_SESSION": session["id"]})
    side.write({"shop.py": SHOP.replace("till", "drawer")})
    agent.edit("after-edit", "shop.py")
    assert agent.hear("stop") == {}


def test_a_conversation_is_known_again_after_the_daemon_was_killed(own: Aura, repo: GitRepo) -> None:
    repo.commit({"shop.py": SHOP}, "begin")
    own.start()
    own.init(repo)
    agent = Agent(own, repo, "claude-code")
    agent.hear("session-start")
    (session,) = live(own, repo)
    own.kill()
    assert agent.edit("before-edit", "shop.py", "pay") == {}
    own.start()
    assert agent.edit("before-edit", "shop.py", "pay") == {}
    assert [s["id"] for s in live(own, repo)] == [session["id"]]


def test_hooks_are_silent_and_start_nothing_without_a_daemon(own: Aura, repo: GitRepo) -> None:
    agent = Agent(own, repo, "claude-code")
    for event in agent.commands:
        assert agent.edit(event, "shop.py", "pay") == {}
    assert not os.path.exists(os.path.join(own.home, "daemon.sock"))


def test_hooks_give_up_after_a_second_where_nobody_answers(own: Aura, repo: GitRepo) -> None:
    agent = Agent(own, repo, "claude-code")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as deaf:
        deaf.bind(os.path.join(own.home, "daemon.sock"))
        deaf.listen()
        begun = time.monotonic()
        assert agent.edit("before-edit", "shop.py", "pay") == {}
        assert 0.5 < time.monotonic() - begun < 5
    os.unlink(os.path.join(own.home, "daemon.sock"))


def test_hooks_are_silent_outside_of_registered_work_trees(aura: Aura, repo: GitRepo, tmp_path: Path) -> None:
    agent = Agent(aura, repo, "claude-code")
    for event in agent.commands:
        assert agent.edit(event, "../elsewhere.py", "x") == {}
        assert agent.hear(event, cwd="relative", tool_input=None, session_id=7) == {}


def test_what_is_no_json_holds_nothing_up(aura: Aura, side: GitRepo) -> None:
    agent = Agent(aura, side, "claude-code")
    for text in ("", "{", '{"a": "\\ud800"}', '{"a": 1, "a": 2}', "[" * 2_000, '"' + "x" * 2_000_000 + '"'):
        done = subprocess.run(
            agent.commands["before-edit"], shell=True, input=text, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_hook_needs_no_curl(aura: Aura, repo: GitRepo, side: GitRepo, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cat"):
        (tools / name).symlink_to(str(shutil.which(name)))
    agent = Agent(aura, side, "claude-code")
    aura.ok("zone", "claim", "shop.py", "--mode", "block", cwd=repo.path)
    told = {"file_path": str(side.path / "shop.py"), "old_string": "pay"}
    assert "blocks changes" in denied(agent.hear("before-edit", {"PATH": str(tools)}, tool_input=told))


def test_a_shared_configuration_breaks_nobody_who_has_no_aura(
    aura: Aura, side: GitRepo, tmp_path: Path
) -> None:
    agent = Agent(aura, side, "claude-code")
    assert agent.hear("before-edit", {"AURA_HOME": str(tmp_path / "none")}) == {}


# Installing


def test_installing_and_uninstalling_leaves_what_was_there(own: Aura, repo: GitRepo) -> None:
    mine = {"permissions": {"allow": ["Bash(ls)"]}, "hooks": {"Stop": [{"hooks": [{"command": "mine"}]}]}}
    settings = repo.path / ".claude" / "settings.json"
    repo.write({".claude/settings.json": json.dumps(mine, indent=4), ".mcp.json": '{"mcpServers": {}}\n'})
    settings.chmod(0o640)
    own.ok("agent-hooks", "install", "claude-code", "--mcp", cwd=repo.path)
    once = settings.read_bytes()
    own.ok("agent-hooks", "install", "claude-code", "--mcp", cwd=repo.path)
    assert settings.read_bytes() == once
    assert stat.S_IMODE(settings.stat().st_mode) == 0o640
    rows = own.json("agent-hooks", "status", cwd=repo.path)["data"]
    told = {(row["editor"], row["scope"]): (row["state"], row["mcp"]) for row in rows}
    assert told["claude-code", "project"] == ("installed", True)
    assert told["claude-code", "user"] == ("absent", False)
    own.ok("agent-hooks", "uninstall", "claude-code", cwd=repo.path)
    assert json.loads(settings.read_text()) == mine
    assert sorted(p.name for p in settings.parent.iterdir()) == ["settings.json"]


@pytest.mark.parametrize("editor", ["claude-code", "codex", "cursor"])
def test_files_that_hold_nothing_but_ours_are_gone_again(own: Aura, repo: GitRepo, editor: str) -> None:
    own.ok("agent-hooks", "install", editor, "--mcp", cwd=repo.path)
    own.ok("agent-hooks", "uninstall", editor, cwd=repo.path)
    left = [p.name for p in repo.path.rglob("*") if p.is_file() and ".git" not in p.parts]
    assert left == []


@pytest.mark.parametrize("editor", ["codex", "cursor"])
def test_a_user_has_them_in_all_projects(own: Aura, repo: GitRepo, editor: str) -> None:
    own.ok("agent-hooks", "install", editor, "--user", "--mcp", cwd="/")
    home = Path(os.environ["HOME"])
    assert (home / f".{editor}" / "hooks.json").is_file()
    assert not (repo.path / f".{editor}").exists()
    rows = own.json("agent-hooks", "status", cwd=repo.path)["data"]
    (row,) = [r for r in rows if (r["editor"], r["scope"]) == (editor, "user")]
    assert own.json("agent-hooks", "status", cwd="/")["data"] == [r for r in rows if r["scope"] == "user"]
    assert (row["state"], row["mcp"]) == ("installed", True)


def test_a_broken_file_is_refused_and_left_alone(own: Aura, repo: GitRepo) -> None:
    repo.write({".claude/settings.json": '{"hooks": {},}'})
    done = own.cli("agent-hooks", "install", "claude-code", cwd=repo.path)
    assert done.returncode == 4
    assert "it is no plain JSON" in done.stderr
    assert (repo.path / ".claude" / "settings.json").read_text() == '{"hooks": {},}'
    assert "unreadable" in own.ok("agent-hooks", "status", cwd=repo.path)


def test_a_link_stays_a_link(own: Aura, repo: GitRepo, tmp_path: Path) -> None:
    kept = tmp_path / "dotfiles.json"
    kept.write_text("{}")
    (repo.path / ".cursor").mkdir()
    (repo.path / ".cursor" / "hooks.json").symlink_to(kept)
    own.ok("agent-hooks", "install", "cursor", cwd=repo.path)
    assert (repo.path / ".cursor" / "hooks.json").is_symlink()
    assert "agent-hook" in kept.read_text()


def test_a_session_that_is_over_gives_its_zones_back(aura: Aura, repo: GitRepo, side: GitRepo) -> None:
    agent = Agent(aura, side, "claude-code")
    agent.hear("session-start")
    (session,) = live(aura, side)
    aura.ok("zone", "claim", "shop.py", cwd=side.path, env={"AURA_SESSION": session["id"]})
    agent.hear("session-end")
    eventually(lambda: aura.api("GET", "/v1/zones", repo=side.path)["data"] == [])
