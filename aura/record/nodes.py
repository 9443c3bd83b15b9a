"""Nodes: the entity edits of an intent, as they are kept, bound to commits and shown."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct, field

from aura.api import Caller
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import intents, lineage
from aura.store import Connection, one, rows
from aura.syntax.types import (
    Carried,
    Change,
    DecoratorEdit,
    Edit,
    Grade,
    Kind,
    ModifierEdit,
    ParameterEdit,
    Related,
    ResultEdit,
    Side,
)

State = Literal["open", "bound", "superseded"]
decode_edit = msgspec.json.Decoder(Edit).decode


class Node(Struct, frozen=True):
    """One entity edit of an intent.

    `entity` is the id of the lineage that it belongs to; `state` says whether a commit holds it as it was
    logged.
    """

    entity: str
    changes: tuple[Change, ...]
    kind: Kind
    old: Side | None
    new: Side | None
    parameters: tuple[ParameterEdit, ...]
    decorators: tuple[DecoratorEdit, ...]
    modifiers: tuple[ModifierEdit, ...]
    result: ResultEdit | None
    related: tuple[Related, ...]
    grade: Grade
    reason: str
    state: State
    commit_sha: str | None


def counts(edits: Iterable[Edit]) -> tuple[int, int, int]:
    """Return how many entities were changed, added and deleted; re-formatting alone does not count as a
    change.
    """
    changed = added = deleted = 0
    for edit in edits:
        if edit.old is None:
            added += 1
        elif edit.new is None:
            deleted += 1
        elif edit.changes != ("formatting_only",):
            changed += 1
    return changed, added, deleted


def attach(db: Connection, repo: int, intent: int, edits: list[Edit], state: State, sha: str | None) -> None:
    """Keep the edits of a logged intent, whose analysis is thereby done."""
    _keep(db, intent, [(edit, lineage.note(db, repo, edit.old, edit.new)) for edit in edits], state, sha)


def attach_commit(
    db: Connection, repo: int, intent: int, edits: list[Edit], carried: list[Carried], sha: str
) -> None:
    """Keep the edits of a commit and what it carried along: each is one entity before and after."""
    ends = [lineage.settle(db, repo, c.old, c.new) for c in carried]
    db.executemany("INSERT OR IGNORE INTO carried VALUES (?,?,?)", [(intent, *pair) for pair in ends])
    found = [(edit, lineage.settle(db, repo, edit.old, edit.new)) for edit in edits]
    _keep(db, intent, found, "bound", sha)


def _keep(
    db: Connection, intent: int, edits: list[tuple[Edit, lineage.Ends]], state: State, sha: str | None
) -> None:
    db.execute("DELETE FROM nodes WHERE intent = ?", (intent,))
    kept = [
        (intent, position, ",".join(e.changes), *ends, e.grade, msgspec.json.encode(e), state, sha)
        for position, (e, ends) in enumerate(edits)
    ]
    if kept:
        db.executemany("INSERT INTO nodes VALUES (?,?,?,?,?,?,?,?,?)", kept)


_COLUMNS = "n.edit, n.state, n.commit_sha, e.id"
_SOURCE = (
    "nodes n JOIN versions v ON v.seq = ifnull(n.new, n.old) JOIN entities e ON e.seq = v.entity"
    " JOIN names m ON m.seq = v.name"
)


def of(db: Connection, intent: int) -> list[Node]:
    """Return the nodes of an intent, in the order of path and line."""
    sql = f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE n.intent = ? ORDER BY n.position"
    return [_node(*row) for row in rows(db, sql, intent)]


def at(db: Connection, intent: int, position: int) -> Node:
    """Return one node of an intent."""
    sql = f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE n.intent = ? AND n.position = ?"
    return _node(*one(db, sql, intent, position))


def _node(edit: bytes, state: Any, sha: str | None, entity: str) -> Node:
    e = decode_edit(edit)
    return Node(
        entity, e.changes, e.kind, e.old, e.new, e.parameters, e.decorators, e.modifiers, e.result,
        e.related, e.grade, e.reason, state, sha,
    )  # fmt: skip


class FullIntent(intents.Intent, frozen=True):
    """An intent with its entity edits."""

    nodes: list[Node] = field(default_factory=list)


@op("GET /v1/intents/{id}", command="intent show ID", scope="read_intents", name="intents.show")
def show(db: Connection, caller: Caller, at: intents.IntentId) -> FullIntent:
    """Show one intent with its entity edits."""
    seq = intents.find(db, caller, at.id)
    return FullIntent(**msgspec.structs.asdict(intents.by_seq(db, seq)), nodes=of(db, seq))


NODES: Listing[Node] = Listing(
    noun="nodes",
    source=_SOURCE,
    columns=_COLUMNS,
    rows=lambda _, found: [_node(*row) for row in found],
    key="n.position",
    seq="n.position",
    repo=None,
    at=None,
    order="asc",
    filters={
        "kind": Filter("Only entities of these kinds.", "m.kind IN ({})", get_args(Kind)),
        "grade": Filter("Only edits of these grades.", "n.grade IN ({})", get_args(Grade)),
        "state": Filter("open, bound or superseded.", "n.state IN ({})", get_args(State)),
        "file": Filter("Only entities in these files, as the work tree has them.", "m.path IN ({})"),
    },
    groups={
        "kind": "m.kind",
        "grade": "n.grade",
        "state": "n.state",
        "file": "m.path",
        "changes": "n.changes",
    },
    extra=(
        (
            "id",
            Annotated[
                str, Meta(description="The intent's id, or its commit: a hash, or a name such as HEAD.")
            ],
        ),
    ),
)


@op("GET /v1/intents/{id}/nodes", command="intent nodes ID", scope="read_intents", listing=NODES)
def list_(db: Connection, caller: Caller, query: Any) -> Page[Node]:
    """List the entity edits of an intent, in the order of path and line."""
    return NODES.page(db, caller, query, within=("n.intent = ?", [intents.find(db, caller, query.id)]))
