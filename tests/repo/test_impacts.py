"""What work trees and branches of one repository mean for each other, as their files are now."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from aura.repo.cache import Cache
from aura.repo.impacts import Impacts
from aura.repo.pool import CallPool
from aura.repo.requests import Collide, Collided, SideAt, Touched
from aura.syntax.impacts import Finding

from ..gitrepo import GitRepo

SHOP = """from billing import charge


def pay(order):
    return charge(order, 1)


def idle():
    return 0
"""
BILLING = """def charge(order, amount):
    return order, amount


def refund(order):
    return order
"""
LOSING = BILLING.replace("order, amount):", "order, amount, currency):")


class Trees:
    """The main work tree and another one, with an engine that looks at both."""

    def __init__(self, tmp_path: Path, impacts: Impacts) -> None:
        self.main = GitRepo(tmp_path / "main")
        self.main.commit({"shop.py": SHOP, "billing.py": BILLING})
        self.main.git("worktree", "add", "-q", "-b", "topic", str(tmp_path / "topic"))
        self.topic = GitRepo(tmp_path / "topic", init=False)
        self.impacts = impacts

    def sides(self, *refs: str) -> list[SideAt]:
        roots = {"main": self.main, "topic": self.topic}
        trees = [SideAt(key, root=bytes(tree.path)) for key, tree in roots.items() if tree.path.exists()]
        return [*trees, *(SideAt(ref, ref=ref) for ref in refs)]

    def ask(self, *touched: Touched, refs: tuple[str, ...] = ()) -> Collided:
        return self.impacts.answer(Collide(self.main.git_dir.encode(), self.sides(*refs), list(touched)))

    def told(self, *touched: Touched, refs: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        found = self.ask(*touched, refs=refs)
        assert not found.degraded
        return told(found.findings)


def told(findings: list[Finding]) -> list[tuple[str, ...]]:
    return [(f.yours, f.other, f.change, f.severity, f.before.qualified_name) for f in findings]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    with Cache(str(tmp_path / "cache.db")) as cache:
        yield cache


@pytest.fixture
def trees(tmp_path: Path, cache: Cache) -> Iterator[Trees]:
    with Impacts(cache) as impacts:
        yield Trees(tmp_path, impacts)


BROKEN = [("main", "topic", "signature_changed", "error", "charge")]


def test_an_uncommitted_change_that_breaks_a_caller_elsewhere_is_an_error(trees: Trees) -> None:
    trees.topic.write({"billing.py": LOSING})
    found = trees.ask()
    assert set(found.judged) == {("main", "topic"), ("topic", "main")}
    assert told(found.findings) == BROKEN
    (site,) = found.findings[0].sites
    assert (site.path, site.line, site.caller, site.fit) == ("shop.py", 5, "pay", "broken")
    assert site.reason == "gives nothing for currency"


def test_a_committed_change_counts_as_well(trees: Trees) -> None:
    trees.topic.commit({"billing.py": LOSING})
    assert trees.told() == BROKEN


def test_an_impact_is_gone_when_its_cause_is(trees: Trees) -> None:
    trees.topic.write({"billing.py": LOSING})
    assert trees.told() == BROKEN
    trees.topic.write({"billing.py": BILLING})
    found = trees.ask(Touched("topic", ["billing.py"]))
    assert set(found.judged) == {("main", "topic"), ("topic", "main")}
    assert not found.findings


def test_a_cause_stays_the_same_while_lines_shift(trees: Trees) -> None:
    trees.topic.write({"billing.py": LOSING})
    (first,) = trees.ask().findings
    trees.topic.write({"billing.py": "import os\n\n\n" + LOSING})
    trees.main.write({"shop.py": "import sys\n\n\n" + SHOP})
    (second,) = trees.ask().findings
    assert second.cause == first.cause
    assert second.sites[0].line == first.sites[0].line + 3


def test_who_mends_the_callers_alerts_only_those_who_wrote_new_ones(trees: Trees) -> None:
    mended = SHOP.replace("charge(order, 1)", 'charge(order, 1, "EUR")')
    trees.topic.commit({"billing.py": LOSING, "shop.py": mended})
    assert trees.told() == []
    trees.main.write({"shop.py": SHOP.replace("return 0", "return charge(1, 2)")})
    found = trees.ask(Touched("main", ["shop.py"])).findings
    assert told(found) == BROKEN
    assert [site.caller for site in found[0].sites] == ["idle"]


def test_independent_work_is_silent(trees: Trees) -> None:
    trees.main.write({"shop.py": SHOP.replace("return 0", "return 1"), "new.py": "def fresh():\n    pass\n"})
    trees.topic.commit(
        {"billing.py": BILLING.replace("return order\n", "return [order]\n"), "readme.md": "hi"}
    )
    trees.topic.write({"other.py": "import os\n\n\ndef more():\n    return os.name\n"})
    assert trees.told() == []


def test_a_changed_body_is_told_to_those_who_are_writing_calls_of_it(trees: Trees) -> None:
    trees.topic.write({"billing.py": BILLING.replace("return order, amount", "return amount, order")})
    assert trees.told() == []
    trees.main.write({"new.py": "import billing\n\n\ndef fresh():\n    return billing.charge(1, 2)\n"})
    assert trees.told(Touched("main")) == [("main", "topic", "behaviour_changed", "info", "charge")]


def test_a_new_call_of_an_overload_is_found_by_its_bare_name(trees: Trees) -> None:
    till = "class Till {\n  int one(int a) { return a; }\n  int two() { return 2; }\n}\n"
    trees.main.commit({"Till.java": till})
    trees.topic.git("merge", "-q", "main")
    trees.topic.write({"Till.java": till.replace("int one", "int first")})
    assert trees.told() == []
    trees.main.write({"Till.java": till.replace("return 2", "return one(2)")})
    assert trees.told(Touched("main")) == [("main", "topic", "renamed", "error", "Till.one")]


def test_what_is_new_and_imported_under_another_name_is_found(trees: Trees) -> None:
    trees.topic.write({"billing.py": BILLING.replace("refund", "pay_back")})
    trees.main.write({"new.py": "from billing import refund as back\n\n\ndef fresh():\n    return back(1)\n"})
    assert trees.told() == [("main", "topic", "renamed", "error", "refund")]


def test_what_both_changed_is_told_to_both(trees: Trees) -> None:
    trees.main.write({"billing.py": BILLING.replace("return order, amount", "return 1")})
    trees.topic.commit({"billing.py": BILLING.replace("return order, amount", "return 2")})
    assert sorted(trees.told()) == [
        ("main", "topic", "both_changed", "warning", "charge"),
        ("topic", "main", "both_changed", "warning", "charge"),
    ]


def test_the_same_change_on_both_sides_is_silent(trees: Trees) -> None:
    renamed = {"billing.py": BILLING.replace("charge", "bill"), "shop.py": SHOP.replace("charge", "bill")}
    trees.main.write(renamed)
    trees.topic.commit(renamed)
    assert trees.told() == []


def test_a_branch_that_is_nowhere_checked_out_counts_from_where_it_parted(trees: Trees) -> None:
    trees.topic.commit({"billing.py": LOSING})
    trees.topic.git("checkout", "-q", "--detach", "main")
    trees.main.commit({"more.py": "def more():\n    return 1\n"})
    found = trees.told(refs=("topic",))
    assert [row[:2] for row in found] == [("main", "topic")] * len(found)
    assert found == BROKEN


def test_only_pairs_with_a_touched_side_are_looked_at(trees: Trees) -> None:
    trees.main.git("branch", "old")
    trees.ask(refs=("old",))
    found = trees.ask(Touched("topic", ["billing.py"]), refs=("old",))
    assert set(found.judged) == {("topic", "main"), ("main", "topic"), ("topic", "old"), ("old", "topic")}


def test_a_file_in_the_middle_of_a_line_is_taken_as_it_last_could_be_read(trees: Trees) -> None:
    trees.topic.write({"billing.py": LOSING})
    assert trees.told() == BROKEN
    trees.topic.write({"billing.py": "def charge(order, amount, curr\n    return (\n"})
    found = trees.ask(Touched("topic", ["billing.py"]))
    assert told(found.findings) == BROKEN
    assert found.degraded == ["topic: cannot read billing.py as code as it is now"]
    trees.topic.write({"billing.py": LOSING})
    assert trees.told(Touched("topic", ["billing.py"])) == BROKEN


def test_a_removed_file_breaks_its_importers(trees: Trees) -> None:
    (trees.topic.path / "billing.py").unlink()
    rows = trees.told()
    assert ("main", "topic", "removed", "error", "charge") in rows
    assert all(row[:2] == ("main", "topic") for row in rows)


def test_a_constant_that_is_removed_breaks_who_imports_it(trees: Trees) -> None:
    trees.main.commit({"limits.py": "MOST = 1\n", "use.py": "from limits import MOST\n\nprint(MOST)\n"})
    trees.topic.git("merge", "-q", "main")
    trees.topic.write({"limits.py": "LEAST = 0\n"})
    trees.topic.write({"limits.py": "def limit():\n    return 1\n"})
    assert trees.told() == [("main", "topic", "removed", "error", "MOST")]


def test_a_merge_that_is_not_finished_is_no_reason_to_fail(trees: Trees) -> None:
    trees.main.commit({"billing.py": BILLING.replace("return order\n", "return 1\n")})
    trees.topic.commit({"billing.py": BILLING.replace("return order\n", "return 2\n")})
    with pytest.raises(AssertionError):
        trees.topic.git("merge", "main")
    found = trees.ask()
    assert found.degraded == ["topic: cannot read billing.py as code as it is now"]
    assert {row[2] for row in told(found.findings)} == {"both_changed"}


def test_a_work_tree_that_is_gone_is_told_and_left_out(trees: Trees, tmp_path: Path) -> None:
    trees.topic.write({"billing.py": LOSING})
    sides = trees.sides()
    trees.topic.path.rename(tmp_path / "elsewhere")
    found = trees.impacts.answer(Collide(trees.main.git_dir.encode(), sides, []))
    assert found.judged == []
    assert len(found.degraded) == 1
    assert found.degraded[0].startswith("topic: cannot ")


def test_sides_without_a_common_past_have_nothing_to_do_with_each_other(trees: Trees) -> None:
    trees.topic.git("checkout", "-q", "--orphan", "fresh")
    assert trees.ask().judged == []
    trees.topic.commit({"billing.py": LOSING})
    found = trees.ask()
    assert set(found.judged) == {("main", "topic"), ("topic", "main")}
    assert not found.findings
    assert not found.degraded


def test_a_bare_repository_has_branches_to_compare(tmp_path: Path, cache: Cache, trees: Trees) -> None:
    trees.topic.commit({"billing.py": LOSING})
    trees.main.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    with Impacts(cache) as impacts:
        sides = [SideAt("main", ref="main"), SideAt("topic", ref="topic"), SideAt("none", ref="nowhere")]
        found = impacts.answer(Collide(bytes(tmp_path / "bare.git"), sides))
    assert told(found.findings) == BROKEN
    assert len(found.degraded) == 1


def test_a_shallow_clone_says_that_it_cannot_tell(tmp_path: Path, cache: Cache, trees: Trees) -> None:
    trees.topic.commit({"billing.py": LOSING})
    trees.main.commit({"more.py": "x = 1\n"})
    url = f"file://{trees.main.path}"
    trees.main.git("clone", "-q", "--bare", "--depth=1", "--no-single-branch", url, str(tmp_path / "s.git"))
    with Impacts(cache) as impacts:
        sides = [SideAt("main", ref="main"), SideAt("topic", ref="topic")]
        found = impacts.answer(Collide(bytes(tmp_path / "s.git"), sides))
    assert not found.findings
    assert found.degraded == ["main and topic: the clone is too shallow to tell where they parted"]


def test_what_was_joined_is_found_by_the_next_process(
    trees: Trees, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.topic.write({"billing.py": LOSING})
    assert trees.told() == BROKEN

    def fail(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("aura.repo.reference.graph", fail)
    with Impacts(cache) as impacts:
        trees.impacts = impacts
        assert trees.told() == BROKEN


def test_a_process_that_joined_much_leaves_the_rest_to_another(
    trees: Trees, cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aura.repo.users.SMALL", 0)
    trees.topic.write({"billing.py": LOSING})
    trees.ask()
    assert trees.impacts.is_worn
    with Impacts(cache) as impacts:
        trees.impacts = impacts
        assert trees.told() == BROKEN
        assert not impacts.is_worn


def test_a_worker_answers_for_sides(trees: Trees, tmp_path: Path) -> None:
    trees.topic.write({"billing.py": LOSING})
    with CallPool(str(tmp_path / "worker.db")) as pool:
        found = pool.collide(trees.main.git_dir, trees.sides())
        assert told(found.findings) == BROKEN
        trees.topic.write({"billing.py": BILLING})
        assert not pool.collide(
            trees.main.git_dir, trees.sides(), [Touched("topic", ["billing.py"])]
        ).findings


def test_a_repository_too_large_to_be_joined_is_searched_for_names(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aura.repo.users.FILES", 0)
    monkeypatch.setattr("aura.repo.users.MENTIONING", 3)
    trees.main.commit({f"far/{number}.py": "charge = 1\n" for number in range(4)})
    trees.topic.git("merge", "-q", "main")
    trees.topic.write({"billing.py": LOSING})
    assert trees.told() == BROKEN
    trees.main.write({"new.py": "import billing\n\n\ndef fresh():\n    return billing.charge(1, 2)\n"})
    (found,) = trees.ask(Touched("main", ["new.py"])).findings
    assert [(site.path, site.line) for site in found.sites] == [("new.py", 5), ("shop.py", 5)]
    (trees.topic.path / "billing.py").unlink()
    rows = [row for row in trees.told(Touched("topic", ["billing.py"])) if row[4] == "charge"]
    assert rows == [("main", "topic", "removed", "error", "charge")]


EDITS = [
    ("billing.py", "amount", "sum"),
    ("billing.py", "def charge(order, ", "def charge(order, extra, "),
    ("billing.py", "def refund", "def give_back"),
    ("billing.py", "return order\n", "return [order]\n"),
    ("shop.py", "return 0", "return charge(1, 2)"),
    ("shop.py", "def idle", "def later"),
    ("more/deep.py", "refund", "charge"),
    ("more/deep.py", "import billing", "import billing, shop"),
]
DEEP = "import billing\n\n\ndef deep():\n    return billing.refund(1)\n"


def test_what_saves_add_up_to_is_what_a_fresh_look_finds(trees: Trees, cache: Cache) -> None:
    trees.main.commit({"more/deep.py": DEEP})
    trees.topic.git("merge", "-q", "main")
    trees.ask()
    rng = random.Random(5)
    met = set()
    for step in range(16):
        key = rng.choice(["main", "topic"])
        tree = trees.main if key == "main" else trees.topic
        path, old, new = rng.choice(EDITS)
        file = tree.path / path
        touched = Touched(key, [path])
        if not file.exists():
            tree.write({path: {"shop.py": SHOP, "billing.py": BILLING}.get(path, DEEP)})
        elif step % 7 == 3:
            file.unlink()
        elif step % 11 == 5:
            tree.commit()
            touched = Touched(key)
        else:
            text = file.read_text()
            tree.write({path: text.replace(old, new) if old in text else text.replace(new, old)})
        found = trees.ask(touched)
        assert len(found.judged) == 2
        with Impacts(cache) as fresh:
            whole = fresh.answer(Collide(trees.main.git_dir.encode(), trees.sides()))
        assert found.findings == whole.findings
        met.update(finding.change for finding in found.findings)
    assert len(met) > 2


def test_pairs_for_which_there_is_no_time_come_with_the_next_question(
    trees: Trees, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees.topic.write({"billing.py": LOSING})
    trees.main.git("branch", "old")
    monkeypatch.setattr("aura.repo.impacts.SECONDS", 0.0)
    judged: list[tuple[str, str]] = []
    for left in range(5, -1, -1):
        found = trees.ask(*([Touched("nobody")] if judged else []), refs=("old",))
        assert found.left == left
        judged += found.judged
    assert set(judged) == {(a, b) for a in SIDES for b in SIDES if a != b}
    assert set(judged[:2]) == {("main", "topic"), ("topic", "main")}
    assert trees.ask(Touched("nobody"), refs=("old",)).judged == []


SIDES = ("main", "topic", "old")


def test_paths_that_lead_out_of_a_work_tree_are_not_looked_at(trees: Trees) -> None:
    trees.topic.write({"billing.py": LOSING})
    trees.ask()
    paths = ["../main/shop.py", "/etc/passwd", ".git", "", "a/../../b", "nowhere.py", "billing.py/"]
    assert trees.told(Touched("topic", paths)) == BROKEN
