"""A real database file with the schema, and callers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.api import Actor, Caller
from aura.store import Connection, connect, migrate


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Connection]:
    db = connect(tmp_path / "aura.db")
    migrate(db)
    yield db
    db.close()


@pytest.fixture
def ada() -> Caller:
    return Caller(actor=Actor("ada@example.org", "human", "Ada"))
