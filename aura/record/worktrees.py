"""Registered repositories and work trees: the places that aura keeps a record of."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from aura.api import Caller, Place, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.repo.worktrees import WorkTree as GitWorkTree
from aura.repo.worktrees import discover
from aura.store import Connection, one, rows


class Backfill(Struct, frozen=True):
    """How far the history has been read: commits done of those wanted."""

    state: str
    done: int
    wanted: int


class WorkTree(Struct, frozen=True):
    """A registered work tree."""

    id: str
    repo: str
    worktree: str
    git_dir: str
    bare: bool
    registered_at: Time
    backfill: Backfill | None = None


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
        )
        for id_, slug, path, git_dir, bare, at, state, done, wanted in found
    ]


LATEST_BACKFILL = (
    "LEFT JOIN backfills b ON b.repo = w.repo AND b.started_at ="
    " (SELECT max(started_at) FROM backfills WHERE repo = w.repo)"
)
WORKTREES: Listing[WorkTree] = Listing(
    noun="worktrees",
    source=f"worktrees w JOIN repositories r ON r.id = w.repo {LATEST_BACKFILL}",
    columns="w.id, r.slug, w.path, w.git_dir, w.bare, w.registered_at, b.state, b.done, b.wanted",
    rows=_rows,
    key="w.id",
    seq="w.seq",
    repo="w.repo",
    at="w.registered_at",
    prefix="wkt",
    filters={"path": Filter("Only work trees at these paths.", "w.path IN ({})")},
    groups={"repo": "r.slug", "backfill": "b.state"},
    measures={"commits": "b.done"},
)


@op("GET /v1/worktrees", command="worktree list", scope="read_status", listing=WORKTREES)
def list_(db: Connection, caller: Caller, query: Any) -> Page[WorkTree]:
    """List the registered work trees."""
    return WORKTREES.page(db, caller, query)


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
    """Register a work tree, and its repository with it; once registered, it stays as it is."""
    row = one(db, "SELECT id FROM repositories WHERE common_dir = ?", found.common_dir)
    if row:
        repo = row[0]
    else:
        db.execute(
            "INSERT INTO repositories (slug, common_dir, registered_at) VALUES (?,?,?)",
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
        db.execute("UPDATE worktrees SET repo = ?, git_dir = ? WHERE path = ?", (repo, found.git_dir, root))
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
    if not one(db, "SELECT 1 FROM worktrees WHERE repo = ?", place.repo):
        db.execute("DELETE FROM repositories WHERE id = ?", (place.repo,))
    return gone


@op("GET /v1/worktrees/{id}", command="worktree show ID", scope="read_status", needs="none")
def show(db: Connection, caller: Caller, at: WorkTreeId) -> WorkTree:
    """Show one work tree, and how far its history has been read."""
    return get(db, at.id)


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


def places(db: Connection) -> list[Place]:
    """Return every registered work tree as a place."""
    ids = [row[0] for row in db.execute("SELECT id FROM worktrees ORDER BY registered_at")]
    return [place_of(db, id_) for id_ in ids]


def _free_slug(db: Connection, slug: str) -> str:
    taken = {row[0] for row in db.execute("SELECT slug FROM repositories")}
    if slug not in taken:
        return slug
    return next(f"{slug}~{n}" for n in range(2, len(taken) + 3) if f"{slug}~{n}" not in taken)
