"""The repository to measure on, and what its newest commits changed."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aura.errors import AuraError
from aura.repo import git
from aura.repo.changes import GITLINK, SYMLINK, commit_changes
from aura.repo.objects import CatFile
from aura.repo.tables import Want
from aura.repo.worktrees import discover
from aura.syntax.language import HEAD, language_for
from aura.syntax.parsing import MAX_BYTES

from . import synthetic
from .figures import Settings

COMMITS = 200
Side = tuple[Want, bytes]


@contextmanager
def repository(settings: Settings) -> Iterator[str]:
    """Give the git folder to measure on: the one that was named, else of the present folder.

    Where that has too few commits, it is a synthetic history.
    """
    found = _named(settings)
    if found is not None:
        yield found
        return
    with TemporaryDirectory(prefix="aura-bench-") as folder:
        yield synthetic.make(Path(folder), settings.count(COMMITS + 50))


@contextmanager
def clone(settings: Settings) -> Iterator[Path]:
    """Give a work tree of the repository to measure on that may be changed; it is clean."""
    with repository(settings) as source, TemporaryDirectory(prefix="aura-bench-") as folder:
        target = Path(folder).resolve() / "work"
        subprocess.run(["git", "clone", "-q", source, str(target)], check=True, env=git_environment())
        yield target


def git_environment() -> dict[str, str]:
    """Return an environment in which git knows an author and no settings but the repository's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.org"}
    named = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
    return kept | named | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


def newest(git_dir: str, count: int) -> list[str]:
    """Return the newest commits that are no merges."""
    return git.run(git_dir, "rev-list", "--no-merges", f"--max-count={count}", "HEAD").decode().split()


def sides(git_dir: str, shas: list[str]) -> dict[str, list[Side]]:
    """Return for each commit every before and every after that is written in a known language.

    A blob that several commits have is there once for each, as a parser without memory would meet it.
    """
    wants = [
        (sha, Want(path, blob, mode))
        for sha, changes in commit_changes(git_dir, shas)
        for change in changes or ()
        for path, blob, mode in (
            (change.old_path, change.old_blob, change.old_mode),
            (change.new_path, change.new_blob, change.new_mode),
        )
        if path and blob and mode and mode not in (SYMLINK, GITLINK)
    ]
    found: dict[str, list[Side]] = {sha: [] for sha in shas}
    with CatFile(git_dir, cap=MAX_BYTES) as cat:
        blobs = cat.read_many(want.blob for _, want in wants)
        for (sha, want), blob in zip(wants, blobs, strict=True):
            if blob and blob.data and _known(want, blob.data):
                found[sha].append((want, blob.data))
    return found


def _known(want: Want, data: bytes) -> bool:
    return b"\0" not in data[:8000] and language_for(want.path, data[:HEAD]) is not None


def _named(settings: Settings) -> str | None:
    if settings.repo is not None:
        return discover(str(settings.repo)).git_dir
    try:
        git_dir = discover(os.getcwd()).git_dir
        enough = len(newest(git_dir, COMMITS)) == COMMITS
    except AuraError:
        return None
    return git_dir if enough else None
