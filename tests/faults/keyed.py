"""Writes under idempotency keys, each of several rows, whose wholeness can be told afterwards."""

import random
from collections.abc import Callable

from aura.errors import AuraError
from aura.idempotency import Answer, Key, key_for, once
from aura.store import Connection, Store, rows

PARTS = 3


def key(n: int) -> Key:
    return key_for("caller", "POST /v1/things", f"key-{n}", b"body")


def value(n: int, part: int) -> str:
    """What a part holds: short, or longer than several pages."""
    random_ = random.Random(n * PARTS + part)
    return f"{n}:{part}:" + "abcdefgh" * random_.choice([1, 20, 100, 1500])


def put(n: int) -> Callable[[Connection], Answer]:
    """Write the parts of `n` once, whatever number of times this is called."""

    def effect(db: Connection) -> Answer:
        for part in range(PARTS):
            db.execute(
                "INSERT INTO authors (handle, name, kind) VALUES (?, ?, 'human')", (str(n), value(n, part))
            )
        return Answer(201, b"%d" % n)

    return lambda db: once(db, key(n), effect, "req")


def whole(store: Store) -> set[int]:
    """Return the writes that are there; each must be whole, once, and have its key."""
    parts: dict[int, list[str]] = {}
    for handle, name in store.read(lambda db: rows(db, "SELECT handle, name FROM authors ORDER BY id")):
        parts.setdefault(int(handle), []).append(name)
    for n, names in parts.items():
        assert names == [value(n, part) for part in range(PARTS)], f"write {n} is not whole, or came twice"
    answers = dict(store.read(lambda db: rows(db, "SELECT key, body FROM idempotency")))
    assert answers == {f"key-{n}": b"%d" % n for n in parts}
    return set(parts)


def refused(store: Store, n: int) -> AuraError | None:
    """Write `n`; return the error, or None where it was acknowledged."""
    error = store.submit(put(n)).exception(20)
    assert error is None or isinstance(error, AuraError), repr(error)
    return error
