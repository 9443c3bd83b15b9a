"""Which commit took the place of which, where no hook said so."""

from collections.abc import Iterable, Mapping

from aura.repo.commits import Commit


def pairs(gone: Iterable[Commit], come: Iterable[Commit], amended: Mapping[str, str]) -> dict[str, str]:
    """Pair commits that nothing reaches any more with those that came in their place.

    Git says what an amend replaced; elsewhere the same author, author time and subject tell, or the author
    and the time alone where they fit one commit on either side.
    """
    old, new = list(gone), list(come)
    there = {commit.sha for commit in new}
    found = {}
    for commit in old:
        last, seen = commit.sha, set[str]()
        while last in amended and last not in seen:
            seen.add(last)
            last = amended[last]
        if last != commit.sha and last in there:
            found[commit.sha] = last
    by_subject = {(*_when(commit), commit.subject): commit.sha for commit in new}
    for commit in old:
        if same := by_subject.get((*_when(commit), commit.subject)):
            found.setdefault(commit.sha, same)
    olds, news = _single(old), _single(new)
    for when, sha in olds.items():
        if when in news and news[when] not in found.values():
            found.setdefault(sha, news[when])
    return found


def _when(commit: Commit) -> tuple[str, str, int]:
    return commit.author_name, commit.author_email, commit.author_time


def _single(commits: list[Commit]) -> dict[tuple[str, str, int], str]:
    """Return the commits whose author and time no other has."""
    found: dict[tuple[str, str, int], list[str]] = {}
    for commit in commits:
        found.setdefault(_when(commit), []).append(commit.sha)
    return {when: shas[0] for when, shas in found.items() if len(shas) == 1}
