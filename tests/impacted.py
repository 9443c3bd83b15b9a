"""Impacts in the record of a running daemon, of a branch that is not checked out on its work tree."""

import os
from pathlib import Path
from typing import Any

from aura.api import Actor, Caller
from aura.store import connect
from aura.team import alerts
from aura.team.alerts import Party

from .gitrepo import GitRepo
from .team.findings import finding

SYSTEM = Caller(actor=Actor("aura", "system", "aura"))
BRANCH = "elsewhere"


def impacts(repo: GitRepo, home: str | os.PathLike[str], *given: dict[str, Any]) -> list[str]:
    """Settle one finding for each of `given`, and return the ids of the impacts."""
    root, ref = str(Path(repo.path).resolve()), f"refs/heads/{BRANCH}"
    if not repo.git("branch", "--list", BRANCH):
        sha = repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "work of its own")
        repo.git("branch", BRANCH, sha)
    db = connect(Path(home) / "aura.db")
    try:
        (repo_,) = db.execute("SELECT repo FROM worktrees WHERE path = ?", (root,)).fetchone()
        sides = {root: Party(root, "main"), ref: Party(None, BRANCH)}
        found = [finding(yours=root, other=ref, **one) for one in given]
        with db:
            opened = alerts.settle(db, SYSTEM, repo_, sides, [(root, ref)], found)
        return [impact.id for impact in opened]
    finally:
        db.close()
