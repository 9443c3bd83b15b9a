"""What a commit has behind it: which commits it reaches, and which nothing reaches any more."""

from collections.abc import Iterable

from aura.repo import git
from aura.repo.commits import parents_of
from aura.repo.objects import CatFile, is_id

LOST_LIMIT = 2_000


def reached(git_dir: str, head: str, shas: Iterable[str]) -> dict[str, int]:
    """Return those of the commits that `head` reaches, each with the number of its parents."""
    asked = sorted({sha for sha in shas if is_id(sha)})
    with CatFile(git_dir, cap=16 << 20) as cat:
        found = [one for one in cat.read_many([head, *asked]) if one and one.kind == "commit" and one.data]
    parents = {one.sha: len(parents_of(one.data or b"")) for one in found}
    if head not in parents:
        return {}
    there = [sha for sha in asked if sha in parents]
    given = "".join(f"{line}\n" for line in (*there, f"^{head}"))
    beyond = set(git.run(git_dir, "rev-list", "--stdin", stdin=given.encode()).decode().split())
    return {sha: parents[sha] for sha in there if sha not in beyond}


def lost(git_dir: str, shas: Iterable[str]) -> list[str]:
    """Return the commits at and behind these that no ref and no work tree reaches, newest first."""
    asked = [sha for sha in shas if is_id(sha)]
    with CatFile(git_dir, cap=1 << 20) as cat:
        there = [sha for sha, found in zip(asked, cat.info(asked), strict=True) if found]
    if not there:
        return []
    options = ("--date-order", f"--max-count={LOST_LIMIT}")
    return git.run(git_dir, "rev-list", *options, *there, "--not", "--all").decode().split()
