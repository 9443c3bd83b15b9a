"""The daemons and repositories of the lifecycle tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..gitrepo import GitRepo
from ..lifecycle.daemons import Aura, own_daemon


@pytest.fixture(scope="package")
def aura() -> Iterator[Aura]:
    for aura in own_daemon():
        aura.start()
        yield aura


@pytest.fixture
def own() -> Iterator[Aura]:
    yield from own_daemon()


@pytest.fixture(scope="package")
def known(aura: Aura, tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    """A registered repository with two commits, an uncommitted change and an intent about it."""
    repo = GitRepo(tmp_path_factory.mktemp("work") / "shop")
    repo.commit({"a.py": "def f(x):\n    return x\n", "b.py": "B = 1\n"}, "begin [ENG-1]")
    repo.commit({"a.py": "def f(x, y):\n    return x + y\n"}, "two numbers")
    aura.init(repo)
    repo.write({"b.py": "B = 2\n"})
    aura.log(repo, "B is two")
    return repo


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    return GitRepo(tmp_path / "repo")
