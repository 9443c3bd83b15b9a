"""Plans: intents logged before anything was changed, and what becomes of them.

A plan takes the changes that follow it in its work tree, and holds them by entity and content like any other
intent from then on. They follow it until the next intent of the same session is logged there, or the next
commit is made there: git's own log of the work tree says which one that is, and never a clock. What other
intents account for is left to them; where plans of several sessions wait for the same, none is given it.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller, Place
from aura.errors import AuraError
from aura.op import op
from aura.record import analysis, binding, commits, intents, nodes
from aura.record.intents import Intent
from aura.record.places import touches
from aura.repo.reflog import Move
from aura.store import Connection, one, rows
from aura.syntax.types import Edit

MADE = 20
"""Of so many commits that were made after a plan, it is seen whether they are known."""


class Plan(NamedTuple):
    """An intent that waits; `files` are the only ones that it is about, in JSON."""

    seq: int
    session: str | None
    base: str | None
    files: str | None

    def about(self, edit: Edit) -> bool:
        """Tell whether an edit is of what the plan is about."""
        return self.files is None or any(touches(edit, file) for file in msgspec.json.decode(self.files))


_PLANS = (
    "SELECT seq, session, base_sha, files FROM intents WHERE worktree = ? AND waits = 1 ORDER BY seq DESC"
)


def waiting(db: Connection, worktree: str) -> list[Plan]:
    """Return the plans that wait in a work tree, newest first."""
    return [Plan(*row) for row in rows(db, _PLANS, worktree)]


def told(db: Connection, seq: int) -> Intent:
    """Return an intent as its logging is answered: with the one that waited until then for the same."""
    intent = intents.by_seq(db, seq)
    if intent.binding != "waiting":
        return intent
    row = one(db, _ENDED, seq)
    return msgspec.structs.replace(intent, ended=row[0]) if row else intent


_ENDED = (
    "SELECT e.id FROM intents i JOIN intents e ON e.worktree = i.worktree AND e.session IS i.session"
    " AND e.base_sha IS i.base_sha AND e.files IS i.files AND e.seq < i.seq WHERE i.seq = ?"
    " AND e.source = 'log' AND e.analysis = 'done' AND e.commit_sha IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM nodes WHERE intent = e.seq) ORDER BY e.id DESC LIMIT 1"
)


def pick_up(db: Connection, caller: Caller, place: Place, seq: int, edits: Sequence[Edit]) -> None:
    """Give what is uncommitted to the plans of the session that logs the next intent.

    A plan that was logged on top of another commit is left to the commits that came since.
    """
    row = one(db, "SELECT session, base_sha FROM intents WHERE seq = ?", seq)
    for plan in waiting(db, place.path):
        if plan.seq < seq and (plan.session, plan.base) == tuple(row):
            mine = [edit for edit in edits if plan.about(edit)]
            if mine:
                nodes.attach(db, place.repo, plan.seq, mine, "open", None)
                db.execute(_LEFT_TO_OTHERS, (plan.seq, place.path, plan.seq, seq))
                _tell(db, caller, place, plan.seq)
            if mine or plan.files is None:
                _end(db, [plan.seq])


_LEFT_TO_OTHERS = (
    "DELETE FROM nodes WHERE intent = ? AND EXISTS (SELECT 1 FROM nodes o JOIN intents i ON i.seq = o.intent"
    " WHERE o.state = 'open' AND i.worktree = ? AND o.intent NOT IN (?, ?)"
    " AND o.old IS nodes.old AND o.new IS nodes.new)"
)


def unread(db: Connection, place: Place, moves: Sequence[Move]) -> list[str]:
    """Return the commits that plans may be about and that nobody read, oldest first: ones that were put aside
    soon after they were made.
    """
    made = [
        move.new
        for plan in waiting(db, place.path)
        for move in [move for move in _after(moves, plan.base) if move.makes][:MADE]
    ]
    order = [move.new for move in moves]
    return sorted(commits.unknown(db, place.repo, list(dict.fromkeys(made))), key=order.index)


def take(db: Connection, caller: Caller, place: Place, moves: Sequence[Move]) -> None:
    """Give plans what the next commits of their work tree changed; `moves` are those of its HEAD, oldest
    first.
    """
    due: dict[str, list[tuple[Plan, list[int]]]] = {}
    for plan in waiting(db, place.path):
        for move in _after(moves, plan.base):
            if move.makes and (found := _changed(db, place.repo, move, plan)):
                due.setdefault(move.new, []).append((plan, found))
                break
    for sha, both in due.items():
        _share(db, caller, place, sha, both)


def _after(moves: Sequence[Move], base: str | None) -> Sequence[Move]:
    """Return what HEAD did after it was last where a plan began."""
    for at in range(len(moves), 0, -1):
        if moves[at - 1].new == base:
            return moves[at:]
    return moves if moves and moves[0].old == base else ()


def _changed(db: Connection, repo: int, move: Move, plan: Plan) -> list[int]:
    """Return the positions of the edits of a commit that are for a plan, but for those that the commit in
    whose place it was put had, too.
    """
    sql = (
        "SELECT n.position, n.edit FROM commits c JOIN nodes n ON n.intent = c.intent"
        " WHERE c.repo = ? AND c.sha = ? AND NOT EXISTS (SELECT 1 FROM commits b JOIN nodes o"
        " ON o.intent = b.intent WHERE b.repo = c.repo AND b.sha = ? AND o.new IS n.new"
        " AND (n.new IS NOT NULL OR o.old IS n.old))"
    )
    found = rows(db, sql, repo, move.new, move.old if move.amends else None)
    return [position for position, edit in found if plan.about(nodes.decode_edit(edit))]


def _share(
    db: Connection, caller: Caller, place: Place, sha: str, both: Sequence[tuple[Plan, list[int]]]
) -> None:
    """Give plans their parts of a commit: first those that name files, newest first, then the one for all."""
    newest: dict[tuple[str | None, str | None], tuple[Plan, list[int]]] = {}
    for plan, found in both:
        newest.setdefault((plan.session, plan.files), (plan, found))
    whole = [entry for entry in newest.values() if entry[0].files is None]
    named = [entry for entry in newest.values() if entry[0].files is not None]
    for plan, found in (*named, *(whole if len(whole) == 1 else ())):
        _give(db, caller, place, plan.seq, sha, found, unclaimed=True)
    _end(db, [plan.seq for plan, _ in both])


def _give(
    db: Connection, caller: Caller, place: Place, seq: int, sha: str, found: Iterable[int], *, unclaimed: bool
) -> bool:
    """Make edits of a commit those of an intent, and tell whether any was left to it."""
    sql = (
        "INSERT INTO nodes SELECT ?, n.position, n.changes, n.old, n.new, n.grade, n.edit, 'bound', c.sha"
        " FROM commits c JOIN nodes n ON n.intent = c.intent WHERE c.repo = ? AND c.sha = ?"
        " AND n.position IN (SELECT value FROM json_each(?))"
    )
    if unclaimed:
        sql += (
            " AND NOT EXISTS (SELECT 1 FROM intents i JOIN nodes o ON o.intent = i.seq WHERE i.repo = c.repo"
            " AND i.source = 'log' AND o.commit_sha = c.sha AND o.state = 'bound'"
            " AND ifnull(o.new, o.old) = ifnull(n.new, n.old))"
        )
    db.execute(sql, (seq, place.repo, sha, msgspec.json.encode(list(found)).decode()))
    if not db.changes():
        return False
    _tell(db, caller, place, seq)
    binding.link(db, caller, place, seq, sha)
    return True


class IntentToBind(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The intent's id.")]
    commit: Annotated[str, Meta(description="The commit that it explains: a hash, or a name.")] = "HEAD"


@op(
    "POST /v1/intents/{id}:bind",
    command="intent bind ID [COMMIT]",
    scope="write_intents",
    needs="required",
    manual=True,
    name="intents.bind",
    emits=("intent.analyzed", "intent.linked"),
)
def bind(db: Connection, caller: Caller, at: IntentToBind, sha: str) -> Intent:
    """Bind an intent to the commit that it explains.

    That is for one that was logged before anything was changed and that no commit was found to hold: it takes
    what the commit changes, in the files that it names. Raises `conflict` where it has changes of its own, or
    a commit holds it already.
    """
    place, seq = caller.here, intents.find(db, caller, at.id)
    intent = intents.by_seq(db, seq)
    if intent.binding not in ("waiting", "unbound") or intent.repo != place.slug:
        shown = f"commit {intent.commit_sha[:12]} holds it" if intent.commit_sha else "it has changes already"
        if intent.repo != place.slug:
            shown = f"it belongs to {intent.repo}"
        raise AuraError(
            "conflict", f"cannot bind {intent.id}: {shown}", f"aura intent show {intent.id} shows them."
        )
    row = one(db, "SELECT session, base_sha, files FROM intents WHERE seq = ?", seq)
    if not one(db, "SELECT 1 FROM commits WHERE repo = ? AND sha = ?", place.repo, sha):
        raise AuraError(
            "intent_not_found",
            f"cannot bind {intent.id} to commit {sha[:12]}: it has not been read",
            "aura init reads more of the history.",
        )
    found = _changed(db, place.repo, Move(sha, sha, "commit"), Plan(seq, *row))
    _end(db, [seq])
    if not _give(db, caller, place, seq, sha, found, unclaimed=False):
        binding.link(db, caller, place, seq, sha)
    return intents.by_seq(db, seq)


def _end(db: Connection, seqs: Iterable[int]) -> None:
    db.executemany("UPDATE intents SET waits = 0 WHERE seq = ?", [(seq,) for seq in seqs])


def _tell(db: Connection, caller: Caller, place: Place, seq: int) -> None:
    edits = [nodes.decode_edit(edit) for (edit,) in rows(db, "SELECT edit FROM nodes WHERE intent = ?", seq)]
    analysis.count(db, caller, place, seq, edits)
