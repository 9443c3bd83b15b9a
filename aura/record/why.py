"""Why: the intents that shaped a file, a line or an entity."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, TypeVar

from msgspec import Meta, Struct

from aura.api import Caller, Place, Time
from aura.errors import AuraError
from aura.op import op
from aura.record import intents, nodes
from aura.record.intents import Intent
from aura.record.life import Name, later_name, life
from aura.record.nodes import Node
from aura.record.places import relative
from aura.record.trail import trail
from aura.repo.ancestry import reached
from aura.repo.pool import Pool
from aura.store import Connection, one, rows
from aura.syntax.types import Entity, Side

T = TypeVar("T")
_Step = tuple[int, int]


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
    ordinal: int = 0


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
    past = _Past(db, here, pool)
    if query.entity:
        about, steps, others = past.of_name(query.entity, query.limit + 1)
    elif query.file:
        about, steps = past.of_place(relative(here.path, query.file), query.line, query.limit + 1)
    else:
        raise AuraError(
            "invalid_request", "cannot tell why: neither a file nor an entity is named", "aura why FILE:LINE"
        )
    reasons = [Reason(intents.by_seq(db, i), nodes.at(db, i, p)) for i, p in steps[: query.limit]]
    oldest = one(db, "SELECT min(id) FROM intents WHERE repo = ? AND source = 'commit'", here.repo)[0]
    since = intents.find(db, caller, oldest) if oldest else None
    return Why(
        reasons,
        about,
        others,
        len(steps) > query.limit,
        intents.by_seq(db, since).created_at if since else None,
    )


class _Past:
    """Looks for what shaped something, as one work tree has it."""

    def __init__(self, db: Connection, here: Place, pool: Pool) -> None:
        self._db = db
        self._here = here
        self._pool = pool

    def of_place(self, path: str, line: int | None, limit: int) -> tuple[Asked, list[_Step]]:
        """Answer for a file, or for the entity that a line lies in."""
        about = self._at(path, line) if line else Asked(path)
        if about.qualified_name is None:
            return about, self._of_file(about, limit)
        name = Name(path, about.qualified_name, about.ordinal)
        steps = self._of(name)
        if not steps and (before := self._before(name)):
            steps = self._of(before)
        return about, steps

    def of_name(self, text: str, limit: int) -> tuple[Asked, list[_Step], list[Asked]]:
        """Answer for the entity of this name that changed last here, and name the others so called."""
        found = self._named(text)
        for about in found or self._there(text):
            name = self._life(later_name, Name(about.path, about.qualified_name or "", about.ordinal))
            if steps := self._of(name):
                others = [other for other in found if other != about]
                now = Asked(name.path, name.qualified_name, about.kind, ordinal=name.ordinal)
                return now, steps, others
        path = Asked(relative(self._here.path, text)) if not text.startswith("/") else Asked(text)
        if steps := self._trail(path.path, limit):
            return path, steps, []
        raise AuraError(
            "entity_not_found",
            f"cannot find an entity {text} in the record",
            "aura why FILE:LINE asks by place; aura entities lists names; aura init --depth N reads more.",
        )

    def _at(self, path: str, line: int) -> Asked:
        """Return the entity that a line lies in, or the file where it lies in none."""
        tables = {file.path: file.table for file in self._pool.entities(self._here.path, None, [path])}
        if path not in tables:
            raise self._no_file(path)
        entities = tables[path].entities
        around = [e for e in entities if e.line <= line <= e.end_line]
        met: Entity | None = max(
            around, key=lambda e: (e.kind != "statements", e.line, -e.end_line), default=None
        )
        if met is None:
            met = next((e for e in entities if e.kind in ("statements", "file")), None)
        if met is None:
            return Asked(path, line=line)
        return Asked(path, met.qualified_name, met.kind, met.line, met.ordinal)

    def _no_file(self, path: str) -> AuraError:
        return AuraError(
            "file_not_found",
            f"cannot find {path} in {self._here.path}",
            "aura entities lists what is there.",
        )

    def _of_file(self, about: Asked, limit: int) -> list[_Step]:
        steps = self._trail(about.path, limit)
        if not steps and not os.path.lexists(os.path.join(self._here.path, about.path)):
            raise self._no_file(about.path)
        return steps

    def _before(self, name: Name) -> Name | None:
        """Return what an entity was called in the last commit, where that changed and nobody said so yet."""
        if self._here.head is None:
            return None
        for edit in self._pool.diff_worktree(self._here.path, self._here.head).edits:
            if edit.new and edit.old and _name(edit.new) == name:
                return _name(edit.old)
        return None

    def _named(self, text: str) -> list[Asked]:
        """Return what is called so in the record: by id, by qualified name, or by name alone."""
        plain = _dotted(text)
        path, _, within = text.rpartition(":")
        sql = (
            "SELECT e.path, e.qualified_name, e.kind, e.ordinal, max(i.id) AS latest FROM entities e"
            " JOIN nodes n ON n.new = e.seq OR n.old = e.seq JOIN intents i ON i.seq = n.intent"
            " WHERE e.repo = ? AND {} GROUP BY e.seq ORDER BY latest DESC LIMIT 20"
        )
        for condition, *values in (
            ("e.id = ?", text),
            ("e.qualified_name = ?", plain),
            ("e.path = ? AND e.qualified_name = ?", path, within),
            ("e.name = ?", plain),
            ("e.path = ? AND e.name = ?", path, within),
        ):
            if found := rows(self._db, sql.format(condition), self._here.repo, *values):
                return [Asked(row[0], row[1], row[2], ordinal=row[3]) for row in found]
        return []

    def _there(self, text: str) -> list[Asked]:
        """Return what is called so in the work tree: its container may have another name in the record."""
        plain = _dotted(text)
        return [
            Asked(file.path, e.qualified_name, e.kind, e.line, e.ordinal)
            for file in self._pool.entities(self._here.path)
            for e in file.table.entities
            if plain in (e.qualified_name, e.name)
        ]

    def _of(self, name: Name) -> list[_Step]:
        return [(step.intent, step.position) for step in self._life(life, name)]

    def _life(self, follow: Callable[..., T], name: Name) -> T:
        return follow(self._db, self._here.repo, self._here.path, name, self._reached)

    def _trail(self, path: str, limit: int) -> list[_Step]:
        return trail(self._db, self._here.repo, self._here.path, path, limit, self._reached)

    def _reached(self, shas: Iterable[str]) -> Mapping[str, int]:
        head = self._here.head
        return reached(self._here.git_dir, head, shas) if head else {}


def _dotted(text: str) -> str:
    """Write a qualified name as the record does, in whatever language's manner it was given."""
    return re.sub(r"::|#|/(?=\w+$)", ".", text)


def _name(side: Side) -> Name:
    return Name(side.path, side.qualified_name, side.ordinal)
