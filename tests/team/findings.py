"""Findings as a look at two sides gives them, and a repository that they are about."""

from typing import Any

from msgspec.structs import replace

from aura.api import Caller, Place
from aura.store import Connection
from aura.syntax.impacts import Finding, Fit, Site
from aura.syntax.types import Side
from aura.team.alerts import Party

SIDES = {
    "/shop": Party("/shop", "main"),
    "/side": Party("/side", "feat"),
    "refs/heads/old": Party(None, "old"),
}
PAY = Side("shop.py", "function", "pay", "pay", 3, 5, ("order",))


def site(line: int = 7, *, fit: Fit = "broken", test: bool = False) -> Site:
    return Site("till.py", line, "open", test, fit, "it lacks an argument")


def finding(**given: Any) -> Finding:
    """A signature that changed on /side, and does not fit a call on /shop."""
    said = Finding(
        "/shop", "/side", "signature_changed", "error", "function", PAY,
        replace(PAY, parameters=("order", "ctx")), None, "parameter ctx added", (site(),), "cause-1",
    )  # fmt: skip
    return replace(said, **given)


def placed(db: Connection, caller: Caller) -> Caller:
    """Return the caller in the work tree /shop of the first repository, which is made."""
    db.execute("INSERT INTO repositories (slug, common_dir, registered_at) VALUES ('shop', '/shop/.git', 0)")
    place = Place(1, "shop", "wkt_1", "/shop", "/shop/.git", "/shop/.git", "main")
    return replace(caller, place=place)
