"""Proving from the command line, and saved goals that are tried on real commits."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import AURA, Aura

CODE = "def pay(amount):\n    return note(amount)\n\n\ndef note(x):\n    return x\n"
TEST = "from pay import pay\n\n\ndef test_pay():\n    assert pay(1) == 1\n"


@pytest.fixture
def shop(aura: Aura, repo: GitRepo) -> GitRepo:
    repo.commit({"pay.py": CODE, "tests/test_pay.py": TEST}, "begin")
    aura.init(repo)
    return repo


def history(aura: Aura, repo: GitRepo, query: str = "") -> list[Any]:
    data: list[Any] = aura.api("GET", f"/v1/prove/history?limit=500&{query}", repo=repo.path)["data"]
    return data


def test_the_exit_status_tells_whether_all_is_proved(aura: Aura, shop: GitRepo) -> None:
    done = aura.cli("prove", "covered note", "run: sh -c 'echo fine'", cwd=shop.path)
    assert done.returncode == 0, done.stderr
    assert "pass     covered note: tests.test_pay.test_pay reaches note" in done.stdout
    assert "tests/test_pay.py:5  tests.test_pay.test_pay -> pay.pay" in done.stdout
    for goal in ("exists gone", "It works", "run: no-such-program"):
        assert aura.cli("prove", "exists pay", goal, cwd=shop.path).returncode == 1
    assert aura.cli("prove", "calls pay", cwd=shop.path).returncode == 2
    assert aura.cli("prove", cwd=shop.path).returncode == 2


def test_what_failed_is_shown_with_the_end_of_its_output(aura: Aura, shop: GitRepo) -> None:
    done = aura.cli("prove", "run: sh -c 'seq 100; exit 2'", cwd=shop.path)
    assert done.returncode == 1
    assert "exit status 2" in done.stdout
    assert "| 100" in done.stdout
    assert "| 50\n" not in done.stdout
    whole = aura.ok("prove", "show", history(aura, shop)[0]["id"], cwd=shop.path)
    assert "| 50\n" in whole


def test_a_program_is_looked_for_where_the_user_would_find_it(
    aura: Aura, shop: GitRepo, tmp_path: Path
) -> None:
    own = tmp_path / "bin" / "my-check"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\necho mine\n")
    own.chmod(0o755)
    path = {"PATH": f"{own.parent}:{os.environ['PATH']}"}
    assert aura.cli("prove", "run: my-check", cwd=shop.path).returncode == 1
    assert aura.ok("prove", "run: my-check", cwd=shop.path, env=path)
    saved = aura.cli("prove", "save", "run: my-check", "--json", cwd=shop.path, env=path)
    assert json.loads(saved.stdout)["path"] == path["PATH"]


def test_json_is_that_of_the_api(aura: Aura, shop: GitRepo) -> None:
    answer = aura.json("prove", "exists pay", cwd=shop.path)
    assert (answer["result"], len(answer["proofs"])) == ("pass", 1)
    assert answer["proofs"] == history(aura, shop)


def test_goals_of_an_intent_are_proved_and_shown_with_it(aura: Aura, shop: GitRepo) -> None:
    logged = aura.json("intent", "log", "Pay", "--goal", "exists pay", "--goal", "run: true", cwd=shop.path)
    assert [g["result"] for g in logged["prove_goals"]] == ["unknown", "unknown"]
    assert aura.cli("prove", "--intent", logged["id"], cwd=shop.path).returncode == 1
    assert aura.cli("prove", "--intent", logged["id"], "--run", cwd=shop.path).returncode == 0
    shown = aura.ok("intent", "show", logged["id"], cwd=shop.path)
    assert "pass     exists pay\n" in shown
    assert "pass     run: true\n" in shown


def test_the_history_is_listed_and_grouped(aura: Aura, shop: GitRepo) -> None:
    aura.cli("prove", "exists pay", "exists gone", cwd=shop.path)
    listed = aura.ok("prove", "history", "--result", "fail", cwd=shop.path)
    assert listed.count("\n") == 1
    assert "exists gone" in listed
    grouped = aura.ok("prove", "history", "--group-by", "branch", "--aggregate", "fail_rate", cwd=shop.path)
    assert grouped == "main\t2\t0.5\n"


def test_a_saved_goal_is_tried_on_each_commit_and_told_with_it(aura: Aura, shop: GitRepo) -> None:
    saved = aura.json("prove", "save", "never calls pay -> wipe", "--on-commit", cwd=shop.path)
    aura.ok("prove", "save", "exists pay", cwd=shop.path)
    good = shop.commit({"wipe.py": "def wipe():\n    pass\n"}, "Add wipe")

    def tried(sha: str) -> list[Any]:
        return [p for p in history(aura, shop) if p["commit_sha"] == sha]

    (found,) = eventually(lambda: tried(good), 20)
    assert (found["goal"], found["result"], found["saved"]) == (saved["goal"], "pass", saved["id"])
    assert (found["actor"]["kind"], found["dirty"]) == ("system", False)
    bad = shop.commit(
        {"pay.py": "from wipe import wipe\n\n\n" + CODE.replace("note(amount)", "wipe()")}, "Break"
    )
    (found,) = eventually(lambda: tried(bad), 20)
    assert found["result"] == "fail"
    told = aura.api("GET", "/v1/events?type=prove.failed&order=desc&limit=1", repo=shop.path)["data"][0]
    assert (told["data"]["commit_sha"], told["data"]["proof"]) == (bad, found["id"])
    # Seen again, a commit is not tried again.
    aura.ok("status", cwd=shop.path)
    assert len(tried(bad)) == 1
    aura.ok("prove", "forget", saved["id"], cwd=shop.path)
    last = shop.commit({"more.py": "def more():\n    pass\n"}, "More")
    aura.recorded(shop, last)
    aura.api("POST", "/v1/prove", {"goal": "exists more"}, repo=shop.path)
    assert [p["saved"] for p in tried(last)] == [None]


def test_a_commit_never_waits_for_a_goal(own: Aura, repo: GitRepo) -> None:
    repo.commit({"pay.py": CODE}, "begin")
    own.start()
    own.init(repo)
    own.ok("hooks", "install", cwd=repo.path)
    own.ok("prove", "save", "run: sleep 600", "--on-commit", cwd=repo.path)
    repo.write({"more.py": "def more():\n    pass\n"})
    author = {f"GIT_{who}_{what}": "a@b.c" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    repo.git("add", "--all")
    subprocess.run(
        ["git", "commit", "-qm", "More"], cwd=repo.path, env=os.environ | author, timeout=30, check=True
    )
    own.recorded(repo, repo.rev("HEAD"))
    own.stop()


def test_what_is_saved_survives_a_restart_and_is_caught_up_with(own: Aura, repo: GitRepo) -> None:
    repo.commit({"pay.py": CODE}, "begin")
    own.start()
    own.init(repo)
    own.ok("prove", "save", "exists more", "--on-commit", cwd=repo.path)
    own.kill()
    sha = repo.commit({"more.py": "def more():\n    pass\n"}, "While it was down")
    own.start()
    (found,) = eventually(lambda: history(own, repo), 20)
    assert (found["commit_sha"], found["result"]) == (sha, "pass")


def test_help_is_that_of_the_command(aura: Aura) -> None:
    done = subprocess.run([*AURA, "prove", "--help"], capture_output=True, text=True, check=True)
    assert "never reaches A -> B" in done.stdout
    assert "--intent" in done.stdout
    assert [line.split()[0] for line in done.stdout.partition("Commands:\n")[2].splitlines()] == [
        "forget", "history", "save", "saved", "show",
    ]  # fmt: skip


def test_a_goal_that_a_kill_cut_short_is_taken_up_again(own: Aura, repo: GitRepo) -> None:
    repo.commit({"pay.py": CODE}, "begin")
    own.start()
    own.init(repo)
    gate = repo.path.parent / "gate"
    saved = own.json("prove", "save", f"run: cat {gate}", "--on-commit", cwd=repo.path)
    os.mkfifo(gate)
    sha = repo.commit({"more.py": "def more():\n    pass\n"}, "More")
    own.recorded(repo, sha)
    own.kill()
    gate.unlink()
    gate.write_text("open")
    own.start()
    (found,) = eventually(lambda: history(own, repo), 20)
    assert (found["saved"], found["commit_sha"], found["result"]) == (saved["id"], sha, "pass")


def test_a_goal_is_not_tried_on_what_was_there_before_it(own: Aura, repo: GitRepo) -> None:
    repo.commit({"pay.py": CODE}, "begin")
    own.start()
    own.init(repo)
    own.ok("prove", "save", "exists pay", "--on-commit", cwd=repo.path)
    own.stop()
    own.start()
    sha = repo.commit({"more.py": "def more():\n    pass\n"}, "More")
    assert [p["commit_sha"] for p in eventually(lambda: history(own, repo), 20)] == [sha]
