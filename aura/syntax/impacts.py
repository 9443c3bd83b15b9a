"""What a change on one side means for who uses it on another: the vocabulary, defined once.

A side is a work tree, with what is uncommitted in it, or a branch that no work tree has checked out.
"""

from typing import Literal

from msgspec import Struct

from aura.syntax.types import Kind, Side

ImpactChange = Literal[
    "removed", "renamed", "moved", "signature_changed", "both_changed", "behaviour_changed"
]  # fmt: skip
Severity = Literal["error", "warning", "info"]
Fit = Literal["broken", "doubtful", "fits"]


class Site(Struct, frozen=True):
    """A place on your side that uses what changed on the other: in `caller`, at `line` of your file.

    `fit` says whether it can still work after a merge, `reason` why.
    """

    path: str
    line: int
    caller: str
    test: bool
    fit: Fit
    reason: str = ""


class Finding(Struct, frozen=True):
    """That one entity, changed on the `other` side since the two parted, meets `yours`.

    `before` is the entity where the sides parted, `after` what the other side has (None: removed), `mine`
    what your side has, where that is another thing than `before`. `cause` is a digest of what the other side
    did: while it stays the same, it is the same alert.
    """

    yours: str
    other: str
    change: ImpactChange
    severity: Severity
    kind: Kind
    before: Side
    after: Side | None
    mine: Side | None
    reason: str
    sites: tuple[Site, ...]
    cause: str
