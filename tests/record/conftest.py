"""What the tests of the record share."""

import pytest

from .recording import Log, Name

F = Name("a.py", "f")


@pytest.fixture
def log() -> Log:
    """A record whose first commit adds `f` with text 1."""
    made = Log()
    made.commit("add", (None, F, 1))
    return made
