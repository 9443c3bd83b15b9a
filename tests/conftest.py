"""Shared parts: a real daemon for each module, on a socket of its own, with a real repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from .gitrepo import GitRepo
from .running import Daemon, python_repo, running

# How long an example takes is the machine's affair: no test is timed.
settings.register_profile("aura", deadline=None)
settings.load_profile("aura")


@pytest.fixture(scope="module")
def empty_daemon() -> Iterator[Daemon]:
    """A running daemon that knows no repository."""
    with running() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A running daemon for tests that register what they need."""
    with running() as daemon:
        yield daemon


@pytest.fixture(scope="module")
def repo(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    """The only repository of the module's daemon."""
    made = python_repo(tmp_path_factory.mktemp("work") / "widgets")
    made.git("remote", "add", "origin", "https://git.example.org/acme/widgets.git")
    daemon.register(made)
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> GitRepo:
    """A repository that nobody registered."""
    return python_repo(tmp_path / "fresh")
