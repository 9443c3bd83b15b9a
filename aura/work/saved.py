"""Saved goals: kept for a repository, and tried on commits where that is asked."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from aura.api import Actor, Caller, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.store import Connection, one, rows
from aura.work import goals, prove
from aura.work.goals import Statement
from aura.work.prove import PATH, TIMEOUT


class NewGoal(Struct, frozen=True, forbid_unknown_fields=True):
    goal: Annotated[str, Meta(description="The goal, in one of the forms that aura prove takes.")]
    on_commit: Annotated[bool, Meta(description="Try it on each new commit, after it was made.")] = False
    timeout_s: TIMEOUT = 300
    path: PATH = None


class SavedGoal(Struct, frozen=True):
    """A goal that is kept, with who saved it."""

    id: str
    repo: str
    goal: str
    on_commit: bool
    timeout_s: int
    path: str | None
    saved_by: Actor
    saved_at: Time


class SavedId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The saved goal's id (gol_...).")]


def _rows(_: Connection, found: list[tuple[Any, ...]]) -> list[SavedGoal]:
    return [
        SavedGoal(id_, slug, goal, bool(on_commit), timeout_s, path, Actor(actor, kind), rfc3339(at))
        for id_, slug, goal, on_commit, timeout_s, path, actor, kind, at in found
    ]


GOALS: Listing[SavedGoal] = Listing(
    noun="goals",
    source="saved_goals g JOIN repositories r ON r.id = g.repo",
    columns="g.id, r.slug, g.goal, g.on_commit, g.timeout_s, g.path, g.actor_id, g.actor_kind, g.saved_at",
    rows=_rows,
    key="g.id",
    seq="g.seq",
    repo="g.repo",
    # Saved again, one keeps its id: that tells nothing of its time.
    at="g.saved_at",
    filters={
        "on_commit": Filter("1: tried on commits; 0: only kept.", "g.on_commit IN ({})", ("0", "1")),
    },
    groups={"on_commit": "g.on_commit", "actor": "g.actor_id", "repo": "r.slug"},
)


@op("GET /v1/prove/goals", command="prove saved", scope="read_prove", listing=GOALS, name="saved.list")
def list_(db: Connection, caller: Caller, query: Any) -> Page[SavedGoal]:
    """List the saved goals, newest first."""
    return GOALS.page(db, caller, query)


@op(
    "POST /v1/prove/goals",
    command="prove save GOAL",
    scope="write_prove",
    needs="required",
    status=201,
    emits=("goal.saved",),
    name="saved.save",
)
def save(db: Connection, caller: Caller, new: NewGoal) -> SavedGoal:
    """Save a goal; saving it again changes when it is tried.

    Raises `invalid_goal`, and `permission_denied` for a command that may not be run.
    """
    statement = goals.parse(new.goal)
    if statement.kind == "command":
        prove.may_run(db, caller, [statement])
    actor, repo = caller.actor, caller.here.repo
    found = one(db, "SELECT id FROM saved_goals WHERE repo = ? AND goal = ?", repo, statement.text)
    id_ = found[0] if found else new_id("gol")
    db.execute(
        "INSERT INTO saved_goals (id, repo, goal, on_commit, timeout_s, path, actor_id, actor_kind, saved_at)"
        " VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (repo, goal) DO UPDATE SET on_commit = excluded.on_commit,"
        " timeout_s = excluded.timeout_s, path = excluded.path, actor_id = excluded.actor_id,"
        " actor_kind = excluded.actor_kind, saved_at = excluded.saved_at",
        (id_, repo, statement.text, new.on_commit, new.timeout_s, new.path, actor.id, actor.kind, now_us()),
    )
    events.append(db, caller, "goal.saved", {"goal": id_, "text": statement.text, "on_commit": new.on_commit})
    return get(db, id_)


@op(
    "DELETE /v1/prove/goals/{id}",
    command="prove forget ID",
    scope="write_prove",
    emits=("goal.forgotten",),
    name="saved.forget",
)
def forget(db: Connection, caller: Caller, at: SavedId) -> SavedGoal:
    """Forget a saved goal; what was proved of it stays in the history. Raises `goal_not_found`."""
    saved = get(db, at.id)
    db.execute("DELETE FROM saved_goals WHERE id = ?", (at.id,))
    events.append(db, caller, "goal.forgotten", {"goal": at.id, "text": saved.goal})
    return saved


def get(db: Connection, id_: str) -> SavedGoal:
    """Return a saved goal. Raises `goal_not_found`."""
    found = rows(db, f"SELECT {GOALS.columns} FROM {GOALS.source} WHERE g.id = ?", id_)
    if not found:
        raise AuraError("goal_not_found", f"cannot find the saved goal {id_}", "aura prove saved")
    return _rows(db, found)[0]


def statement(saved: SavedGoal) -> Statement:
    """Return what a saved goal means."""
    return goals.parse(saved.goal)


def due(db: Connection, repo: int, sha: str) -> list[SavedGoal]:
    """Return the goals that are to be tried on a commit and were not yet: those saved before it came."""
    sql = (
        f"SELECT {GOALS.columns} FROM {GOALS.source} WHERE g.repo = ? AND g.on_commit = 1 AND NOT EXISTS"
        " (SELECT 1 FROM proofs p WHERE p.saved = g.id AND p.commit_sha = ?) AND EXISTS"
        " (SELECT 1 FROM commits c JOIN intents i ON i.seq = c.intent WHERE c.repo = g.repo AND c.sha = ?"
        " AND i.recorded_at >= g.saved_at) ORDER BY g.seq"
    )
    return _rows(db, rows(db, sql, repo, sha, sha))
