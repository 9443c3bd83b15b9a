"""A collision: a branch that no work tree has checked out breaks what the work tree calls."""

from collections.abc import Callable
from typing import Any

from .gitrepo import GitRepo
from .running import eventually

BRANCH = "elsewhere"
DESK = "def pay(order):\n    return order\n\n\ndef refund(order):\n    return -order\n"
TILL = "from desk import pay, refund\n\n\ndef close():\n    return pay(1) + refund(1)\n"
TAKES_MORE = "def pay(order, ctx):\n    return order + ctx\n"
Call = Callable[[str, str, Any], Any]


def collide(repo: GitRepo) -> None:
    """Commit a caller on the work tree's branch, and on another one what breaks it twice."""
    here = repo.git("branch", "--show-current")
    repo.commit({"desk.py": DESK, "till.py": TILL}, "call the desk")
    repo.git("checkout", "-q", "-b", BRANCH)
    repo.commit({"desk.py": TAKES_MORE}, "take a context, refund no more")
    repo.git("checkout", "-q", here)


def impacts(call: Call) -> list[str]:
    """Wait for the two impacts of a collision, and return their ids: of pay, then of refund.

    `call` sends a request about the repository.
    """

    def met() -> list[Any]:
        found: list[Any] = call("GET", "/v1/impacts", None)["data"]
        return sorted(found, key=lambda impact: str(impact["function"])) if len(found) == 2 else []

    return [impact["id"] for impact in eventually(met, 30)]
