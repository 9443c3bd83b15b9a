"""Entities: the named definitions that are in a work tree now."""

import base64
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller, Page
from aura.errors import AuraError
from aura.op import op
from aura.record.places import relative
from aura.repo.pool import Pool
from aura.store import Connection, one
from aura.syntax.types import Entity, Kind, Parameter


class EntityQuery(Struct, frozen=True, forbid_unknown_fields=True):
    path: Annotated[str | None, Meta(description="A file or a folder of the work tree.")] = None
    kind: Annotated[str | None, Meta(description="Only entities of these kinds.")] = None
    limit: Annotated[int, Meta(ge=1, le=500, description="Rows at most.")] = 50
    cursor: Annotated[str | None, Meta(description="Go on from a page's next_cursor.")] = None


class Listed(Struct, frozen=True):
    """One entity of the work tree. `id` is there once the record has met it."""

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


@op("GET /v1/entities", command="entities [PATH]", scope="read_code", needs="required")
def list_(db: Connection, caller: Caller, query: EntityQuery, pool: Pool) -> Page[Listed]:
    """List the entities of a file, a folder or the whole work tree, in the order of path and line."""
    here = caller.here
    under = relative(here.path, query.path) if query.path else "."
    path, skip = _resume(query.cursor)
    files = pool.entities(here.path, None, [] if under == "." else [under])
    if not files and query.path and query.cursor is None:
        raise AuraError(
            "file_not_found", f"cannot find {query.path} in {here.path}", "git status shows what is there."
        )
    kinds = frozenset((query.kind or "").split(",")) - {""}
    found: list[Listed] = []
    for file in (f for f in files if f.path >= path):
        for index, entity in enumerate(file.table.entities):
            if (file.path == path and index < skip) or (kinds and entity.kind not in kinds):
                continue
            if len(found) == query.limit:
                return Page(found, _cursor(file.path, index), True)
            found.append(_listed(db, here.repo, file.path, entity))
    return Page(found)


def _listed(db: Connection, repo: int, path: str, entity: Entity) -> Listed:
    row = one(
        db,
        "SELECT id FROM entities"
        " WHERE repo = ? AND path = ? AND qualified_name = ? AND kind = ? AND ordinal = ?",
        repo,
        path,
        entity.qualified_name,
        entity.kind,
        entity.ordinal,
    )
    return Listed(
        row[0] if row else None, path, entity.kind, entity.name, entity.qualified_name, entity.line,
        entity.end_line, entity.parameters, entity.result, entity.decorators, entity.modifiers,
    )  # fmt: skip


def _cursor(path: str, index: int) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode((path, index))).rstrip(b"=").decode()


def _resume(cursor: str | None) -> tuple[str, int]:
    if cursor is None:
        return "", 0
    try:
        raw = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=tuple[str, int])
    except (ValueError, msgspec.DecodeError):
        raise AuraError(
            "invalid_cursor", "cannot read this cursor", "Use a page's next_cursor as it is."
        ) from None
