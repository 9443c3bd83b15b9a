"""Commits as intents: each commit that has been read is one intent of `source: commit`."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from aura.api import Actor, Caller, Place, now_us
from aura.ids import derived_id, milliseconds
from aura.record import binding, events, nodes, settings
from aura.record.intents import add_tickets, author_of
from aura.record.tickets import named_in_message
from aura.repo.commits import Commit
from aura.store import Connection, one
from aura.syntax.types import Carried, Edit

SECOND_US = 1_000_000


class Read(Struct, frozen=True):
    """A commit with what was found in it."""

    commit: Commit
    position: int
    edits: list[Edit]
    degraded: bool
    failed: bool = False
    carried: list[Carried] = []


def known(db: Connection, repo: int, shas: Iterable[str]) -> set[str]:
    """Return those of the commits that have been read; one whose analysis failed is to be read again."""
    found = set()
    wanted = list(shas)
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        sql = (
            "SELECT c.sha FROM commits c JOIN intents i ON i.seq = c.intent"
            f" WHERE i.analysis != 'failed' AND c.repo = ? AND c.sha IN ({','.join('?' * len(part))})"
        )
        found |= {row[0] for row in db.execute(sql, (repo, *part))}
    return found


def unknown(db: Connection, repo: int, shas: Sequence[str]) -> list[str]:
    """Return those of the commits that have not been read."""
    found = known(db, repo, shas)
    return [sha for sha in shas if sha not in found]


def standing(db: Connection, repo: int, shas: Iterable[str]) -> list[str]:
    """Return those of the commits that have been read and that no other has replaced, each once."""
    sql = "SELECT 1 FROM commits WHERE repo = ? AND sha = ? AND rewritten_to IS NULL"
    return [sha for sha in dict.fromkeys(shas) if one(db, sql, repo, sha)]


def positions(commits: Sequence[Commit]) -> dict[str, int]:
    """Number the commits that share their parent's second, so that ids keep the order of history."""
    position: dict[str, int] = {}
    times = {c.sha: c.committer_time for c in commits}
    for commit in reversed(commits):
        same = [position.get(p, 0) + 1 for p in commit.parents if times.get(p) == commit.committer_time]
        position[commit.sha] = min(max(same, default=0), 999)
    return position


def record(db: Connection, caller: Caller, place: Place, read: Read, *, live: bool, quiet: bool) -> bool:
    """Record a commit as an intent; tell whether it is new. A live one binds logged intents; one that is
    not quiet is an event of its own.

    Its id is derived from its time and hash, so that a second reading changes nothing.
    """
    commit = read.commit
    if earlier := one(db, _EARLIER, place.repo, commit.sha):
        if earlier[1] == "failed" and not read.failed:
            _mend(db, place, earlier[0], read)
        return False
    created = commit.committer_time * SECOND_US
    position = max(read.position, _after_parent(db, place.repo, commit)) if live else read.position
    id_ = derived_id("itn", created + position * 1000, place.common_dir, commit.sha)
    who = Actor(commit.author_email or commit.author_name or "unknown", "human", commit.author_name)
    changed, added, deleted = nodes.counts(read.edits)
    db.execute(
        "INSERT INTO intents (id, repo, branch, author, source, summary, created_at, recorded_at, base_sha,"
        " commit_sha, analysis, degraded, nodes_changed, nodes_added, nodes_deleted)"
        " VALUES (?,?,?,?,'commit',?,?,?,?,?,?,?,?,?,?)",
        (
            id_, place.repo, place.branch, author_of(db, who), commit.subject or "(no message)", created,
            now_us(), "".join(commit.parents[:1]) if live else None, commit.sha,
            "failed" if read.failed else "done", int(read.degraded), changed, added, deleted,
        ),
    )  # fmt: skip
    seq = db.last_insert_rowid()
    db.execute(
        "INSERT INTO commits (repo, sha, intent, parents) VALUES (?,?,?,?)",
        (place.repo, commit.sha, seq, len(commit.parents)),
    )
    system = settings.value(db, place.repo, "tickets.system")
    add_tickets(db, [(seq, id_, named_in_message(commit.message, system))])
    nodes.attach_commit(db, place.repo, seq, read.edits, read.carried, commit.sha)
    if live:
        binding.bind(db, caller, place, commit.sha)
    if not quiet:
        data = {"intent_id": id_, "summary": commit.subject, "source": "commit", "commit_sha": commit.sha}
        events.append(db, caller, "intent.logged", data, place)
    return True


_EARLIER = (
    "SELECT i.seq, i.analysis FROM commits c JOIN intents i ON i.seq = c.intent"
    " WHERE c.repo = ? AND c.sha = ?"
)


def _mend(db: Connection, place: Place, seq: int, read: Read) -> None:
    """Give a commit whose analysis had failed what was found this time."""
    nodes.attach_commit(db, place.repo, seq, read.edits, read.carried, read.commit.sha)
    db.execute(
        "UPDATE intents SET analysis = 'done', degraded = ?, nodes_changed = ?, nodes_added = ?,"
        " nodes_deleted = ? WHERE seq = ?",
        (int(read.degraded), *nodes.counts(read.edits), seq),
    )


def _after_parent(db: Connection, repo: int, commit: Commit) -> int:
    """Return the position after a parent of the same second, as the parent's id tells it."""
    for parent in commit.parents[:1]:
        row = one(
            db,
            "SELECT i.id, i.created_at FROM commits c JOIN intents i ON i.seq = c.intent"
            " WHERE c.repo = ? AND c.sha = ?",
            repo,
            parent,
        )
        if row and row[1] == commit.committer_time * SECOND_US:
            return min(milliseconds(row[0]) % 1000 + 1, 999)
    return 0
