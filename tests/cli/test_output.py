"""What commands print: the API's JSON, plain text in a pipe, colours only on a terminal."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..lifecycle.daemons import AURA, Aura

READINGS = [
    (("status",), "/v1/status"),
    (("intent", "list"), "/v1/intents"),
    (("intent", "list", "--source", "commit", "--limit", "1"), "/v1/intents?source=commit&limit=1"),
    (("intent", "list", "--group-by", "author"), "/v1/intents?group_by=author"),
    (("intent", "show", "SHA"), "/v1/intents/SHA"),
    (("intent", "nodes", "SHA"), "/v1/intents/SHA/nodes"),
    (("diff", "HEAD~1", "HEAD"), "/v1/diff?from=HEAD~1&to=HEAD"),
    (("diff", "HEAD~1..HEAD"), "/v1/diff?from=HEAD~1&to=HEAD"),
    (("diff", "HEAD~1...HEAD"), "/v1/diff?from=HEAD~1&to=HEAD&merge_base=true"),
    (("diff",), "/v1/diff"),
    (("why", "f"), "/v1/why?entity=f"),
    (("why", "a.py:2"), "/v1/why?file=a.py&line=2"),
    (("entities",), "/v1/entities"),
    (("entities", "a.py"), "/v1/entities?path=a.py"),
    (("events", "--limit", "2"), "/v1/events?limit=2&order=desc"),
    (("config", "list"), "/v1/settings"),
    (("config", "get", "strict_mode"), "/v1/settings/strict_mode"),
    (("worktree", "list"), "/v1/worktrees"),
]


def steady(answer: object) -> object:
    """Take away what differs between two requests."""
    if isinstance(answer, dict):
        passing = ("uptime_seconds", "next_cursor", "database", "queue", "live")
        return {key: steady(value) for key, value in answer.items() if key not in passing}
    if isinstance(answer, list):
        return [steady(value) for value in answer]
    return answer


@pytest.mark.parametrize(("args", "path"), READINGS, ids=[" ".join(args) for args, _ in READINGS])
def test_json_is_the_answer_of_the_api(aura: Aura, known: GitRepo, args: tuple[str, ...], path: str) -> None:
    sha = known.rev("HEAD")
    shown = json.loads(aura.ok(*(arg.replace("SHA", sha) for arg in args), "--json", cwd=known.path))
    answer = aura.api("GET", path.replace("SHA", sha), repo=known.path)
    limited = isinstance(shown, dict) and "limit" not in path and args[0] == "why"
    assert steady(shown) == steady(answer) or limited


@pytest.mark.parametrize("args", [args for args, _ in READINGS], ids=lambda args: " ".join(args))
def test_a_pipe_gets_plain_text(aura: Aura, known: GitRepo, args: tuple[str, ...]) -> None:
    said = aura.ok(*(arg.replace("SHA", known.rev("HEAD")) for arg in args), cwd=known.path)
    assert said
    assert "\x1b" not in said
    assert all(line == line.rstrip() for line in said.splitlines())


def test_lists_in_a_pipe_are_separated_by_tabs(aura: Aura, known: GitRepo) -> None:
    rows = [line.split("\t") for line in aura.ok("intent", "list", cwd=known.path).splitlines()]
    assert [row[-1] for row in rows] == ["B is two", "two numbers", "begin [ENG-1]"]
    assert {len(row) for row in rows} == {6}


def on_a_terminal(cwd: Path, *args: str, columns: int = 120) -> str:
    main, side = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(columns)}
    with subprocess.Popen([*AURA, *args], cwd=cwd, stdin=side, stdout=side, stderr=side, env=env):
        os.close(side)
        said = b""
        try:
            while part := os.read(main, 65536):
                said += part
        except OSError:  # what Linux says at the end of a terminal
            pass
    os.close(main)
    return said.decode()


def test_a_terminal_gets_a_table(aura: Aura, known: GitRepo) -> None:
    said = on_a_terminal(known.path, "intent", "list")
    assert "\x1b[" in said
    assert "summary" in said
    assert "begin [ENG-1]" in said


def test_init_shows_its_progress_on_a_terminal_alone(aura: Aura, repo: GitRepo) -> None:
    for number in range(3):
        repo.commit({"a.py": f"A = {number}\n"})
    assert "reading commits" in on_a_terminal(repo.path, "init") or "3 commits" in on_a_terminal(
        repo.path, "init"
    )
    done = aura.cli("init", cwd=repo.path)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_intent_is_shown_with_its_edits_under_their_files(aura: Aura, known: GitRepo) -> None:
    said = aura.ok("intent", "show", known.rev("HEAD"), cwd=known.path)
    assert "two numbers" in said
    assert "\na.py\n  ~ function f" in said
    assert "parameter y added" in said


def test_a_logged_intent_tells_what_commits_hold_of_it(aura: Aura, known: GitRepo) -> None:
    (logged,) = aura.intents(known, "source=log")
    assert "commits hold: 1 not yet\n" in aura.ok("intent", "show", logged["id"], cwd=known.path)


def test_logging_tells_the_counts(aura: Aura, known: GitRepo) -> None:
    said = aura.ok("intent", "log", "once more [ENG-9]", "--dry-run", cwd=known.path)
    assert "1 +0 -0 entities" in said
    assert "tickets: ENG-9" in said


def test_folders_are_compared_without_git_and_without_a_daemon(own: Aura, tmp_path: Path) -> None:
    for name, value in (("old", "1"), ("new", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text(f"def f(x):\n    return {value}\n")
    args = ("diff", "--no-index", "old", "new")
    assert "~ function f" in own.ok(*args, cwd=tmp_path)
    (edit,) = own.json(*args, cwd=tmp_path)["data"]
    assert (edit["changes"], edit["new"]["qualified_name"]) == (["body_changed"], "f")
    assert own.cli("daemon", "status", cwd=tmp_path).returncode == 3


def test_all_operations_fit_two_screens(aura: Aura, tmp_path: Path) -> None:
    lines = aura.ok("api", "--list", cwd=tmp_path).splitlines()
    assert 20 < len(lines) <= 100
    assert all(line.split()[0] in ("GET", "POST", "PUT", "PATCH", "DELETE") for line in lines)


def test_any_route_can_be_called(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    body = json.dumps({"summary": "by hand", "dry_run": True})
    (tmp_path / "body.json").write_text(body)
    for data, stdin in ((body, ""), (f"@{tmp_path}/body.json", ""), ("-", body)):
        done = aura.cli("api", "post", "/v1/intents", "-d", data, cwd=known.path, stdin=stdin)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["summary"] == "by hand"


def test_what_is_staged_is_shown_by_itself(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "def f():\n    return 1\n"}, "begin")
    aura.init(repo)
    repo.write({"a.py": "def f():\n    return 2\n"})
    repo.git("add", "a.py")
    repo.write({"a.py": "def f():\n    return 2\n\n\ndef g():\n    return 2\n"})
    assert aura.ok("diff", "--staged", cwd=repo.path).splitlines()[1:-1] == ["  ~ function f  (body changed)"]
    assert aura.json("diff", "--cached", cwd=repo.path) == aura.api(
        "GET", "/v1/diff?to=staged", repo=repo.path
    )


def test_what_steers_a_terminal_is_escaped(aura: Aura, repo: GitRepo) -> None:
    path = "a\x1b[31m\nb.py"
    repo.commit({path: "def f():\n    return 1\n"}, "red \x1b[31mtext")
    aura.init(repo)
    shown = on_a_terminal(repo.path, "intent", "list")
    assert "red \\x1b[31mtext" in shown
    for args in (("intent", "show", "HEAD"), ("why", "f"), ("log", "f"), ("blame", path)):
        said = on_a_terminal(repo.path, *(arg.replace("HEAD", repo.rev("HEAD")) for arg in args))
        assert "\x1b[31m" not in said
    repo.write({path: "def f():\n    return 2\n"})
    assert "a\\x1b[31m\\nb.py" in on_a_terminal(repo.path, "diff")


def test_three_dots_leave_out_what_the_other_side_changed(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "def f():\n    return 1\n"}, "begin")
    repo.git("checkout", "-q", "-b", "mine")
    repo.commit({"b.py": "def g():\n    return 1\n"}, "mine")
    repo.git("checkout", "-q", "main")
    repo.commit({"a.py": "def f():\n    return 2\n"}, "theirs")
    aura.init(repo)

    def names(*args: str) -> set[str]:
        data = aura.json("diff", *args, cwd=repo.path)["data"]
        return {(edit["new"] or edit["old"])["name"] for edit in data}

    assert names("main..mine") == {"f", "g"}
    assert names("main...mine") == names("...mine") == {"g"}
    assert names("mine...") == {"f"}
    repo.git("checkout", "-q", "--orphan", "apart")
    repo.commit({"c.py": "X = 1\n"}, "apart")
    refused = aura.cli("diff", "main...apart", cwd=repo.path)
    assert (refused.returncode, "no commit in common" in refused.stderr) == (1, True)


def test_a_revision_goes_before_a_path_so_called(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"HEAD": "x\n", "a.py": "def f():\n    return 1\n", "docs/a.md": "x\n"}, "one")
    repo.commit({"a.py": "def f():\n    return 2\n"}, "two")
    aura.init(repo)
    assert "~ function f" in aura.ok("diff", "HEAD~1", "HEAD", cwd=repo.path)
    assert "~ function f" in aura.ok("diff", "HEAD~1", "a.py", cwd=repo.path)
    assert aura.ok("diff", "HEAD~1", "docs", cwd=repo.path) == ""


def test_blame_fits_a_narrow_terminal_and_a_pipe_has_all_of_it(aura: Aura, repo: GitRepo) -> None:
    summary = "a summary that is much longer than what is left of eighty columns beside its place"
    repo.commit({"a.py": f"def {'long_' * 12}name():\n    return 1\n\n\ndef g():\n    pass\n"}, summary)
    aura.init(repo)
    lines = on_a_terminal(repo.path, "blame", "a.py", columns=80).splitlines()
    assert len(lines) == 3
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in lines]
    assert all(len(line) <= 80 for line in plain)
    assert re.match(r"1-2    function long_long_long_long_…  20", plain[1])
    assert plain[2].endswith("…")
    assert aura.ok("blame", "a.py", cwd=repo.path).count(summary) == 2


def test_a_dry_run_does_not_look_recorded(aura: Aura, known: GitRepo) -> None:
    said = aura.ok("intent", "log", "once more", "--dry-run", cwd=known.path)
    assert said.startswith("not logged  once more\n")
    assert "itn_" not in said
    id_ = aura.json("intent", "log", "once more", "--dry-run", cwd=known.path)["id"]
    assert set(id_.removeprefix("itn_")) == {"0"}


def test_every_operation_has_its_line_of_a_hundred_columns(aura: Aura, tmp_path: Path) -> None:
    lines = aura.ok("api", "--list", cwd=tmp_path).splitlines()
    assert [line for line in lines if len(line) > 100] == []
    assert "GET    /v1/status" in [line[:17] for line in lines]


def test_what_is_new_or_gone_is_compared_with_nothing(own: Aura, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    return 1\n")
    assert "+ function f" in own.ok("diff", "--no-index", "/dev/null", "a.py", cwd=tmp_path)
    assert "- function f" in own.ok("diff", "--no-index", "a.py", "/dev/null", cwd=tmp_path)
    assert own.cli("diff", "--no-index", "/dev/null", ".", cwd=tmp_path).returncode == 2


def test_a_range_without_its_end_ends_at_head(aura: Aura, known: GitRepo) -> None:
    assert aura.json("diff", "HEAD~1..", cwd=known.path) == aura.json(
        "diff", "HEAD~1", "HEAD", cwd=known.path
    )


def test_one_is_not_many(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"}, "begin")
    aura.init(repo)
    row = next(r for r in aura.ok("worktree", "list", cwd=repo.path).splitlines() if str(repo.path) in r)
    assert row.endswith("\t1 commit")


def test_what_steers_a_terminal_is_escaped_everywhere(aura: Aura, tmp_path: Path) -> None:
    repo = GitRepo(tmp_path / "re\x1b[31md")
    repo.commit({"a.py": "def f():\n    return 1\n"}, "red \x1b[31mtext \x9b31m \u202e")
    said = on_a_terminal(repo.path, "init")
    assert "red \\x1b[31mtext" in said
    assert "re\\x1b[31md: 1 commit by 1 author read" in said
    aura.ok("message", "send", "red \x1b[31mtext", cwd=repo.path)
    for args in (
        ("events",), ("doctor",), ("status",), ("daemon", "status"), ("hooks", "status"),
        ("why", "nope\x1b[31m"), ("worktree", "list"), ("intent", "list"),
    ):  # fmt: skip
        said = on_a_terminal(repo.path, *args)
        assert said
        assert [sign for sign in ("\x1b[31m", "\x9b", "\u202e") if sign in said] == [], args
    shown = aura.ok("intent", "list", "--json", cwd=repo.path)
    assert "\x9b" not in shown
    assert "\u202e" not in shown
    assert json.loads(shown)["data"][0]["summary"] == "red \x1b[31mtext \x9b31m \u202e"
