"""A real daemon with a home of its own, the command line beside it, and waiting with a deadline."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aura import wire

from ..gitrepo import GitRepo
from ..running import eventually

AURA = [sys.executable, "-m", "aura.cli.main"]


class Aura:
    """The command line and the API as a user has them; `AURA_HOME` in the environment says which daemon."""

    def __init__(self, home: str) -> None:
        self.home = home

    def cli(
        self, *args: str | bytes, cwd: Path | str, env: Mapping[str, str] | None = None, stdin: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*AURA, *args],
            cwd=cwd,
            env=os.environ | dict(env or {}),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def ok(self, *args: str, cwd: Path | str, env: Mapping[str, str] | None = None) -> str:
        done = self.cli(*args, cwd=cwd, env=env)
        assert done.returncode == 0, f"aura {args}: {done.stdout}{done.stderr}"
        return done.stdout

    def json(self, *args: str, cwd: Path | str) -> Any:
        return json.loads(self.ok(*args, "--json", cwd=cwd))

    def api(self, method: str, path: str, body: Any = None, *, repo: Path | None = None) -> Any:
        reply = wire.request(method, path, body, repo=str(repo) if repo else None, timeout=30)
        answer = reply.json()
        assert reply.status < 400, answer
        return answer

    def init(self, repo: GitRepo) -> Any:
        tree = self.api("POST", "/v1/worktrees", {"path": str(repo.path)})
        self.api("POST", f"/v1/worktrees/{tree['id']}:backfill", {"depth": 1000})
        eventually(lambda: self._read(tree["id"]), 20)
        return tree

    def _read(self, id_: str) -> bool:
        backfill = self.api("GET", f"/v1/worktrees/{id_}")["backfill"]
        return backfill is None or backfill["state"] == "complete"

    def log(self, repo: GitRepo, summary: str, **more: Any) -> Any:
        body = {"summary": summary, "wait_ms": 20_000, **more}
        return self.api("POST", "/v1/intents", body, repo=repo.path)

    def intent(self, repo: GitRepo, id_: str) -> Any:
        return self.api("GET", f"/v1/intents/{id_}", repo=repo.path)

    def recorded(self, repo: GitRepo, sha: str) -> Any:
        """Wait until a commit is in the record and return its intent."""
        return eventually(lambda: self.known(repo, sha), 20)

    def known(self, repo: GitRepo, sha: str) -> Any:
        reply = wire.request("GET", f"/v1/intents/{sha}", repo=str(repo.path), timeout=30)
        return reply.json() if reply.status == 200 else None

    def intents(self, repo: GitRepo, query: str = "") -> list[Any]:
        data: list[Any] = self.api("GET", f"/v1/intents?limit=500&{query}", repo=repo.path)["data"]
        return data

    def summaries(self, repo: GitRepo, query: str = "") -> list[str]:
        return [intent["summary"] for intent in self.intents(repo, query)]

    def why(self, repo: GitRepo, what: str) -> list[str]:
        """Return the summaries of the intents that shaped FILE:LINE, FILE or ENTITY, newest first."""
        return [r["intent"]["summary"] for r in self.json("why", what, cwd=repo.path)["data"]]

    def told(self, repo: GitRepo, what: str) -> list[tuple[str, str]]:
        """Return the events of an entity's life, newest first: its changes, and the summary of the intent."""
        data = self.json("log", what, cwd=repo.path)["data"]
        return [(",".join(entry["changes"]), entry["intent"]["summary"]) for entry in data]

    def id_of(self, repo: GitRepo, what: str) -> str:
        """Return the id of an entity's lineage."""
        return str(self.json("log", what, cwd=repo.path)["data"][0]["entity"])

    def states(self, repo: GitRepo, id_: str) -> dict[str, str]:
        nodes = self.intent(repo, id_)["nodes"]
        return {(n["new"] or n["old"])["qualified_name"]: n["state"] for n in nodes}

    @property
    def pid(self) -> int:
        return int(self.api("GET", "/v1/status")["pid"])

    def kill(self) -> None:
        pid = self.pid
        os.kill(pid, signal.SIGKILL)
        eventually(lambda: not _alive(pid))

    def stop(self) -> None:
        self.ok("daemon", "stop", cwd="/")

    def start(self) -> None:
        self.ok("daemon", "start", cwd="/")

    def spooled(self) -> list[str]:
        folder = os.path.join(self.home, "spool")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def own_daemon() -> Iterator[Aura]:
    """Yield an aura in a new, short folder (the path of a socket must be short), and stop it afterwards."""
    home = tempfile.mkdtemp(prefix="aura-")
    user = tempfile.mkdtemp(prefix="user-")
    own = {"AURA_HOME": home, "HOME": user, "XDG_CONFIG_HOME": f"{user}/.config", "AURA_AUTOSTART": "1"}
    before = {name: os.environ.get(name) for name in own}
    os.environ.update(own)
    aura = Aura(home)
    try:
        yield aura
    finally:
        os.environ.update(own)
        aura.cli("daemon", "stop", cwd="/")
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(user, ignore_errors=True)
