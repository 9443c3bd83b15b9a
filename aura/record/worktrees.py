"""Registered repositories and work trees: the places that aura keeps a record of."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from aura.api import Actor, Caller, Place, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.repo.worktrees import WorkTree as GitWorkTree
from aura.repo.worktrees import discover
from aura.store import Connection, one, rows
from aura.syntax.types import Change, Edit, Grade, Kind


class Backfill(Struct, frozen=True):
    """How far the history has been read: commits done of those wanted."""

    state: str
    done: int
    wanted: int


class AtWork(Struct, frozen=True):
    """A session that is live, and who works in it."""

    id: str
    actor: Actor


class Live(Struct, frozen=True):
    """How a work tree is at this moment.

    `edits` is how many entity edits are uncommitted, null before the first look; `zones` and `impacts` are
    those that are active and open. A tree is `polled` where the system watches no more folders, and `missing`
    while it is not there; `note` says why.
    """

    state: Literal["starting", "watched", "polled", "missing"]
    note: str | None
    branch: str | None
    sessions: list[AtWork]
    edits: int | None
    zones: int
    impacts: int
    saved_at: Time | None


class WorkTree(Struct, frozen=True):
    """A registered work tree; `removed_at` is when git was seen to have it no longer."""

    id: str
    repo: str
    worktree: str
    git_dir: str
    bare: bool
    registered_at: Time
    backfill: Backfill | None = None
    live: Live | None = None
    removed_at: Time | None = None


class WorkTreeEdits(WorkTree, frozen=True, kw_only=True):
    """A registered work tree, with the entity edits that are uncommitted in it."""

    edits: list[Edit]


class EditedEntity(Struct, frozen=True):
    """What happened to one entity since the last commit; `was` is its older name, where that differs."""

    path: str
    line: int
    kind: Kind
    qualified_name: str
    was: str | None
    changes: tuple[Change, ...]
    grade: Grade
    reason: str


class Edited(Struct, frozen=True):
    """What a save, a checkout or a commit changed of what is uncommitted in a work tree.

    `paths` are the files whose uncommitted edits are others than before, and `entities` those edits as they
    are now: none where nothing is uncommitted there any longer. `edits` counts those of the whole work tree.
    Where there are too many to tell, `more` is true.
    """

    paths: list[str]
    entities: list[EditedEntity]
    edits: int
    more: bool = False


class Trees(ABC):
    """What is known of work trees beyond the database: the daemon keeps it."""

    @abstractmethod
    def live(self, db: Connection, paths: Collection[str]) -> Mapping[str, Live]:
        """Return how work trees are, by path."""

    @abstractmethod
    def edits(self, path: str) -> list[Edit]:
        """Return the entity edits that are uncommitted in a work tree."""


class NewWorkTree(Struct, frozen=True, forbid_unknown_fields=True):
    path: Annotated[str, Meta(description="A path inside the work tree.", min_length=1, extra={"path": True})]


class WorkTreeId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The work tree's id (wkt_...) or its path.")]


def _rows(db: Connection, found: list[tuple[Any, ...]]) -> list[WorkTree]:
    return [
        WorkTree(
            id_,
            slug,
            path,
            git_dir,
            bool(bare),
            rfc3339(at),
            Backfill(state, done, wanted) if state else None,
            None,
            rfc3339(removed) if removed else None,
        )
        for id_, slug, path, git_dir, bare, at, state, done, wanted, removed in found
    ]


LATEST_BACKFILL = (
    "LEFT JOIN backfills b ON b.repo = w.repo AND b.started_at ="
    " (SELECT max(started_at) FROM backfills WHERE repo = w.repo)"
)
WORKTREES: Listing[WorkTree] = Listing(
    noun="worktrees",
    source=f"worktrees w JOIN repositories r ON r.id = w.repo {LATEST_BACKFILL}",
    columns="w.id, r.slug, w.path, w.git_dir, w.bare, w.registered_at, b.state, b.done, b.wanted,"
    " w.removed_at",
    rows=_rows,
    key="w.id",
    seq="w.seq",
    repo="w.repo",
    at="w.registered_at",
    prefix="wkt",
    filters={"path": Filter("Only work trees at these paths.", "w.path IN ({})")},
    groups={"repo": "r.slug", "backfill": "b.state"},
    measures={"commits": "b.done"},
    extra=(("removed", Annotated[bool, Meta(description="Those that git has no longer, too.")], False),),
)


@op("GET /v1/worktrees", command="worktree list", scope="read_status", listing=WORKTREES)
def list_(db: Connection, caller: Caller, query: Any, trees: Trees) -> Page[WorkTree]:
    """List the registered work trees, and what is going on in each.

    What is saved shows a moment later: nothing here waits for it. Work trees that git has no longer are left
    out, unless `removed` says otherwise.
    """
    within = ("1", ()) if query.removed else ("w.removed_at IS NULL", ())
    page: Page[WorkTree] = WORKTREES.page(db, caller, query, within=within)
    if page.data and isinstance(page.data[0], WorkTree):
        return msgspec.structs.replace(page, data=with_live(db, page.data, trees))
    return page


def with_live(db: Connection, found: list[WorkTree], trees: Trees) -> list[WorkTree]:
    """Add to work trees how they are at this moment."""
    live = trees.live(db, [tree.worktree for tree in found])
    return [msgspec.structs.replace(tree, live=live.get(tree.worktree)) for tree in found]


def look(new: NewWorkTree) -> GitWorkTree:
    """Look at the path before the writer is entered."""
    if not new.path.startswith("/"):
        raise AuraError(
            "invalid_request",
            f"cannot register {new.path}: it is no absolute path",
            "Give an absolute path.",
            {"path": "$.path"},
        )
    found = discover(new.path)
    if not (_is_text(found.root) and _is_text(found.git_dir)):
        raise AuraError(
            "invalid_request", f"cannot register {new.path}: its path is not UTF-8", "Rename the folder."
        )
    return found


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


@op(
    "POST /v1/worktrees",
    command="worktree add PATH",
    scope="write_intents",
    needs="none",
    status=201,
    emits=("worktree.registered",),
    gather=look,
)
def register(db: Connection, caller: Caller, new: NewWorkTree, found: GitWorkTree) -> WorkTree:
    """Register a work tree, and its repository with it; once registered, it stays as it is.

    Work trees that git links to a registered repository are registered without being told, unless they were
    forgotten since.
    """
    row = one(db, "SELECT id FROM repositories WHERE common_dir = ?", found.common_dir)
    if row:
        repo = row[0]
    else:
        db.execute(
            f"INSERT INTO repositories (id, slug, common_dir, registered_at) VALUES ({_NEW},?,?,?)",
            (_free_slug(db, found.slug), found.common_dir, now_us()),
        )
        repo = db.last_insert_rowid()
        if found.head.sha:
            # What is there already is history, for `aura init` to read; what comes is new.
            db.execute(
                "INSERT INTO heads (repo, sha, read_at) VALUES (?,?,?)", (repo, found.head.sha, now_us())
            )
    root = found.root
    known = one(db, "SELECT id FROM worktrees WHERE path = ?", root)
    if known:
        db.execute(
            "UPDATE worktrees SET repo = ?, git_dir = ?, removed_at = NULL WHERE path = ?",
            (repo, found.git_dir, root),
        )
        return get(db, known[0])
    id_ = new_id("wkt")
    db.execute(
        "INSERT INTO worktrees (id, repo, path, git_dir, bare, registered_at) VALUES (?,?,?,?,?,?)",
        (id_, repo, root, found.git_dir, int(found.bare), now_us()),
    )
    events.append(db, caller, "worktree.registered", {"id": id_}, place_of(db, id_))
    return get(db, id_)


@op(
    "DELETE /v1/worktrees/{id}",
    command="worktree remove ID",
    scope="admin",
    needs="none",
    emits=("worktree.forgotten",),
)
def forget(db: Connection, caller: Caller, at: WorkTreeId) -> WorkTree:
    """Forget a work tree; the record of its repository goes with the last one."""
    gone = get(db, at.id)
    place = place_of(db, gone.id)
    events.append(db, caller, "worktree.forgotten", {"id": gone.id}, place)
    db.execute("DELETE FROM worktrees WHERE id = ?", (gone.id,))
    if not one(db, "SELECT 1 FROM worktrees WHERE repo = ? AND removed_at IS NULL", place.repo):
        db.execute("DELETE FROM repositories WHERE id = ?", (place.repo,))
    return gone


def removed(db: Connection, caller: Caller, place: Place) -> bool:
    """Note that git has a work tree no longer, and tell whether that is so; the last one of a repository
    stays in the lists.
    """
    sql = (
        "UPDATE worktrees SET removed_at = ? WHERE id = ? AND removed_at IS NULL AND EXISTS"
        " (SELECT 1 FROM worktrees o WHERE o.repo = worktrees.repo AND o.id <> worktrees.id"
        " AND o.removed_at IS NULL) RETURNING id"
    )
    if one(db, sql, now_us(), place.worktree) is None:
        return False
    events.append(db, caller, "worktree.removed", {"id": place.worktree}, place)
    return True


@op("GET /v1/worktrees/{id}", command="worktree show ID", scope="read_status", needs="none")
def show(db: Connection, caller: Caller, at: WorkTreeId, trees: Trees) -> WorkTreeEdits:
    """Show one work tree, how far its history has been read, and its uncommitted entity edits."""
    (tree,) = with_live(db, [get(db, at.id)], trees)
    return WorkTreeEdits(**msgspec.structs.asdict(tree), edits=trees.edits(tree.worktree))


def of_repo(db: Connection, repo: int | None) -> list[WorkTree]:
    """Return the work trees of a repository, or of all, in the order in which they were registered."""
    sql = (
        f"SELECT {WORKTREES.columns} FROM {WORKTREES.source}"
        " WHERE w.removed_at IS NULL AND (? IS NULL OR w.repo = ?) ORDER BY w.seq"
    )
    return _rows(db, rows(db, sql, repo, repo))


def get(db: Connection, id_: str) -> WorkTree:
    """Return one registered work tree by its id or its path."""
    sql = f"SELECT {WORKTREES.columns} FROM {WORKTREES.source} WHERE w.id = ? OR w.path = ?"
    found = rows(db, sql, id_, id_)
    if not found:
        raise AuraError(
            "worktree_not_found", f"cannot find the work tree {id_}", "aura worktree list shows them."
        )
    return _rows(db, found)[0]


def place_of(db: Connection, id_: str) -> Place:
    """Return the place of a registered work tree, without its branch and head."""
    row = one(
        db,
        "SELECT w.repo, r.slug, w.id, w.path, w.git_dir, r.common_dir"
        " FROM worktrees w JOIN repositories r ON r.id = w.repo WHERE w.id = ?",
        id_,
    )
    return Place(*row)


def forgotten(db: Connection, paths: Collection[str]) -> dict[str, int]:
    """Return which of some paths were work trees that were forgotten, and when the last time."""
    marks = ",".join("?" * len(paths))
    sql = (
        "SELECT worktree, max(at) FROM events WHERE type = 'worktree.forgotten'"
        f" AND worktree IN ({marks}) GROUP BY worktree"
    )
    return dict(rows(db, sql, *paths))


def places(db: Connection) -> list[Place]:
    """Return every registered work tree that git still has as a place."""
    found = db.execute("SELECT id FROM worktrees WHERE removed_at IS NULL ORDER BY registered_at")
    ids = [row[0] for row in found]
    return [place_of(db, id_) for id_ in ids]


# The log keeps what happened in a repository that was forgotten: its number is never given again.
_NEW = "(SELECT 1 + max(ifnull(max(id), 0), ifnull((SELECT max(repo) FROM events), 0)) FROM repositories)"


def _free_slug(db: Connection, slug: str) -> str:
    taken = {row[0] for row in db.execute("SELECT slug FROM repositories")}
    if slug not in taken:
        return slug
    return next(f"{slug}~{n}" for n in range(2, len(taken) + 3) if f"{slug}~{n}" not in taken)
