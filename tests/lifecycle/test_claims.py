"""Claims end to end: judged when they are said, before a commit, and by the commit that holds them."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from aura import wire

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura
from .test_hooks import executable, tools

PAY = "def audit(x):\n    return x + 1\n\n\ndef pay(amount):\n    audit(amount)\n    return amount\n"
RENAMED = PAY.replace("audit(", "check(")
MORE = RENAMED.replace("return amount", "return -amount")
TILL = "from pay import audit\n\n\ndef close(x):\n    audit(x)\n"
TEST = "from pay import pay\n\n\ndef test_pay():\n    assert pay(1) == 1\n"


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    """A registered repository with our hooks in it; a contradicted claim stops a commit there."""
    repo.commit({"src/pay.py": PAY, "tests/test_pay.py": TEST}, "begin")
    aura.init(repo)
    aura.ok("hooks", "install", cwd=repo.path)
    aura.ok("config", "set", "claims", "block", cwd=repo.path)
    return repo


def verdicts(intent: Any) -> dict[str, str]:
    return {claim["claim"]: claim["verdict"] for claim in intent["claims"]}


def asked(aura: Aura, repo: GitRepo) -> bool:
    """Tell whether the hook of this work tree asks the daemon."""
    file = Path(aura.home) / "ask"
    return file.exists() and str(repo.path.resolve()) in file.read_text().splitlines()


def claim(aura: Aura, repo: GitRepo, *claims: str, **more: Any) -> Any:
    """Log an intent with claims, and wait until the hook knows of it."""
    made = aura.log(repo, "say so", claims=list(claims), **more)
    if "commit" not in more:
        eventually(lambda: asked(aura, repo))
    return made


def commit(repo: GitRepo, *args: str, env: dict[str, str] | None = None) -> str:
    """Commit with the hooks; return what was said, or raise what refused it."""
    own = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
    own |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in own.items()}
    done = subprocess.run(
        ["git", "commit", "-q", "-m", "x", *args],
        cwd=repo.path,
        env=os.environ | own | (env or {}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise PermissionError(done.stderr)
    return done.stderr


def test_an_intent_is_answered_with_the_verdicts_on_what_it_claims(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    made = claim(aura, known, "rename-only", "keeps_call pay -> audit", "only_touches tests/**", "adds x")
    assert verdicts(made) == {
        "rename_only": "supported",
        "keeps_call pay -> audit": "supported",
        "only_touches tests/**": "contradicted",
        "adds x": "contradicted",
    }
    (against,) = [c for c in made["claims"] if c["claim"].startswith("only")]
    assert against["entities"] == [
        {"path": "src/pay.py", "qualified_name": "check", "line": 1, "what": "changed"}
    ]
    assert "only_touches tests/** src/pay.py" in against["mend"]
    assert aura.intent(known, made["id"])["claims"] == made["claims"]
    assert [i["id"] for i in aura.intents(known, "claims=contradicted")] == [made["id"]]
    assert aura.intents(known, "claims=unproven") == []


def test_a_claim_that_cannot_be_read_logs_nothing(aura: Aura, known: GitRepo) -> None:
    refused = aura.cli("intent", "log", "say so", "--claim", "renames", cwd=known.path)
    assert refused.returncode == 2
    assert "cannot read the claim 'renames'" in refused.stderr
    assert "keeps_call A -> B" in refused.stderr
    assert aura.intents(known, "source=log") == []


def test_a_batch_and_a_dry_run_take_claims_too(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    tried = aura.log(known, "try", claims=["rename_only"], dry_run=True)
    assert verdicts(tried) == {"rename_only": "supported"}
    items = [{"summary": "one", "claims": ["rename_only"]}, {"summary": "two", "claims": ["nonsense"]}]
    one, two = aura.api("POST", "/v1/intents:batch", {"intents": items}, repo=known.path)
    assert two["err"]["code"] == "invalid_claim"
    assert one["ok"]["claims"][0]["reason"] == "the change is not known yet"
    id_ = one["ok"]["id"]
    eventually(lambda: verdicts(aura.intent(known, id_)) == {"rename_only": "supported"})


def test_names_that_the_change_does_not_touch_are_looked_for(aura: Aura, known: GitRepo) -> None:
    known.write({"README.md": "more\n"})
    made = claim(aura, known, "keeps_call pay -> audit", "keeps src/pay.py:audit", "keeps nobody")
    assert list(verdicts(made).values()) == ["supported", "supported", "unproven"]


def test_a_call_that_reaches_something_else_is_not_kept(aura: Aura, known: GitRepo) -> None:
    known.commit({"src/noop.py": "def audit(x):\n    pass\n", "src/till.py": TILL})
    aura.recorded(known, known.rev("HEAD"))
    known.write({"src/till.py": TILL.replace("from pay", "from noop")})
    made = claim(aura, known, "keeps_call close -> src/pay.py:audit", "keeps_call close -> pay")
    assert list(verdicts(made).values()) == ["contradicted", "unproven"]


def test_checking_says_how_it_stands_now_and_fails_where_a_claim_is_contradicted(
    aura: Aura, known: GitRepo
) -> None:
    known.write({"src/pay.py": RENAMED})
    made = claim(aura, known, "rename_only")
    done = aura.cli("intent", "check", cwd=known.path)
    assert (done.returncode, "supported     rename_only" in done.stdout) == (0, True)
    known.write({"src/pay.py": MORE})
    done = aura.cli("intent", "check", "--json", cwd=known.path / "src")
    assert done.returncode == 1
    assert '"src/pay.py"' in done.stdout
    assert verdicts(aura.intent(known, made["id"])) == {"rename_only": "contradicted"}
    known.git("add", "-A")
    known.write({"src/pay.py": RENAMED})
    assert aura.cli("intent", "check", made["id"], "--against", "staged", cwd=known.path).returncode == 1
    assert aura.cli("intent", "check", made["id"], cwd=known.path).returncode == 0
    checked = aura.api("GET", "/v1/events?type=intent.checked&limit=500", repo=known.path)["data"]
    mine = [event["data"] for event in checked if event["data"]["intent_id"] == made["id"]]
    assert [event["against"] for event in mine] == ["worktree"] * 3 + ["staged", "worktree"]
    assert mine[-1]["verdicts"] == {"rename_only": "supported"}


def test_there_must_be_an_intent_to_check(aura: Aura, known: GitRepo) -> None:
    done = aura.cli("intent", "check", cwd=known.path)
    assert done.returncode == 1
    assert "cannot find an intent" in done.stderr
    assert "--claim" in done.stderr


def test_what_is_suggested_can_be_pasted_and_holds(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED, "src/a [b] c.py": "x = 1\n", "docs/x.md": "y\n", "z.md": "z\n"})
    said = aura.ok("intent", "suggest", cwd=known.path)
    (line,) = said.splitlines()
    made = aura.json(*shlex.split(line)[1:], cwd=known.path)
    assert len(made["claims"]) >= 3
    assert set(verdicts(made).values()) == {"supported"}
    known.write({"src/pay.py": RENAMED})
    alone = aura.json("intent", "suggest", "--file", "src/pay.py", cwd=known.path)
    assert alone["claims"] == ["rename_only", "only_touches src/pay.py"]


def test_a_contradicted_claim_stops_a_commit_until_it_is_put_right(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    made = claim(aura, known, "rename_only")
    known.write({"src/pay.py": MORE})
    with pytest.raises(PermissionError) as refused:
        commit(known, "-a")
    told = str(refused.value)
    assert "refused: what is staged contradicts what was claimed of it" in told
    assert made["id"] in told
    assert "src/pay.py:5 pay: body changed" in told
    assert "--no-verify" in told
    known.write({"src/pay.py": RENAMED})
    commit(known, "-a")
    aura.recorded(known, known.rev("HEAD"))
    eventually(lambda: not asked(aura, known))
    known.write({"src/pay.py": MORE})
    assert commit(known, "-a") == ""


def test_only_what_will_be_committed_counts(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    claim(aura, known, "rename_only", "only_touches src/**")
    known.write({"src/pay.py": MORE, "b.py": "x = 1\n"})
    known.git("add", "b.py")
    with pytest.raises(PermissionError, match="body changed"):
        commit(known, "src/pay.py")
    known.write({"src/pay.py": RENAMED})
    commit(known, "src/pay.py")


def test_no_verify_passes_by_and_the_record_keeps_the_verdict(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    made = claim(aura, known, "only_touches tests/**", "rename_only")
    with pytest.raises(PermissionError):
        commit(known, "-a")
    commit(known, "-a", "--no-verify")
    sha = known.rev("HEAD")
    aura.recorded(known, sha)

    def judged() -> bool:
        path = "/v1/events?type=intent.checked&order=desc"
        return any(e["data"]["against"] == sha for e in aura.api("GET", path, repo=known.path)["data"])

    eventually(judged)
    now = aura.intent(known, made["id"])
    assert now["commit_sha"] == sha
    assert verdicts(now) == {"only_touches tests/**": "contradicted", "rename_only": "supported"}


def test_a_commit_decides_what_it_holds(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    made = claim(aura, known, "rename_only")
    known.write({"src/pay.py": RENAMED.replace("return amount", "return 0")})
    known.git("commit", "-q", "-a", "--no-verify", "-m", "more than was said")
    aura.recorded(known, known.rev("HEAD"))
    eventually(lambda: verdicts(aura.intent(known, made["id"])) == {"rename_only": "contradicted"})
    known.write({"src/pay.py": RENAMED})
    known.git("commit", "-q", "-a", "--amend", "--no-verify", "-m", "what was said")
    aura.recorded(known, known.rev("HEAD"))
    eventually(lambda: verdicts(aura.intent(known, made["id"])) == {"rename_only": "supported"})
    assert aura.intent(known, made["id"])["commit_sha"] == known.rev("HEAD")


def test_an_intent_about_a_commit_is_judged_by_it(aura: Aura, known: GitRepo) -> None:
    known.commit({"src/pay.py": MORE}, "more")
    known.write({"src/pay.py": PAY})
    made = claim(aura, known, "rename_only", "only_touches src/**", commit="HEAD")
    assert verdicts(made) == {"rename_only": "contradicted", "only_touches src/**": "supported"}


def test_what_another_intent_accounts_for_is_not_held_against_this_one(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": RENAMED})
    first = claim(aura, known, "rename_only")
    known.write({"src/new.py": "def new():\n    return 1\n"})
    second = claim(aura, known, "adds new", files=["src/new.py"])
    commit_all = known.git("add", "-A") or commit(known)
    assert commit_all == ""
    aura.recorded(known, known.rev("HEAD"))
    for made, said in ((first, "rename_only"), (second, "adds new")):
        eventually(lambda m=made: aura.intent(known, m["id"])["commit_sha"])
        assert verdicts(aura.intent(known, made["id"])) == {said: "supported"}


def test_a_newer_intent_about_the_same_takes_the_place_of_an_older_one(aura: Aura, known: GitRepo) -> None:
    known.write({"src/pay.py": MORE})
    claim(aura, known, "rename_only")
    with pytest.raises(PermissionError, match="rename_only"):
        commit(known, "-a")
    claim(aura, known, "only_touches src/**")
    commit(known, "-a")


def test_what_was_claimed_before_anything_was_changed_is_held_against_the_commit(
    aura: Aura, known: GitRepo
) -> None:
    made = claim(aura, known, "rename_only")
    assert made["claims"][0]["reason"] == "nothing is changed"
    known.write({"src/pay.py": MORE})
    with pytest.raises(PermissionError, match="rename_only"):
        commit(known, "-a")
    known.write({"src/pay.py": RENAMED})
    commit(known, "-a")


@pytest.mark.parametrize("mode", ["warn", "off"])
def test_without_blocking_a_commit_is_made_all_the_same(aura: Aura, known: GitRepo, mode: str) -> None:
    known.write({"src/pay.py": MORE})
    claim(aura, known, "rename_only")
    aura.ok("config", "set", "claims", mode, cwd=known.path)
    assert ("warning: what is staged contradicts" in commit(known, "-a")) == (mode == "warn")


def test_without_curl_the_command_line_asks(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.write({"src/pay.py": MORE})
    claim(aura, known, "rename_only")
    known.write({"b.py": "x = 1\n"})
    path = {"PATH": tools(tmp_path / "bin")}
    with pytest.raises(PermissionError, match="refused: what is staged"):
        commit(known, "src/pay.py", env=path)


@pytest.mark.parametrize("answer", ["exit 28", "echo nonsense"])
def test_a_daemon_that_does_not_answer_stops_no_commit(
    aura: Aura, known: GitRepo, tmp_path: Path, answer: str
) -> None:
    known.write({"src/pay.py": MORE})
    claim(aura, known, "rename_only")
    executable(tmp_path / "bin" / "curl", answer)
    told = commit(known, "-a", env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"})
    assert "aura: warning: this commit was not checked" in told


def test_a_daemon_that_is_down_stops_no_commit_and_is_missed_only_where_it_matters(
    own: Aura, repo: GitRepo, tmp_path: Path
) -> None:
    own.start()
    other = GitRepo(tmp_path / "other")
    for each in (repo, other):
        each.commit({"src/pay.py": PAY}, "begin")
        own.init(each)
        own.ok("hooks", "install", cwd=each.path)
    repo.write({"src/pay.py": MORE})
    claim(own, repo, "rename_only")
    own.stop()
    other.write({"src/pay.py": MORE})
    assert commit(other, "-a") == ""
    assert "not checked, for the daemon does not run: aura daemon start" in commit(repo, "-a")
    own.start()
    (made,) = own.intents(repo, "source=log")
    eventually(lambda: own.intent(repo, made["id"])["commit_sha"] == repo.rev("HEAD"))
    assert verdicts(own.intent(repo, made["id"])) == {"rename_only": "contradicted"}


def test_claims_survive_a_daemon_that_is_killed_before_it_judged_them(own: Aura, repo: GitRepo) -> None:
    own.start()
    repo.commit({"src/pay.py": PAY}, "begin")
    own.init(repo)
    repo.write({"src/pay.py": RENAMED})
    made = own.log(repo, "say so", claims=["rename_only"], wait_ms=0)
    own.kill()
    own.start()
    eventually(lambda: verdicts(own.intent(repo, made["id"])) == {"rename_only": "supported"})


def test_no_index_outside_of_the_repository_is_read(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.write({"src/pay.py": MORE})
    claim(aura, known, "rename_only")
    shutil.copy(known.path / ".git" / "index", tmp_path / "index")
    reply = wire.request("GET", f"/v1/hooks:check?index={tmp_path}/index", repo=str(known.path), timeout=10)
    assert reply.body.decode().startswith("warning: this commit was not checked: cannot read the index")


def test_a_linked_work_tree_is_asked_for_its_own_claims(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.write({"src/pay.py": MORE})
    claim(aura, known, "rename_only")
    known.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    tree = GitRepo(tmp_path / "linked", init=False)
    tree.write({"src/pay.py": MORE})
    assert commit(tree, "-a") == ""
    aura.recorded(tree, tree.rev("HEAD"))
    tree.write({"src/pay.py": MORE.replace("def pay", "def settle")})
    claim(aura, tree, "only_touches tests/**")
    with pytest.raises(PermissionError, match="only_touches"):
        commit(tree, "-a")
