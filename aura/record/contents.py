"""What files of a snapshot held, and what differs from it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from aura.api import Caller
from aura.op import op
from aura.record.held import Entry
from aura.store import Connection
from aura.syntax.types import Edit

Change = Literal["added", "deleted", "modified"]


class ContentQuery(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The snapshot's id (snp_...).")]
    path: Annotated[str | None, Meta(description="Which file, where it holds several.")] = None


class DiffQuery(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The snapshot's id (snp_...).")]
    to: Annotated[str, Meta(description="Another snapshot, or worktree for how it is now.")] = "worktree"
    path: Annotated[str | None, Meta(description="Only what lies under this path.")] = None


class FileDiff(Struct, frozen=True):
    """A file that differs. `patch` is a unified diff; null for what is no text, or too much of it."""

    path: str
    change: Change
    old: Entry | None
    new: Entry | None
    patch: str | None = None


class SnapshotDiff(Struct, frozen=True):
    """Entity edits since a snapshot, and the files; `degraded` are those that were compared as a whole."""

    data: list[Edit]
    degraded: list[str]
    files: list[FileDiff]


@op(
    "GET /v1/snapshots/{id}/content",
    name="snapshots.content",
    command="snapshot content ID",
    scope="read_snapshots",
    manual=True,
    media="application/octet-stream",
    also=(206,),
)
def content(db: Connection, caller: Caller, at: ContentQuery) -> bytes:
    """Return what a file of a snapshot held.

    As `application/octet-stream`, `text/plain` or, in base64, `application/json`, whichever `Accept` asks
    for; ranges and `If-None-Match` are understood. Raises `snapshot_not_found`, `file_not_found`,
    `not_acceptable`, `range_not_satisfiable`.
    """
    raise LookupError("answered by the daemon")


@op(
    "GET /v1/snapshots/{id}/diff",
    name="snapshots.diff",
    command="snapshot diff ID",
    scope="read_snapshots",
    manual=True,
)
def diff(db: Connection, caller: Caller, query: DiffQuery) -> SnapshotDiff:
    """Show what changed since a snapshot.

    In the work tree that it is of, or up to another snapshot. Raises `snapshot_not_found` and
    `worktree_not_found`.
    """
    raise LookupError("answered by the daemon")
