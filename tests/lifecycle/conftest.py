"""One daemon for the tests that only talk to it, and one of its own for those that stop or kill it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from .daemons import Aura, own_daemon


@pytest.fixture(scope="package")
def aura() -> Iterator[Aura]:
    for aura in own_daemon():
        aura.start()
        yield aura


@pytest.fixture
def own() -> Iterator[Aura]:
    yield from own_daemon()


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo")
