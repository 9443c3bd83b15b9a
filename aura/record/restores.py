"""Restores: what lay there is kept first, the plan is recorded, and both can be undone and done again.

Each work tree has one line of restores. Undoing goes back along it, redoing forth, and a new restore cuts off
what was undone.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct, field

from aura.api import Caller, now_us
from aura.errors import AuraError
from aura.op import op
from aura.record import events
from aura.record.held import as_held, as_name, as_path, as_row
from aura.repo.requests import text_of
from aura.repo.restores import Step
from aura.store import Connection, one, rows

Action = Literal["restore", "undo", "redo"]
UNDER_WAY: dict[Action, str] = {"restore": "restoring", "undo": "undoing", "redo": "redoing"}
AFTER: dict[Action, str] = {"restore": "done", "undo": "undone", "redo": "done"}
SHOWN = 1_000


class NewRestore(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The snapshot's id (snp_...).")]
    paths: Annotated[
        list[str],
        Meta(
            description="Only these files or folders.",
            max_length=10_000,
            extra={"option": "path", "metavar": "PATH"},
        ),
    ] = field(default_factory=list)
    entity: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(
            description="Only this function or class, put into today's file: NAME, CLASS.NAME, FILE:NAME or"
            " its id.",
            extra={"metavar": "ENTITY"},
        ),
    ] = None
    here: Annotated[
        bool, Meta(description="Into the work tree of the request, not the one that it was made in.")
    ] = False


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    force: Annotated[
        bool, Meta(description="Also where files were changed since; a snapshot keeps these.")
    ] = False


class Restored(Struct, frozen=True):
    """What was restored: the snapshot, and `before`, the one of what lay there, null where nothing differed.

    `paths` are the files that changed, of many the first thousand. `entity` is the one that was put back, as
    `path` and name of today. `blocked` could not be written, each with the reason.
    """

    action: Action
    snapshot: str
    before: str | None
    worktree: str
    files: int
    paths: list[str]
    entity: str | None = None
    blocked: dict[str, str] = {}


class Restore(NamedTuple):
    """A restore on record."""

    seq: int
    repo: int
    worktree: str
    head: str | None
    snapshot: str
    before: str
    entity: str | None
    state: str
    caller: str
    answer_key: str | None

    @property
    def action(self) -> Action:
        """What is under way."""
        return next(action for action, state in UNDER_WAY.items() if state == self.state)


@op(
    "POST /v1/snapshots/{id}:restore",
    name="snapshots.restore",
    command="snapshot restore ID",
    scope="write_snapshots",
    emits=("snapshot.created", "snapshot.restored"),
    manual=True,
)
def restore(db: Connection, caller: Caller, new: NewRestore) -> Restored:
    """Restore a snapshot, or a part of it.

    That is all of it, some of its files, or one entity within today's file. What lay there is kept as a
    snapshot first, and `aura undo` brings it back. A snapshot of the work tree removes files that were not
    there, but never what git ignores; git's index stays as it is. An entity is found under the name that it
    has today, too; only its own lines are replaced, and one that is gone is put back where it was. Raises
    `snapshot_not_found`, `file_not_found`, `entity_not_found`, `worktree_not_found`, `storage_full`.
    """
    raise LookupError("answered by the daemon")


@op(
    "POST /v1/snapshots:undo",
    name="snapshots.undo",
    command="undo",
    scope="write_snapshots",
    needs="required",
    emits=("snapshot.restored",),
    manual=True,
    tool="aura_undo",
)
def undo(db: Connection, caller: Caller, turn: Turn) -> Restored:
    """Undo the last restore in this work tree.

    Raises `nothing_to_undo`, and `conflict` where files were changed since; with force these are kept as a
    snapshot and replaced.
    """
    raise LookupError("answered by the daemon")


@op(
    "POST /v1/snapshots:redo",
    name="snapshots.redo",
    command="redo",
    scope="write_snapshots",
    needs="required",
    emits=("snapshot.restored",),
    manual=True,
    tool="aura_undo",
)
def redo(db: Connection, caller: Caller, turn: Turn) -> Restored:
    """Restore again what was undone last in this work tree.

    Raises `nothing_to_redo`, and `conflict` where files were changed since; with force these are kept as a
    snapshot and replaced.
    """
    raise LookupError("answered by the daemon")


_COLUMNS = "seq, repo, worktree, head, snapshot, before, entity, state, caller, answer_key"


def begin(
    db: Connection,
    caller: Caller,
    snapshot: str,
    before: str,
    steps: Sequence[Step],
    *,
    entity: str | None = None,
    answer_key: str | None = None,
) -> Restore:
    """Record a plan before anything is done; what was undone cannot be done again from now on."""
    here = caller.here
    db.execute(
        "UPDATE restores SET state = CASE state WHEN 'undone' THEN 'cut' ELSE 'interrupted' END"
        " WHERE worktree = ? AND state IN ('undone', 'restoring', 'undoing', 'redoing')",
        (here.path,),
    )
    db.execute(
        "INSERT INTO restores (repo, worktree, head, snapshot, before, entity, state, caller, answer_key,"
        " changed_at) VALUES (?,?,?,?,?,?,'restoring',?,?,?)",
        (
            here.repo, here.path, here.head, snapshot, before, entity,
            msgspec.json.encode(caller).decode(), answer_key, now_us(),
        ),
    )  # fmt: skip
    seq = db.last_insert_rowid()
    db.executemany(
        "INSERT INTO restore_files VALUES (?,?,?,?,?,?,?,?,?)",
        [(seq, *as_path(step.name), *as_row(step.before), *as_row(step.after)) for step in steps],
    )
    return by_seq(db, seq)


def next_turn(db: Connection, worktree: str, action: Action) -> Restore:
    """Return what is to be undone, or done again. Raises `nothing_to_undo`, `nothing_to_redo`."""
    sql = f"SELECT {_COLUMNS} FROM restores WHERE worktree = ? AND state IN "
    if action == "undo":
        row = one(db, f"{sql} ('done', 'interrupted') ORDER BY seq DESC LIMIT 1", worktree)
    else:
        row = one(db, f"{sql} ('undone') ORDER BY seq LIMIT 1", worktree)
    if row is None:
        hint = "aura snapshot list shows what can be restored."
        if action == "undo":
            raise AuraError("nothing_to_undo", f"cannot undo: nothing was restored in {worktree}", hint)
        raise AuraError("nothing_to_redo", f"cannot redo: nothing was undone in {worktree}", hint)
    return Restore(*row)


def turn(db: Connection, caller: Caller, restore: Restore, action: Action, answer_key: str | None) -> Restore:
    """Record that a restore is being undone, or done again."""
    db.execute(
        "UPDATE restores SET state = ?, caller = ?, answer_key = ?, head = ?, changed_at = ? WHERE seq = ?",
        (
            UNDER_WAY[action], msgspec.json.encode(caller).decode(), answer_key, caller.here.head, now_us(),
            restore.seq,
        ),
    )  # fmt: skip
    return by_seq(db, restore.seq)


def replan(db: Connection, seq: int, action: Action, steps: Iterable[Step]) -> None:
    """Let a plan begin with what was really there."""
    side = "after" if action == "undo" else "before"
    db.executemany(
        f"UPDATE restore_files SET {side}_mode = ?, {side}_size = ?, {side}_sha256 = ?"
        " WHERE restore = ? AND path = ?",
        [(*as_row(step.before), seq, text_of(step.name)) for step in steps],
    )


def finish(db: Connection, caller: Caller, restore: Restore, done: Restored) -> None:
    """Record that a plan was carried out; what was blocked is no part of it any more."""
    db.executemany(
        "DELETE FROM restore_files WHERE restore = ? AND path = ?",
        [(restore.seq, path) for path in done.blocked],
    )
    db.execute(
        "UPDATE restores SET state = ?, changed_at = ?, answer_key = NULL WHERE seq = ?",
        (AFTER[done.action], now_us(), restore.seq),
    )
    data = {"snapshot_id": done.snapshot, "before": done.before, "action": done.action, "files": done.files}
    events.append(db, caller, "snapshot.restored", {**data, "paths": done.paths[:50], "entity": done.entity})


def interrupt(db: Connection, seq: int) -> None:
    """Record that a plan was left half done; it can be undone."""
    db.execute("UPDATE restores SET state = 'interrupted', changed_at = ? WHERE seq = ?", (now_us(), seq))


def unfinished(db: Connection) -> list[Restore]:
    """Return the restores that were cut short, oldest first."""
    sql = f"SELECT {_COLUMNS} FROM restores WHERE state IN ('restoring', 'undoing', 'redoing') ORDER BY seq"
    return [Restore(*row) for row in rows(db, sql)]


def by_seq(db: Connection, seq: int) -> Restore:
    """Return the restore of this sequence."""
    return Restore(*one(db, f"SELECT {_COLUMNS} FROM restores WHERE seq = ?", seq))


def steps_of(db: Connection, seq: int, action: Action) -> list[Step]:
    """Return a plan in the direction that is asked for."""
    sql = (
        "SELECT path, name, before_mode, before_size, before_sha256, after_mode, after_size, after_sha256"
        " FROM restore_files WHERE restore = ? ORDER BY path"
    )
    found = [
        Step(as_name(path, name), as_held(*held[:3]), as_held(*held[3:]))
        for path, name, *held in rows(db, sql, seq)
    ]
    return [Step(s.name, s.after, s.before) for s in found] if action == "undo" else found
