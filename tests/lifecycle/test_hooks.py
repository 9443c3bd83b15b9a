"""Git hooks: they report every commit, chain to what was there, and never make git wait or fail."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..running import eventually
from .daemons import Aura

ONE = {"a.py": "def f():\n    return 1\n"}
TWO = {"a.py": "def f():\n    return 2\n"}


@pytest.fixture
def known(aura: Aura, repo: GitRepo) -> GitRepo:
    """A registered repository with our hooks in it."""
    repo.commit(ONE, "begin")
    aura.init(repo)
    aura.ok("hooks", "install", cwd=repo.path)
    return repo


@pytest.fixture
def idle(own: Aura, repo: GitRepo) -> GitRepo:
    """A registered repository with our hooks in it; its daemon does not run."""
    own.start()
    repo.commit(ONE, "begin")
    own.init(repo)
    own.ok("hooks", "install", cwd=repo.path)
    own.stop()
    return repo


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def states(aura: Aura, cwd: Path) -> set[str]:
    return {hook["state"] for hook in aura.json("hooks", "status", cwd=cwd)["data"]}


def tools(folder: Path, *names: str) -> str:
    """Return a PATH with nothing but these programs and what a hook needs."""
    folder.mkdir(exist_ok=True)
    for name in ("git", "sh", "cat", "mkdir", *names):
        found = shutil.which(name)
        assert found
        (folder / name).symlink_to(found)
    return str(folder)


def test_a_second_installation_changes_nothing(aura: Aura, known: GitRepo) -> None:
    hooks = known.path / ".git" / "hooks"
    before = {file.name: file.read_bytes() for file in hooks.iterdir()}
    aura.ok("hooks", "install", cwd=known.path)
    assert {file.name: file.read_bytes() for file in hooks.iterdir()} == before
    assert states(aura, known.path) == {"installed"}


def test_removal_puts_back_what_was_there(aura: Aura, repo: GitRepo) -> None:
    repo.commit(ONE)
    hooks = repo.path / ".git" / "hooks"
    executable(hooks / "post-commit", "echo mine")
    before = {file.name: file.read_bytes() for file in hooks.iterdir()}
    aura.ok("hooks", "install", cwd=repo.path)
    aura.ok("hooks", "uninstall", cwd=repo.path)
    assert {file.name: file.read_bytes() for file in hooks.iterdir()} == before
    assert states(aura, repo.path) == {"foreign", "absent"}


def test_a_hook_that_took_the_place_of_ours_is_kept_beside_the_one_kept_before(
    aura: Aura, repo: GitRepo
) -> None:
    repo.commit(ONE)
    hooks = repo.path / ".git" / "hooks"
    for text in ("echo first", "echo second"):
        executable(hooks / "post-commit", text)
        aura.ok("hooks", "install", cwd=repo.path)
    kept = {file.read_text() for file in hooks.glob("post-commit.before-aura*")}
    assert kept == {"#!/bin/sh\necho first\n", "#!/bin/sh\necho second\n"}


def test_earlier_hooks_run_first_with_their_arguments_input_and_exit_status(
    aura: Aura, repo: GitRepo, tmp_path: Path
) -> None:
    repo.commit(ONE)
    hooks, seen = repo.path / ".git" / "hooks", tmp_path / "seen"
    executable(hooks / "post-checkout", f'echo "$*" >{seen}; exit 7')
    executable(hooks / "post-rewrite", f'echo "$1" >{seen}; cat >>{seen}')
    executable(hooks / "pre-commit", f"test -e {tmp_path}/allowed || {{ echo not allowed >&2; exit 3; }}")
    aura.ok("hooks", "install", cwd=repo.path)
    done = subprocess.run(["git", "checkout", "-q", "-b", "other"], cwd=repo.path, check=False)
    assert done.returncode == 1  # what git makes of any failure there
    head = repo.rev("HEAD")
    assert seen.read_text() == f"{head} {head} 1\n"
    with pytest.raises(AssertionError, match="not allowed"):
        repo.git("commit", "-q", "--allow-empty", "-m", "no")
    (tmp_path / "allowed").touch()
    repo.git("commit", "-q", "--amend", "-m", "yes")
    assert seen.read_text() == f"amend\n{head} {repo.rev('HEAD')}\n"


@pytest.mark.parametrize("where", ["relative", "absolute", "home"])
def test_hooks_go_where_git_looks_for_them(aura: Aura, repo: GitRepo, tmp_path: Path, where: str) -> None:
    repo.commit(ONE, "begin")
    aura.init(repo)
    said, folder = {
        "relative": ("my hooks", repo.path / "my hooks"),
        "absolute": (str(tmp_path / "elsewhere"), tmp_path / "elsewhere"),
        "home": ("~/hooks", Path(os.environ["HOME"]) / "hooks"),
    }[where]
    repo.git("config", "core.hooksPath", said)
    aura.ok("hooks", "install", cwd=repo.path)
    assert (folder / "post-commit").exists()
    assert not (repo.path / ".git" / "hooks" / "post-commit").exists()
    repo.write(TWO)
    repo.git("commit", "-q", "-a", "-m", "reported")
    aura.recorded(repo, repo.rev("HEAD"))


def test_hooks_cannot_go_into_what_is_no_folder(aura: Aura, repo: GitRepo) -> None:
    repo.commit(ONE)
    repo.git("config", "core.hooksPath", "/dev/null")
    done = aura.cli("hooks", "install", cwd=repo.path)
    assert done.returncode == 4
    assert "cannot install hooks in /dev/null" in done.stderr
    assert "core.hooksPath" in done.stderr


def test_a_linked_work_tree_shares_the_hooks_and_is_reported_as_itself(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    known.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    tree = GitRepo(tmp_path / "linked", init=False)
    assert states(aura, tree.path) == {"installed"}
    sha = tree.commit({"b.py": "def g():\n    return 1\n"}, "from the side")
    assert aura.recorded(tree, sha)["branch"] == "side"


def test_reports_survive_any_path(own: Aura, tmp_path: Path) -> None:
    names = (
        "with space",
        'it\'s "quoted"',
        "100%s",
        "two\nlines",
        "ünïcode-☃",
        "$(touch x)",
        "-dash",
        "back\\n",
    )
    own.start()
    repos = [GitRepo(tmp_path / name) for name in names]
    for repo in repos:
        repo.commit(ONE, "begin")
        own.init(repo)
        own.ok("hooks", "install", cwd=repo.path)
    own.stop()
    made = [repo.commit(TWO, "while nobody listened") for repo in repos]
    eventually(lambda: len(own.spooled()) == len(names))
    for repo in repos:
        # Now only the report knows of the commit.
        repo.git("-c", "core.hooksPath=/dev/null", "reset", "-q", "--hard", "HEAD~1")
    own.start()
    for repo, sha in zip(repos, made, strict=True):
        assert eventually(lambda r=repo, s=sha: own.known(r, s), 20)["summary"] == "while nobody listened"
    eventually(lambda: not own.spooled())


def test_a_commit_succeeds_at_once_while_the_daemon_is_down_and_is_told_at_its_next_start(
    own: Aura, idle: GitRepo
) -> None:
    idle.write(TWO)
    idle.git("commit", "-q", "-a", "-m", "alone")
    old = idle.rev("HEAD")
    idle.git("commit", "-q", "--amend", "-m", "alone, and amended")
    eventually(lambda: sum(name.startswith("post-rewrite") for name in own.spooled()) == 1)
    own.start()
    assert own.recorded(idle, idle.rev("HEAD"))["summary"] == "alone, and amended"
    eventually(lambda: not own.spooled())
    assert own.summaries(idle) == ["alone, and amended", "begin"]
    assert own.known(idle, old) is None or own.known(idle, old)["rewritten_to"] == idle.rev("HEAD")


def test_a_commit_does_not_start_the_daemon(own: Aura, idle: GitRepo) -> None:
    idle.commit(TWO)
    eventually(own.spooled)
    assert own.cli("daemon", "status", cwd=idle.path).returncode == 3


def test_git_does_not_wait_and_its_pipes_are_not_held_open(
    aura: Aura, known: GitRepo, tmp_path: Path
) -> None:
    marks = tmp_path / "marks"
    executable(tmp_path / "bin" / "curl", f"echo begun >>{marks}; sleep 5; echo ended >>{marks}")
    path = f"{tmp_path}/bin:{os.environ['PATH']}"
    known.write(TWO)
    started = time.monotonic()
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-a", "-m", "x"],
        cwd=known.path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - started < 3
    assert "1 file changed" in done.stdout
    eventually(marks.exists)
    assert marks.read_text() == "begun\n"


def test_without_curl_the_command_line_tells_the_daemon(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    known.write(TWO)
    known.git("commit", "-q", "-a", "-m", "no curl", env={"PATH": tools(tmp_path / "bin")})
    assert aura.recorded(known, known.rev("HEAD"))["summary"] == "no curl"
    eventually(lambda: not aura.spooled())


def test_a_curlrc_and_a_proxy_do_not_come_between(aura: Aura, known: GitRepo, tmp_path: Path) -> None:
    executable(tmp_path / "bin" / "curl", f'{shutil.which("curl")} "$@"; echo $? >{tmp_path}/status')
    (Path(os.environ["HOME"]) / ".curlrc").write_text(
        "fail-early\nproxy = http://127.0.0.1:9\nunknown-option\n"
    )
    env = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "http_proxy": "http://127.0.0.1:9"}
    try:
        known.git("commit", "-q", "--allow-empty", "-m", "x", env=env)
        eventually((tmp_path / "status").exists)
        assert eventually((tmp_path / "status").read_text) == "0\n"
    finally:
        (Path(os.environ["HOME"]) / ".curlrc").unlink()


@pytest.mark.parametrize("home", ["a file", "under a file", "missing and not to be made"])
def test_a_commit_succeeds_where_nothing_can_be_spooled(
    aura: Aura, known: GitRepo, tmp_path: Path, home: str
) -> None:
    (tmp_path / "file").touch()
    places = {
        "a file": tmp_path / "file",
        "under a file": tmp_path / "file" / "x",
        "missing and not to be made": Path("/proc/nowhere/aura"),
    }
    known.git("commit", "-q", "--allow-empty", "-m", "x", env={"AURA_HOME": str(places[home])})


def test_strict_mode_refuses_a_commit_that_no_ticket_explains(own: Aura, repo: GitRepo) -> None:
    own.start()
    repo.commit(ONE, "begin")
    own.init(repo)
    own.ok("hooks", "install", cwd=repo.path)
    own.ok("config", "set", "strict_mode", "on", cwd=repo.path)
    repo.write(TWO)
    said = own.cli("intent", "log", "no ticket", cwd=repo.path)
    assert said.returncode == 4
    assert "cannot log the intent" in said.stderr
    assert "[ENG-123]" in said.stderr
    with pytest.raises(AssertionError) as refused:
        repo.git("commit", "-q", "-a", "-m", "refused")
    assert "refused: strict mode is on" in str(refused.value)
    assert "aura intent log" in str(refused.value)
    repo.git("commit", "-q", "-a", "--no-verify", "-m", "passed by")
    repo.write(ONE)
    own.ok("intent", "log", "back to one [ENG-1]", cwd=repo.path)
    repo.git("commit", "-q", "-a", "-m", "allowed")
    repo.write(TWO)
    with pytest.raises(AssertionError, match="refused"):
        repo.git("commit", "-q", "-a", "-m", "the ticket is used up")
    own.stop()
    repo.git("commit", "-q", "-a", "-m", "nobody to ask")


def test_the_state_of_each_hook_is_told(aura: Aura, known: GitRepo) -> None:
    hooks = known.path / ".git" / "hooks"
    (hooks / "post-merge").unlink()
    (hooks / "post-commit").chmod(0o644)
    (hooks / "post-checkout").write_text((hooks / "post-checkout").read_text() + "\n")
    executable(hooks / "pre-commit", "exit 0")
    found = {h["hook"]: h["state"] for h in aura.json("hooks", "status", cwd=known.path)["data"]}
    assert found == {
        "post-commit": "not executable",
        "pre-commit": "foreign",
        "post-checkout": "outdated",
        "post-merge": "absent",
        "post-rewrite": "installed",
    }


def test_hooks_need_a_repository(aura: Aura, tmp_path: Path) -> None:
    done = aura.cli("hooks", "install", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot find a git repository" in done.stderr


def test_hooks_cost_less_than_starting_python_twice(aura: Aura, known: GitRepo) -> None:
    def median(*argv: str) -> float:
        took = []
        for _ in range(9):
            started = time.perf_counter()
            subprocess.run(argv, cwd=known.path, env=env, check=True, capture_output=True)
            took.append(time.perf_counter() - started)
        return sorted(took)[4]

    env = os.environ | {
        f"GIT_{role}_{part}": "a" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    commit = ("commit", "-q", "--allow-empty", "-m", "x")
    bare = median("git", "-c", "core.hooksPath=/dev/null", *commit)
    assert median("git", *commit) - bare < 2 * median(sys.executable, "-c", "pass")


def test_running_a_hook_by_hand_never_fails(own: Aura, repo: GitRepo) -> None:
    for hook in ("post-commit", "pre-commit", "post-rewrite", "nonsense"):
        assert own.cli("hooks", "run", hook, cwd=repo.path).returncode == 0
