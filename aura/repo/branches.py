"""The branches of a repository that are at work without a work tree."""

import os
from collections.abc import Collection, Iterable

from aura.repo import git


def unmerged(
    common_dir: str, heads: Iterable[str], *, without: Collection[str] = (), most: int = 20
) -> dict[str, str]:
    """Return the local branches, by their full names, that have commits which none of the heads reaches.

    Each comes with the commit it is at, the newest first, `most` at most; those in `without` are left out,
    and names that are no UTF-8.
    """
    merged = [f"--no-merged={sha}" for sha in dict.fromkeys(heads)]
    options = ("--sort=-committerdate", "--format=%(objectname) %(refname)")
    listed = git.run(common_dir, "for-each-ref", *options, *merged, "refs/heads/")
    found = [os.fsdecode(line).partition(" ") for line in listed.split(b"\n") if line]
    kept = [(name, sha) for sha, _, name in found if name not in without and _is_text(name)]
    return dict(kept[:most])


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
