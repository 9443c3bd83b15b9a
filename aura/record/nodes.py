"""Nodes: the entity edits of an intent, as they are kept, bound to commits and shown."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct, field

from aura.api import Caller
from aura.ids import new_id
from aura.listing import Filter, Listing, Page
from aura.op import op
from aura.record import intents
from aura.store import Connection, one
from aura.syntax.types import Change, DecoratorEdit, Edit, Grade, Kind, ParameterEdit, Related, Side

State = Literal["open", "bound", "superseded"]
decode_edit = msgspec.json.Decoder(Edit).decode


class Node(Struct, frozen=True):
    """One entity edit of an intent. `state` says whether a commit holds it as it was logged."""

    changes: tuple[Change, ...]
    kind: Kind
    old: Side | None
    new: Side | None
    parameters: tuple[ParameterEdit, ...]
    decorators: tuple[DecoratorEdit, ...]
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
    """Keep the edits of an intent, whose analysis is thereby done."""
    db.execute("DELETE FROM nodes WHERE intent = ?", (intent,))
    rows = [
        (
            intent, position, ",".join(e.changes), entity_of(db, repo, e.kind, e.old),
            entity_of(db, repo, e.kind, e.new), e.old.hash if e.old else None, e.new.hash if e.new else None,
            e.grade, msgspec.json.encode(e), state, sha,
        )
        for position, e in enumerate(edits)
    ]  # fmt: skip
    if rows:
        db.executemany("INSERT INTO nodes VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)


def entity_of(db: Connection, repo: int, kind: Kind, side: Side | None) -> int | None:
    """Return the row of the name that an entity has on one side of an edit."""
    if side is None:
        return None
    key = (repo, side.path, side.qualified_name, kind, side.ordinal)
    row = one(
        db,
        "SELECT seq FROM entities"
        " WHERE repo = ? AND path = ? AND qualified_name = ? AND kind = ? AND ordinal = ?",
        *key,
    )
    if row is None:
        row = one(
            db,
            "INSERT INTO entities (repo, path, qualified_name, kind, ordinal, id, name)"
            " VALUES (?,?,?,?,?,?,?)"
            " RETURNING seq",
            *key,
            new_id("ent"),
            side.name,
        )
    return int(row[0])


def of(db: Connection, intent: int) -> list[Node]:
    """Return the nodes of an intent, in the order of path and line."""
    found = db.execute(
        "SELECT edit, state, commit_sha FROM nodes WHERE intent = ? ORDER BY position", (intent,)
    )
    return [_node(decode_edit(edit), state, sha) for edit, state, sha in found]


def _node(edit: Edit, state: Any, sha: str | None) -> Node:
    return Node(
        edit.changes, edit.kind, edit.old, edit.new, edit.parameters, edit.decorators, edit.related,
        edit.grade, edit.reason, state, sha,
    )  # fmt: skip


class FullIntent(intents.Intent, frozen=True):
    """An intent with its entity edits."""

    nodes: list[Node] = field(default_factory=list)


@op("GET /v1/intents/{id}", command="intent show ID", scope="read_intents", name="intents.show")
def show(db: Connection, caller: Caller, at: intents.IntentId) -> FullIntent:
    """Show one intent with its entity edits."""
    seq = intents.find(db, caller, at.id)
    return FullIntent(**msgspec.structs.asdict(intents.by_seq(db, seq)), nodes=of(db, seq))


_KIND = "coalesce(w.kind, o.kind)"
_PATH = "coalesce(w.path, o.path)"
NODES: Listing[Node] = Listing(
    noun="nodes",
    source=(
        "nodes n JOIN intents i ON i.seq = n.intent LEFT JOIN entities o ON o.seq = n.old"
        " LEFT JOIN entities w ON w.seq = n.new"
    ),
    columns="n.edit, n.state, n.commit_sha",
    rows=lambda _, found: [_node(decode_edit(edit), state, sha) for edit, state, sha in found],
    key="n.position",
    seq="n.position",
    repo=None,
    at=None,
    order="asc",
    filters={
        "kind": Filter("Only entities of these kinds.", f"{_KIND} IN ({{}})", get_args(Kind)),
        "grade": Filter("Only edits of these grades.", "n.grade IN ({})", get_args(Grade)),
        "state": Filter("open, bound or superseded.", "n.state IN ({})", get_args(State)),
        "file": Filter("Only entities in these files, as the work tree has them.", f"{_PATH} IN ({{}})"),
    },
    groups={"kind": _KIND, "grade": "n.grade", "state": "n.state", "file": _PATH, "changes": "n.changes"},
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


def at(db: Connection, intent: int, position: int) -> Node:
    """Return one node of an intent."""
    edit, state, sha = one(
        db, "SELECT edit, state, commit_sha FROM nodes WHERE intent = ? AND position = ?", intent, position
    )
    return _node(decode_edit(edit), state, sha)
