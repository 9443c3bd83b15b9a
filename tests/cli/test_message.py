"""Following messages, and the count of those that are unread."""

import json
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from ..gitrepo import GitRepo
from ..lifecycle.daemons import AURA, Aura
from ..running import eventually


@contextmanager
def watching(repo: GitRepo, *args: str) -> Iterator["subprocess.Popen[str]"]:
    command = [*AURA, "message", "watch", *args]
    with subprocess.Popen(command, cwd=repo.path, stdout=subprocess.PIPE, text=True, bufsize=0) as watcher:
        try:
            yield watcher
        finally:
            watcher.send_signal(signal.SIGINT)
    assert watcher.returncode == 0


def sent(aura: Aura, repo: GitRepo, body: str, *args: str, session: str) -> None:
    aura.ok("message", "send", body, *args, cwd=repo.path, env={"AURA_SESSION": session})


def next_line(watcher: "subprocess.Popen[str]") -> str:
    assert watcher.stdout is not None
    return watcher.stdout.readline()


def begin(aura: Aura, repo: GitRepo, watcher: "subprocess.Popen[str]", session: str) -> None:
    """Send until the watcher is there."""
    assert watcher.stdout is not None
    number = 0
    while not select.select([watcher.stdout], [], [], 0.1)[0]:
        sent(aura, repo, f"hello {number}", session=session)
        number += 1
    while f"hello {number - 1}" not in next_line(watcher):
        pass


def unread(aura: Aura, repo: GitRepo) -> int:
    found: int = aura.json("status", cwd=repo.path)["unread_messages"]
    return found


def readers(aura: Aura, repo: GitRepo, body: str) -> list[str]:
    messages = aura.json("message", "list", cwd=repo.path)["data"]
    return next(message["read_by"] for message in messages if message["body"] == body)


def test_new_messages_for_the_caller_are_shown_and_stay_unread(own: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"}, "begin")
    own.start()
    own.init(repo)
    other = own.ok("session", "start", "--agent", "codex", cwd=repo.path).strip()
    sent(own, repo, "before", session=other)
    with watching(repo) as watcher:
        begin(own, repo, watcher, other)
        before = unread(own, repo)
        sent(own, repo, "for another", "--to", "nobody@example.org", session=other)
        own.ok("message", "send", "by me", cwd=repo.path)
        sent(own, repo, "red \x1b[31m", session=other)
        assert next_line(watcher).endswith("  codex: red \\x1b[31m\n")
        own.kill()
        own.ok("daemon", "start", cwd="/")
        sent(own, repo, "after the kill", session=other)
        assert next_line(watcher).endswith("  codex: after the kill\n")
        assert unread(own, repo) == before + 2


def test_with_read_they_are_read(own: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"}, "begin")
    own.start()
    own.init(repo)
    other = own.ok("session", "start", "--agent", "codex", cwd=repo.path).strip()
    with watching(repo, "--read", "--json") as watcher:
        begin(own, repo, watcher, other)
        sent(own, repo, "one", session=other)
        assert json.loads(next_line(watcher))["body"] == "one"
        sent(own, repo, "two", session=other)
        assert json.loads(next_line(watcher))["body"] == "two"
        eventually(lambda: readers(own, repo, "two"))
        assert readers(own, repo, "one") == readers(own, repo, "two") != []


def test_the_status_counts_what_is_unread(own: Aura, repo: GitRepo) -> None:
    repo.commit({"a.py": "A = 1\n"}, "begin")
    own.start()
    own.init(repo)
    assert unread(own, repo) == 0
    assert "unread" not in own.ok("status", cwd=repo.path)
    other = own.ok("session", "start", "--agent", "codex", cwd=repo.path).strip()
    sent(own, repo, "one", session=other)
    assert "unread\t1 message: aura message read\n" in own.ok("status", cwd=repo.path)
    own.ok("message", "read", cwd=repo.path)
    assert unread(own, repo) == 0
    assert own.json("status", cwd="/")["unread_messages"] in (None, 0)
