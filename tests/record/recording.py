"""A record in memory, written edit by edit with the functions that the daemon writes with."""

from collections.abc import Iterable
from typing import NamedTuple

from aura.record import lineage, nodes
from aura.record.life import View, life
from aura.store import Connection, migrate
from aura.syntax.types import Carried, Edit, Side


class Name(NamedTuple):
    """What an entity is called at one time."""

    path: str
    qualified_name: str
    ordinal: int = 0


Change = tuple[Name | None, Name | None, int]
"""What is made of what, and the number that stands for its text afterwards."""


class Log:
    """A record that is written edit by edit, oldest first; the work tree is `/w`."""

    def __init__(self) -> None:
        self.db = Connection(":memory:")
        migrate(self.db)
        self.db.execute("INSERT INTO repositories (slug, common_dir, registered_at) VALUES ('r', '/r', 0)")
        self.db.execute("INSERT INTO authors (handle, name, kind) VALUES ('ada', 'Ada', 'human')")
        self.reachable: set[str] = set()
        self.texts: dict[Name, int] = {}
        self.count = 0

    def commit(
        self,
        name: str,
        *edits: Change,
        parents: int = 1,
        carried: Iterable[Change] = (),
        reached: bool = True,
    ) -> int:
        """Record a commit behind HEAD, or one that is not reached: on another branch."""
        seq = self._intent(name, "commit", name, None)
        sql = "INSERT INTO commits (repo, sha, intent, parents) VALUES (1, ?, ?, ?)"
        self.db.execute(sql, (name, seq, parents))
        made = [Edit((), "function", *self._sides(edit)) for edit in edits]
        along = [Carried(*self._sides(edit)) for edit in carried]
        nodes.attach_commit(self.db, 1, seq, made, along, name)
        if reached:
            self.reachable.add(name)
            self._now_holds([*edits, *carried])
        return seq

    def said(self, name: str, *edits: Change, held_by: str | None = None, tree: str = "/w") -> int:
        """Record a logged intent that a commit holds, or that is uncommitted."""
        seq = self._intent(name, "log", held_by, tree)
        made = [Edit((), "function", *self._sides(edit)) for edit in edits]
        nodes.attach(self.db, 1, seq, made, "bound" if held_by else "open", held_by)
        return seq

    def _intent(self, name: str, source: str, sha: str | None, tree: str | None) -> int:
        self.count += 1
        self.db.execute(
            "INSERT INTO intents (id, repo, worktree, author, source, summary, created_at, recorded_at,"
            " commit_sha, analysis) VALUES (?, 1, ?, 1, ?, ?, 0, 0, ?, 'done')",
            (f"itn_{self.count:04}", tree, source, name, sha),
        )
        return self.db.last_insert_rowid()

    def _sides(self, edit: Change) -> tuple[Side | None, Side | None]:
        old, new, text = edit
        return (
            side(old, self.texts.get(old, 0)) if old else None,
            side(new, text) if new else None,
        )

    def _now_holds(self, edits: Iterable[Change]) -> None:
        edits = list(edits)
        for old, _, _ in edits:
            self.texts.pop(old, None)
        self.texts |= {new: text for _, new, text in edits if new}

    def view(self) -> View:
        return View(1, "/w", lambda shas: self.reachable & set(shas))

    def entity(self, name: Name, text: int | None = None) -> int | None:
        """Return the entity that has this text under a name: the present one, where none is given."""
        return lineage.entity_of(self.db, 1, side(name, self.texts[name] if text is None else text))

    def of(self, name: Name, text: int | None = None) -> list[str]:
        """Return what the intents say that shaped what is called so now, newest first."""
        entity = self.entity(name, text)
        assert entity is not None
        steps = life(self.db, self.view(), entity)
        sql = "SELECT summary FROM intents WHERE seq = ?"
        return [self.db.execute(sql, (step.intent,)).fetchone()[0] for step in steps]


def side(name: Name, text: int) -> Side:
    simple = name.qualified_name.rpartition(".")[2]
    return Side(
        name.path, "function", simple, name.qualified_name, 1, 1, ordinal=name.ordinal, hash=f"{text:016x}"
    )
