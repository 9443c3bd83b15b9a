"""How commands end: the documented exit codes, a message, a hint, and never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..lifecycle.daemons import AURA, Aura

DONE, FAILED, USAGE, NO_DAEMON, REFUSED = range(5)
CASES: list[tuple[tuple[str | bytes, ...], int]] = [
    (("status",), DONE),
    (("nope",), USAGE),
    (("--nope",), USAGE),
    (("intent", "log"), USAGE),
    (("intent", "log", ""), USAGE),
    (("intent", "log", b"\xff"), USAGE),
    (("intent", "log", "x" * 30_000), USAGE),
    (("intent", "log", "x", "--ticket", "no-system"), USAGE),
    (("intent", "log", "x", "--commit", "nope"), FAILED),
    (("intent", "log", "x", "--file", "/etc/passwd"), USAGE),
    (("intent", "log", "x", "--file", "nosuch"), FAILED),
    (("intent", "log", "x", "--wait-ms", "-1"), USAGE),
    (("intent", "list", "--limit", "0"), USAGE),
    (("intent", "list", "--limit", "many"), USAGE),
    (("intent", "list", "--cursor", "zzz"), USAGE),
    (("intent", "list", "--since", "yesterday"), USAGE),
    (("intent", "list", "--group-by", "nope"), USAGE),
    (("intent", "list", "--aggregate", "nope"), USAGE),
    (("intent", "list", "--source", "nope"), USAGE),
    (("intent", "list", "--author", b"\xff"), USAGE),
    (("intent", "show", "itn_nope"), FAILED),
    (("intent", "show", "../x?y#z"), FAILED),
    (("why",), USAGE),
    (("why", "nope"), FAILED),
    (("why", b"\xff"), USAGE),
    (("why", "a.py:0"), USAGE),
    (("why", "/etc/passwd"), USAGE),
    (("why", "a.py", "--limit", "0"), USAGE),
    (("diff", "nope"), FAILED),
    (("diff", ""), USAGE),
    (("diff", "HEAD~1", ""), USAGE),
    (("why", "a.py:99999"), USAGE),
    (("diff", "--", "--output=x"), FAILED),
    (("diff", "a", "b", "c"), USAGE),
    (("diff", "--no-index"), USAGE),
    (("diff", "--staged", "HEAD~1", "HEAD"), USAGE),
    (("diff", "--no-index", "/nope", "/nope"), FAILED),
    (("entities", "nope.py"), FAILED),
    (("entities", "/etc"), USAGE),
    (("events", "--type", "nope"), USAGE),
    (("events", "--cursor", "zzz"), USAGE),
    (("config", "get", "nope"), USAGE),
    (("config", "set", "strict_mode", "maybe"), USAGE),
    (("worktree", "add", "/nope"), FAILED),
    (("worktree", "show", "wkt_nope"), FAILED),
    (("worktree", "remove", "wkt_nope"), FAILED),
    (("db", "backup", "a.py"), REFUSED),
    (("api",), USAGE),
    (("api", "GET", "/nope"), USAGE),
    (("api", "FOO", "/v1/status"), USAGE),
    (("api", "GET", "v1/status"), USAGE),
    (("api", "POST", "/v1/intents", "-d", "{"), USAGE),
    (("api", "POST", "/v1/intents", "-d", "@/nope"), USAGE),
    (("api", "POST", "/v1/intents", "-d", '{"summary": 3}'), USAGE),
    (("api", "GET", b"/v1/\xff"), USAGE),
    (("hooks", "run"), USAGE),
    (("daemon", "logs", "-n", "x"), USAGE),
]


@pytest.mark.parametrize(("args", "code"), CASES, ids=[repr(args)[:60] for args, _ in CASES])
def test_bad_input_ends_with_the_documented_code(
    aura: Aura, known: GitRepo, args: tuple[str | bytes, ...], code: int
) -> None:
    done = aura.cli(*args, cwd=known.path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code != DONE:
        assert done.stderr or args[0] == "api"


def test_strict_mode_is_a_refusal(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"})
    aura.init(repo)
    aura.ok("config", "set", "strict_mode", "on", cwd=repo.path)
    done = aura.cli("intent", "log", "no ticket", cwd=repo.path)
    assert done.returncode == REFUSED
    assert "hint: Add [ENG-123] to the summary." in done.stderr


@pytest.mark.parametrize(
    "args", [("status",), ("intent", "list"), ("intent", "log", "x"), ("init",), ("events",)]
)
def test_without_a_daemon_and_without_leave_to_start_one_it_says_so(
    own: Aura, repo: GitRepo, args: tuple[str, ...]
) -> None:
    done = own.cli(*args, cwd=repo.path, env={"AURA_AUTOSTART": "0"})
    assert done.returncode == NO_DAEMON
    assert done.stderr == "error: cannot reach the daemon\nhint: aura daemon start\n"


def test_commands_that_start_the_daemon_at_once_do_not_fight(own: Aura, tmp_path: Path) -> None:
    running = [
        subprocess.Popen([*AURA, "status", "--json"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    answers = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [DONE] * 6
    assert len({json.loads(answer)["pid"] for answer in answers}) == 1


@pytest.mark.parametrize("where", ["/proc/nowhere", "a file"])
def test_a_home_that_cannot_be_made_is_told(own: Aura, tmp_path: Path, where: str) -> None:
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "x") if where == "a file" else where
    done = own.cli("status", cwd=tmp_path, env={"AURA_HOME": home})
    assert done.returncode in (FAILED, REFUSED)
    assert "cannot" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_enough_ends_nothing_badly(aura: Aura, known: GitRepo) -> None:
    line = f"'{sys.executable}' -m aura.cli.main api GET /openapi.json"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line} | head -c 1"], capture_output=True, cwd=known.path
    )
    assert done.stdout == b"{"
    assert done.stderr == b""


def test_closed_descriptors_are_no_trouble(aura: Aura, known: GitRepo) -> None:
    line = f"'{sys.executable}' -m aura.cli.main status"
    for closed in (">&-", "2>&-", "<&-", ">&- 2>&- <&-"):
        assert subprocess.run(["sh", "-c", f"{line} {closed}"], cwd=known.path).returncode == 0, closed


def test_a_folder_that_is_gone_is_no_trouble(aura: Aura, tmp_path: Path) -> None:
    def run_there(*arguments: str) -> "subprocess.CompletedProcess[str]":
        (tmp_path / "gone").mkdir()
        line = ["sh", "-c", 'cd gone; rmdir ../gone; exec "$@"', "sh", sys.executable, *arguments]
        return subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)

    if run_there("-c", "pass").returncode:
        pytest.skip("this Python does not start in a folder that is gone")
    done = run_there("-m", "aura.cli.main", "status")
    assert done.returncode == 0, done.stderr


def test_a_folder_that_may_not_be_read_is_told(aura: Aura, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is closed to root")
    shut = GitRepo(tmp_path / "shut")
    shut.commit({"a.py": "A = 1\n"})
    (shut.path / ".git").chmod(0)
    try:
        done = aura.cli("init", cwd=shut.path)
    finally:
        (shut.path / ".git").chmod(0o700)
    assert done.returncode in (FAILED, REFUSED)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("intent", "log", "x", "--wait-ms", "-1"), "hint: aura intent log --help shows what it takes."),
        (("why", "a.py", "--limit", "0"), "hint: aura why --help shows what it takes."),
    ],
)
def test_what_is_wrong_with_an_option_is_told_in_terms_of_the_command(
    aura: Aura, known: GitRepo, args: tuple[str, ...], hint: str
) -> None:
    assert hint in aura.cli(*args, cwd=known.path).stderr


def test_an_intent_may_name_files_that_are_deleted_or_in_its_commit_alone(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n", "b.py": "B = 1\n"}, "begin")
    repo.git("rm", "--quiet", "b.py")
    aura.init(repo)
    aura.ok("intent", "log", "b goes", "--file", "b.py", cwd=repo.path)
    repo.commit({}, "b is gone")
    aura.ok("intent", "log", "b went", "--file", "b.py", "--commit", "HEAD", cwd=repo.path)
    refused = aura.cli("intent", "log", "b went", "--file", "b.py", cwd=repo.path)
    assert refused.returncode == FAILED
    assert refused.stderr.startswith("error: cannot find b.py in the work tree or in HEAD\nhint: ")


def test_a_work_tree_may_be_named_from_where_one_is(aura: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"})
    assert json.loads(aura.ok("worktree", "add", ".", "--json", cwd=repo.path))["worktree"] == str(repo.path)
