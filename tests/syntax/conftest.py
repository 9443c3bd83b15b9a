"""Short ways to say what a file holds and what happened to it."""

from collections.abc import Callable

import pytest

from aura.syntax.diff import diff
from aura.syntax.extract import extract
from aura.syntax.file import File
from aura.syntax.tokens import Tokens
from aura.syntax.types import Edit, Entity

Summary = tuple[str, str | None, str | None]


@pytest.fixture
def entities() -> Callable[[str, str], dict[str, Entity]]:
    """The entities of a source text by `kind qualified.name`, `#n` appended to later namesakes."""

    def read(path: str, source: str) -> dict[str, Entity]:
        found = {}
        for entity in extract(source.encode(), path).entities:
            suffix = f"#{entity.ordinal}" if entity.ordinal else ""
            found[f"{entity.kind} {entity.qualified_name}{suffix}"] = entity
        return found

    return read


@pytest.fixture
def tokens() -> Callable[[str, str], Tokens]:
    """The token streams of the first entity of a source text."""

    def read(path: str, source: str) -> Tokens:
        return File.read(path, source.encode()).tokens(0)

    return read


@pytest.fixture
def edit() -> Callable[[str, str, str], list[Edit]]:
    """The edits between two versions of one file."""

    def run(path: str, before: str, after: str) -> list[Edit]:
        return diff({path: before.encode()}, {path: after.encode()})

    return run


@pytest.fixture
def changes(edit: Callable[[str, str, str], list[Edit]]) -> Callable[[str, str, str], list[Summary]]:
    """The edits between two versions of one file as (changes, old qualified name, new qualified name)."""

    def run(path: str, before: str, after: str) -> list[Summary]:
        return [
            (
                " ".join(e.changes),
                e.old.qualified_name if e.old else None,
                e.new.qualified_name if e.new else None,
            )
            for e in edit(path, before, after)
        ]

    return run
