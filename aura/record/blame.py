"""Blame: the last intent of each entity of a file."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller
from aura.listing import Filter, Listing, Page, given_rows
from aura.op import op
from aura.record import intents, lineage, nodes
from aura.record.intents import Intent
from aura.record.life import Step, lives
from aura.record.lookup import Lookup
from aura.record.nodes import Node
from aura.record.places import relative
from aura.repo.ancestry import Ancestry
from aura.repo.commits import resolve
from aura.repo.pool import Pool
from aura.store import Connection
from aura.syntax.types import Entity, Kind

State = Literal["committed", "uncommitted", "unknown"]
QUIET = {"formatting_only", "moved"}
"""Changes after which the intent before still tells why the entity is what it is."""


class Blamed(Struct, frozen=True):
    """An entity of a file, and the last intent that changed more of it than its lay-out and its place.

    What was said by hand of a commit comes before the commit's own message. Of an `uncommitted` change that
    nobody spoke of yet there is no intent, nor of what last changed before the history that was read
    (`unknown`).
    """

    id: str | None
    kind: Kind
    name: str
    qualified_name: str
    line: int
    end_line: int
    state: State
    commit_sha: str | None
    intent: Intent | None
    node: Node | None


class _Line(NamedTuple):
    entity: Entity
    known: int | None
    state: State
    commit_sha: str | None
    said: Step | None


BLAME: Listing[int] = given_rows(
    "blame",
    "value ->> 0",
    filters={
        "kind": Filter("Only entities of these kinds.", "value ->> 1 IN ({})", get_args(Kind)),
        "state": Filter("committed, uncommitted or unknown.", "value ->> 2 IN ({})", get_args(State)),
    },
    groups={"kind": "value ->> 1", "state": "value ->> 2", "commit": "value ->> 3"},
    extra=(
        ("file", Annotated[str, Meta(description="A file of the work tree.", extra={"path": True})]),
        (
            "rev",
            Annotated[str | None, Meta(description="The file as this revision has it, not the work tree.")],
            None,
        ),
    ),
)


@op(
    "GET /v1/blame",
    command="blame FILE [REV]",
    scope="read_code",
    needs="required",
    listing=BLAME,
)
def show(db: Connection, caller: Caller, query: Any, pool: Pool, ancestry: Ancestry) -> Page[Blamed]:
    """Show the last intent of each entity of a file, uncommitted changes included.

    Raises `file_not_found` and `unknown_revision`.
    """
    here = caller.here
    path = relative(here.path, query.file)
    head = resolve(here.git_dir, query.rev) if query.rev else here.head
    lookup = Lookup(db, msgspec.structs.replace(here, head=head), pool, ancestry)
    present = _entities(pool, here.path, head if query.rev else None, path)
    if not present:
        raise lookup.no_file(path)
    if query.rev:
        view, known = msgspec.structs.replace(lookup.view, worktree=""), lookup.called(path, present)
        edited = [False] * len(present)
    else:
        view, known = lookup.view, lookup.here(path, present)
        edited = _edited(lookup, path, present, _entities(pool, here.path, head, path) if head else ())
    told = lives(db, view, {entity for entity in known if entity is not None})
    lines = [
        _Line(entity, seq, *_last(told[seq] if seq else (), is_committed=not is_edited))
        for entity, seq, is_edited in zip(present, known, edited, strict=True)
    ]
    keys = [(n, line.entity.kind, line.state, line.commit_sha) for n, line in enumerate(lines)]
    page = BLAME.page(db, caller, query, given=[msgspec.json.encode(keys).decode()])
    if query.group_by or query.aggregate:
        return page
    shown = [lines[n] for n in page.data]
    said = {seq: intents.by_seq(db, seq) for seq in {line.said.intent for line in shown if line.said}}
    return Page([_blamed(db, line, said) for line in shown], page.next_cursor, page.has_more)


def _entities(pool: Pool, root: str, rev: str | None, path: str) -> Sequence[Entity]:
    return next((f.table.entities for f in pool.entities(root, rev, [path]) if f.path == path), ())


def _edited(lookup: Lookup, path: str, present: Sequence[Entity], committed: Sequence[Entity]) -> list[bool]:
    """Tell which entities a work tree changed: the whole of it is looked at only where the file differs."""
    held = {_content(entity) for entity in committed}
    if all(_content(entity) in held for entity in present):
        return [False] * len(present)
    return lookup.edited(path, present)


def _content(entity: Entity) -> tuple[str, str, int, int]:
    return entity.kind, entity.qualified_name, entity.ordinal, entity.raw


def _last(steps: Sequence[Step], *, is_committed: bool) -> tuple[State, str | None, Step | None]:
    """Return whether a commit holds an entity, which one made it so, and who said why."""
    if not is_committed:
        return "uncommitted", None, next((step for step in steps if step.is_open), None)
    told = [step for step in steps if not step.is_open and step.position is not None]
    commits = [step for step in told if step.is_commit]
    loud = (step for step in commits if set(step.changes.split(",")) - QUIET)
    made = next(loud, commits[0] if commits else None)
    if made is None:
        return "unknown", None, None
    beside = told[told.index(made) + 1 :][:1]
    said = next((step for step in beside if not step.is_commit), made)
    return "committed", made.commit_sha, said


def _blamed(db: Connection, line: _Line, intents_of: Mapping[int, Intent]) -> Blamed:
    entity, said = line.entity, line.said
    id_ = lineage.id_of(db, line.known) if line.known else None
    intent = intents_of[said.intent] if said else None
    node = nodes.at(db, said.intent, said.position) if said and said.position is not None else None
    return Blamed(
        id_, entity.kind, entity.name, entity.qualified_name, entity.line, entity.end_line, line.state,
        line.commit_sha, intent, node,
    )  # fmt: skip
