"""The log of an entity: its life, event by event, across renames, moves and rewritten history."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import intents, lineage, nodes
from aura.record.intents import Intent
from aura.record.life import Step
from aura.record.lineage import Called
from aura.record.lookup import Found, Lookup
from aura.record.nodes import Node
from aura.repo.ancestry import Ancestry
from aura.repo.pool import Pool
from aura.store import Connection, rows
from aura.syntax.types import Change

What = Literal[Change, "carried"]


class Entry(Struct, frozen=True):
    """One event in the life of an entity: what happened, what it was called before and after, and why.

    `added` is how it came; `carried` is what happened to it along with what contains it, without an edit of
    its own, so that there is no node.
    """

    entity: str
    changes: tuple[What, ...]
    old: Called | None
    new: Called | None
    intent: Intent
    node: Node | None


LOG: Listing[int] = Listing(
    noun="entries",
    source="json_each(?) step",
    columns="step.value ->> 3",
    rows=lambda _, found: [row[0] for row in found],
    key="step.value ->> 0",
    seq="step.value ->> 1",
    repo=None,
    at="step.value ->> 2",
    filters={
        "change": Filter(
            "Only events with one of these changes.",
            "EXISTS (SELECT 1 FROM json_each(step.value -> 4) change WHERE change.value IN ({}))",
            (*get_args(Change), "carried"),
        ),
        "source": Filter(
            "log: said by hand; commit: taken from a commit.", "step.value ->> 5 IN ({})", ("log", "commit")
        ),
        "author": Filter("Only events of these authors (ids).", "step.value ->> 6 IN ({})"),
    },
    groups={
        "changes": "(SELECT group_concat(change.value) FROM json_each(step.value -> 4) change)",
        "source": "step.value ->> 5",
        "author": "step.value ->> 6",
        "day": "strftime('%Y-%m-%d', step.value ->> 2 / 1000000, 'unixepoch')",
    },
    extra=(
        (
            "id",
            Annotated[
                str,
                Meta(
                    description="The entity: its id, its name, its qualified name, FILE:NAME or FILE:LINE.",
                    extra={"metavar": "ENTITY"},
                ),
            ],
        ),
    ),
)


@op(
    "GET /v1/entities/{id}/log",
    command="log ID",
    scope="read_code",
    needs="required",
    listing=LOG,
    name="entities.log",
)
def show(db: Connection, caller: Caller, query: Any, pool: Pool, ancestry: Ancestry) -> Page[Entry]:
    """Show the life of an entity, newest event first: how it came, was renamed, moved, changed and went.

    It is told as the work tree has it: of the commits behind its HEAD, and of what is uncommitted there. A
    merge that only repeats its branch is left out. Raises `entity_not_found`.
    """
    lookup = Lookup(db, caller.here, pool, ancestry)
    found = lookup.named(query.id)
    if not found:
        raise lookup.unknown(query.id)
    steps = found[0].steps
    page = LOG.page(db, caller, query, given=[msgspec.json.encode(_keys(db, steps)).decode()])
    if query.group_by or query.aggregate:
        return page
    return Page([_entry(db, found[0], steps[i]) for i in page.data], page.next_cursor, page.has_more)


def _keys(db: Connection, steps: Sequence[Step]) -> list[tuple[Any, ...]]:
    """Return what each step is sorted, filtered and grouped by."""
    sql = (
        "SELECT i.seq, i.created_at, a.handle FROM json_each(?) j JOIN intents i ON i.seq = j.value"
        " JOIN authors a ON a.id = i.author"
    )
    told = msgspec.json.encode(list({step.intent for step in steps})).decode()
    when = {seq: (at, author) for seq, at, author in rows(db, sql, told)}
    commit, keys = "", []
    for index, step in enumerate(steps):
        commit = step.id if step.is_commit else commit
        # What is uncommitted comes first; what was said of a commit stands beside it.
        place = "~" if step.is_open else f"{commit}{int(step.is_commit)}"
        at, author = when[step.intent]
        position = 999_999 if step.position is None else step.position
        sorted_by = f"{place}{step.id}{position:06}", f"{step.intent:012}{position:06}"
        keys.append((*sorted_by, at, index, _changes(step), step.source, author))
    return keys


def _changes(step: Step) -> list[str]:
    return ["carried"] if step.position is None else step.changes.split(",")


def _entry(db: Connection, found: Found, step: Step) -> Entry:
    intent, id_ = intents.by_seq(db, step.intent), str(found.about.id)
    old, new = (lineage.called(db, version) for version in (step.old, step.new))
    if step.position is None:
        return Entry(id_, ("carried",), old, new, intent, None)
    node = nodes.at(db, step.intent, step.position)
    return Entry(id_, node.changes, old, new, intent, node)
