"""What an interface demands on one side, and who newly implements it on the other."""

import pytest

from .colliding import Files, collide
from .test_impacts import put

JAVA = {
    "a/Payer.java": "package a;\npublic interface Payer {\n  int pay(int n);\n}\n",
    "b/Use.java": "package b;\nclass Use {}\n",
}
TYPESCRIPT = {
    "payer.ts": "export interface Payer {\n  pay(n: number): number;\n}\n",
    "use.ts": 'import { Payer } from "./payer";\n\nexport const x = 1;\n',
}
GO = {
    "go.mod": "module ex.org/shop\n",
    "payer.go": "package shop\n\ntype Payer interface {\n\tPay(n int) int\n\tName() string\n}\n",
}
RUST = {
    "src/lib.rs": "pub mod payer;\npub mod desk;\n",
    "src/payer.rs": "pub trait Payer {\n    fn pay(&self, n: u8) -> u8;\n}\n",
    "src/desk.rs": "use crate::payer::Payer;\n\npub struct Desk;\n",
}
PYTHON = {
    "payer.py": "import abc\n\n\nclass Payer(abc.ABC):\n    @abc.abstractmethod\n    def pay(self, n): ...\n",
    "desk.py": "from payer import Payer\n",
}
JAVA_DESK = {
    "b/Desk.java": "package b;\nimport a.Payer;\nclass Desk implements Payer {\n"
    "  public int pay(int n) { return n; }\n}\n"
}
GO_DESK = {
    "desk.go": "package shop\n\ntype Desk struct{}\n\nfunc (Desk) Pay(n int) int { return n }\n\n"
    'func (Desk) Name() string { return "" }\n'
}
TS_DESK = put(
    TYPESCRIPT,
    "use.ts",
    "export",
    "class Desk implements Payer {\n  pay(n: number) { return n; }\n}\n\nexport",
)
RUST_DESK = put(
    RUST,
    "src/desk.rs",
    "Desk;\n",
    "Desk;\n\nimpl Payer for Desk {\n    fn pay(&self, n: u8) -> u8 { n }\n}\n",
)
PYTHON_DESK = put(
    PYTHON,
    "desk.py",
    "Payer\n",
    "Payer\n\n\nclass Desk(Payer):\n    def pay(self, n):\n        return n\n",
)
ABSTRACT = "n): ...\n\n    @abc.abstractmethod\n    def close(self): ...\n"
DESKS = [
    (JAVA, JAVA_DESK, "a/Payer.java", "(int n);\n", "(int n);\n  void close();\n", "error"),
    (JAVA, JAVA_DESK, "a/Payer.java", "(int n);\n", "(int n);\n  default void close() {}\n", None),
    (TYPESCRIPT, TS_DESK, "payer.ts", "number;\n}", "number;\n  close(): void;\n}", "error"),
    (TYPESCRIPT, TS_DESK, "payer.ts", "number;\n}", "number;\n  close?(): void;\n}", None),
    (GO, GO_DESK, "payer.go", "string\n}", "string\n\tClose() error\n}", "warning"),
    (RUST, RUST_DESK, "src/payer.rs", "u8;\n}", "u8;\n    fn close(&self);\n}", "error"),
    (RUST, RUST_DESK, "src/payer.rs", "u8;\n}", "u8;\n    fn close(&self) {}\n}", None),
    (PYTHON, PYTHON_DESK, "payer.py", "n): ...\n", ABSTRACT, "error"),
    (PYTHON, PYTHON_DESK, "payer.py", "n): ...\n", "n): ...\n\n    def close(self): ...\n", None),
]


@pytest.mark.parametrize(("base", "mine", "path", "old", "new", "severity"), DESKS)
def test_who_newly_implements_what_demands_more_is_told(
    base: Files, mine: Files, path: str, old: str, new: str, severity: str | None
) -> None:
    grown = put(base, path, old, new)
    assert collide(base, {}, grown) == []
    found = [(e.change, e.severity, e.before.qualified_name) for e in collide(base, mine, grown)]
    assert found == ([("signature_changed", severity, "Payer")] if severity else [])


def test_who_has_what_is_demanded_or_may_have_it_is_not_told_of_an_error() -> None:
    grown = put(JAVA, "a/Payer.java", "pay(int n);\n", "pay(int n);\n  void close();\n")
    ready = {
        "b/Desk.java": JAVA_DESK["b/Desk.java"].replace("  public", "  public void close() {}\n  public")
    }
    assert collide(JAVA, ready, grown) == []
    derived = {
        "b/Desk.java": JAVA_DESK["b/Desk.java"].replace("Desk implements", "Desk extends Use implements")
    }
    assert [each.severity for each in collide(JAVA, derived, grown)] == ["warning"]
    abstract = {"b/Desk.java": JAVA_DESK["b/Desk.java"].replace("class", "abstract class")}
    assert collide(JAVA, abstract, grown) == []
