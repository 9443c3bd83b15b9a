"""Entities: the named definitions that are in a work tree now."""

from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller
from aura.errors import AuraError
from aura.listing import Filter, Listing, Page, given_rows
from aura.op import op
from aura.record import lineage
from aura.record.lineage import Called
from aura.record.lookup import Asked, Lookup, not_found
from aura.record.places import relative
from aura.repo.ancestry import Ancestry
from aura.repo.pool import Pool
from aura.store import Connection
from aura.syntax.types import Entity, Kind, Parameter


class Listed(Struct, frozen=True):
    """One entity of the work tree. `id` names its lineage, once the record has met it."""

    id: str | None
    path: str
    kind: Kind
    name: str
    qualified_name: str
    line: int
    end_line: int
    parameters: tuple[Parameter, ...]
    result: str | None
    decorators: tuple[str, ...]
    modifiers: tuple[str, ...]


ENTITIES: Listing[int] = given_rows(
    "entities",
    "value ->> 3",
    filters={"kind": Filter("Only entities of these kinds.", "value ->> 1 IN ({})", get_args(Kind))},
    groups={"kind": "value ->> 1", "path": "value ->> 2"},
    extra=(("path", Annotated[str | None, Meta(description="A file or a folder of the work tree.")], None),),
)


@op("GET /v1/entities", command="entities [PATH]", scope="read_code", needs="required", listing=ENTITIES)
def list_(db: Connection, caller: Caller, query: Any, pool: Pool, ancestry: Ancestry) -> Page[Listed]:
    """List the entities of a file, a folder or the whole work tree, in the order of path and line."""
    here = caller.here
    under = relative(here.path, query.path) if query.path else "."
    files = pool.entities(here.path, None, [] if under == "." else [under])
    if not files and query.path and query.cursor is None:
        raise AuraError(
            "file_not_found", f"cannot find {query.path} in {here.path}", "git status shows what is there."
        )
    found = [(file.path, n, entity) for file in files for n, entity in enumerate(file.table.entities)]
    keys = [(f"{path}\0{n:08}", entity.kind, path, i) for i, (path, n, entity) in enumerate(found)]
    page = ENTITIES.page(db, caller, query, given=[msgspec.json.encode(keys).decode()])
    if query.group_by or query.aggregate:
        return page
    shown = [found[i] for i in page.data]
    lookup = Lookup(db, here, pool, ancestry)
    listed = [_listed(db, lookup, path, entity) for path, _, entity in shown]
    return Page(listed, page.next_cursor, page.has_more)


def _listed(db: Connection, lookup: Lookup, path: str, entity: Entity) -> Listed:
    (known,) = lookup.here(path, [entity])
    id_ = lineage.id_of(db, known) if known else None
    return Listed(
        id_, path, entity.kind, entity.name, entity.qualified_name, entity.line, entity.end_line,
        entity.parameters, entity.result, entity.decorators, entity.modifiers,
    )  # fmt: skip


class EntityId(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The entity: its id, its name or its qualified name.")]


class Shown(Struct, frozen=True):
    """An entity of the record, by whatever it is or was called.

    `aliases` are ids that turned out to be the same entity's; `gone`: it is no longer there. `names` are all
    that it has had, the present or last one first. `others` are entities of the same name that were not
    meant, perhaps.
    """

    id: str
    aliases: list[str]
    gone: bool
    names: list[Called]
    others: list[Asked]


@op("GET /v1/entities/{id}", scope="read_code", needs="required")
def show(db: Connection, caller: Caller, at: EntityId, pool: Pool, ancestry: Ancestry) -> Shown:
    """Show what an entity is and was called, as the work tree has it. Raises `entity_not_found`."""
    found = Lookup(db, caller.here, pool, ancestry).named(at.id)
    if not found:
        raise not_found(at.id)
    about, entity, steps = found[0]
    names = [lineage.called(db, version) for step in steps for version in (step.new, step.old)]
    return Shown(
        str(about.id),
        lineage.aliases(db, entity) if entity else [],
        steps[0].new is None,
        list(dict.fromkeys(name for name in names if name)),
        [other.about for other in found[1:]],
    )
