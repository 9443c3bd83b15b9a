"""What one side takes away and the other newly names without calling it, and what it only seems to name."""

import pytest

from .colliding import Files, collide
from .test_impacts import GO, JAVA, JAVASCRIPT, PYTHON, RUST, TYPESCRIPT, put

SHOP_PYTHON = {"m.py": "class Shop:\n    pass\n\n\nLIMIT = 3\n\n\ndef idle():\n    return 0\n"}
BESIDE_GO = {**GO, "bill/more.go": "package bill\n\nfunc more() int {\n\treturn 0\n}\n"}
BESIDE_JAVA = {**JAVA, "a/More.java": "package a;\nclass More {\n  int more() { return 0; }\n}\n"}

NAMED = [
    (PYTHON, "m.py", "return 1", "return [charge]", "charge", "bill"),
    (PYTHON, "u.py", "return 0", "return [charge]", "charge", "bill"),
    (SHOP_PYTHON, "m.py", "LIMIT", "class Store(Shop):\n    pass\n\n\nLIMIT", "Shop", "Desk"),
    (SHOP_PYTHON, "m.py", "idle():", "idle(shop: Shop):", "Shop", "Desk"),
    (SHOP_PYTHON, "m.py", "return 0", "return LIMIT", "LIMIT", "LEAST"),
    (JAVASCRIPT, "use.js", "return charge", "later(charge);\n  return charge", "charge", "bill"),
    (TYPESCRIPT, "bill.ts", "export class", "class Till extends Shop {}\n\nexport class", "Shop", "Store"),
    (GO, "bill/bill.go", "return amount", "var s Shop\n\t_ = s\n\treturn amount", "Shop", "Store"),
    (BESIDE_GO, "bill/more.go", "return 0", "var s Shop\n\t_ = s\n\treturn 0", "Shop", "Store"),
    (GO, "main.go", "return s", "var other bill.Shop\n\t_ = other\n\treturn s", "Shop", "Store"),
    (BESIDE_JAVA, "a/More.java", "class More", "class More extends Bill", "Bill", "Invoice"),
    (BESIDE_JAVA, "a/More.java", "more()", "more(Bill b)", "Bill", "Invoice"),
    (RUST, "src/bill.rs", "pub fn charge", "pub fn of(s: &Shop) {}\n\npub fn charge", "Shop", "Store"),
    (RUST, "src/run.rs", "pub fn run", "fn of(s: &Shop) {}\n\npub fn run", "Shop", "Store"),
    (RUST, "src/lib.rs", "pub mod run", "fn of(s: &bill::Shop) {}\npub mod run", "Shop", "Store"),
]


@pytest.mark.parametrize(("base", "path", "old", "new", "before", "after"), NAMED)
def test_what_you_newly_name_and_the_other_took_away_is_an_error(
    base: Files, path: str, old: str, new: str, before: str, after: str
) -> None:
    mine = put(base, path, old, new)
    renamed = {file: text.replace(before, after) for file, text in base.items()}
    assert collide(base, {}, renamed) == []
    found = [each for each in collide(base, mine, renamed) if each.before.qualified_name == before]
    assert [(each.change, each.severity) for each in found] == [("renamed", "error")]
    assert path in [site.path for site in found[0].sites]


SEEMING = [
    "charge = 1\n    return [charge]",
    "return [order.charge]",
    'return "charge"',
    "return 2  # charge",
    "return dict(charge=1)",
    "return [charge for charge in ()]",
    "return lambda charge: [charge]",
]


@pytest.mark.parametrize("text", SEEMING)
def test_what_only_reads_like_it_is_silent(text: str) -> None:
    renamed = {path: source.replace("charge", "bill") for path, source in PYTHON.items()}
    assert collide(PYTHON, put(PYTHON, "m.py", "return 1", text), renamed) == []


def test_a_namesake_from_elsewhere_is_another_thing() -> None:
    mine = {"n.py": "from o import charge\n\n\ndef later():\n    return [charge]\n"}
    base = {**PYTHON, "o.py": "def charge():\n    return 0\n"}
    renamed = {path: source.replace("charge", "bill") for path, source in PYTHON.items()}
    assert collide(base, mine, renamed) == []
    beside = {"a/More.java": "package a;\nimport java.util.Bill;\nclass More extends Bill {}\n"}
    invoiced = {path: source.replace("Bill", "Invoice") for path, source in JAVA.items()}
    assert collide(JAVA, beside, invoiced) == []
