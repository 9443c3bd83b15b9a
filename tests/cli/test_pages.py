"""A pipe gets every row of a list, a terminal a page and the way to the next one."""

from pathlib import Path
from typing import Any

import pytest
from aura.cli import show
from aura.cli._commands import COMMANDS

from ..gitrepo import GitRepo
from ..lifecycle.daemons import Aura
from .test_output import on_a_terminal

MANY = 60


@pytest.fixture(scope="module")
def long(aura: Aura, tmp_path_factory: pytest.TempPathFactory) -> GitRepo:
    """A registered repository with more commits, and more entities, than one page holds."""
    repo = GitRepo(tmp_path_factory.mktemp("long") / "long")
    for number in range(MANY):
        repo.commit({f"m{number}.py": f"def f{number}():\n    return {number}\n"}, f"commit {number}")
    lines = [f"def f{n}():\n    pass\n\n\n" for n in range(MANY)]
    calls = "".join(f"    f{n}()\n" for n in range(MANY))
    callers = "".join(f"def c{n}():\n    busy()\n\n\n" for n in range(MANY))
    repo.commit({"all.py": f"{''.join(lines)}def busy():\n{calls}\n\n{callers}"}, "the last")
    for number in range(MANY):
        repo.commit({"one.py": f"def one():\n    return {number}\n"}, f"one {number}")
    aura.init(repo)
    return repo


LISTS = [
    (("intent", "list"), 2 * MANY + 1),
    (("entities",), 3 * MANY + 2),
    (("callers", "all.busy"), MANY),
    (("callees", "all.busy"), MANY),
    (("log", "one"), None),
    (("why", "one"), None),
]


@pytest.mark.parametrize(("args", "rows"), LISTS, ids=[" ".join(args) for args, _ in LISTS])
def test_a_pipe_gets_every_row(aura: Aura, long: GitRepo, args: tuple[str, ...], rows: int | None) -> None:
    done = aura.cli(*args, cwd=long.path)
    lines = done.stdout.splitlines()
    assert "more" not in done.stderr
    if rows is not None:
        assert len(lines) >= rows
        assert len(set(lines)) == len(lines)
    else:
        assert len([line for line in lines if ": one " in line]) == MANY


def test_a_pipe_that_asks_for_so_many_rows_gets_them_and_the_cursor(aura: Aura, long: GitRepo) -> None:
    done = aura.cli("intent", "list", "--limit", "7", cwd=long.path)
    assert len(done.stdout.splitlines()) == 7
    cursor = done.stderr.removeprefix("more: --cursor ").strip()
    rest = aura.ok("intent", "list", "--cursor", cursor, cwd=long.path)
    assert len(rest.splitlines()) == 2 * MANY + 1 - 7


def test_json_is_one_page_and_says_whether_there_is_more(aura: Aura, long: GitRepo) -> None:
    answer = aura.json("intent", "list", cwd=long.path)
    assert (len(answer["data"]), answer["has_more"]) == (50, True)


def test_a_terminal_gets_a_page_and_the_way_to_the_next(aura: Aura, long: GitRepo) -> None:
    said = on_a_terminal(long.path, "intent", "list")
    assert "more: --cursor" in said
    assert len(said.splitlines()) < 60


def test_events_are_all_there_in_a_pipe_and_in_their_order(aura: Aura, long: GitRepo) -> None:
    for number in range(55):
        aura.api("POST", "/v1/messages", {"body": f"message {number}"}, repo=long.path)
    lines = aura.ok("events", "--type", "message.posted", cwd=long.path).splitlines()
    assert len(lines) >= 55


def test_the_next_page_is_asked_for_when_this_one_was_printed() -> None:
    asked: list[dict[str, Any]] = []

    def ask(more: dict[str, Any]) -> dict[str, Any]:
        asked.append(more)
        return {"data": [], "has_more": len(asked) < 2, "next_cursor": f"c{len(asked)}"}

    pages = show.following({"data": [], "has_more": True, "next_cursor": "c0"}, ask)
    next(pages)
    assert asked == []
    next(pages)
    assert [a["cursor"] for a in asked] == ["c0"]
    assert [len(list(pages)), len(asked)] == [1, 2]


def test_help_tells_how_many_rows_there_are(aura: Aura, tmp_path: Path) -> None:
    for args in (("intent", "list"), ("callees",), ("events",), ("why",)):
        said = " ".join(aura.ok(*args, "--help", cwd=tmp_path).split())
        assert "1 to 500; without it" in said


def test_all_calls_are_not_given_in_parts(aura: Aura, long: GitRepo) -> None:
    refused = aura.cli("callees", "--all", "--limit", "1", cwd=long.path)
    assert (refused.returncode, "--all takes neither --limit" in refused.stderr) == (2, True)


@pytest.mark.parametrize("args", [("log", ""), ("callers", ""), ("callees", ""), ("zone", "release", "")])
def test_an_empty_name_is_refused(aura: Aura, long: GitRepo, args: tuple[str, ...]) -> None:
    refused = aura.cli(*args, cwd=long.path)
    assert refused.returncode == 2
    assert "route" not in refused.stderr


def test_help_speaks_of_commands_and_not_of_the_api() -> None:
    told = {name: row["doc"] for name, row in COMMANDS.items()}
    assert [name for name, doc in told.items() if "Raises" in doc or "answered with" in doc] == []
    assert "Without --commit it takes" in told["intent log"]
    assert "It is refused where files were changed since" in told["undo"]
