"""The loop that looks for impacts: what is touched is looked at, once, whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from aura.daemon import impacts as loop
from aura.daemon.callers import Callers
from aura.daemon.context import SYSTEM, Context
from aura.daemon.impacts import Impacts
from aura.daemon.stream import Tail
from msgspec.structs import replace

from aura.api import Caller
from aura.errors import AuraError
from aura.record import settings, worktrees
from aura.record.settings import NewSetting
from aura.record.worktrees import NewWorkTree
from aura.repo.pool import CallPool, Pool
from aura.repo.requests import Collided
from aura.repo.worktrees import discover
from aura.store import Store, rows

from ..gitrepo import GitRepo
from ..impacted import BRANCH, DESK, TAKES_MORE, TILL, collide


class Counting(CallPool):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []
        self.failing = self.hurried = 0

    def collide(self, git_dir: str, sides: Any, touched: Any = ()) -> Collided:
        self.asked.append((sorted(side.key for side in sides), list(touched)))
        if self.failing:
            self.failing -= 1
            raise AuraError("analysis_timeout", "cannot analyse this in time")
        found = super().collide(git_dir, sides, touched)
        if self.hurried:
            self.hurried -= 1
            return replace(found, judged=[], findings=[], left=1)
        return found


class House:
    """The parts of a daemon that the loop needs, around two work trees of one repository."""

    def __init__(self, context: Context, graphs: Counting, here: GitRepo, side: GitRepo) -> None:
        self.context, self.graphs, self.here, self.side = context, graphs, here, side

    @property
    def impacts(self) -> Impacts:
        return self.context.impacts

    def saved(self, repo: GitRepo, **files: str) -> None:
        repo.write({f"{name}.py": text for name, text in files.items()})
        self.impacts.saved(str(repo.path), frozenset(f"{name}.py" for name in files))

    def met(self) -> list[tuple[str, str, str | None, str | None]]:
        """Return the open impacts: what, how, on which branch, from which."""
        sql = (
            "SELECT function, change, your_branch, other_branch FROM impacts WHERE status = 'open'"
            " ORDER BY function, your_branch"
        )
        return self.context.store.read(lambda db: rows(db, sql))

    async def until(self, holds: Callable[[], Any]) -> None:
        async with asyncio.timeout(30):
            while not holds():
                await asyncio.sleep(0.01)

    async def looked(self) -> None:
        """Wait until nothing is left to be looked at."""
        await self.until(lambda: not self.impacts.busy)


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(loop, "START_SECONDS", 0.0)
    here = GitRepo(tmp_path / "here")
    here.commit({"desk.py": DESK, "till.py": TILL}, "begin")
    here.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = GitRepo(tmp_path / "side", init=False)
    store, graphs = Store(tmp_path / "aura.db"), Counting()
    for repo in (here, side):
        await register(store, repo.path)
    pool, threads = Pool(size=1), ThreadPoolExecutor(4)
    context = Context(
        store=store, pool=pool, background=pool, graphs=graphs, callers=Callers(store), threads=threads,
        tail=Tail(asyncio.get_running_loop()), socket="",
    )  # fmt: skip
    context.impacts = Impacts(context)
    context.spawn(context.impacts.run())
    made = House(context, graphs, here, side)
    await made.until(lambda: graphs.asked)
    await made.looked()
    try:
        yield made
    finally:
        for task in list(context.tasks):
            task.cancel()
        await asyncio.gather(*context.tasks, return_exceptions=True)
        graphs.close()
        pool.close()
        threads.shutdown()
        store.close()


async def register(store: Store, path: Path) -> None:
    found = discover(str(path))
    await store.write(lambda db: worktrees.register(db, SYSTEM, NewWorkTree(found.root), found))


async def test_a_save_on_one_side_is_an_impact_on_the_other_until_it_is_undone(house: House) -> None:
    house.saved(house.side, desk=TAKES_MORE)
    await house.until(house.met)
    assert house.met() == [
        ("pay", "signature_changed", "main", "side"),
        ("refund", "removed", "main", "side"),
    ]
    house.saved(house.here, till=TILL.replace(" + refund(1)", "").replace(", refund", ""))
    await house.until(lambda: len(house.met()) == 1)
    house.saved(house.side, desk=DESK)
    await house.until(lambda: not house.met())


async def test_what_is_touched_meanwhile_is_gathered_for_the_next_look(house: House) -> None:
    house.graphs.asked.clear()
    house.saved(house.side, desk=DESK + "X = 1\n")
    await house.until(lambda: house.graphs.asked)
    for number in range(20):
        house.saved(house.side, desk=DESK + f"X = {number}\n", more="X = 1\n")
        house.saved(house.here, till=TILL + f"X = {number}\n")
    await house.looked()
    touched = [{one.key: one.paths for one in ask} for _, ask in house.graphs.asked]
    first, last = str(house.side.path), str(house.here.path)
    assert touched == [{first: ["desk.py"]}, {first: ["desk.py", "more.py"], last: ["till.py"]}]


async def test_a_branch_at_work_is_a_side_until_it_is_merged(house: House) -> None:
    collide(house.here)
    house.impacts.moved(str(house.here.path))
    await house.until(house.met)
    assert {other for *_, other in house.met()} == {BRANCH}
    assert f"refs/heads/{BRANCH}" in house.graphs.asked[-1][0]
    house.here.git("merge", "-q", BRANCH)
    house.impacts.moved(str(house.here.path))
    await house.until(lambda: BRANCH not in {other for *_, other in house.met()})


async def test_branches_that_have_not_moved_are_not_listed_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "unmerged", None)
    house.graphs.asked.clear()
    house.saved(house.side, desk=DESK + "X = 1\n")
    await house.until(lambda: house.graphs.asked)
    await house.looked()
    assert len(house.graphs.asked) == 1


async def test_nobody_looks_where_it_is_switched_off(house: House) -> None:
    async def switch(value: str) -> None:
        place = house.context.callers.by_root[str(house.here.path)]
        caller = Caller(actor=SYSTEM.actor, place=place)
        await house.context.store.write(lambda db: settings.set_(db, caller, NewSetting("impacts", value)))
        house.impacts.notice()

    house.saved(house.side, desk=TAKES_MORE)
    await house.until(house.met)
    await switch("off")
    await house.until(lambda: not house.met())
    house.graphs.asked.clear()
    house.saved(house.side, desk=TAKES_MORE + "X = 1\n")
    await house.looked()
    assert house.graphs.asked == []
    await switch("on")
    await house.until(house.met)


async def test_a_work_tree_that_comes_is_a_side_and_one_that_goes_is_none(
    house: House, tmp_path: Path
) -> None:
    house.here.git("worktree", "add", "-q", "-b", "third", str(tmp_path / "third"))
    third = GitRepo(tmp_path / "third", init=False)
    third.write({"desk.py": TAKES_MORE})
    await register(house.context.store, third.path)
    house.context.callers.reload()
    house.impacts.notice()
    await house.until(house.met)
    assert {(yours, other) for *_, yours, other in house.met()} == {("main", "third"), ("side", "third")}
    house.here.git("worktree", "remove", "--force", str(third.path))
    house.impacts.moved(str(house.here.path))
    await house.until(lambda: not house.met())


async def test_a_look_that_fails_is_made_up_for_by_the_next_one(house: House) -> None:
    house.graphs.asked.clear()
    house.graphs.failing = 1
    house.saved(house.side, desk=TAKES_MORE)
    await house.until(lambda: len(house.graphs.asked) == 1)
    await house.looked()
    assert house.met() == []
    house.saved(house.here, other="X = 1\n")
    await house.until(house.met)
    assert [ask for _, ask in house.graphs.asked][1:] == [[]]


async def test_what_there_was_no_time_for_is_asked_for_again(house: House) -> None:
    house.graphs.asked.clear()
    house.graphs.hurried = 2
    house.saved(house.side, desk=TAKES_MORE)
    await house.until(lambda: len(house.graphs.asked) == 3)
    await house.looked()
    assert [[one.key for one in ask] for _, ask in house.graphs.asked] == [[str(house.side.path)], [""], [""]]


async def test_who_is_not_registered_is_not_heard(house: House) -> None:
    house.graphs.asked.clear()
    house.impacts.saved("/nowhere", frozenset({"a.py"}))
    house.impacts.moved("/nowhere")
    assert not house.impacts.busy
