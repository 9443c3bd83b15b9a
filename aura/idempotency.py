"""Idempotency keys: the first answer is kept for a day in the transaction of its effect and replayed byte for
byte.
"""

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from aura.api import Caller, now_us
from aura.errors import AuraError
from aura.store import Connection, one

DAY_US = 86_400_000_000
KEPT = frozenset(range(400, 500)) - {400, 401, 403, 413, 415, 429}


class Answer(NamedTuple):
    """What a mutating route answers: a status and an encoded body."""

    status: int
    body: bytes
    replayed: bool = False


class Key(NamedTuple):
    """An idempotency key with what it is bound to: the caller, the route and a digest of the request."""

    caller: str
    route: str
    key: str
    digest: bytes


def key_for(caller: str, route: str, key: str, body: bytes) -> Key:
    """Bind a client's key; at most 255 visible characters."""
    if not 0 < len(key) <= 255 or not key.isprintable():
        raise AuraError(
            "invalid_request", "cannot use this Idempotency-Key", "Use 1 to 255 printable characters."
        )
    return Key(caller, route, key, hashlib.blake2b(body, digest_size=16).digest())


def replay(db: Connection, key: Key) -> Answer | None:
    """Return the kept answer of this key, or None.

    Raises `idempotency_mismatch` where the key came with another request.
    """
    row = one(
        db,
        "SELECT digest, status, body FROM idempotency"
        " WHERE caller = ? AND route = ? AND key = ? AND expires_at > ?",
        *key[:3],
        now_us(),
    )
    if row is None:
        return None
    if row[0] != key.digest:
        raise AuraError(
            "idempotency_mismatch",
            "cannot reuse this Idempotency-Key: it came with another request",
            "Use a new key for a new request.",
        )
    return Answer(row[1], row[2], True)


def once(db: Connection, key: Key, call: Callable[[Connection], Answer], request_id: str) -> Answer:
    """Return the kept answer of this key, or call and keep what it answers.

    A refusal by the domain (4xx) is kept, too, and its effect undone; what is wrong with the request itself
    is not. Raises `idempotency_mismatch` where the key came with another request.
    """
    if (kept := replay(db, key)) is not None:
        return kept
    try:
        with db:
            answer = call(db)
    except AuraError as error:
        if error.status not in KEPT:
            raise
        answer = Answer(error.status, msgspec.json.encode(error.body(request_id)))
    keep(db, key, answer)
    return answer


def item(
    db: Connection, caller: Caller, route: str, said: Any, write: Callable[[Connection], bytes]
) -> bytes:
    """Carry out one item of a batch, given as it was `said`, once for its own key where it has one.

    Its own failure is its answer, and leaves no effect.
    """
    key: Any = said.get("idempotency_key") if isinstance(said, dict) else None
    try:
        if not isinstance(key, str):
            with db:
                return write(db)
        who = f"{caller.token}@{caller.place.repo if caller.place else 0}"
        bound = key_for(who, f"{route}#item", key, msgspec.json.encode(said))
        answer = once(db, bound, lambda db: Answer(200, write(db)), caller.request_id)
    except AuraError as error:
        return msgspec.json.encode({"err": error.body(caller.request_id)["error"]})
    if answer.status < 400:
        return answer.body
    return msgspec.json.encode({"err": msgspec.json.decode(answer.body)["error"]})


def keep(db: Connection, key: Key, answer: Answer) -> None:
    """Keep an answer, in place of an earlier one of the same key."""
    db.execute(
        "INSERT OR REPLACE INTO idempotency VALUES (?,?,?,?,?,?,?)",
        (*key[:3], key.digest, answer.status, answer.body, now_us() + DAY_US),
    )


def expire(db: Connection) -> None:
    """Forget keys older than a day."""
    db.execute("DELETE FROM idempotency WHERE expires_at <= ?", (now_us(),))
