"""Why: the intents that shaped a file, a line or an entity."""

import os
from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller, Time
from aura.errors import AuraError
from aura.op import op
from aura.record import intents, life, nodes
from aura.record.intents import Intent
from aura.record.life import Step
from aura.record.lookup import Asked, Lookup
from aura.record.nodes import Node
from aura.record.places import relative
from aura.repo.ancestry import Ancestry
from aura.repo.pool import Pool
from aura.store import Connection, one


class WhyQuery(Struct, frozen=True, forbid_unknown_fields=True):
    file: Annotated[str | None, Meta(description="A file of the work tree.")] = None
    line: Annotated[Annotated[int, Meta(ge=1)] | None, Meta(description="A line of that file, from 1.")] = (
        None
    )
    entity: Annotated[str | None, Meta(description="An entity's name, qualified name or id.")] = None
    limit: Annotated[int, Meta(description="Intents at most.", ge=1, le=500)] = 50


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


@op("GET /v1/why", scope="read_code", needs="required", tool="aura_why")
def ask(db: Connection, caller: Caller, query: WhyQuery, pool: Pool, ancestry: Ancestry) -> Why:
    """Tell why an entity is what it is: the intents that shaped it, newest first, across renames and moves.

    Raises `entity_not_found` and `file_not_found`.
    """
    here = caller.here
    past = _Past(db, Lookup(db, here, pool, ancestry), here.path)
    others: list[Asked] = []
    if query.entity:
        about, steps, others = past.of_name(query.entity, query.limit + 1)
    elif query.file:
        about, steps = past.of_place(relative(here.path, query.file), query.line, query.limit + 1)
    else:
        raise AuraError(
            "invalid_request", "cannot tell why: neither a file nor an entity is named", "aura why FILE:LINE"
        )
    told = [(s.intent, s.position) for s in steps if s.position is not None]
    reasons = [Reason(intents.by_seq(db, i), nodes.at(db, i, p)) for i, p in told[: query.limit]]
    oldest = one(db, "SELECT min(id) FROM intents WHERE repo = ? AND source = 'commit'", here.repo)[0]
    since = intents.find(db, caller, oldest) if oldest else None
    return Why(
        reasons,
        about,
        others,
        len(told) > query.limit,
        intents.by_seq(db, since).created_at if since else None,
    )


class _Past:
    """Looks for what shaped something, as one work tree has it."""

    def __init__(self, db: Connection, lookup: Lookup, root: str) -> None:
        self._db = db
        self._lookup = lookup
        self._root = root

    def of_place(self, path: str, line: int | None, limit: int) -> tuple[Asked, list[Step]]:
        """Answer for a file, or for the entity that a line lies in."""
        if line is None:
            return Asked(path), self._of_file(path, limit)
        about, entity, _ = self._lookup.at(path, line)
        if about.qualified_name is None:
            return about, self._of_file(path, limit)
        return about, life.life(self._db, self._lookup.view, entity) if entity else []

    def of_name(self, text: str, limit: int) -> tuple[Asked, list[Step], list[Asked]]:
        """Answer for the entity that is likeliest meant, and name the others so called."""
        if found := self._lookup.named(text):
            return found[0].about, list(found[0].steps), [other.about for other in found[1:]]
        path = text if text.startswith("/") else relative(self._root, text)
        if steps := life.of_file(self._db, self._lookup.view, path, limit):
            return Asked(path), steps, []
        raise self._lookup.unknown(text)

    def _of_file(self, path: str, limit: int) -> list[Step]:
        steps = life.of_file(self._db, self._lookup.view, path, limit)
        if not steps and not os.path.isfile(os.path.join(self._root, path)):
            raise self._lookup.no_file(path)
        return steps
