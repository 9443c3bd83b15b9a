"""What a change shows beyond its edits: the evidence by which it can be said what it did not do."""

from msgspec import Struct

from aura.syntax.types import Edit, Kind

Pairs = tuple[tuple[str, str], ...]


class Rewording(Struct, frozen=True, array_like=True):
    """The pairs of words that stand in the same places of two versions of an entity, or None where more than
    words differs. Words of strings come with a quote before them.

    `local` are pairs of the body of which one takes the place of the other everywhere and more than once, as
    with local names. `gone` and `come` are words of imports, `said` words of documentation, or of a file that
    is no code, that are there more often on one side.
    """

    signature: Pairs | None
    body: Pairs | None
    doc: Pairs | None
    local: Pairs = ()
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


class Target(Struct, frozen=True, array_like=True):
    """What an entity calls, as it was resolved; `line` is that of the call."""

    path: str
    qualified_name: str
    line: int


class Seen(Struct, frozen=True, array_like=True):
    """An entity on one side of a change, with the names that it calls and what of them is known."""

    path: str
    kind: Kind
    qualified_name: str
    line: int
    calls: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()


class Sight(Struct, frozen=True, array_like=True):
    """An entity that is meant by `sought`, before and after. `helpers` are what it calls that is new."""

    sought: str
    old: Seen | None
    new: Seen | None
    helpers: tuple[Seen, ...] = ()


class Evidence(Struct, frozen=True):
    """A change: the paths that differ, those not read in full, and its edits, each with its rewording.

    `gone` are the paths that are not there any more.
    """

    paths: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    edits: tuple[Edit, ...] = ()
    rewordings: tuple[Rewording, ...] = ()
    sights: tuple[Sight, ...] = ()
    gone: tuple[str, ...] = ()
