"""Which commit took the place of which, where no hook said so."""

from collections import Counter
from collections.abc import Iterable, Mapping

from aura.repo.commits import Commit
from aura.store import Connection, one, rows


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


def melted(db: Connection, repo: int, gone: Iterable[str], come: Iterable[str]) -> dict[str, str]:
    """Pair commits that nothing reaches any more with those that a squash melted them into.

    That is the one that makes most of the same versions, or of what was made on top of them; where later
    commits changed all of them again before the squash, it is one by the same author that touches all of the
    same entities.
    """
    olds, news = _made(db, repo, gone), _made(db, repo, come)
    found = _absorbed(olds, news)
    for sha in olds.keys() - found.keys():
        best = next((new for new, after in news.items() if after.covers(olds[sha])), None)
        if best is not None:
            found[sha] = best
    return found


def absorbed(db: Connection, repo: int, gone: Iterable[str], come: Iterable[str]) -> dict[str, str]:
    """Pair commits that nothing reaches any more with those that hold what they made, or what was made on top
    of it, whoever made them and however many others came.
    """
    return _absorbed(_made(db, repo, gone), _made(db, repo, come))


def _made(db: Connection, repo: int, shas: Iterable[str]) -> dict[str, "_Made"]:
    return {sha: _Made(db, repo, sha) for sha in shas}


def _absorbed(olds: Mapping[str, "_Made"], news: Mapping[str, "_Made"]) -> dict[str, str]:
    held: dict[_Outcome, list[str]] = {}
    for sha, after in news.items():
        for outcome in after.outcomes:
            held.setdefault(outcome, []).append(sha)
    found: dict[str, str] = {}
    left = dict(olds)
    while left:
        shared = {
            sha: Counter(new for outcome in made.outcomes for new in held.get(outcome, ()))
            for sha, made in left.items()
        }
        met = {sha: counted.most_common(1)[0][0] for sha, counted in shared.items() if counted}
        if not met:
            break
        found |= met
        for sha, new in met.items():
            # What it began with was made on the way to what is held.
            for began in left.pop(sha).began:
                held.setdefault(began, []).append(new)
    return found


_Outcome = tuple[int, int | None]
"""An entity, and the version that was made of it (None: it is gone)."""


class _Made:
    """What a commit touched, by entity, and what it made of that."""

    def __init__(self, db: Connection, repo: int, sha: str) -> None:
        row = one(db, _INTENT, repo, sha) or (None, None)
        found = rows(db, _OUTCOMES, row[0])
        self.author = row[1]
        self.touched = {entity for entity, *_ in found}
        self.outcomes: set[_Outcome] = {(entity, new) for entity, _, new in found}
        self.began: set[_Outcome] = {(entity, old) for entity, old, _ in found if old is not None}

    def covers(self, other: "_Made") -> bool:
        same = self.author is not None and self.author == other.author
        return same and bool(other.touched) and other.touched <= self.touched


_INTENT = (
    "SELECT c.intent, i.author FROM commits c JOIN intents i ON i.seq = c.intent"
    " WHERE c.repo = ? AND c.sha = ?"
)
_OUTCOMES = (
    "SELECT v.entity, n.old, n.new FROM nodes n JOIN versions v ON v.seq = ifnull(n.new, n.old)"
    " WHERE n.intent = ?"
)


def spoken_of(db: Connection, repo: int, most: int = 200) -> list[str]:
    """Return the commits that no other has replaced and that hold what was logged last."""
    sql = (
        "SELECT DISTINCT commit_sha FROM (SELECT commit_sha FROM intents WHERE repo = ? AND source = 'log'"
        " ORDER BY id DESC LIMIT ?) JOIN commits c ON c.repo = ? AND c.sha = commit_sha"
        " WHERE c.rewritten_to IS NULL"
    )
    return [sha for (sha,) in rows(db, sql, repo, most, repo)]
