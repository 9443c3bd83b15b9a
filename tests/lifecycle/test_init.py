"""`aura init`: every kind of repository, again and again, and through a SIGKILL in the middle."""

import os
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura


def with_history(path: Path, count: int) -> GitRepo:
    """Make a repository whose commits each change one of ten functions."""
    repo = GitRepo(path)
    stream = []
    for number in range(count):
        functions = (
            f"def f{i}():\n    return {(number - i) // 10 if number >= i else -1}\n" for i in range(10)
        )
        content = "\n\n".join(functions)
        stream.append(
            f"commit refs/heads/main\ncommitter Ada <ada@example.org> {1_600_000_000 + number * 60} +0000\n"
            f"data <<END\nstep {number} [ENG-{number}]\nEND\nM 100644 inline app.py\n"
            f"data {len(content)}\n{content}\n"
        )
    repo.git("fast-import", "--quiet", stdin="".join(stream).encode())
    repo.git("checkout", "-q", "main")
    return repo


def ids(aura: Aura, repo: GitRepo) -> set[str]:
    found: set[str] = set()
    cursor = ""
    while True:
        page = aura.api("GET", f"/v1/intents?limit=500{cursor}", repo=repo.path)
        found |= {intent["id"] for intent in page["data"]}
        if not page["has_more"]:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def finished(aura: Aura, repo: GitRepo) -> bool:
    backfill = aura.api("GET", "/v1/worktrees", repo=repo.path)["data"][0]["backfill"]
    return backfill is not None and backfill["state"] == "complete"


def test_a_second_time_changes_nothing(aura: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 30)
    first_said = aura.ok("init", cwd=repo.path)
    first = ids(aura, repo)
    assert len(first) == 30
    assert aura.ok("init", cwd=repo.path) == first_said
    assert ids(aura, repo) == first
    assert len(aura.api("GET", "/v1/worktrees", repo=repo.path)["data"]) == 1


def test_the_summary_is_true_and_says_what_to_type_next(aura: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "shop", 12)
    said = aura.ok("init", cwd=repo.path)
    # The first commit adds ten functions, each other one changes one of them.
    assert "shop: 12 commits by 1 author" in said
    assert "21 entity edits" in said
    assert "step 11" in said
    assert "aura intent log" in said
    assert "aura hooks install" in said
    assert "\x1b" not in said


def test_ids_are_the_same_wherever_the_history_is_read_again(own: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 20)
    own.ok("init", cwd=repo.path)
    first = ids(own, repo)
    own.stop()
    for name in os.listdir(own.home):
        if name.startswith(("aura.db", "cache.db")):
            os.unlink(os.path.join(own.home, name))
    own.ok("init", cwd=repo.path)
    assert ids(own, repo) == first


def test_a_depth_reads_the_newest_and_leaves_the_rest_to_the_background(aura: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 60)
    aura.ok("init", "--depth", "10", "--no-background", cwd=repo.path)
    assert aura.summaries(repo) == [f"step {n} [ENG-{n}]" for n in range(59, 49, -1)]
    aura.ok("init", "--depth", "20", cwd=repo.path)
    eventually(lambda: len(ids(aura, repo)) == 60, 20)
    eventually(lambda: finished(aura, repo), 20)


def test_without_a_backfill_only_what_comes_is_recorded(aura: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 5)
    said = aura.ok("init", "--no-backfill", cwd=repo.path)
    assert "0 commits" in said
    sha = repo.commit({"b.py": "B = 1\n"}, "new")
    aura.recorded(repo, sha)
    assert aura.summaries(repo) == ["new"]


def test_hooks_are_installed_only_when_asked_for(aura: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 2)
    aura.ok("init", cwd=repo.path)
    hook = repo.path / ".git" / "hooks" / "post-commit"
    assert not hook.exists()
    said = aura.ok("init", "--hooks", cwd=repo.path)
    assert hook.exists()
    assert "aura hooks install" not in said


def test_a_killed_daemon_goes_on_to_the_same_set(own: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 700)
    own.start()
    tree = own.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    own.api("POST", f"/v1/worktrees/{tree['id']}:backfill", {"depth": 600})
    rounds = 0
    while not finished(own, repo) and rounds < 5:
        seen = len(ids(own, repo))
        eventually(lambda n=seen: len(ids(own, repo)) > n or finished(own, repo), 20)
        own.kill()
        own.start()
        rounds += 1
    assert rounds > 1
    eventually(lambda: len(ids(own, repo)) == 700 and finished(own, repo), 20)
    killed = ids(own, repo)
    shown = own.api("GET", "/v1/worktrees", repo=repo.path)["data"][0]["backfill"]
    assert shown["done"] == shown["wanted"] == 700
    assert own.api("POST", "/v1/admin/database:check", {})["ok"]
    nodes = own.api("GET", "/v1/intents?aggregate=sum:nodes_changed", repo=repo.path)["data"][0]["sum"]
    assert nodes == 699
    own.stop()
    os.unlink(os.path.join(own.home, "aura.db"))
    own.ok("init", cwd=repo.path)
    assert ids(own, repo) == killed


def test_a_killed_backfill_goes_no_further_than_it_was_told(own: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 500)
    own.start()
    tree = own.api("POST", "/v1/worktrees", {"path": str(repo.path)})
    own.api("POST", f"/v1/worktrees/{tree['id']}:backfill", {"depth": 300, "rest": False})
    own.kill()
    own.start()
    eventually(lambda: finished(own, repo), 20)
    assert len(ids(own, repo)) == 300


def test_commits_made_while_the_daemon_was_down_are_new_and_bind(own: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 3)
    own.ok("init", cwd=repo.path)
    repo.write({"b.py": "def b():\n    return 1\n"})
    made = own.log(repo, "b is born")
    own.stop()
    sha = repo.commit(message="add b")
    own.ok("init", cwd=repo.path)
    assert own.intent(repo, made["id"])["commit_sha"] == sha


def test_a_shallow_clone_is_read_as_far_as_it_goes(aura: Aura, tmp_path: Path) -> None:
    origin = with_history(tmp_path / "origin", 10)
    origin.git("clone", "-q", "--depth", "3", f"file://{origin.path}", str(tmp_path / "shallow"))
    repo = GitRepo(tmp_path / "shallow", init=False)
    assert "3 commits" in aura.ok("init", cwd=repo.path)
    assert [i["degraded"] for i in aura.intents(repo)] == [False, False, True]


def test_an_empty_repository_records_its_first_commit(aura: Aura, repo: GitRepo) -> None:
    assert "0 commits" in aura.ok("init", cwd=repo.path)
    assert aura.ok("diff", cwd=repo.path) == ""
    repo.write({"a.py": "def f():\n    return 1\n"})
    made = aura.log(repo, "the very first")
    assert made["nodes_added"] == 1
    sha = repo.commit(message="first")
    aura.recorded(repo, sha)
    assert aura.intent(repo, made["id"])["commit_sha"] == sha
    assert aura.why(repo, "f") == ["first", "the very first"]


def test_a_bare_repository_has_a_history_but_no_uncommitted_changes(aura: Aura, tmp_path: Path) -> None:
    origin = with_history(tmp_path / "origin", 4)
    origin.git("clone", "-q", "--bare", str(origin.path), str(tmp_path / "bare.git"))
    bare = GitRepo(tmp_path / "bare.git", init=False)
    assert "4 commits" in aura.ok("init", cwd=bare.path)
    refused = aura.cli("diff", cwd=bare.path)
    assert refused.returncode == 1
    assert "it is bare" in refused.stderr
    assert "1 changed" in aura.ok("diff", "HEAD~1", "HEAD", cwd=bare.path)
    origin.git("push", "-q", str(bare.path), "main")
    sha = origin.commit({"b.py": "B = 1\n"}, "pushed")
    origin.git("push", "-q", str(bare.path), "main")
    assert aura.recorded(bare, sha)["summary"] == "pushed"


def test_a_detached_head_has_no_branch(aura: Aura, tmp_path: Path) -> None:
    repo = with_history(tmp_path / "repo", 4)
    repo.git("checkout", "-q", "HEAD~1")
    assert "3 commits" in aura.ok("init", cwd=repo.path)
    sha = repo.commit({"b.py": "B = 1\n"}, "on nothing")
    assert aura.recorded(repo, sha)["branch"] is None


def test_a_submodule_is_a_repository_of_its_own(aura: Aura, tmp_path: Path) -> None:
    inner = with_history(tmp_path / "inner", 3)
    outer = with_history(tmp_path / "outer", 2)
    outer.git("submodule", "add", "-q", str(inner.path), "vendor/inner")
    outer.commit(message="take it in")
    assert "3 commits" in aura.ok("init", cwd=outer.path)
    nested = GitRepo(outer.path / "vendor" / "inner", init=False)
    assert aura.cli("intent", "list", cwd=nested.path).returncode == 1
    assert "3 commits" in aura.ok("init", cwd=nested.path)
    assert aura.summaries(nested)[0] == "step 2 [ENG-2]"
    assert aura.summaries(outer)[0] == "take it in"


def test_any_file_name_is_recorded(aura: Aura, repo: GitRepo) -> None:
    names = [
        "sp ace.py",
        "quo\"te'.py",
        "tab\t.py",
        "line\nbreak.py",
        "ünï☃.py",
        "-dash.py",
        "$(x).py",
        "a:7.py",
    ]
    repo.commit({name: f"def f{i}():\n    return 1\n" for i, name in enumerate(names)}, "odd names")
    raw = os.fsdecode(b"not-utf8-\xff.py")
    repo.commit({raw: "def g():\n    return 1\n"}, "bytes")
    aura.ok("init", cwd=repo.path)
    shown = aura.intent(repo, repo.rev("HEAD~1"))
    assert {node["new"]["path"] for node in shown["nodes"]} == set(names)
    for name in names:
        assert aura.why(repo, f"./{name}") == ["odd names"], name
        assert aura.why(repo, f"./{name}:1") == ["odd names"], name
    aura.ok("intent", "show", repo.rev("HEAD"), cwd=repo.path)
    aura.ok("entities", cwd=repo.path)


def test_outside_of_any_repository_it_says_so(aura: Aura, tmp_path: Path) -> None:
    done = aura.cli("init", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot find a git repository" in done.stderr
    assert "git init" in done.stderr


@pytest.mark.parametrize("args", [("--depth", "-1"), ("--depth", "many"), ("--nonsense",)])
def test_wrong_usage_is_told(aura: Aura, repo: GitRepo, args: tuple[str, ...]) -> None:
    done = aura.cli("init", *args, cwd=repo.path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_broken_git_file_is_told(aura: Aura, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / ".git").write_text("gitdir: /nowhere\n")
    done = aura.cli("init", cwd=tmp_path / "x")
    assert done.returncode == 1
    assert "hint: " in done.stderr


def test_a_back_fill_is_told_once_and_now_and_then_on_the_way(aura: Aura, tmp_path: Path) -> None:
    small, large = with_history(tmp_path / "small", 90), with_history(tmp_path / "large", 900)
    for repo, most in ((small, 1), (large, 11)):
        aura.init(repo)
        count = len(repo.git("rev-list", "HEAD").splitlines())
        told = aura.api("GET", "/v1/events?type=repo.backfilled&limit=500", repo=repo.path)["data"]
        done = [event["data"]["done"] for event in told]
        assert done == sorted(set(done))
        assert (done[-1], len(done) <= most) == (count, True)
        assert all(event["data"]["wanted"] == count for event in told)
