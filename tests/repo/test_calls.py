"""The calls of a work tree, as its files are at the moment of asking."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.errors import AuraError
from aura.repo.cache import Cache
from aura.repo.calls import Graphs
from aura.repo.pool import CallPool
from aura.repo.requests import CallsOf
from aura.syntax.references.graph import Direction

from ..gitrepo import GitRepo

SHOP = "from audit import note\n\n\ndef pay(order):\n    note(order)\n\n\ndef idle():\n    pass\n"
AUDIT = "def note(order):\n    return check(order)\n\n\ndef check(order):\n    return order\n"


@pytest.fixture
def repo(tmp_path: Path) -> GitRepo:
    repo = GitRepo(tmp_path / "repo")
    repo.commit({"shop.py": SHOP, "audit.py": AUDIT})
    return repo


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(str(tmp_path / "cache.db")) as cache:
        yield cache


def edges(graphs: Graphs, repo: GitRepo) -> set[tuple[str, str]]:
    return {(e.caller.name, e.callee.name) for e in graphs.graph(str(repo.path)).edges()}


BEGINNING = {("shop.pay", "audit.note"), ("audit.note", "audit.check")}


def test_calls_are_joined_over_files(repo: GitRepo, cache: Cache) -> None:
    assert edges(Graphs(cache), repo) == BEGINNING


def test_a_change_that_is_not_committed_counts_at_once(repo: GitRepo, cache: Cache) -> None:
    graphs = Graphs(cache)
    assert edges(graphs, repo) == BEGINNING
    repo.write({"shop.py": SHOP.replace("    pass", "    pay(1)")})
    assert edges(graphs, repo) == BEGINNING | {("shop.idle", "shop.pay")}
    (repo.path / "audit.py").unlink()
    assert ("audit.note", "audit.check") not in edges(graphs, repo)


def test_a_file_that_git_ignores_does_not_count(repo: GitRepo, cache: Cache) -> None:
    repo.write({".gitignore": "made.py\n", "made.py": SHOP})
    assert edges(Graphs(cache), repo) == BEGINNING


def test_what_was_joined_is_found_by_the_next_process(
    repo: GitRepo, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Graphs(cache) as graphs:
        first = graphs.graph(str(repo.path))
    monkeypatch.delattr("aura.repo.calls.graph")
    assert Graphs(cache).graph(str(repo.path)) == first


def test_work_trees_of_one_repository_have_graphs_of_their_own(
    repo: GitRepo, cache: Cache, tmp_path: Path
) -> None:
    side = tmp_path / "side"
    repo.git("worktree", "add", "-q", "-b", "side", str(side))
    (side / "audit.py").write_text("def note(order):\n    pass\n")
    graphs = Graphs(cache)
    assert {(e.caller.name, e.callee.name) for e in graphs.graph(str(side)).edges()} == {
        ("shop.pay", "audit.note")
    }
    assert edges(graphs, repo) == BEGINNING


def test_a_worker_answers_from_either_end(repo: GitRepo, tmp_path: Path) -> None:
    with CallPool(str(tmp_path / "cache.db")) as pool:
        root = str(repo.path)
        callers = pool.calls(root, "note")
        assert [(s.path, s.scope) for s in callers.about] == [("audit.py", "note")]
        assert [(e.caller.name, e.lines) for e in callers.edges] == [("shop.pay", (5,))]
        callees = pool.calls(root, "note", "audit.py", "callees")
        assert [e.callee.name for e in callees.edges] == ["audit.check"]
        assert pool.calls(root, "idle").edges == []
        assert pool.calls(root, "idle").about != []
        assert pool.calls(root, "nowhere").about == []
        assert {(e.caller.name, e.callee.name) for e in pool.calls(root).edges} == BEGINNING


CLASSES = {
    "a.py": (
        "class A:\n    def __init__(self):\n        go()\n\n\ndef go():\n    pass\n\n\ndef use():\n    A()\n"
    ),
    "C.java": (
        "package x;\nclass C {\n  C(int a) { go(); }\n  static void go() {}\n"
        "  static C use() { return new C(1); }\n}\n"
    ),
    "j.js": "class J { constructor() { go(); } }\nfunction go() {}\nfunction use() { return new J(); }\n",
}


@pytest.mark.parametrize(
    ("path", "scope", "caller", "callee"),
    [
        ("a.py", "A", "a.use", "a.go"),
        ("C.java", "C", "C.C.use", "C.C.go"),
        ("j.js", "J", "j.use", "j.go"),
    ],
)
def test_who_asks_for_a_class_means_who_makes_it(
    repo: GitRepo, cache: Cache, path: str, scope: str, caller: str, callee: str
) -> None:
    repo.write(CLASSES)
    graphs, root = Graphs(cache), str(repo.path).encode()
    callers = graphs.answer(CallsOf(root, "callers", scope, path)).edges
    assert [edge.caller.name for edge in callers] == [caller]
    callees = graphs.answer(CallsOf(root, "callees", scope, path)).edges
    assert [edge.callee.name for edge in callees] == [callee]


@pytest.mark.parametrize("direction", ["callers", "callees"])
def test_where_calls_are_not_read_that_is_said(repo: GitRepo, cache: Cache, direction: Direction) -> None:
    repo.write({"till.rb": "class Till\n  def open\n    close\n  end\nend\n"})
    with pytest.raises(AuraError, match="calls are not read in Ruby") as refused:
        Graphs(cache).answer(CallsOf(str(repo.path).encode(), direction, "Till.open", "till.rb"))
    assert "git grep" in refused.value.hint
