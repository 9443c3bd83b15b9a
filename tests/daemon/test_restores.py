"""Restore, undo and redo, in any order and with changes of others between them, against a model in memory."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ..gitrepo import GitRepo
from ..running import Daemon, python_repo, running

Files = dict[str, bytes]
Plan = dict[str, tuple[bytes | None, bytes | None]]
NAMES = st.sampled_from(["a", "b.py", "d/x", "d/y", "e/f/z"])
CONTENTS = st.binary(max_size=3)


@pytest.fixture(scope="module")
def own() -> Iterator[Daemon]:
    with running() as daemon:
        yield daemon


class Line(RuleBasedStateMachine):
    """One work tree with its files, its snapshots, and what can be undone and done again."""

    daemon: Daemon

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="aura-")
        self.repo = python_repo(Path(self.folder.name).resolve() / "repo")
        self.daemon.register(self.repo)
        self.files: Files = {"app.py": (self.repo.path / "app.py").read_bytes()}
        self.snapshots: list[tuple[str, str, dict[str, bytes | None]]] = []
        self.undoable: list[Plan] = []
        self.redoable: list[Plan] = []

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(name=NAMES, content=CONTENTS)
    def write(self, name: str, content: bytes) -> None:
        self.repo.write({name: content})
        self.files[name] = content

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.files)))
        (self.repo.path / name).unlink()
        del self.files[name]

    @rule()
    def keep_all(self) -> None:
        made = self.post("/v1/snapshots", {}, 201)
        assert made["files"] == len(self.files)
        self.snapshots.append((made["id"], "tree", dict(self.files)))

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def keep_some(self, data: st.DataObject) -> None:
        names = data.draw(st.lists(st.sampled_from(sorted(self.files)), min_size=1, max_size=3, unique=True))
        made = self.post("/v1/snapshots", {"paths": names}, 201)
        self.snapshots.append((made["id"], "files", {name: self.files[name] for name in names}))

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data(), part=st.booleans())
    def restore(self, data: st.DataObject, part: bool) -> None:
        id_, scope, held = data.draw(st.sampled_from(self.snapshots))
        names = sorted({*held, *(self.files if scope == "tree" else ())})
        body: dict[str, Any] = {}
        if part and names:
            names = [data.draw(st.sampled_from(names))]
            body = {"paths": names}
        plan = {n: (self.files.get(n), held.get(n)) for n in names if self.files.get(n) != held.get(n)}
        done = self.post(f"/v1/snapshots/{id_}:restore", body, 200)
        assert done["paths"] == sorted(plan)
        if plan:
            self.undoable.append(plan)
            self.redoable = []
            self.become({name: after for name, (_, after) in plan.items()})

    @rule()
    def remove_what_nothing_needs(self) -> None:
        assert self.post("/v1/snapshots:gc", {}, 200)["snapshots"] == 0

    @rule(force=st.booleans())
    def undo(self, force: bool) -> None:
        self.turn("undo", self.undoable, self.redoable, force)

    @rule(force=st.booleans())
    def redo(self, force: bool) -> None:
        self.turn("redo", self.redoable, self.undoable, force)

    def turn(self, action: str, source: list[Plan], target: list[Plan], force: bool) -> None:
        if not source:
            refused = self.post(f"/v1/snapshots:{action}", {"force": force}, 409)
            assert refused["error"]["code"] == f"nothing_to_{action}"
            return
        plan, back = source[-1], action == "undo"
        others = [name for name, sides in plan.items() if self.files.get(name) not in sides]
        if others and not force:
            refused = self.post(f"/v1/snapshots:{action}", {}, 409)
            assert sorted(refused["error"]["details"]["paths"]) == sorted(others)
            return
        source.pop()
        for name in others:
            before, after = plan[name]
            now = self.files.get(name)
            plan[name] = (before, now) if back else (now, after)
        self.post(f"/v1/snapshots:{action}", {"force": force}, 200)
        target.append(plan)
        self.become({name: before if back else after for name, (before, after) in plan.items()})

    def become(self, changes: dict[str, bytes | None]) -> None:
        self.files |= {name: data for name, data in changes.items() if data is not None}
        for name in (name for name, data in changes.items() if data is None):
            self.files.pop(name, None)

    def post(self, path: str, body: Any, status: int) -> Any:
        reply = self.daemon.post(path, body, repo=self.repo.path)
        assert reply.status == status, reply
        return reply.json()

    @invariant()
    def the_work_tree_is_as_the_model_says(self) -> None:
        root: Path = self.repo.path
        found = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
        assert {str(path.relative_to(root)): path.read_bytes() for path in found} == self.files


def test_restoring_undoing_and_redoing_are_one_line(own: Daemon) -> None:
    machine = type("Machine", (Line,), {"daemon": own})
    limits = settings(
        max_examples=12,
        stateful_step_count=20,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=limits)


def test_a_new_restore_cuts_off_what_was_undone(own: Daemon, fresh: GitRepo) -> None:
    own.register(fresh)
    ids = []
    for number in range(3):
        fresh.write({"app.py": f"{number}\n"})
        ids.append(own.post("/v1/snapshots", {"paths": ["app.py"]}, repo=fresh.path).json()["id"])
    for id_ in ids[:2]:
        own.post(f"/v1/snapshots/{id_}:restore", {}, repo=fresh.path)
    seen = []
    for action in ("undo", "undo", "redo", "redo"):
        assert own.post(f"/v1/snapshots:{action}", {}, repo=fresh.path).status == 200
        seen.append((fresh.path / "app.py").read_text())
    assert seen == ["0\n", "2\n", "0\n", "1\n"]
    own.post("/v1/snapshots:undo", {}, repo=fresh.path)
    own.post(f"/v1/snapshots/{ids[2]}:restore", {}, repo=fresh.path)
    assert own.post("/v1/snapshots:redo", {}, repo=fresh.path).error["code"] == "nothing_to_redo"
    own.post("/v1/snapshots:undo", {}, repo=fresh.path)
    assert (fresh.path / "app.py").read_text() == "0\n"
