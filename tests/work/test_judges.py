"""Goals about code, held against small repositories in each language whose calls are read."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from aura.repo.pool import CallPool, Pool
from aura.work.goals import Judgement, parse
from aura.work.inspection import Inspection

from ..gitrepo import GitRepo

PYTHON = {
    "shop/till.py": (
        "from abc import ABC\n\nfrom shop.ledger import note\n\n\n"
        "class Desk(ABC):\n    def close(self):\n        pass\n\n\n"
        "class Till(Desk):\n"
        "    def pay(self, amount: int, currency: str = 'EUR') -> int:\n"
        "        return self.charge(amount)\n\n"
        "    def charge(self, amount):\n        note(amount)\n        return amount\n\n\n"
        "def guess(thing):\n    thing.charge(1)\n\n\ndef idle():\n    pass\n"
    ),
    "shop/ledger.py": (
        "import os\n\n\ndef note(x):\n    os.getcwd()\n    return x\n\n\ndef wipe():\n    pass\n"
    ),
    "shop/vague.py": "".join(f"class V{n}:\n    def many(self):\n        pass\n\n\n" for n in range(40))
    + "def vague(thing):\n    thing.many()\n",
    "tests/test_till.py": "from shop.till import Till\n\n\ndef test_pay():\n    assert Till().pay(1) == 1\n",
}
TYPESCRIPT = {
    "src/desk.ts": "export interface Desk { close(): void }\n",
    "src/till.ts": (
        "import { Desk } from './desk';\nimport { note } from './ledger';\n"
        "export class Till implements Desk {\n"
        "  close(): void {}\n  pay(amount: number, currency?: string): number { return note(amount); }\n}\n"
    ),
    "src/ledger.ts": "export function note(x: number): number { return x; }\nexport function wipe() {}\n",
    "src/till.spec.ts": "import { Till } from './till';\nnew Till().pay(1);\n",
}
GO = {
    "go.mod": "module example.org/shop\n\ngo 1.22\n",
    "desk.go": "package shop\n\ntype Desk interface {\n\tClose() error\n}\n",
    "till.go": (
        "package shop\n\ntype Till struct{}\n\nfunc (t *Till) Close() error { return nil }\n\n"
        "func (t *Till) Pay(amount int, currency string) int { return note(amount) }\n\n"
        "type Jar struct{}\n"
    ),
    "ledger.go": "package shop\n\nfunc note(x int) int { return x }\n\nfunc wipe() {}\n",
    "till_test.go": 'package shop\n\nfunc TestPay() { t := &Till{}; t.Pay(1, "EUR") }\n',
}
JAVA = {
    "src/main/java/shop/Desk.java": "package shop;\n\npublic interface Desk { void close(); }\n",
    "src/main/java/shop/Till.java": (
        "package shop;\n\npublic class Till implements Desk {\n  public void close() {}\n"
        "  public int pay(int amount, String currency) { return Ledger.note(amount); }\n}\n"
    ),
    "src/main/java/shop/Ledger.java": (
        "package shop;\n\npublic class Ledger {\n  static int note(int x) { return x; }\n"
        "  static void wipe() {}\n}\n"
    ),
    "src/test/java/shop/TillTest.java": (
        'package shop;\n\npublic class TillTest {\n  void pays() { new Till().pay(1, "EUR"); }\n}\n'
    ),
}
RUST = {
    "Cargo.toml": '[package]\nname = "shop"\nversion = "0.1.0"\n',
    "src/lib.rs": (
        "pub trait Desk { fn close(&self); }\n\npub struct Till;\n\nimpl Desk for Till {\n"
        "    fn close(&self) {}\n}\n\nimpl Till {\n"
        "    pub fn pay(&self, amount: u32, currency: &str) -> u32 { note(amount) }\n}\n\n"
        "fn note(x: u32) -> u32 { x }\n\nfn wipe() {}\n\n"
        "#[cfg(test)]\nmod tests {\n    use super::*;\n"
        '    fn pays() { let till = Till; till.pay(1, "EUR"); }\n}\n'
    ),
}
REPOSITORIES: dict[str, Mapping[str, str]] = {
    "python": PYTHON, "typescript": TYPESCRIPT, "go": GO, "java": JAVA, "rust": RUST,
}  # fmt: skip


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pool, CallPool]]:
    cache = str(tmp_path_factory.mktemp("cache") / "cache.db")
    with Pool(size=1, cache=cache) as pool, CallPool(cache) as graphs:
        yield pool, graphs


class Shop:
    """One repository, to be asked."""

    def __init__(self, repo: GitRepo, pools: tuple[Pool, CallPool]) -> None:
        self.repo, self._pools = repo, pools

    def judge(self, goal: str) -> Judgement:
        return Inspection(str(self.repo.path), *self._pools).judge(parse(goal))

    def result(self, goal: str) -> str:
        return self.judge(goal).result


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory, pools: tuple[Pool, CallPool]) -> dict[str, Shop]:
    found = {}
    for language, files in REPOSITORIES.items():
        repo = GitRepo(tmp_path_factory.mktemp(language) / "repo")
        repo.commit(files)
        found[language] = Shop(repo, pools)
    return found


@pytest.fixture
def shop(tmp_path: Path, pools: tuple[Pool, CallPool]) -> Shop:
    repo = GitRepo(tmp_path / "shop")
    repo.commit(PYTHON)
    return Shop(repo, pools)


PAY = {"go": "Till.Pay", "java": "Till.pay"}
TEST = {"go": "TestPay", "java": "TillTest.pays", "rust": "tests.pays", "typescript": "till.spec"}


@pytest.mark.parametrize("language", REPOSITORIES)
def test_each_form_holds_and_fails_where_it_should(shops: dict[str, Shop], language: str) -> None:
    pay = PAY.get(language, "Till.pay")
    told = {
        f"exists {pay}": "pass",
        "exists Purse": "fail",
        f"reaches {pay} -> note": "pass",
        "calls note -> wipe": "fail",
        "never calls note -> wipe": "pass",
        f"never reaches {pay} -> note": "fail",
        f"never reaches {pay} -> wipe": "pass",
        f"signature {pay} (amount, currency)": "pass",
        f"signature {pay} (_, ...)": "pass",
        f"signature {pay} (amount)": "fail",
        f"signature {pay} (currency, amount)": "fail",
        "implements Till : Desk": "pass",
        "implements Desk : Till": "fail",
        f"covered {pay}": "pass",
        "covered note": "pass",
        "covered wipe": "fail",
    }
    assert {goal: shops[language].result(goal) for goal in told} == told


def test_a_path_is_shown_call_by_call(shops: dict[str, Shop]) -> None:
    found = shops["python"].judge("reaches Till.pay -> os.getcwd")
    assert found.result == "pass"
    assert [(s.callee, s.path, s.line) for s in found.evidence.calls] == [
        ("shop.till.Till.charge", "shop/till.py", 13),
        ("shop.ledger.note", "shop/till.py", 16),
        ("os.getcwd", "shop/ledger.py", 5),
    ]


def test_a_test_that_reaches_is_shown_with_its_path(shops: dict[str, Shop]) -> None:
    found = shops["python"].judge("covered note")
    assert [s.caller for s in found.evidence.calls] == [
        "tests.test_till.test_pay",
        "shop.till.Till.pay",
        "shop.till.Till.charge",
    ]


@pytest.mark.parametrize(
    "goal", ["calls guess -> charge", "never calls guess -> charge", "reaches guess -> note"]
)
def test_a_call_by_name_alone_proves_nothing(shops: dict[str, Shop], goal: str) -> None:
    found = shops["python"].judge(goal)
    assert found.result == "unknown"
    assert "by name only" in found.reason
    assert found.evidence.calls[0].confidence == "name_only"


@pytest.mark.parametrize(
    "goal", ["never calls vague -> V1.many", "calls vague -> V1.many", "covered V1.many"]
)
def test_a_name_that_too_many_have_proves_nothing_either(shops: dict[str, Shop], goal: str) -> None:
    found = shops["python"].judge(goal)
    assert (found.result, found.evidence.entities[0].what) == ("unknown", "calls many")


def test_a_name_that_nobody_knows_proves_no_absence(shops: dict[str, Shop]) -> None:
    shop = shops["python"]
    assert shop.result("never calls purse -> note") == "unknown"
    assert shop.result("never calls note -> purse") == "unknown"
    # Of a package that is used, nothing else than what is seen is called.
    assert shop.result("never calls note -> os.system") == "pass"
    assert shop.result("calls note -> os.getcwd") == "pass"


def test_a_class_a_file_and_a_folder_stand_for_what_is_inside(shops: dict[str, Shop]) -> None:
    shop = shops["python"]
    for one in ("Till", "shop/till.py", "shop/"):
        assert shop.result(f"calls {one} -> note") == "pass"
        assert shop.result(f"never calls {one} -> wipe") == "pass"
    assert shop.result("never calls shop/ledger.py -> Till") == "pass"


def test_a_base_outside_is_known_by_its_name(shops: dict[str, Shop]) -> None:
    assert shops["python"].result("implements Till : abc.ABC") == "pass"
    assert shops["go"].result("implements Jar : Desk") == "fail"


def test_annotations_and_results_count_where_they_are_written(shops: dict[str, Shop]) -> None:
    python, java, go = shops["python"], shops["java"], shops["go"]
    assert python.result("signature Till.pay (amount: int, currency: str = 'EUR') -> int") == "pass"
    assert python.result("signature Till.pay (amount: str, currency)") == "fail"
    assert python.result("signature Till.pay (amount, currency) -> str") == "fail"
    assert java.result("signature Till.pay (int amount, String currency) -> int") == "pass"
    assert go.result("signature Till.Pay (amount int, currency string) -> int") == "pass"
    assert python.judge("signature Till.pay (x)").evidence.entities[0].what == (
        "(amount: int, currency: str = 'EUR') -> int"
    )


def test_what_is_not_committed_counts(shop: Shop) -> None:
    assert shop.result("calls idle -> wipe") == "fail"
    shop.repo.write({"shop/idle.py": "from shop.ledger import wipe\n\n\ndef idle():\n    wipe()\n"})
    assert shop.result("calls shop/idle.py:idle -> wipe") == "pass"


def test_a_file_that_was_not_read_in_full_leaves_it_open(shop: Shop) -> None:
    shop.repo.write({"shop/broken.py": "def wallet(:\n    purse(\nclass (((\n"})
    assert shop.result("exists purse") == "unknown"
    assert shop.result("exists handbag") == "fail"
    shop.repo.write({"shop/ledger.py": PYTHON["shop/ledger.py"] + "\ndef broken(:\n  wipe(((\n"})
    for one in ("note", "shop/ledger.py", "shop.ledger", "shop/"):
        assert shop.result(f"never calls {one} -> Till.pay") == "unknown", one


def test_a_language_whose_calls_are_not_read_leaves_it_open(shop: Shop) -> None:
    shop.repo.write({"till.rb": "class Drawer\n  def open\n    close\n  end\n  def close\n  end\nend\n"})
    assert shop.result("exists Drawer.open") == "pass"
    for goal in ("calls Drawer.open -> Drawer.close", "covered Drawer.open", "implements Drawer : Desk"):
        assert shop.result(goal) == "unknown", goal


def test_plain_words_are_never_guessed(shop: Shop) -> None:
    found = shop.judge("Payments are idempotent")
    assert (found.result, "no model" in found.reason) == ("unknown", True)


def test_an_override_counts_as_what_it_overrides(shop: Shop) -> None:
    java = {
        "shop/Desk.java": "package shop;\npublic interface Desk { void close(); }\n",
        "shop/Till.java": "package shop;\npublic class Till implements Desk { public void close() {} }\n",
        "shop/Shop.java": "package shop;\npublic class Shop { void end(Desk desk) { desk.close(); } }\n",
    }
    shop.repo.write(java)
    assert shop.result("calls Shop.end -> shop/Desk.java:Desk.close") == "pass"
    assert shop.result("never calls Shop.end -> shop/Desk.java:Desk.close") == "fail"
    assert shop.result("never reaches Shop.end -> shop/Desk.java:Desk") == "fail"


def test_a_path_over_a_call_by_a_common_name_is_not_ruled_out(shop: Shop) -> None:
    more = PYTHON["shop/vague.py"].replace("pass", "wipe()", 1)
    shop.repo.write({"shop/vague.py": "from shop.ledger import wipe\n\n\n" + more})
    found = shop.judge("never reaches vague -> wipe")
    assert (found.result, found.evidence.entities[0].what) == ("unknown", "calls many")


def test_an_import_that_cannot_be_followed_rules_nothing_out(shop: Shop) -> None:
    shop.repo.write(
        {
            "lib/deep/inner/box.py": "def empty():\n    pass\n",
            "shop/use.py": "from elsewhere.box import empty\n\n\ndef use():\n    empty()\n",
        }
    )
    assert shop.result("never calls use -> lib/deep/inner/box.py:empty") == "unknown"


def test_a_function_of_another_script_is_not_ruled_out(shop: Shop) -> None:
    shop.repo.write({"a.js": "function sweep() {}\n", "b.js": "function night() { sweep(); }\n"})
    assert shop.result("never calls night -> sweep") in ("fail", "unknown")


def test_a_value_is_said_to_be_one(shop: Shop) -> None:
    shop.repo.write({"lib.js": "const mixin = require('mixin');\nfunction make() { mixin(1); }\n"})
    found = shop.judge("calls make -> lib.js:mixin")
    assert found.result == "unknown"
    assert "mixin is a constant" in found.reason


MAKING = {
    "lib/things.py": "class D:\n    x = 1\n\n\nclass B:\n    def __init__(self):\n        pass\n\n\n"
    "class Sub(B):\n    pass\n\n\ndef near():\n    return D()\n\n\ndef shadowed(D):\n    return D()\n",
    "lib/__init__.py": "",
    "use.py": (
        "import json\nimport lib.things\nfrom lib import things as t\nfrom lib.things import D, Sub\n"
        "from lib.things import D as E\nfrom elsewhere import *\n\nAlias = D\n\n\n"
        "def plain():\n    return D(1)\n\n\ndef renamed():\n    return [E() for _ in 'ab']\n\n\n"
        "def dotted():\n    return lib.things.D()\n\n\ndef module():\n    return t.D()\n\n\n"
        "def aliased():\n    return Alias()\n\n\ndef raised():\n    raise D\n\n\n"
        "def inherited():\n    return Sub()\n\n\ndef far():\n    return plain()\n\n\n"
        "def looked(o, n):\n    return getattr(o, n)()\n\n\n"
        "def literal(o):\n    return getattr(o, 'size')\n\n\n"
        "def evaluated(s):\n    return eval(s)\n\n\ndef by_global(n):\n    return globals()[n]()\n\n\n"
        "def given(f):\n    return f(D)\n\n\ndef asked(o):\n    return isinstance(o, D)\n\n\n"
        "def innocent():\n    return json.dumps({})\n"
    ),
}


def test_making_a_class_without_a_constructor_is_a_call_of_it(shop: Shop) -> None:
    shop.repo.write(MAKING)
    for one in ("near", "plain", "renamed", "dotted", "module", "aliased", "raised"):
        assert shop.result(f"never calls {one} -> D") == "fail", one
        assert shop.result(f"calls {one} -> lib/things.py:D") == "pass", one
    assert shop.result("never calls inherited -> Sub") == "fail"
    assert shop.result("never reaches far -> D") == "fail"
    assert shop.result("never calls far -> D") == "pass"
    step = shop.judge("never calls plain -> D").evidence.calls[0]
    assert (step.caller, step.callee, step.path, step.line) == ("use.plain", "lib.things.D", "use.py", 12)


@pytest.mark.parametrize("one", ["looked", "evaluated", "by_global", "given", "shadowed"])
def test_what_may_call_anything_rules_nothing_out(shop: Shop, one: str) -> None:
    shop.repo.write(MAKING)
    assert shop.result(f"never calls {one} -> D") == "unknown"
    assert shop.result(f"calls {one} -> D") == "unknown"


@pytest.mark.parametrize("one", ["looked", "evaluated", "by_global"])
def test_nor_does_it_rule_out_a_function(shop: Shop, one: str) -> None:
    shop.repo.write(MAKING)
    assert shop.result(f"never calls {one} -> lib/things.py:near") == "unknown"
    assert shop.result(f"never reaches {one} -> lib/things.py:near") == "unknown"


@pytest.mark.parametrize("one", ["literal", "asked", "innocent"])
def test_what_names_no_class_makes_none(shop: Shop, one: str) -> None:
    shop.repo.write(MAKING)
    assert shop.result(f"never calls {one} -> D") == "pass"
