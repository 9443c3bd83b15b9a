"""How registered work trees are at this moment: what the watcher knows, beside what the record says."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from aura.api import rfc3339
from aura.record.worktrees import AtWork, Live, Trees
from aura.store import Connection
from aura.syntax.types import Edit
from aura.team import impacts, sessions, zones

if TYPE_CHECKING:
    from .context import Context


class Watched(Trees):
    """The work trees as the daemon watches them; nothing here waits for a look."""

    def __init__(self, context: "Context") -> None:
        self._context = context

    def live(self, db: Connection, paths: Collection[str]) -> Mapping[str, Live]:
        """Return how work trees are, by path."""
        context = self._context
        at_work, claimed = sessions.at_work(db, paths), zones.counts(db, paths)
        opened = impacts.open_counts(db, paths)
        found = {}
        for path in paths:
            tree, known = context.watch.trees.get(path), context.edits.of(path)
            found[path] = Live(
                state=tree.state if tree else "starting",
                note=tree.note if tree else None,
                branch=tree.head[0] if tree and tree.head else None,
                sessions=[AtWork(id_, actor) for id_, actor in at_work.get(path, [])],
                edits=known.count if known else None,
                zones=claimed.get(path, 0),
                impacts=opened.get(path, 0),
                saved_at=rfc3339(known.saved_at) if known and known.saved_at else None,
            )
        return found

    def edits(self, path: str) -> list[Edit]:
        """Return the entity edits that are uncommitted in a work tree."""
        known = self._context.edits.of(path)
        return list(known.edits) if known else []
