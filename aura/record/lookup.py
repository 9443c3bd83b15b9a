"""Looking entities up: by id, by name or by place, as one work tree means them."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from aura.api import Place
from aura.errors import AuraError
from aura.ids import is_id
from aura.record import lineage
from aura.record.life import Step, View, lives
from aura.record.places import relative
from aura.repo.ancestry import Ancestry
from aura.repo.files import Beneath
from aura.repo.pool import Pool
from aura.repo.requests import Diff
from aura.store import Connection, one, rows
from aura.syntax.naming import with_dots
from aura.syntax.parsing import MAX_BYTES
from aura.syntax.types import Entity, Side

CANDIDATES = 20
"""Of entities that share a name, those that changed last are looked at."""

MASK = (1 << 64) - 1


class Asked(Struct, frozen=True):
    """What an answer is about; `id` is there once the record has met it."""

    path: str
    qualified_name: str | None = None
    kind: str | None = None
    line: int | None = None
    ordinal: int = 0
    id: str | None = None


class Found(NamedTuple):
    """An entity that is meant, or (without one) a file, with its life."""

    about: Asked
    entity: int | None
    steps: Sequence[Step] = ()


class Lookup:
    """Looks in the record and in one work tree."""

    def __init__(self, db: Connection, here: Place, pool: Pool, ancestry: Ancestry) -> None:
        self._db = db
        self._here = here
        self._pool = pool
        self._ancestry = ancestry
        self.view = View(here.repo, here.path, self._reached)

    def at(self, path: str, line: int) -> Found:
        """Return the entity that a line of the work tree lies in, or its file where it lies in none.

        Raises `file_not_found`, and `invalid_request` beyond the end of the file.
        """
        tables = {file.path: file.table for file in self._pool.entities(self._here.path, None, [path])}
        if path not in tables:
            raise self.no_file(path)
        entities = tables[path].entities
        if line > max((entity.end_line for entity in entities), default=0):
            self._refuse_beyond(path, line)
        met = _around(entities, line)
        if met is None:
            return Found(Asked(path, line=line), None)
        (entity,) = self.here(path, [met])
        id_ = lineage.id_of(self._db, entity) if entity else None
        return Found(Asked(path, met.qualified_name, met.kind, met.line, met.ordinal, id_), entity)

    def _refuse_beyond(self, path: str, line: int) -> None:
        with Beneath(self._here.path) as files:
            found = files.read(path, MAX_BYTES)
        lines = len(found.data.splitlines()) if found and found.data is not None else line
        if line > lines:
            hint = f"It has {lines} line{'' if lines == 1 else 's'}."
            raise AuraError("invalid_request", f"cannot find line {line} of {path}", hint, {"path": "$.line"})

    def here(self, path: str, entities: Sequence[Entity]) -> list[int | None]:
        """Return what entities of a file in the work tree are in the record, uncommitted changes or not."""
        return [self._here_now(side_of(path, entity)) for entity in entities]

    def called(self, path: str, entities: Sequence[Entity]) -> list[int | None]:
        """Return what committed entities of a file are in the record."""
        sides = [side_of(path, entity) for entity in entities]
        found = [lineage.entity_of(self._db, self._here.repo, side) for side in sides]
        return [e if e is not None else self._last_called(s) for e, s in zip(found, sides, strict=True)]

    def _here_now(self, now: Side) -> int | None:
        if (found := lineage.entity_of(self._db, self._here.repo, now)) is not None:
            return found
        before = self._before.get(_key(now))
        found = lineage.entity_of(self._db, self._here.repo, before) if before else None
        return found if found is not None else self._last_called(before or now)

    def edited(self, path: str, entities: Sequence[Entity]) -> list[bool]:
        """Tell which entities of a file have an uncommitted edit of their own."""
        if self._here.head is None:
            return [True] * len(entities)
        changed = {_key(edit.new) for edit in self._uncommitted.edits if edit.new is not None}
        return [_key(side_of(path, entity)) in changed for entity in entities]

    @cached_property
    def _uncommitted(self) -> Diff:
        head = self._here.head
        return self._pool.diff_worktree(self._here.path, head) if head else Diff([], [])

    @cached_property
    def _before(self) -> dict[tuple[str, str, str, int], Side]:
        """What is uncommitted, by its present name, as the last commit has it."""
        found = self._uncommitted
        pairs = [(e.old, e.new) for e in found.edits] + [(c.old, c.new) for c in found.carried]
        return {_key(new): old for old, new in pairs if old is not None and new is not None}

    def _last_called(self, side: Side) -> int | None:
        """Return the entity that was called so last, where its very text is not in the record."""
        sql = (
            "SELECT DISTINCT v.entity FROM names m JOIN versions v ON v.name = m.seq WHERE m.repo = ?"
            " AND m.path = ? AND m.qualified_name = ? AND m.kind = ? AND m.ordinal = ?"
        )
        found = [row[0] for row in rows(self._db, sql, self._here.repo, *_key(side))]
        known = [(steps[0].id, entity) for entity, steps in self._lives(found).items() if steps]
        return max(known)[1] if known else None

    def named(self, text: str) -> list[Found]:
        """Return the entities that an id, a name or a place means, the likeliest first.

        That is what is called so now before what was called so once, what is there before what is gone, and
        what changed last before the rest.
        """
        if is_id(text, "ent"):
            entity = lineage.by_id(self._db, text)
            return self._alive([entity], "") if entity is not None else []
        path, line = place_in(text)
        if line is not None and os.path.lexists(os.path.join(self._here.path, path)):
            found = self.at(relative(self._here.path, path), line)
            return self._alive([found.entity], "") if found.entity else []
        plain, (path, within) = with_dots(text), self._within(text)
        for condition, *values in (
            ("m.qualified_name = ?", plain),
            ("m.path = ? AND m.qualified_name = ?", path, within),
            ("m.name = ?", plain),
            ("m.path = ? AND m.name = ?", path, within),
        ):
            if found_ := self._alive(self._called(condition, values), values[-1]):
                return found_
        return self._alive(self._there(plain), plain)

    def _within(self, text: str) -> tuple[str, str]:
        path, _, within = text.rpartition(":")
        return (relative(self._here.path, path) if path else path), with_dots(within)

    def _called(self, condition: str, values: Iterable[str]) -> list[int]:
        latest = (
            "SELECT max(i.id) FROM versions o JOIN nodes n ON n.new = o.seq"
            " JOIN intents i ON i.seq = n.intent WHERE o.entity = v.entity"
        )
        sql = (
            "SELECT DISTINCT v.entity FROM names m JOIN versions v ON v.name = m.seq"
            f" WHERE m.repo = ? AND {condition} ORDER BY ({latest}) DESC LIMIT ?"
        )
        return [row[0] for row in rows(self._db, sql, self._here.repo, *values, CANDIDATES)]

    def _there(self, plain: str) -> list[int]:
        """Return what is called so in the work tree: the record may know it by another name."""
        met = islice(self.present({plain}), CANDIDATES)
        return [e for path, entity in met for e in self.here(path, [entity]) if e is not None]

    def present(self, names: Set[str]) -> Iterator[tuple[str, Entity]]:
        """Yield the entities of the work tree that have one of these names, each with its path."""
        try:
            files = list(self._pool.entities(self._here.path))
        except AuraError as error:
            # In a bare repository there is nothing, and what the record knows is all.
            if error.code != "not_a_repository":
                raise
            return
        for file in files:
            for entity in file.table.entities:
                if names & {entity.qualified_name, entity.name}:
                    yield file.path, entity

    def _alive(self, entities: list[int], called: str) -> list[Found]:
        found = [
            Found(self.now(entity, steps), entity, steps)
            for entity, steps in self._lives(entities).items()
            if steps
        ]
        found.sort(key=lambda f: f.steps[0].id, reverse=True)
        newest: dict[tuple[str, str | None], int] = {}
        for rank, one_found in enumerate(found):
            newest.setdefault((one_found.about.path, one_found.about.qualified_name), rank)
        # Of overloads in one place the last is meant: the others are its signatures, or hold no longer.
        return sorted(
            found,
            key=lambda f: (
                f.steps[0].new is None,
                called not in (f.about.qualified_name, (f.about.qualified_name or "").rpartition(".")[2]),
                newest[f.about.path, f.about.qualified_name],
                -f.about.ordinal,
            ),
        )

    def _lives(self, entities: Iterable[int]) -> dict[int, list[Step]]:
        return lives(self._db, self.view, entities)

    def now(self, entity: int, steps: Sequence[Step]) -> Asked:
        """Return what an entity with this life is called now, or was called last."""
        row = one(
            self._db,
            "SELECT m.path, m.qualified_name, m.kind, NULL, m.ordinal, e.id"
            " FROM versions v JOIN names m ON m.seq = v.name JOIN entities e ON e.seq = ? WHERE v.seq = ?",
            entity,
            steps[0].new or steps[0].old,
        )
        return Asked(*row)

    def unknown(self, text: str) -> AuraError:
        """Return the refusal of an entity of which the record tells nothing."""
        for path, entity in self.present({with_dots(text), self._within(text)[1]}):
            message = f"cannot find a change of {text} in the commits that were read"
            hint = f"It is in {path}:{entity.line}; aura init --depth N reads more."
            return AuraError("entity_not_found", message, hint)
        return not_found(text)

    def no_file(self, path: str) -> AuraError:
        """Return the refusal of a file that is not there."""
        whole = os.path.join(self._here.path, path)
        message, hint = f"cannot find {path} in {self._here.path}", "aura entities lists what is there."
        if os.path.isdir(whole):
            message, hint = (
                f"cannot tell of {path}: it is a folder",
                f"aura entities {path} lists what is in it.",
            )
        elif os.path.lexists(whole):
            message, hint = f"cannot find anything in {path}", "It is empty, or git ignores it."
        return AuraError("file_not_found", message, hint)

    def _reached(self, shas: Iterable[str]) -> Set[str]:
        head = self._here.head
        return self._ancestry.reached(self._here.git_dir, head, shas) if head else frozenset()


def not_found(text: str) -> AuraError:
    """Return the refusal of an entity that the record does not know."""
    return AuraError(
        "entity_not_found",
        f"cannot find an entity {text} in the record",
        "aura why FILE:LINE asks by place; aura entities lists names; aura init --depth N reads more.",
    )


def side_of(path: str, entity: Entity) -> Side:
    """Return an entity of a table as one side of an edit."""
    return Side(
        path, entity.kind, entity.name, entity.qualified_name, entity.line, entity.end_line,
        ordinal=entity.ordinal, hash=f"{entity.raw & MASK:016x}",
    )  # fmt: skip


def _around(entities: Sequence[Entity], line: int) -> Entity | None:
    around = [e for e in entities if e.line <= line <= e.end_line]
    met = max(around, key=lambda e: (e.kind != "statements", e.line, -e.end_line), default=None)
    return met or next((e for e in entities if e.kind in ("statements", "file")), None)


def place_in(text: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(.+):(\d{1,9})", text, re.DOTALL)
    return (match[1], int(match[2])) if match else (text, None)


def _key(side: Side) -> tuple[str, str, str, int]:
    return side.path, side.qualified_name, side.kind, side.ordinal
