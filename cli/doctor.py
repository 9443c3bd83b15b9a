"""`aura doctor`: prove that changes are captured, and say what is broken and how to mend it."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import click

from aura import __version__, home, wire
from aura.errors import NO_DAEMON

from . import call, show

CANARY_SECONDS = 15.0
MORE_WATCHES = "sudo sysctl fs.inotify.max_user_watches=1048576, then aura daemon restart"


class Finding(NamedTuple):
    """One check: its outcome (ok, warn or fail), what was seen, and how to mend it."""

    check: str
    outcome: str
    seen: str
    mend: str = ""


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Prove that changes are captured end to end, and say what is broken and how to mend it."""
    found = []
    for finding in _examine():
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        call.print_json({"data": [f._asdict() for f in found]})
    failed = [f.check for f in found if f.outcome == "fail"]
    sys.exit(NO_DAEMON if failed == ["daemon"] else 1 if failed else 0)


def _examine() -> Iterator[Finding]:
    yield _git()
    yield _home()
    daemon = _daemon()
    yield daemon
    if daemon.outcome != "ok":
        return
    yield _database()
    yield _spool()
    yield from _repository()
    yield _canary()


def _git() -> Finding:
    path = shutil.which("git")
    if path is None:
        return Finding("git", "fail", "git is not installed", "Install git.")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return Finding("git", "ok", said)


def _home() -> Finding:
    try:
        return Finding("home", "ok", home.prepare())
    except OSError as error:
        return Finding(
            "home", "fail", f"cannot use {home.folder()}: {error}", "Set AURA_HOME to a folder of your own."
        )


def _daemon() -> Finding:
    try:
        if os.environ.get("AURA_AUTOSTART") != "0":
            call.ensure_daemon_unless_running()
        who = wire.request("GET", "/v1/status", timeout=10).json()
    except wire.NoDaemon:
        return Finding("daemon", "fail", "it does not run, and AURA_AUTOSTART=0", "aura daemon start")
    except OSError as error:
        return Finding("daemon", "fail", f"cannot reach it: {error}", "aura daemon restart; aura daemon logs")
    if who["version"] != __version__:
        seen = f"the daemon is {who['version']}, this command {__version__}"
        return Finding("daemon", "fail", seen, "aura daemon restart")
    return Finding("daemon", "ok", f"version {who['version']}, pid {who['pid']}")


def _database() -> Finding:
    answer = wire.request("POST", "/v1/admin/database:check", {}).json()
    if answer["ok"]:
        return Finding("database", "ok", home.path("aura.db"))
    return Finding(
        "database", "fail", "; ".join(answer["problems"][:3]), "Restore a copy made by aura db backup."
    )


def _spool() -> Finding:
    folder = home.path("spool")
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        mend = f"rm -rf {folder}; aura daemon restart makes it anew"
        return Finding("spool", "fail", f"hooks cannot leave reports in {folder}", mend)
    wire.request("POST", "/v1/hooks:drain", {})
    if left := os.listdir(folder):
        seen = f"not read: {show.count(len(left), 'hook report')}"
        return Finding("spool", "fail", seen, "aura daemon logs")
    return Finding("spool", "ok", "every hook report has been read")


def _repository() -> Iterator[Finding]:
    where = wire.here()
    if where is None:
        yield Finding("repository", "warn", "not in a git repository", "Run aura doctor inside one.")
        return
    reply = wire.request("GET", "/v1/intents?limit=1", repo=where)
    if reply.status != 200:
        error = reply.json()["error"]
        yield Finding("repository", "fail", error["message"], error["hint"])
        return
    status = wire.request("GET", "/v1/status", repo=where).json()
    yield Finding("repository", "ok", f"{status['repo']} at {status['worktree']}")
    head = status["head"]
    if head is None:
        yield Finding("head", "ok", "no commit yet")
    elif wire.request("GET", f"/v1/intents/{head}", repo=where).status == 200:
        yield Finding("head", "ok", f"{head[:12]} is recorded")
    else:
        yield Finding("head", "warn", f"{head[:12]} is not recorded", "aura init reads the history.")
    yield _hooks()
    yield _watching(status["worktrees"])


def _watching(trees: list[dict[str, Any]]) -> Finding:
    """Tell whether saves are noticed in every work tree of the repository."""
    states: dict[str, list[dict[str, Any]]] = {}
    for tree in trees:
        states.setdefault(tree["live"]["state"], []).append(tree)
    if polled := states.get("polled"):
        seen = f"{len(polled)} of {len(trees)} work trees looked at now and then: {polled[0]['live']['note']}"
        return Finding("watch", "warn", seen, MORE_WATCHES)
    if missing := states.get("missing"):
        gone = missing[0]
        mend = f"aura worktree remove {gone['id']} forgets it; git worktree repair finds a moved one"
        return Finding("watch", "warn", f"{gone['worktree']} is not there", mend)
    return Finding("watch", "ok", f"{len(trees)} work tree{'' if len(trees) == 1 else 's'} watched")


def _hooks() -> Finding:
    from aura.repo import hooks

    from .hooks import aura, worktree

    found = hooks.state(worktree(), aura())
    states = {h.state for h in found}
    if states == {"installed"}:
        return Finding("hooks", "ok", f"installed in {os.path.dirname(found[0].path)}")
    if states <= {"absent", "foreign"}:
        seen = "no pre-commit hook here: commits are noticed a moment later, and nothing is refused"
        return Finding("hooks", "warn", seen, "aura hooks install")
    wrong = ", ".join(f"{h.hook} is {h.state}" for h in found if h.state != "installed")
    return Finding("hooks", "fail", wrong, "aura hooks install")


def _canary() -> Finding:
    """Commit to a repository of our own with our hooks in it, and wait for the record to show the entity."""
    with tempfile.TemporaryDirectory(prefix="aura-canary-") as folder:
        try:
            return _commit_and_wait(os.path.realpath(folder))
        except (OSError, subprocess.SubprocessError, KeyError) as error:
            return Finding(
                "canary", "fail", f"cannot commit to a repository of its own: {error}", "aura daemon logs"
            )


def _commit_and_wait(folder: str) -> Finding:
    from aura.repo import hooks
    from aura.repo.worktrees import discover

    from .hooks import aura

    git = _git_in(folder)
    git("init", "-q")
    hooks.install(discover(folder), aura())
    reply = wire.request("POST", "/v1/worktrees", {"path": folder})
    tree = reply.json()
    if reply.status >= 400:
        return Finding("canary", "fail", tree["error"]["message"], tree["error"]["hint"])
    try:
        started = time.monotonic()
        with open(os.path.join(folder, "canary.py"), "w") as file:
            file.write("def sing():\n    return 'captured'\n")
        git("add", "canary.py")
        git("commit", "-q", "--no-verify", "-m", "canary")
        head = git("rev-parse", "HEAD").strip()
        while time.monotonic() - started < CANARY_SECONDS:
            reply = wire.request("GET", f"/v1/intents/{head}", repo=folder)
            if reply.status == 200:
                names = [n["new"]["qualified_name"] for n in reply.json()["nodes"] if n["new"]]
                if "sing" not in names:
                    return Finding(
                        "canary", "fail", "the commit was recorded without its function", "aura daemon logs"
                    )
                took = (time.monotonic() - started) * 1000
                return Finding("canary", "ok", f"a commit and its function were recorded in {took:.0f} ms")
            time.sleep(0.02)
        return Finding("canary", "fail", "a commit was not recorded", "aura daemon logs")
    finally:
        wire.request("DELETE", f"/v1/worktrees/{tree['id']}")


def _git_in(folder: str) -> Callable[..., str]:
    """Return a git for one folder, free of what a calling hook or the user configured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        who |= {f"GIT_{role}_NAME": "aura", f"GIT_{role}_EMAIL": "aura@localhost"}

    def run(*args: Any) -> str:
        done = subprocess.run(
            ["git", *args], cwd=folder, env=kept | who, capture_output=True, text=True, check=True, timeout=30
        )
        return done.stdout

    return run


def _print(finding: Finding) -> None:
    finding = Finding(*show.printable(list(finding)))
    sign = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}[finding.outcome]
    click.echo(f"{sign}  {finding.check:<11} {finding.seen}")
    if finding.mend and finding.outcome != "ok":
        click.echo(f"      {'':<11} {finding.mend}")
