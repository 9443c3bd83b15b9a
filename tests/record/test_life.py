"""The life of an entity, told from rows of a database in memory."""

from collections.abc import Iterable

import pytest

from aura.record.life import Name, later_name, life
from aura.store import Connection, migrate

F, G = Name("a.py", "f"), Name("a.py", "g")


class Log:
    """A record that is written edit by edit, oldest first; the work tree is `/w`."""

    def __init__(self) -> None:
        self.db = Connection(":memory:")
        migrate(self.db)
        self.db.execute("INSERT INTO repositories (slug, common_dir, registered_at) VALUES ('r', '/r', 0)")
        self.db.execute("INSERT INTO authors (handle, name, kind) VALUES ('ada', 'Ada', 'human')")
        self.reachable: dict[str, int] = {}
        self.count = 0

    def commit(self, name: str, *edits: tuple[Name | None, Name | None, int], parents: int = 1) -> None:
        """Record a commit behind HEAD (of no parents: on another branch)."""
        self._add(name, "commit", "bound", name, edits)
        if parents:
            self.reachable[name] = parents

    def said(
        self,
        name: str,
        *edits: tuple[Name | None, Name | None, int],
        held_by: str | None = None,
        tree: str = "/w",
    ) -> None:
        self._add(name, "log", "bound" if held_by else "open", held_by, edits, tree)

    def _add(
        self,
        name: str,
        source: str,
        state: str,
        sha: str | None,
        edits: Iterable[tuple[Name | None, Name | None, int]],
        tree: str | None = None,
    ) -> None:
        self.count += 1
        self.db.execute(
            "INSERT INTO intents (id, repo, worktree, author, source, summary, created_at, recorded_at,"
            " commit_sha, analysis) VALUES (?, 1, ?, 1, ?, ?, 0, 0, ?, 'done')",
            (f"itn_{self.count:04}", tree, source, name, sha),
        )
        seq = self.db.last_insert_rowid()
        for position, (old, new, hash_) in enumerate(edits):
            self.db.execute(
                "INSERT INTO nodes VALUES (?,?,'',?,?,NULL,?,'none',x'',?,?)",
                (seq, position, self._entity(old), self._entity(new), hash_ if new else None, state, sha),
            )

    def _entity(self, name: Name | None) -> int | None:
        if name is None:
            return None
        self.db.execute(
            "INSERT OR IGNORE INTO entities (id, repo, path, kind, name, qualified_name, ordinal)"
            " VALUES (?, 1, ?, 'function', ?, ?, ?)",
            (f"ent_{name}", name.path, name.qualified_name, name.qualified_name, name.ordinal),
        )
        sql = "SELECT seq FROM entities WHERE path = ? AND qualified_name = ? AND ordinal = ?"
        return int(self.db.execute(sql, name).fetchone()[0])

    def reached(self, shas: Iterable[str]) -> dict[str, int]:
        return {sha: self.reachable[sha] for sha in shas if sha in self.reachable}

    def of(self, name: Name) -> list[str]:
        steps = life(self.db, 1, "/w", name, self.reached)
        sql = "SELECT summary FROM intents WHERE seq = ?"
        return [self.db.execute(sql, (step.intent,)).fetchone()[0] for step in steps]

    def now(self, name: Name) -> Name:
        return later_name(self.db, 1, "/w", name, self.reached)


@pytest.fixture
def log() -> Log:
    made = Log()
    made.commit("add", (None, F, 1))
    return made


def test_edits_and_renames_are_followed_back(log: Log) -> None:
    log.commit("edit", (F, F, 2))
    log.commit("rename", (F, G, 2))
    log.commit("edit again", (G, G, 3))
    assert log.of(G) == ["edit again", "rename", "edit", "add"]
    assert log.now(F) == G


def test_what_head_does_not_reach_is_left_out(log: Log) -> None:
    log.commit("elsewhere", (F, G, 1), parents=0)
    assert log.of(F) == ["add"]
    assert log.of(G) == []
    assert log.now(F) == F


def test_a_swap_of_names_keeps_the_lives_apart(log: Log) -> None:
    log.commit("add g", (None, G, 9))
    log.commit("swap", (F, G, 1), (G, F, 9))
    assert log.of(G) == ["swap", "add"]
    assert log.of(F) == ["swap", "add g"]


def test_an_earlier_owner_of_a_name_that_was_deleted_is_another(log: Log) -> None:
    log.commit("delete", (F, None, 0))
    log.commit("a new f", (None, F, 5))
    assert log.of(F) == ["a new f"]


def test_a_deleted_entity_ends_with_its_deletion(log: Log) -> None:
    log.commit("delete", (F, None, 0))
    assert log.of(F) == ["delete", "add"]


def test_a_merge_is_told_only_where_it_made_something_new(log: Log) -> None:
    log.commit("branch", (F, F, 2))
    log.commit("repeats", (F, F, 2), parents=2)
    log.commit("repeats once more", (F, F, 2), parents=2)
    assert log.of(F) == ["branch", "add"]
    log.commit("mixes", (F, F, 3), parents=2)
    assert log.of(F) == ["mixes", "branch", "add"]


def test_only_the_own_work_tree_s_open_intents_are_told(log: Log) -> None:
    log.said("mine", (F, F, 2))
    log.said("another's", (F, F, 3), tree="/elsewhere")
    assert log.of(F) == ["mine", "add"]


def test_open_intents_come_before_commits_that_are_younger(log: Log) -> None:
    log.said("not yet committed", (F, F, 2))
    log.commit("edit", (F, F, 3))
    assert log.of(F) == ["not yet committed", "edit", "add"]


def test_what_was_said_stands_beside_its_commit(log: Log) -> None:
    log.said("reason", (F, F, 2), held_by="edit")
    log.commit("edit", (F, F, 2))
    log.commit("later", (F, F, 3))
    assert log.of(F) == ["later", "edit", "reason", "add"]


def test_what_was_picked_from_elsewhere_keeps_its_reason(log: Log) -> None:
    log.said("reason", (F, F, 2), held_by="original")
    log.commit("original", (F, F, 2), parents=0)
    log.commit("picked", (F, F, 2))
    assert log.of(F) == ["picked", "reason", "add"]


def test_a_member_is_followed_through_its_container(log: Log) -> None:
    old, new = Name("a.py", "Old"), Name("a.py", "New")
    log.commit("class", (None, old, 1), (None, Name("a.py", "Old.m"), 2))
    log.commit("rename the class", (old, new, 1))
    log.commit("edit the member", (Name("a.py", "New.m"), Name("a.py", "New.m"), 3))
    assert log.of(Name("a.py", "New.m")) == ["edit the member", "class"]


def test_a_member_that_stayed_where_its_container_left_is_not_lost(log: Log) -> None:
    here, there = Name("a.py", "C"), Name("b.py", "C")
    member = Name("a.py", "C.m")
    log.commit("class", (None, here, 1), (None, member, 2))
    log.commit("edit", (member, member, 3))
    log.commit("the class is told to come from elsewhere", (there, here, 4))
    assert log.of(member) == ["edit", "class"]


def test_names_that_go_round_in_a_circle_end(log: Log) -> None:
    for turn in range(3):
        log.commit(f"to g {turn}", (F, G, 1))
        log.commit(f"to f {turn}", (G, F, 1))
    assert log.of(F) == ["to f 2", "to g 2", "to f 1", "to g 1", "to f 0", "to g 0", "add"]
    assert log.now(G) == F
