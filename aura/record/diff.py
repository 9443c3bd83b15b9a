"""Diff: the entity edits between two revisions, or a revision and what is staged or in the work tree."""

from typing import Annotated

from msgspec import Meta, Struct, field

from aura.api import Caller
from aura.errors import AuraError
from aura.op import op
from aura.record.places import relative, touches
from aura.repo.commits import merge_base, resolve
from aura.repo.pool import Pool
from aura.syntax.types import Edit


class DiffQuery(Struct, frozen=True, forbid_unknown_fields=True):
    from_: Annotated[str, Meta(description="The revision before.")] = field(name="from", default="HEAD")
    to: Annotated[str, Meta(description="The revision after, or worktree, or staged.")] = "worktree"
    path: Annotated[str | None, Meta(description="Only what lies under this path.")] = None
    merge_base: Annotated[bool, Meta(description="From where both parted, as A...B does in git.")] = False


class Diff(Struct, frozen=True):
    """Entity edits in the order of path and line; `degraded` lists files that could not be read in full."""

    data: list[Edit]
    degraded: list[str]


@op("GET /v1/diff", scope="read_code", needs="required")
def show(caller: Caller, query: DiffQuery, pool: Pool) -> Diff:
    """Show the entity edits between two revisions, or a revision and what is staged or in the work tree."""
    here = caller.here
    if query.to in ("worktree", "staged"):
        base = "HEAD" if query.from_ == "HEAD" else resolve(here.git_dir, query.from_)
        if query.merge_base and base != "HEAD":
            base = _parted(here.git_dir, base, "HEAD")
        compare = pool.diff_worktree if query.to == "worktree" else pool.diff_staged
        found = compare(here.path, base)
    else:
        base, to = (resolve(here.git_dir, rev) for rev in (query.from_, query.to))
        if query.merge_base:
            base = _parted(here.git_dir, base, to)
        found = pool.diff_trees(here.git_dir, base, to)
    edits = found.edits
    if query.path is not None:
        under = relative(here.path, query.path)
        edits = [e for e in edits if touches(e, under)]
    return Diff(edits, list(found.degraded))


def _parted(git_dir: str, one: str, two: str) -> str:
    """Return where two commits parted. Raises `unknown_revision`."""
    base = merge_base(git_dir, one, resolve(git_dir, two))
    if base is None:
        message = f"cannot find where {one[:12]} and {two[:12]} parted: they have no commit in common"
        raise AuraError("unknown_revision", message, "aura diff A..B compares them as they are.")
    return base
