"""Who calls whom in a work tree now, uncommitted changes included."""

import os
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller, Place
from aura.ids import is_id
from aura.listing import Filter, Listing, Page, given_rows
from aura.op import op
from aura.record.lookup import Asked, Lookup, not_found, place_in
from aura.record.places import relative
from aura.repo.ancestry import Ancestry
from aura.repo.pool import CallPool, Pool
from aura.store import Connection
from aura.syntax.references.graph import Direction
from aura.syntax.references.types import Confidence, Edge

SURE = ("exact", "imported")


class Call(Struct, frozen=True):
    """That one entity calls another, by dotted names that begin with the module; top-level code has its name.

    `path` and `lines` are where. `callee_path` is null for what lies outside of the work tree. The caller is
    the entity `scope` of its file, the callee `callee_scope`; both are empty for top-level code.
    `confidence`: `exact` within a file, `imported` through imports, `name_only` by the name of a method
    alone, the class of the receiver not being known.
    """

    caller: str
    callee: str
    confidence: Confidence
    path: str
    scope: str
    lines: tuple[int, ...]
    callee_path: str | None
    callee_scope: str
    callee_line: int | None


class AllQuery(Struct, frozen=True, forbid_unknown_fields=True):
    confidence: Annotated[str, Meta(description="Only calls of these confidences.")] = ",".join(SURE)


class AllCalls(Struct, frozen=True):
    """Every call, by caller and callee. `degraded` are files that could not be read as code."""

    data: list[Call]
    degraded: list[str]


_MEANT = "The entity: its id, its name, its qualified or dotted name, FILE:NAME or FILE:LINE; or a file."


def _listing(noun: str) -> Listing[int]:
    return given_rows(
        noun,
        "value ->> 4",
        filters={
            "confidence": Filter(
                "Only calls of these confidences.", "value ->> 1 IN ({})", get_args(Confidence)
            ),
            "path": Filter("Only calls in these files.", "value ->> 2 IN ({})"),
        },
        groups={"confidence": "value ->> 1", "path": "value ->> 2", "caller": "value ->> 3"},
        extra=(("id", Annotated[str, Meta(description=_MEANT, extra={"metavar": "ENTITY"})]),),
    )


CALLERS, CALLEES = _listing("callers"), _listing("callees")


@op(
    "GET /v1/entities/{id}/callers",
    command="callers ID",
    scope="read_code",
    needs="required",
    listing=CALLERS,
)
def callers(
    db: Connection, caller: Caller, query: Any, pool: Pool, graphs: CallPool, ancestry: Ancestry
) -> Page[Call]:
    """List who calls an entity, surest first.

    Raises `entity_not_found`.
    """
    found = _Asking(db, caller.here, pool, graphs, ancestry).edges(query.id, "callers")
    return _page(db, caller, query, CALLERS, found)


@op(
    "GET /v1/entities/{id}/callees",
    scope="read_code",
    needs="required",
    listing=CALLEES,
)
def callees(
    db: Connection, caller: Caller, query: Any, pool: Pool, graphs: CallPool, ancestry: Ancestry
) -> Page[Call]:
    """List whom an entity calls, surest first.

    Raises `entity_not_found`.
    """
    found = _Asking(db, caller.here, pool, graphs, ancestry).edges(query.id, "callees")
    return _page(db, caller, query, CALLEES, found)


@op("GET /v1/calls", scope="read_code", needs="required", name="calls.all")
def all_(caller: Caller, query: AllQuery, graphs: CallPool) -> AllCalls:
    """Give all calls of the work tree, complete and not in pages."""
    found = graphs.calls(caller.here.path)
    wanted = query.confidence.split(",")
    return AllCalls([_call(e) for e in found.edges if e.confidence in wanted], list(found.degraded))


def who_calls(
    db: Connection, here: Place, text: str, pool: Pool, graphs: CallPool, ancestry: Ancestry
) -> list[Call]:
    """Return who calls an entity, surest first. Raises `entity_not_found`."""
    edges = _Asking(db, here, pool, graphs, ancestry).edges(text, "callers")
    return [_call(edge) for edge in sorted(edges, key=_doubt)]


class _Asking:
    """Finds out which entity is meant: by what the files say now, then by what the record knows."""

    def __init__(self, db: Connection, here: Place, pool: Pool, graphs: CallPool, ancestry: Ancestry) -> None:
        self._here = here
        self._graphs = graphs
        self._lookup = Lookup(db, here, pool, ancestry)

    def edges(self, text: str, direction: Direction) -> list[Edge]:
        if not is_id(text, "ent"):
            by_name = self._graphs.calls(self._here.path, text, None, direction)
            if by_name.about:
                return by_name.edges
        about = self._about(text)
        scope = "" if about.kind in ("statements", "file") else about.qualified_name or ""
        return self._graphs.calls(self._here.path, scope, about.path, direction).edges

    def _about(self, text: str) -> Asked:
        path, line = place_in(text)
        if line is not None and os.path.lexists(os.path.join(self._here.path, path)):
            return self._lookup.at(relative(self._here.path, path), line).about
        met = self._lookup.named(text)
        if not met:
            raise not_found(text)
        return met[0].about


def _page(db: Connection, caller: Caller, query: Any, listing: Listing[int], edges: list[Edge]) -> Page[Call]:
    edges = sorted(edges, key=_doubt)
    keys = [(f"{n:08}", e.confidence, e.caller.path, e.caller.name, n) for n, e in enumerate(edges)]
    page = listing.page(db, caller, query, given=[msgspec.json.encode(keys).decode()])
    if query.group_by or query.aggregate:
        return page
    return Page([_call(edges[n]) for n in page.data], page.next_cursor, page.has_more)


def _doubt(edge: Edge) -> int:
    return SURE.index(edge.confidence) if edge.confidence in SURE else len(SURE)


def _call(edge: Edge) -> Call:
    caller, callee = edge.caller, edge.callee
    return Call(
        caller.name, callee.name, edge.confidence, caller.path, caller.scope, edge.lines,
        callee.path or None, callee.scope, callee.line or None,
    )  # fmt: skip
