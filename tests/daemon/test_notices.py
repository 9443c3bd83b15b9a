"""What a system tells of folders, whichever way it is asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aura.daemon.notices import Inotify, Notice, Notices, Watchfiles, beneath, inotify

KINDS = [pytest.param(Inotify, marks=pytest.mark.skipif(inotify is None, reason="no inotify")), Watchfiles]


class Heard:
    """Collects what is told until something is among it."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.missed = 0
        self._more = asyncio.Event()

    def hear(self, told: list[Notice]) -> None:
        self.notices += told
        self._more.set()

    def miss(self) -> None:
        self.missed += 1
        self._more.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def of(self, name: str, *what: str) -> None:
        await self.until(lambda: any(n.name == name and n.what in what for n in self.notices))


@asynccontextmanager
async def watching(kind: type[Notices], *folders: Path) -> AsyncIterator[tuple[Notices, Heard]]:
    heard = Heard()
    made = await asyncio.to_thread(kind, asyncio.get_running_loop(), heard.hear, heard.miss)
    await asyncio.to_thread(made.watch, [str(folder) for folder in folders])
    try:
        yield made, heard
    finally:
        made.close()


@pytest.mark.parametrize("kind", KINDS)
async def test_saves_comings_and_goings_are_told(kind: type[Notices], tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text("1")
    async with watching(kind, tmp_path) as (made, heard):
        (tmp_path / "plain.py").write_text("1")
        await heard.of("plain.py", "saved")
        (tmp_path / "plain.py").rename(tmp_path / "named.py")
        await heard.of("named.py", "saved")
        (tmp_path / "old.py").unlink()
        await heard.of("old.py", "gone")
        (tmp_path / "folder").mkdir()
        await heard.of("folder", "come")
        assert all(notice.folder == str(tmp_path) for notice in heard.notices)
        await asyncio.to_thread(made.watch, [str(tmp_path / "folder"), str(tmp_path / "nowhere")])
        assert set(made.watched) == {str(tmp_path), str(tmp_path / "folder")}
        (tmp_path / "folder" / "inner.py").write_text("1")
        await heard.of("inner.py", "saved")
        assert set(beneath(made, str(tmp_path / "folder"))) == {str(tmp_path / "folder")}
        made.drop(beneath(made, str(tmp_path)))
        assert made.watched == {}


@pytest.mark.skipif(inotify is None, reason="no inotify")
async def test_reading_is_no_news_and_what_ran_over_is_said(tmp_path: Path) -> None:
    async with watching(Inotify, tmp_path) as (_, heard):
        limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
        (tmp_path / "a").write_text("1")
        await heard.of("a", "saved")
        heard.notices.clear()
        for _ in range(limit // 2 + 10):
            (tmp_path / "a").read_text()
        (tmp_path / "b").write_text("1")
        await heard.of("b", "saved")
        assert {notice.name for notice in heard.notices} == {"b"}
        assert heard.missed == 0
        for _ in range(limit // 4 + 10):
            os.rename(tmp_path / "a", tmp_path / "c")
            os.rename(tmp_path / "c", tmp_path / "a")
        await heard.until(lambda: heard.missed > 0)
