"""Why: the intents that shaped a file, a line or an entity."""

import re
from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller, Time
from aura.errors import AuraError
from aura.op import op
from aura.record import intents, nodes
from aura.record.intents import Intent
from aura.record.life import Name, life
from aura.record.nodes import Node
from aura.record.places import relative
from aura.repo.pool import Pool
from aura.store import Connection, one, rows
from aura.syntax.types import Entity


class WhyQuery(Struct, frozen=True, forbid_unknown_fields=True):
    file: Annotated[str | None, Meta(description="A file of the work tree.")] = None
    line: Annotated[Annotated[int, Meta(ge=1)] | None, Meta(description="A line of that file, from 1.")] = (
        None
    )
    entity: Annotated[str | None, Meta(description="An entity's name, qualified name or id.")] = None
    limit: Annotated[int, Meta(description="Intents at most.", ge=1, le=500)] = 50


class Asked(Struct, frozen=True):
    """What the answer is about."""

    path: str
    qualified_name: str | None = None
    kind: str | None = None
    line: int | None = None


class Reason(Struct, frozen=True):
    """One intent, and what it did to the entity."""

    intent: Intent
    node: Node


class Why(Struct, frozen=True):
    """The reasons, newest first. `others` are entities of the same name that were not meant, perhaps."""

    data: list[Reason]
    about: Asked
    others: list[Asked]
    has_more: bool
    read_since: Time | None


@op("GET /v1/why", scope="read_code", needs="required")
def ask(db: Connection, caller: Caller, query: WhyQuery, pool: Pool) -> Why:
    """Tell why an entity is what it is: the intents that shaped it, newest first, across renames and moves.

    Raises `entity_not_found` and `file_not_found`.
    """
    here = caller.here
    others: list[Asked] = []
    if query.entity:
        about, others = _named(db, here.repo, query.entity)
        name: Name | None = Name(about.path, about.qualified_name or "")
    elif query.file:
        about, name = _at(pool, here.path, relative(here.path, query.file), query.line)
    else:
        raise AuraError(
            "invalid_request", "cannot tell why: neither a file nor an entity is named", "aura why FILE:LINE"
        )
    if name:
        chosen = [(step.intent, step.position) for step in life(db, here.repo, name)]
    else:
        chosen = _file_steps(db, here.repo, about.path, query.limit + 1)
    reasons = [Reason(intents.by_seq(db, i), nodes.at(db, i, p)) for i, p in chosen[: query.limit]]
    oldest = one(db, "SELECT min(id) FROM intents WHERE repo = ? AND source = 'commit'", here.repo)[0]
    since = intents.find(db, caller, oldest) if oldest else None
    return Why(
        reasons,
        about,
        others,
        len(chosen) > query.limit,
        intents.by_seq(db, since).created_at if since else None,
    )


def _at(pool: Pool, root: str, path: str, line: int | None) -> tuple[Asked, Name | None]:
    """Return the entity that a line lies in, or the file itself where no line is given."""
    if line is None:
        return Asked(path), None
    tables = {file.path: file.table for file in pool.entities(root, None, [path])}
    if path not in tables:
        raise AuraError(
            "file_not_found", f"cannot find {path} in {root}", "aura entities lists what is there."
        )
    around = [e for e in tables[path].entities if e.line <= line <= e.end_line]
    met: Entity | None = max(
        around, key=lambda e: (e.kind != "statements", e.line, -e.end_line), default=None
    )
    if met is None:
        met = next((e for e in tables[path].entities if e.kind in ("statements", "file")), None)
    if met is None:
        return Asked(path, line=line), None
    return Asked(path, met.qualified_name, met.kind, met.line), Name(path, met.qualified_name, met.ordinal)


def _named(db: Connection, repo: int, text: str) -> tuple[Asked, list[Asked]]:
    """Return the entity of this name that changed last, and the others so called."""
    path, _, plain = text.rpartition(":")
    plain = re.sub(r"::|#|/(?=\w+$)", ".", plain) if not path else plain
    wanted = "e.id = ?" if text.startswith("ent_") else "e.qualified_name = ?"
    sql = (
        "SELECT e.path, e.qualified_name, e.kind, max(i.id) AS latest, max(n.new = e.seq) FROM entities e"
        " JOIN nodes n ON n.new = e.seq OR n.old = e.seq JOIN intents i ON i.seq = n.intent"
        " WHERE e.repo = ? AND {} GROUP BY e.path, e.qualified_name ORDER BY latest DESC LIMIT 20"
    )
    found = rows(db, sql.format(wanted), repo, plain if wanted[2] == "q" else text)
    if not found:
        found = rows(db, sql.format("e.name = ?"), repo, plain)
    found = [row for row in found if not path or row[0] == path]
    if not found:
        raise AuraError(
            "entity_not_found",
            f"cannot find an entity {text} in the record",
            "aura entities lists names; aura init --depth N reads more history.",
        )
    asked = [Asked(row[0], row[1], row[2]) for row in found]
    return asked[0], asked[1:]


def _file_steps(db: Connection, repo: int, path: str, limit: int) -> list[tuple[int, int]]:
    """Return the newest edit of each intent that touched a file."""
    return rows(
        db,
        "SELECT n.intent, min(n.position) FROM nodes n JOIN intents i ON i.seq = n.intent"
        " WHERE i.rewritten_to IS NULL AND (n.new IN (SELECT seq FROM entities WHERE repo = ?1 AND path = ?2)"
        " OR n.old IN (SELECT seq FROM entities WHERE repo = ?1 AND path = ?2)) GROUP BY n.intent"
        " ORDER BY i.id DESC LIMIT ?3",
        repo,
        path,
        limit,
    )
