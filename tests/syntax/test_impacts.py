"""What the work of one side means for another: many small cases, in the languages whose calls are known."""

import pytest

from aura.syntax.impacts import Finding

from .colliding import Files, collide, collide_whole

PYTHON = {
    "m.py": "LIMIT = 3\n\n\ndef charge(a, b):\n    return a + b\n\n\ndef other():\n    return 1\n",
    "u.py": "from m import charge\n\n\ndef pay():\n    return charge(1, 2)\n\n\ndef idle():\n    return 0\n",
}
TYPESCRIPT = {
    "bill.ts": """export function charge(order: string, amount: number): number {
  return amount;
}

export class Shop {
  constructor(name: string) {}
  pay(n: number): number {
    return n;
  }
}
""",
    "use.ts": """import { charge, Shop } from "./bill";

export function run() {
  const shop = new Shop("a");
  charge("o", 1);
  return shop.pay(2);
}
""",
}
JAVASCRIPT = {
    "bill.js": "export function charge(order, amount) {\n  return amount;\n}\n",
    "use.js": 'import { charge } from "./bill";\n\nexport function run() {\n  return charge("o", 1);\n}\n',
}
GO = {
    "go.mod": "module ex.org/shop\n",
    "bill/bill.go": """package bill

func Charge(order string, amount int) int {
	return amount
}

type Shop struct{}

func (s *Shop) Pay(n int) int {
	return n
}
""",
    "main.go": """package main

import "ex.org/shop/bill"

func run() int {
	s := &bill.Shop{}
	bill.Charge("a", 1)
	return s.Pay(2)
}
""",
}
GO_GIVEN = {
    "go.mod": "module ex.org/shop\n",
    "bill/bill.go": "package bill\n\nfunc Charge(order string) int {\n\treturn 1\n}\n",
    "main.go": """package main

import "ex.org/shop/bill"

func name() string { return "a" }

func run() int {
	return bill.Charge(name())
}
""",
}
JAVA = {
    "a/Bill.java": """package a;
public class Bill {
  public Bill(String n) {}
  public static int charge(String order, int amount) {
    return amount;
  }
  public int pay(int n) { return n; }
}
""",
    "b/Use.java": """package b;
import a.Bill;
class Use {
  int run() {
    Bill b = new Bill("x");
    Bill.charge("o", 1);
    return b.pay(1);
  }
}
""",
}
RUST = {
    "Cargo.toml": '[package]\nname = "shop"\n',
    "src/lib.rs": "pub mod bill;\npub mod run;\n",
    "src/bill.rs": """pub struct Shop { n: u8 }

impl Shop {
    pub fn new(n: u8) -> Shop {
        Shop { n }
    }
    pub fn pay(&self, n: u8) -> u8 {
        n
    }
}

pub fn charge(order: &str, amount: u8) -> u8 {
    amount
}
""",
    "src/run.rs": """use crate::bill::{charge, Shop};

pub fn run() -> u8 {
    let s = Shop::new(1);
    charge("a", 2);
    Shop::pay(&s, 3);
    s.pay(1)
}
""",
}


def put(files: Files, path: str, old: str, new: str) -> Files:
    """Return a file of a version with a text in it replaced."""
    assert old in files[path]
    return {path: files[path].replace(old, new)}


def told(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(each.change, each.severity, each.before.qualified_name) for each in found]


def only(found: list[Finding]) -> Finding:
    (one,) = found
    return one


# Removed, renamed, moved

WITHOUT = "LIMIT = 3\n\n\ndef other():\n    return 1\n"
MOVED = {"m.py": WITHOUT, "n.py": "def charge(a, b):\n    return a + b\n"}
NEW_CALL = put(PYTHON, "u.py", "return 0", "x = charge(3, 4)\n    return x")


def test_what_is_removed_cannot_be_imported_and_called() -> None:
    found = only(collide(PYTHON, {}, {"m.py": WITHOUT}))
    assert (found.change, found.severity, found.after) == ("removed", "error", None)
    assert [(site.line, site.caller, site.fit) for site in found.sites] == [
        (1, "", "broken"),
        (5, "pay", "broken"),
    ]


def test_where_only_tests_use_it_an_impact_is_one_level_lower() -> None:
    base = {"m.py": PYTHON["m.py"], "tests/test_m.py": PYTHON["u.py"]}
    assert told(collide(base, {}, {"m.py": WITHOUT})) == [("removed", "warning", "charge")]


def test_what_is_moved_is_no_longer_where_it_is_imported_from() -> None:
    assert told(collide(PYTHON, {}, MOVED)) == [("moved", "error", "charge")]


def test_what_its_old_place_still_names_is_found_there() -> None:
    handing = {**MOVED, "m.py": "from n import charge\n\n\n" + WITHOUT}
    assert collide(PYTHON, NEW_CALL, handing) == []


def test_an_import_that_was_changed_along_serves_new_calls_too() -> None:
    assert collide(PYTHON, NEW_CALL, {**MOVED, **put(PYTHON, "u.py", "from m", "from n")}) == []


def test_a_rename_with_its_callers_concerns_new_calls_alone() -> None:
    renamed = {path: text.replace("charge", "bill") for path, text in PYTHON.items()}
    assert collide(PYTHON, put(PYTHON, "m.py", "return 1", "return 2"), renamed) == []
    found = only(collide(PYTHON, NEW_CALL, renamed))
    assert (found.change, found.severity) == ("renamed", "error")
    assert [(site.caller, site.reason) for site in found.sites] == [("idle", "it is bill now")]


def test_who_takes_over_a_name_does_not_stand_in_for_what_had_it() -> None:
    taken = {"m.py": "LIMIT = 3\n\n\ndef bill(a, b):\n    return a + b\n\n\ndef charge():\n    return 1\n"}
    found = only([each for each in collide(PYTHON, {}, taken) if each.before.qualified_name == "charge"])
    assert (found.change, found.severity) == ("renamed", "error")
    assert found.sites[-1].reason.startswith("another has its name now")


DESK = """import os


class Desk:
    def pay(self):
        return charge(1)


def charge(a):
    return a


print(charge(2))
"""


def test_what_went_with_the_whole_file_is_found_there() -> None:
    base = {"m.py": DESK}
    mine = {"m.py": DESK + "\n\ndef more():\n    return charge(3)\n"}
    theirs = {"pkg/m.py": DESK.replace("return a\n", "return a + 1\n")}
    assert [found for found in told(collide_whole(base, mine, theirs)) if found[0] == "moved"] == []
    parted = {**theirs, "m.py": "import pkg.m\n"}
    assert ("moved", "error", "charge") in told(collide_whole(base, mine, parted))


def test_who_moves_along_with_what_it_calls_finds_it_there() -> None:
    base = {"m.py": DESK, "n.py": "import os\n"}
    theirs = {"m.py": "import os\n", "pkg/m.py": DESK.replace("return a\n", "return a + 1\n")}
    assert collide(base, put(base, "n.py", "os", "sys"), theirs) == []


def test_a_line_that_the_other_side_took_out_does_not_count_as_written() -> None:
    base = {"m.py": DESK}
    gone = {"m.py": DESK[: DESK.index("\n\ndef charge")].replace("charge(1)", "1")}
    assert collide(base, put(base, "m.py", "import os\n", "import os\nimport sys\n"), gone) == []
    fresh = put(base, "m.py", "print(charge(2))", "print(charge(3))")
    assert ("removed", "error", "charge") in told(collide(base, fresh, gone))


def test_a_constant_that_the_other_took_out_with_what_it_calls_is_not_yours() -> None:
    base = {"m.py": "import os\n\n\ndef make():\n    return 1\n\n\nMADE = make()\n"}
    mine = put(base, "m.py", "import os\n", "import os\nimport sys\n")
    assert collide(base, mine, {"m.py": "import os\n"}) == []
    written = {"m.py": base["m.py"].replace("MADE = make()", "MADE = [make()]")}
    assert ("removed", "error", "make") in told(collide(base, written, {"m.py": "import os\n\nMADE = 1\n"}))


def test_a_call_in_an_overload_that_the_other_mended_is_not_yours() -> None:
    two = "  int two(int a) { return a; }\n  int two(int a, int b) { return one(a); }\n"
    base = {"A.java": f"class A {{\n  int one(int a) {{ return a; }}\n{two}}}\n"}
    mended = {
        "A.java": base["A.java"].replace("one(int a)", "one(int a, int b)").replace("one(a)", "one(a, b)")
    }
    assert collide(base, {}, mended) == []


def test_a_call_over_several_lines_is_mended_in_any_of_them() -> None:
    base = {
        **PYTHON,
        **put(PYTHON, "u.py", "return charge(1, 2)", "x = 1\n    return charge(\n        x,\n        2)"),
    }
    mended = {**put(base, "m.py", "(a, b)", "(a, b, c)"), **put(base, "u.py", "2)", "2, 3)")}
    found = collide(base, put(base, "u.py", "x = 1", "x = 2"), mended)
    assert told(found) == [("both_changed", "warning", "pay")]
    fresh = collide(
        base, put(base, "u.py", "        x,", "        x + 1,"), put(base, "m.py", "(a, b)", "(a, b, c)")
    )
    assert told(fresh) == [("signature_changed", "error", "charge")]


def test_an_alias_under_the_old_name_keeps_callers_working() -> None:
    other = {"m.py": PYTHON["m.py"].replace("charge", "bill") + "\n\ncharge = bill\n"}
    assert collide(PYTHON, {}, other) == []
    assert collide(PYTHON, NEW_CALL, other) == []
    taking_more = put(other, "m.py", "bill(a, b)", "bill(a, b, c)")
    assert told(collide(PYTHON, {}, taking_more)) == [("renamed", "error", "charge")]


def test_a_constant_that_is_removed_breaks_its_import() -> None:
    base = {**PYTHON, "v.py": "from m import LIMIT\n\nprint(LIMIT)\n"}
    found = only(collide(base, {}, put(PYTHON, "m.py", "LIMIT = 3\n\n\n", "")))
    assert (found.change, found.kind, found.sites[0].path) == ("removed", "constant", "v.py")


CLASSES = {
    "m.py": """class Shop:
    def __init__(self, a):
        self.a = a

    def pay(self):
        return self.a
""",
    "u.py": "from m import Shop\n\n\ndef run():\n    return Shop(1).pay()\n",
}


def test_a_class_that_is_removed_is_told_once_with_the_uses_of_its_members() -> None:
    found = only(collide(CLASSES, {}, {"m.py": "x = 1\n"}))
    assert (found.change, found.before.qualified_name) == ("removed", "Shop")
    assert [(site.line, site.fit) for site in found.sites] == [(1, "broken"), (5, "broken")]


def test_a_class_that_is_renamed_is_told_where_instances_are_made() -> None:
    found = only(collide(CLASSES, {}, put(CLASSES, "m.py", "Shop", "Store")))
    assert (found.change, found.before.qualified_name) == ("renamed", "Shop")
    assert [site.line for site in found.sites] == [1, 5]


def test_a_constructor_counts_for_the_calls_of_its_class() -> None:
    found = only(collide(CLASSES, {}, put(CLASSES, "m.py", "self, a)", "self, a, b)")))
    assert (found.change, found.severity, found.before.kind) == ("signature_changed", "error", "constructor")


def test_a_member_that_a_base_may_have_is_no_error_when_it_is_removed() -> None:
    base = {
        "m.py": "class Shop(dict):\n    def get(self, a):\n        return a\n\n    def pay(self): ...\n",
        "u.py": "from m import Shop\n\n\ndef run():\n    return Shop().get(1)\n",
    }
    other = put(base, "m.py", "    def get(self, a):\n        return a\n\n", "")
    assert collide(base, {}, other) == []
    own = put(base, "m.py", "    def pay(self): ...\n", "")
    assert told(collide({**base, **put(base, "u.py", "get(1)", "pay()")}, {}, own)) == [
        ("removed", "error", "Shop.pay")
    ]
    fresh = put(base, "u.py", "return Shop", "return 1 + Shop")
    assert told(collide(base, fresh, other)) == [("removed", "warning", "Shop.get")]


def test_what_is_inside_a_function_concerns_nobody_else() -> None:
    base = {"m.py": "def outer():\n    def inner(a):\n        return a\n\n    return inner\n"}
    base |= {"u.py": "from m import outer\n\n\ndef run():\n    return outer()(1)\n"}
    assert collide(base, {}, put(base, "m.py", "inner", "within")) == []


# Signatures

SIGNATURES = [
    ("(a, b):", "(a, b, c):", "charge(1, 2)", "error"),
    ("(a, b):", "(a, b, c=1):", "charge(1, 2)", None),
    ("(a, b):", "(a):", "charge(1, 2)", "error"),
    ("(a, b):", "(a, amount):", "charge(1, 2)", None),
    ("(a, b):", "(a, amount):", "charge(1, b=2)", "error"),
    ("(a, b):", "(a, *, b):", "charge(1, 2)", "error"),
    ("(a, b):", "(a, *, b):", "charge(1, b=2)", None),
    ("(a, b):", "(b, a):", "charge(1, 2)", "warning"),
    ("(a, b):", "(b, a):", "charge(b=1, a=2)", None),
    ("(a, b):", "(x, a, b=1):", "charge(1, 2)", "warning"),
    ("(a, b):", "(a, b, c):", "charge(*them)", "warning"),
    ("(a, b):", "(a, b, c):", "charge(**them)", "warning"),
    ("(a, b):", "(a, b, c):", "charge(1, 2, c=3)", None),
    ("(a, b):", "(*many):", "charge(1, 2)", None),
    ("(a, b):", "(a, **named):", "charge(1, b=2)", None),
    ("(a, b=1):", "(a, b):", "charge(1)", "error"),
    ("(a, b=1):", "(a, b=2):", "charge(1)", None),
    ("(a, b):", "(a: int, b: str):", "charge(1, 2)", None),
    ("(a, b):", "(a: int, b: str):", "charge(*them)", None),
    ("(a, b):", "(a: int, b: str):", "charge(**them)", None),
    ("(a, b=1):", "(a, b=2):", "charge(*them)", None),
    ("(a, b):", "(a, b, c=1):", "charge(*them)", None),
    ("(a, b):", "(a, amount):", "charge(*them)", None),
    ("(a, b):", "(a, amount):", "charge(**them)", "warning"),
    ("(a, b):", "(b, a):", "charge(*them)", "warning"),
    ("(a, b=1):", "(a):", "charge(*them)", "warning"),
]


@pytest.mark.parametrize(("old", "new", "call", "severity"), SIGNATURES)
def test_severity_comes_from_what_the_call_gives(old: str, new: str, call: str, severity: str | None) -> None:
    base = {**put(PYTHON, "m.py", "(a, b):", old), **put(PYTHON, "u.py", "charge(1, 2)", call)}
    found = collide(base, {}, put(base, "m.py", old, new))
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_a_type_under_a_new_name_is_the_same_type() -> None:
    base = {
        "a.ts": "export type Money = number;\nexport function pay(a: Money): Money {\n  return a;\n}\n",
        "b.ts": 'import { pay } from "./a";\n\nexport function run() {\n  return pay(1);\n}\n',
    }
    renamed = put(base, "a.ts", "Money", "Price")
    assert collide(base, {}, renamed) == []
    fresh = put(base, "b.ts", "return pay(1)", "return [pay(1)]")
    assert told(collide(base, fresh, renamed)) == [("signature_changed", "info", "pay")]
    other = put(base, "a.ts", "pay(a: Money)", "pay(a: Price)")
    assert told(collide(base, {}, other)) == [("signature_changed", "error", "pay")]


def test_a_compatible_signature_is_told_to_who_is_writing_a_call_of_it() -> None:
    compatible = put(PYTHON, "m.py", "(a, b)", "(a, b, c=1)")
    assert told(collide(PYTHON, NEW_CALL, compatible)) == [("signature_changed", "info", "charge")]


def test_an_async_function_must_be_awaited() -> None:
    other = put(PYTHON, "m.py", "def charge", "async def charge")
    found = only(collide(PYTHON, {}, other))
    assert (found.severity, found.sites[0].reason) == ("error", "it is async now and not awaited here")


def test_a_method_of_a_name_that_is_only_guessed_is_no_error() -> None:
    base = {
        "m.py": "class Shop:\n    def settle(self, a):\n        return a\n",
        "u.py": "def run(shop):\n    return shop.settle(1)\n",
    }
    other = put(base, "m.py", "self, a", "self, a, b")
    assert collide(base, {}, other) == []
    fresh = put(base, "u.py", "shop.settle(1)", "[shop.settle(1)]")
    assert told(collide(base, fresh, other)) == [("signature_changed", "warning", "Shop.settle")]


BROKEN = [
    (TYPESCRIPT, "bill.ts", "amount: number)", "amount: number, currency: string)", "charge", "error"),
    (TYPESCRIPT, "bill.ts", "amount: number)", "amount: number, currency?: string)", "charge", None),
    (TYPESCRIPT, "bill.ts", "order: string", "order: boolean", "charge", "error"),
    (TYPESCRIPT, "bill.ts", "order: string", "order: string | null", "charge", None),
    (TYPESCRIPT, "bill.ts", "(name: string)", "(name: string, b: string)", "Shop.constructor", "error"),
    (TYPESCRIPT, "bill.ts", "pay(", "buy(", "Shop.pay", "error"),
    (TYPESCRIPT, "bill.ts", "Shop", "Store", "Shop", "error"),
    (TYPESCRIPT, "bill.ts", "export function", "function", "charge", "error"),
    (JAVASCRIPT, "bill.js", "order, amount)", "order, amount, currency)", "charge", "warning"),
    (JAVASCRIPT, "bill.js", "charge", "bill", "charge", "error"),
    (GO, "bill/bill.go", "amount int)", "amount int, c string)", "Charge", "error"),
    (GO, "bill/bill.go", "Pay(n int)", "Pay(n, m int)", "Shop.Pay", "error"),
    (GO, "bill/bill.go", "Pay(n int)", "Pay(n int, m ...int)", "Shop.Pay", None),
    (GO, "bill/bill.go", "Charge", "Bill", "Charge", "error"),
    (GO_GIVEN, "bill/bill.go", "order string)", "order string, more ...int)", "Charge", None),
    (GO_GIVEN, "bill/bill.go", "order string)", "name string)", "Charge", None),
    (GO_GIVEN, "bill/bill.go", "order string)", "order string, amount int)", "Charge", "warning"),
    (JAVA, "a/Bill.java", "int amount)", "int amount, int c)", "Bill.charge", "error"),
    (JAVA, "a/Bill.java", "Bill(String n)", "Bill(String n, int k)", "Bill.Bill", "error"),
    (JAVA, "a/Bill.java", "public int pay", "private int pay", "Bill.pay", "error"),
    (JAVA, "a/Bill.java", "Bill", "Invoice", "Bill", "error"),
    (JAVA, "a/Bill.java", "  public int pay(int n) { return n; }\n", "", "Bill.pay", "error"),
    (RUST, "src/bill.rs", "amount: u8)", "amount: u8, c: u8)", "charge", "error"),
    (RUST, "src/bill.rs", "&self, n: u8", "&self, n: u8, m: u8", "Shop.pay", "error"),
    (RUST, "src/bill.rs", "new(n: u8)", "new(n: u8, m: u8)", "Shop.new", "error"),
    (RUST, "src/bill.rs", "charge", "bill", "charge", "error"),
]


@pytest.mark.parametrize(("base", "path", "old", "new", "name", "severity"), BROKEN)
def test_each_language_has_its_own_rules(
    base: Files, path: str, old: str, new: str, name: str, severity: str | None
) -> None:
    found = collide(base, {}, put(base, path, old, new))
    assert [(each.before.qualified_name, each.severity) for each in found] == (
        [(name, severity)] if severity else []
    )


def test_an_overload_that_takes_the_call_stands_in_for_another() -> None:
    both = put(
        JAVA,
        "a/Bill.java",
        "  public int pay",
        "  public static int charge(int n) { return n; }\n  public int pay",
    )
    base = {**JAVA, **both}
    gone = put(base, "a/Bill.java", "  public static int charge(int n) { return n; }\n", "")
    assert collide(base, {}, gone) == []


def test_go_finds_what_was_moved_within_its_package() -> None:
    charge = "func Charge(order string, amount int) int {\n\treturn amount\n}\n"
    other = {**put(GO, "bill/bill.go", charge, ""), "bill/charge.go": f"package bill\n\n{charge}"}
    assert collide(GO, {}, other) == []


# Both changed


def body(text: str) -> Files:
    return put(PYTHON, "m.py", "return a + b", text)


def test_two_bodies_are_a_warning() -> None:
    found = only(collide(PYTHON, body("return a - b"), body("return a * b")))
    assert (found.change, found.severity) == ("both_changed", "warning")
    assert found.mine is not None
    assert found.after is not None


def test_the_same_end_is_silent() -> None:
    assert collide(PYTHON, body("return a * b"), body("return a * b")) == []
    assert collide(PYTHON, {"m.py": WITHOUT, "u.py": "\n"}, {"m.py": WITHOUT, "u.py": "\n"}) == []


def test_layout_is_never_told_and_documentation_is_info() -> None:
    assert collide(PYTHON, body("return a - b"), body("return (\n        a + b\n    )")) == []
    documented = body('"""Charge."""\n    return a + b')
    assert told(collide(PYTHON, body("return a - b"), documented)) == [("both_changed", "info", "charge")]


REMARKED = [
    (PYTHON, "m.py", "return a + b", "return a - b", "# Both.\n    return a + b"),
    (PYTHON, "m.py", "return a + b", "return a - b", "return a + b  # both"),
    (JAVASCRIPT, "bill.js", "return amount", "return order", "/*\n   * Both.\n   */\n  return amount"),
    (GO, "bill/bill.go", "return amount", "return 1 * amount", "// All of it.\n\treturn amount"),
    (RUST, "src/bill.rs", "    amount\n", "    1 * amount\n", "    // All of it.\n    amount\n"),
]


@pytest.mark.parametrize(("base", "path", "old", "new", "remarked"), REMARKED)
def test_a_comment_within_the_code_is_never_told(
    base: Files, path: str, old: str, new: str, remarked: str
) -> None:
    assert collide(base, put(base, path, old, new), put(base, path, old, remarked)) == []
    assert collide(base, put(base, path, old, remarked), put(base, path, old, new)) == []


def test_a_comment_above_a_definition_documents_it() -> None:
    documented = put(JAVASCRIPT, "bill.js", "export function", "// Takes money.\nexport function")
    changed = put(JAVASCRIPT, "bill.js", "return amount", "return order")
    assert told(collide(JAVASCRIPT, changed, documented)) == [("both_changed", "info", "charge")]


def test_what_one_removed_and_the_other_changed_is_an_error_for_both() -> None:
    assert told(collide(PYTHON, body("return 2"), {"m.py": WITHOUT})) == [("both_changed", "error", "charge")]
    assert told(collide(PYTHON, {"m.py": WITHOUT, "u.py": "\n"}, body("return 2"))) == [
        ("both_changed", "error", "charge")
    ]


def test_two_new_names_for_one_thing_are_an_error() -> None:
    one = {path: text.replace("charge", "bill") for path, text in PYTHON.items()}
    two = {path: text.replace("charge", "invoice") for path, text in PYTHON.items()}
    assert ("both_changed", "error", "charge") in told(collide(PYTHON, one, two))


def test_different_imports_in_one_file_are_no_collision() -> None:
    one, two = ({"u.py": f"import {name}\n{PYTHON['u.py']}"} for name in ("os", "sys"))
    assert collide(PYTHON, one, two) == []


def test_two_values_for_one_constant_are_a_warning() -> None:
    one, two = (put(PYTHON, "m.py", "LIMIT = 3", f"LIMIT = {number}") for number in (4, 5))
    assert told(collide(PYTHON, one, two)) == [("both_changed", "warning", "LIMIT")]


def test_who_works_on_members_of_a_class_that_is_removed_is_told_once() -> None:
    mine = put(CLASSES, "m.py", "return self.a", "return self.a + 1")
    found = only(collide(CLASSES, mine, {"m.py": "x = 1\n"}))
    assert (found.change, found.severity, found.before.qualified_name) == ("both_changed", "error", "Shop")
    assert "Shop.pay" in [site.caller for site in found.sites]


def test_two_things_of_one_new_name_are_a_warning() -> None:
    one, two = ({"n.py": f"def fresh():\n    return {number}\n"} for number in (1, 2))
    assert told(collide(PYTHON, one, two)) == [("both_changed", "warning", "fresh")]


def test_two_things_of_one_name_in_a_package_of_go_are_an_error() -> None:
    one, two = ({f"bill/{name}.go": "package bill\n\nfunc fresh() {}\n"} for name in ("a", "b"))
    assert told(collide(GO, one, two)) == [("both_changed", "error", "fresh")]
    windows = {"bill/b_windows.go": two["bill/b.go"]}
    tagged = {"bill/b.go": "//go:build unix\n\n" + two["bill/b.go"]}
    outside = {"bill/b_test.go": two["bill/b.go"].replace("package bill", "package bill_test")}
    assert [collide(GO, one, each) for each in (windows, tagged, outside)] == [[], [], []]
    assert collide(PYTHON, {"a.py": "def fresh(): ...\n"}, {"b.py": "def fresh(): ...\n"}) == []


def test_text_that_both_changed_in_other_lines_is_silent() -> None:
    base = {"NEWS.md": "one\ntwo\nthree\nfour\nfive\n"}
    one, two = put(base, "NEWS.md", "one", "1"), put(base, "NEWS.md", "five", "5")
    assert collide(base, one, two) == []
    assert told(collide(base, one, put(base, "NEWS.md", "one", "eins"))) == [
        ("both_changed", "warning", "NEWS.md")
    ]


# Bodies


def test_a_body_concerns_who_writes_a_call_and_nobody_else() -> None:
    assert collide(PYTHON, {}, body("return a * b")) == []
    found = only(collide(PYTHON, NEW_CALL, body("return a * b")))
    assert (found.change, found.severity) == ("behaviour_changed", "info")
    assert [site.caller for site in found.sites] == ["idle"]


def test_a_cause_is_another_one_when_something_else_was_done() -> None:
    one = only(collide(PYTHON, {}, put(PYTHON, "m.py", "(a, b)", "(a, b, c)")))
    two = only(collide(PYTHON, {}, put(PYTHON, "m.py", "(a, b)", "(a, b, d)")))
    again = only(collide(PYTHON, {}, {"m.py": "\n\n" + PYTHON["m.py"].replace("(a, b)", "(a, b, c)")}))
    assert one.cause == again.cause != two.cause
