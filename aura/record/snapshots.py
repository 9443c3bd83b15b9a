"""Snapshots: what files of a work tree, or all of them, held at a moment.

A snapshot of the whole work tree holds every file that git does not ignore. It is a list of all files, or of
those that differ from an earlier one, its base; contents are kept once, whatever their number of copies.
"""

from typing import Annotated, Any, Literal, NamedTuple, get_args

from msgspec import Meta, Struct, field, structs

from aura.api import Actor, Caller, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events, settings
from aura.record.held import Entry, Files, add_files, entry, files_of, own_files
from aura.record.places import relative
from aura.record.settings import NewSetting, Setting, SettingName
from aura.repo.requests import text_of
from aura.store import Connection, one, rows

Scope = Literal["files", "tree"]
Reason = Literal["asked", "edit", "restore"]
AUTO = "snapshots.auto"
ROWS_AT_ONCE = 1_000
SHOWN = 1_000
"""Of more files than these, the first are named in an answer."""
LARGEST_CONTENT = 16 << 20
BODY = 24 << 20
"""Bytes of a request that holds a content in base64."""


class Snapshot(Struct, frozen=True):
    """A snapshot of some files, or of the work tree.

    `reason` is `asked`, `edit` (before an agent's edit) or `restore` (before one). `path` is there where it
    is of one file. `omitted` counts the files that were too large for the setting `snapshots.largest`.
    """

    id: str
    repo: str
    worktree: str
    branch: str | None
    head: str | None
    scope: Scope
    reason: Reason
    message: str | None
    author: Actor
    session: str | None
    created_at: Time
    files: int
    bytes: int
    omitted: int
    path: str | None


class Shown(Snapshot, frozen=True):
    """A snapshot with its files, in the order of their paths; of many only the first thousand."""

    entries: list[Entry] = []


class NewSnapshot(Struct, frozen=True, forbid_unknown_fields=True):
    paths: Annotated[
        list[str],
        Meta(
            description="Files or folders; the whole work tree without any.",
            max_length=10_000,
            extra={"metavar": "PATH"},
        ),
    ] = field(default_factory=list)
    message: Annotated[
        Annotated[str, Meta(max_length=20_000)] | None, Meta(description="What it is good for.")
    ] = None
    content: Annotated[
        Annotated[bytes, Meta(max_length=LARGEST_CONTENT)] | None,
        Meta(
            description="Keep this, in base64, as what the one path holds, instead of what lies there.",
            extra={"metavar": "BASE64"},
        ),
    ] = None


class NewItem(NewSnapshot, frozen=True, forbid_unknown_fields=True):
    idempotency_key: Annotated[str | None, Meta(description="A key of its own for this item.")] = None


class NewSnapshots(Struct, frozen=True, forbid_unknown_fields=True):
    snapshots: Annotated[list[NewItem], Meta(description="The snapshots to create.", max_length=500)]


class NewEdit(Struct, frozen=True, forbid_unknown_fields=True):
    paths: Annotated[
        list[str],
        Meta(
            description="The files that are about to be edited.",
            min_length=1,
            max_length=1_000,
            extra={"metavar": "PATH"},
        ),
    ]


class Edited(Struct, frozen=True):
    """Whether snapshots are made on each edit, and the one that holds the files now, where there is one."""

    auto: bool
    snapshot: Snapshot | None = None


class Outcome(Struct, frozen=True, omit_defaults=True):
    """What became of one item: `ok` holds the snapshot, or `err` says why there is none."""

    ok: Snapshot | None = None
    err: dict[str, Any] | None = None


class SnapshotId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The snapshot's id (snp_...).")]


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    state: Annotated[
        Literal["on", "off"] | None, Meta(description="on or off; shows what holds without it.")
    ] = None


class Taken(NamedTuple):
    """What a snapshot shall hold: all files, or those that differ from a base with their total beside."""

    scope: Scope
    reason: Reason
    files: Files
    total: int
    size: int
    base: int | None = None
    omitted: int = 0


def taken(files: Files, reason: Reason) -> Taken:
    """Return what a snapshot of some files holds."""
    there = [held for held in files.values() if held is not None]
    return Taken("files", reason, files, len(files), sum(held.size for held in there))


def _rows(_: Connection, found: list[tuple[Any, ...]]) -> list[Snapshot]:
    return [
        Snapshot(
            id_, slug, worktree, branch, head, scope, reason, message, Actor(actor, kind, name), session,
            rfc3339(at), files, size, omitted, path,
        )
        for id_, slug, worktree, branch, head, scope, reason, message, actor, kind, name, session, at, files,
        size, omitted, path in found
    ]  # fmt: skip


_HOLDS = "(SELECT snapshot FROM snapshot_files WHERE path IN ({}) AND mode IS NOT NULL)"
SNAPSHOTS: Listing[Snapshot] = Listing(
    noun="snapshots",
    source="snapshots s JOIN repositories r ON r.id = s.repo",
    columns="s.id, r.slug, s.worktree, s.branch, s.head, s.scope, s.reason, s.message, s.actor_id,"
    " s.actor_kind, s.actor_name, s.session, s.created_at, s.files, s.bytes, s.omitted, s.path",
    rows=_rows,
    key="s.id",
    seq="s.seq",
    repo="s.repo",
    at="s.created_at",
    prefix="snp",
    always="s.state = 'kept'",
    filters={
        "file": Filter(
            "Only snapshots that hold one of these files.",
            f"(s.seq IN {_HOLDS} OR s.base IN {_HOLDS}"
            " AND s.seq NOT IN (SELECT snapshot FROM snapshot_files WHERE path IN ({})))",
            path=True,
        ),
        "scope": Filter("Of some files, or of the work tree.", "s.scope IN ({})", get_args(Scope)),
        "reason": Filter("What they were made for.", "s.reason IN ({})", get_args(Reason)),
        "author": Filter("Only snapshots of these actors.", "s.actor_id IN ({})"),
        "session": Filter("Only snapshots of these sessions.", "s.session IN ({})"),
        "worktree": Filter("Only snapshots of these work trees (paths).", "s.worktree IN ({})"),
    },
    groups={
        "scope": "s.scope",
        "reason": "s.reason",
        "author": "s.actor_id",
        "session": "s.session",
        "worktree": "s.worktree",
        "branch": "s.branch",
        "day": "strftime('%Y-%m-%d', s.created_at / 1000000, 'unixepoch')",
    },
    measures={"bytes": "s.bytes", "files": "s.files"},
)


@op("GET /v1/snapshots", command="snapshot list", scope="read_snapshots", listing=SNAPSHOTS)
def list_(db: Connection, caller: Caller, query: Any) -> Page[Snapshot]:
    """List snapshots, newest first."""
    if query.file is not None and caller.place is not None:
        root = caller.place.path
        query = structs.replace(query, file=",".join(relative(root, file) for file in query.file.split(",")))
    return SNAPSHOTS.page(db, caller, query)


@op("GET /v1/snapshots/{id}", command="snapshot show ID", scope="read_snapshots")
def show(db: Connection, caller: Caller, at: SnapshotId) -> Shown:
    """Show a snapshot and its files.

    Raises `snapshot_not_found`.
    """
    seq = find(db, at.id)
    files = sorted(files_of(db, seq).items())[:SHOWN]
    about = structs.asdict(by_seq(db, seq))
    return Shown(**about, entries=[entry(name, held) for name, held in files])


@op(
    "POST /v1/snapshots",
    command="snapshot create [PATHS]",
    scope="write_snapshots",
    needs="required",
    status=201,
    emits=("snapshot.created",),
    manual=True,
    body=BODY,
)
def create(db: Connection, caller: Caller, new: NewSnapshot) -> Snapshot:
    """Keep files as they are now, or the whole work tree.

    Files that git ignores are kept only where they are named. Raises `file_not_found`, and `invalid_request`
    for a path that leads out of the work tree or into git's own folder, and for what is no file.
    """
    raise LookupError("answered by the daemon")


@op(
    "POST /v1/snapshots:batch",
    scope="write_snapshots",
    needs="required",
    manual=True,
    items="snapshots",
    emits=("snapshot.created",),
    body=BODY,
)
def batch(db: Connection, caller: Caller, new: NewSnapshots) -> list[Outcome]:
    """Create many snapshots at once; an item that fails does not stop the rest.

    Each item may carry an `idempotency_key`. The answer is an array of the same length and order.
    """
    raise LookupError("answered by the daemon")


@op(
    "POST /v1/snapshots:edit",
    scope="write_snapshots",
    needs="maybe",
    emits=("snapshot.created",),
    manual=True,
)
def edit(db: Connection, caller: Caller, new: NewEdit) -> Edited:
    """Keep files that are about to be edited, where `aura snapshot auto` is on.

    Files that the newest snapshot of files holds as they are make no other. A file that is not there yet is
    kept as such: its restore removes it.
    """
    raise LookupError("answered by the daemon")


@op(
    "POST /v1/snapshots:auto",
    command="snapshot auto [STATE]",
    scope="write_snapshots",
    needs="required",
    emits=("setting.changed",),
)
def auto(db: Connection, caller: Caller, new: Switch) -> Setting:
    """Switch snapshots before edits of agents on or off.

    It holds for this repository.
    """
    if new.state is not None:
        settings.set_(db, caller, NewSetting(AUTO, new.state))
    holds: Setting = settings.get(db, caller, SettingName(AUTO))
    return holds


def is_auto(db: Connection, repo: int) -> bool:
    """Tell whether edits of agents make snapshots in a repository."""
    return settings.value(db, repo, AUTO) == "on"


# writing


def begin(db: Connection, caller: Caller, what: Taken, message: str | None = None) -> int:
    """Add a snapshot that nobody sees yet, without its files; return its sequence."""
    here, actor = caller.here, caller.actor
    (path,) = map(text_of, what.files) if what.scope == "files" and len(what.files) == 1 else (None,)
    db.execute(
        "INSERT INTO snapshots (id, repo, worktree, branch, head, scope, reason, message, actor_id,"
        " actor_kind, actor_name, session, created_at, files, bytes, omitted, path, base, state)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'taking')",
        (
            new_id("snp"), here.repo, here.path, here.branch, here.head, what.scope, what.reason, message,
            actor.id, actor.kind, actor.name, caller.session, now_us(), what.total, what.size, what.omitted,
            path, what.base,
        ),
    )  # fmt: skip
    return db.last_insert_rowid()


def finish(db: Connection, caller: Caller, seq: int) -> Snapshot:
    """Let a snapshot be seen, once it has its files."""
    db.execute("UPDATE snapshots SET state = 'kept' WHERE seq = ?", (seq,))
    made = by_seq(db, seq)
    paths = [row[0] for row in rows(db, "SELECT path FROM snapshot_files WHERE snapshot = ? LIMIT 50", seq)]
    data = {"snapshot_id": made.id, "scope": made.scope, "reason": made.reason, "files": made.files}
    events.append(db, caller, "snapshot.created", {**data, "paths": [] if made.scope == "tree" else paths})
    return made


def add(db: Connection, caller: Caller, what: Taken, message: str | None = None) -> Snapshot:
    """Add a snapshot of not too many files at once."""
    seq = begin(db, caller, what, message)
    add_files(db, seq, what.files.items())
    return finish(db, caller, seq)


# reading


def find(db: Connection, id_: str) -> int:
    """Return the sequence of a snapshot. Raises `snapshot_not_found`."""
    row = one(db, "SELECT seq FROM snapshots WHERE id = ? AND state = 'kept'", id_)
    if row is None:
        raise AuraError("snapshot_not_found", f"cannot find the snapshot {id_}", "aura snapshot list")
    return int(row[0])


def get(db: Connection, id_: str) -> Snapshot:
    """Return a snapshot. Raises `snapshot_not_found`."""
    return by_seq(db, find(db, id_))


def by_seq(db: Connection, seq: int) -> Snapshot:
    """Return the snapshot of this sequence."""
    return _rows(db, rows(db, f"SELECT {SNAPSHOTS.columns} FROM {SNAPSHOTS.source} WHERE s.seq = ?", seq))[0]


def newest_of(db: Connection, worktree: str, files: Files) -> Snapshot | None:
    """Return the newest snapshot of some files of a work tree, where it holds just these as they are."""
    row = one(
        db,
        "SELECT seq FROM snapshots WHERE worktree = ? AND scope = 'files' AND state = 'kept'"
        " ORDER BY id DESC LIMIT 1",
        worktree,
    )
    return by_seq(db, row[0]) if row and own_files(db, row[0]) == files else None
