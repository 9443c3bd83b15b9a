"""Lineage: which entity a version belongs to, whatever it is or was called.

A version is a name (path, kind, qualified name, ordinal) with the hash of the text under it. Each edit, and
whatever a commit carries along, says that one version was made of another, and all versions that are joined
so are one entity. That is a union-find (Tarjan, 1975) whose sets come out alike in whatever order commits are
read: newest first, in chunks, from several branches. What is picked from elsewhere, reverted, or added again
as it was meets versions that are known. What is added again with another text is another entity.

Where two entities turn out to be one, the older id stays and the other remains its alias for ever.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from aura.ids import new_id
from aura.store import Connection, one, rows
from aura.syntax.types import Kind, Side


class Called(Struct, frozen=True):
    """What an entity is called at one time."""

    path: str
    kind: Kind
    qualified_name: str
    ordinal: int


class Ends(NamedTuple):
    """The versions before and after an edit."""

    old: int | None
    new: int | None


class _Known(NamedTuple):
    name: int
    hash: int
    shape: int | None
    seq: int | None
    entity: int | None


def settle(db: Connection, repo: int, old: Side | None, new: Side | None) -> Ends:
    """Record what a commit made of what: both versions belong to one entity from now on."""
    before, after = _known(db, repo, old), _known(db, repo, new)
    if before and after and before.entity and after.entity:
        join(db, before.entity, after.entity)
    return _record(db, repo, before, after)


def note(db: Connection, repo: int, old: Side | None, new: Side | None) -> Ends:
    """Record what a work tree makes of what: only a version that is new joins the entity of the other."""
    return _record(db, repo, _known(db, repo, old), _known(db, repo, new))


def join(db: Connection, one_: int, other: int) -> int:
    """Make one entity of two and return it: the one that was met first."""
    kept, gone = sorted((one_, other))
    if kept != gone:
        db.execute("UPDATE versions SET entity = ? WHERE entity = ?", (kept, gone))
        db.execute("UPDATE entities SET same_as = ? WHERE same_as = ?", (kept, gone))
        db.execute("UPDATE entities SET same_as = ? WHERE seq = ?", (kept, gone))
    return kept


def join_additions(db: Connection, old: int, new: int) -> None:
    """Join what two intents add, the second in place of the first: by name, then by a shape that is the only
    one of its kind.
    """
    olds, news = _additions(db, old), _additions(db, new)
    for kept in ("name", "shape"):
        before, after = _single(olds, kept), _single(news, kept)
        for key in before.keys() & after.keys():
            join(db, before[key].entity, after[key].entity)
            olds.remove(before[key])
            news.remove(after[key])


class _Added(NamedTuple):
    entity: int
    name: int
    shape: int | None


def _additions(db: Connection, intent: int) -> list[_Added]:
    sql = (
        "SELECT DISTINCT v.entity, v.name, v.shape FROM nodes n JOIN versions v ON v.seq = n.new"
        " WHERE n.intent = ? AND n.old IS NULL"
    )
    return [_Added(*row) for row in rows(db, sql, intent)]


def _single(added: Iterable[_Added], field: str) -> dict[int, _Added]:
    found: dict[int, list[_Added]] = {}
    for one_ in added:
        if (key := getattr(one_, field)) is not None:
            found.setdefault(key, []).append(one_)
    return {key: same[0] for key, same in found.items() if len(same) == 1}


def entity_of(db: Connection, repo: int, side: Side) -> int | None:
    """Return the entity that this very version belongs to."""
    sql = (
        "SELECT v.entity FROM names m JOIN versions v ON v.name = m.seq AND v.hash = ?"
        " WHERE m.repo = ? AND m.path = ? AND m.qualified_name = ? AND m.kind = ? AND m.ordinal = ?"
    )
    row = one(db, sql, _number(side.hash), repo, *_key(side))
    return int(row[0]) if row else None


def by_id(db: Connection, id_: str) -> int | None:
    """Return the entity with this id, or of which it is an alias."""
    row = one(db, "SELECT ifnull(same_as, seq) FROM entities WHERE id = ?", id_)
    return int(row[0]) if row else None


def id_of(db: Connection, entity: int) -> str:
    """Return the id of an entity."""
    return str(one(db, "SELECT id FROM entities WHERE seq = ?", entity)[0])


def aliases(db: Connection, entity: int) -> list[str]:
    """Return the other ids that an entity was given."""
    return [row[0] for row in rows(db, "SELECT id FROM entities WHERE same_as = ? ORDER BY id", entity)]


def called(db: Connection, version: int | None) -> Called | None:
    """Return what an entity is called in one of its versions."""
    if version is None:
        return None
    sql = "SELECT m.path, m.kind, m.qualified_name, m.ordinal FROM versions v JOIN names m ON m.seq = v.name"
    return Called(*one(db, f"{sql} WHERE v.seq = ?", version))


def _key(side: Side) -> tuple[str, str, str, int]:
    return side.path, side.qualified_name, side.kind, side.ordinal


def _known(db: Connection, repo: int, side: Side | None) -> _Known | None:
    if side is None:
        return None
    name, hash_ = _name(db, repo, side), _number(side.hash)
    row = one(db, "SELECT seq, entity FROM versions WHERE name = ? AND hash = ?", name, hash_)
    shape = _number(side.shape) if side.shape else None
    if row is None:
        return _Known(name, hash_, shape, None, None)
    if shape is not None:
        db.execute("UPDATE versions SET shape = ? WHERE seq = ? AND shape IS NULL", (shape, row[0]))
    return _Known(name, hash_, shape, *row)


def _record(db: Connection, repo: int, old: _Known | None, new: _Known | None) -> Ends:
    entity = next((v.entity for v in (old, new) if v and v.entity), None)
    if entity is None:
        sql = "INSERT INTO entities (id, repo) VALUES (?,?) RETURNING seq"
        entity = one(db, sql, new_id("ent"), repo)[0]
    return Ends(*(_placed(db, version, entity) for version in (old, new)))


def _placed(db: Connection, version: _Known | None, entity: int) -> int | None:
    if version is None or version.seq is not None:
        return version and version.seq
    # Both sides may be one version: a file that only changed its mode.
    sql = (
        "INSERT INTO versions (name, hash, shape, entity) VALUES (?,?,?,?)"
        " ON CONFLICT DO UPDATE SET shape = ifnull(shape, excluded.shape) RETURNING seq"
    )
    return int(one(db, sql, version.name, version.hash, version.shape, entity)[0])


def _name(db: Connection, repo: int, side: Side) -> int:
    key = (repo, *_key(side))
    row = one(
        db,
        "SELECT seq FROM names"
        " WHERE repo = ? AND path = ? AND qualified_name = ? AND kind = ? AND ordinal = ?",
        *key,
    )
    if row is None:
        row = one(
            db,
            "INSERT INTO names (repo, path, qualified_name, kind, ordinal, name) VALUES (?,?,?,?,?,?)"
            " RETURNING seq",
            *key,
            side.name,
        )
    return int(row[0])


def _number(hash_: str) -> int:
    """Return a hash of 64 bits as SQLite keeps it."""
    return int.from_bytes(bytes.fromhex(hash_), "big", signed=True)
