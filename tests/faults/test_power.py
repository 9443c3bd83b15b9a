"""A power cut after any operation loses nothing that was acknowledged, and leaves nothing by halves."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.store import Store

from .disk import Disk, Files, Op, Platter, disk
from .keyed import put, whole

HOW = ("none", "all", "some", "torn")


def history(folder: Path, groups: int) -> list[Op]:
    """Drive a store on a remembering disk through group commits, checkpoints, rollbacks and a restart;
    acknowledgements stand among the operations.
    """
    random_, n = random.Random(groups), 0
    with disk("power") as made:
        for life in range(2):
            store = Store(folder / "recorded.db", vfs=made.name)
            store.submit(lambda db: db.pragma("wal_autocheckpoint", 60)).result(20)
            for _ in range(groups // 2):
                n = _group(store, made, n, random_)
            if life == 0:
                store.close()
        log = made.log.copy()
        store.close()
    return log


def _group(store: Store, made: Disk, n: int, random_: random.Random) -> int:
    gate = threading.Event()
    store.submit(lambda db: gate.wait(20))
    size = random_.choice([1, 2, 5, 12])
    futures = []
    for i in [*range(n, n + size), n]:
        futures.append(future := store.submit(put(i)))
        future.add_done_callback(lambda future, i=i: future.exception() or made.note(i))
    if size == 5:
        futures.append(store.submit(_fails))
    gate.set()
    for future in futures:
        future.exception(20)
    return n + size


def _fails(db: object) -> None:
    raise ValueError("this call fails, its neighbours must not")


def cuts(log: list[Op], states: int, seed: int = 1) -> Iterator[tuple[Files, set[int]]]:
    """Yield what power cuts leave, with what was acknowledged before, evenly over the history; after each
    operation in each way where there are so many.
    """
    random_, platter, acked = random.Random(seed), Platter(), set[int]()
    every = max(1, len(log) * len(HOW) // states)
    ways, turn = len(HOW) * -(-states // (len(log) * len(HOW))), 0
    for op in log:
        if op.kind == "note":
            acked.add(op.note)
        platter.take(op)
        for way in range(ways):
            turn += 1
            if turn % every == 0:
                yield platter.found(HOW[(way + turn // every) % len(HOW)], random_), set(acked)


def check(folder: Path, number: int, files: Files, acked: set[int]) -> None:
    """Open what a power cut left with the real store: all of it must hold."""
    path = folder / f"cut{number}.db"
    for file, content in files.items():
        path.with_name(path.name + file).write_bytes(content)
    store = Store(path)
    try:
        assert store.check() == []
        kept = whole(store)
        assert acked <= kept, f"acknowledged and lost: {sorted(acked - kept)}"
        again = [*sorted(acked)[-2:], max(acked, default=0) + 1]
        for future in [store.submit(put(n)) for n in again]:
            future.result(20)
        assert whole(store) == kept | set(again)
    finally:
        store.close()
        for left in folder.glob(f"{path.name}*"):
            left.unlink()


def survives(ram: Path, groups: int, states: int) -> None:
    log, checked = history(ram, groups), 0
    assert {"", "-wal"} <= {op.file for op in log if op.kind == "sync"}, "no checkpoint was recorded"
    for files, acked in cuts(log, states):
        check(ram, checked, files, acked)
        checked += 1
    assert checked >= states * 0.9


def test_what_was_acknowledged_survives_a_power_cut(ram: Path) -> None:
    survives(ram, 16, 200)


@pytest.mark.long
def test_what_was_acknowledged_survives_five_thousand_power_cuts(ram: Path) -> None:
    survives(ram, 40, 6_000)


def test_a_disk_that_ignores_syncs_is_found_out(ram: Path) -> None:
    log = [op for op in history(ram, 8) if op.kind != "sync"]
    lost = 0
    for number, (files, acked) in enumerate(cuts(log, 40)):
        try:
            check(ram, number, files, acked)
        except (AssertionError, AuraError):
            lost += 1
    assert lost > 10
