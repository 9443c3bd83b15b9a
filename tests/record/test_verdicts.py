"""Verdicts: pure functions over a change; each names the entities that show it."""

import pytest

from aura.record.rules import RULES

from .changes import Texts, verdict_on

BEFORE = {
    "src/pay.py": '''import log


def audit(x):
    return x + 1


def pay(amount, who):
    """Pay, and audit."""
    total = amount * 2
    if total:
        audit(total)
    return total
''',
    "src/use.py": "from pay import pay\n\n\ndef main():\n    return pay(1, who='x')\n",
    "tests/test_pay.py": "from pay import pay\n\n\ndef test_pay():\n    assert pay(1, 2) == 2\n",
    "README.md": "`pay` pays.\n",
    "settings.cfg": "limit = 1\n",
}
CALL = "        audit(total)\n"


def change(path: str, *swaps: tuple[str, str]) -> Texts:
    text = BEFORE[path]
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return {**BEFORE, path: text}


def everywhere(old: str, new: str) -> Texts:
    return {path: text.replace(old, new) for path, text in BEFORE.items()}


def moved() -> Texts:
    pay = BEFORE["src/pay.py"].replace("def audit(x):\n    return x + 1\n\n\n", "")
    pay = pay.replace("import log\n", "import log\nimport audits\n").replace(
        "    audit(", "    audits.audit("
    )
    audits = "import os\n\n\ndef audit(x):\n    return x + 1\n"
    return {**BEFORE, "src/pay.py": pay, "src/audits.py": audits}


RENAMED = {k: v.replace("audit(", "check(").replace("and audit", "and check") for k, v in BEFORE.items()}
BODY = change("src/pay.py", ("* 2", "* 3"))
CONSTANT = change("src/pay.py", ("return total", "return amount"))
SIGNATURE = change("src/pay.py", ("who)", "who, why=None)"))
BROKEN = change("src/pay.py", ("amount, who", "amount"))
PARAMETER = everywhere("who", "payee")
LOCAL = change("src/pay.py", ("total", "due"))
DOC = change("src/pay.py", ("Pay, and audit", "Pay"))
LAYOUT = change("src/pay.py", ("return x + 1", "return (x +\n            1)"))
TEST = change("tests/test_pay.py", ("== 2", "== 2 + 0"))
PROSE = change("README.md", ("pays", "pays twice"))
PROSE_TOO = {"README.md": PROSE["README.md"]}
DATA = change("settings.cfg", ("1", "2"))
LOST = change("src/pay.py", (CALL, "        pass\n"))
THROUGH = change(
    "src/pay.py", (CALL, "        note(total)\n"), ("def pay", "def note(t):\n    audit(t)\n\n\ndef pay")
)
GONE = change("src/pay.py", ("def audit(x):\n    return x + 1\n\n\n", ""))
IMPORT = change("src/pay.py", ("import log\n", "import log\nimport os\n"))

SUPPORTED, CONTRADICTED, UNPROVEN = "supported", "contradicted", "unproven"


@pytest.mark.parametrize(
    ("claim", "after", "verdict", "entities"),
    [
        ("rename_only", RENAMED, SUPPORTED, ["check"]),
        ("rename_only", everywhere("pay(", "settle("), SUPPORTED, ["settle", "test_settle"]),
        ("rename_only", RENAMED | {"src/use.py": BODY["src/use.py"] + "\nx = 1\n"}, CONTRADICTED, ["x"]),
        ("rename_only", BODY, CONTRADICTED, ["pay"]),
        ("rename_only", CONSTANT, CONTRADICTED, ["pay"]),
        ("rename_only", LAYOUT, CONTRADICTED, []),
        ("rename_only", moved(), CONTRADICTED, ["statements", "audit"]),
        ("rename_only", DATA, UNPROVEN, ["settings.cfg"]),
        ("rename_only", LOCAL, UNPROVEN, ["pay"]),
        ("rename_only", PARAMETER, UNPROVEN, ["pay"]),
        ("rename_only", RENAMED | {"README.md": "`check` was `audit`.\n"}, SUPPORTED, ["check"]),
        ("rename_only", RENAMED | PROSE_TOO, CONTRADICTED, ["README.md"]),
        ("rename_only", {k.replace("use", "main"): v for k, v in BEFORE.items()}, SUPPORTED, None),
        ("rename_only", {k.replace("src/use", "main"): v for k, v in BEFORE.items()}, CONTRADICTED, None),
        ("move_only", moved(), SUPPORTED, ["audit"]),
        ("move_only", RENAMED, CONTRADICTED, ["check"]),
        ("move_only", {**moved(), "src/use.py": SIGNATURE["src/use.py"] + "\nx = 1\n"}, CONTRADICTED, ["x"]),
        ("formatting_only", LAYOUT, SUPPORTED, ["audit"]),
        ("formatting_only", DOC, CONTRADICTED, ["pay"]),
        ("docs_only", DOC, SUPPORTED, ["pay"]),
        ("docs_only", PROSE, SUPPORTED, ["README.md"]),
        ("docs_only", LAYOUT, CONTRADICTED, []),
        ("docs_only", DATA, UNPROVEN, ["settings.cfg"]),
        ("no_behaviour_change", RENAMED, SUPPORTED, ["check", "pay"]),
        ("no_behaviour_change", moved(), SUPPORTED, None),
        ("no_behaviour_change", IMPORT, SUPPORTED, ["statements"]),
        ("no_behaviour_change", TEST, SUPPORTED, ["test_pay"]),
        ("no_behaviour_change", PROSE, SUPPORTED, ["README.md"]),
        ("no_behaviour_change", BODY, CONTRADICTED, ["pay"]),
        ("no_behaviour_change", SIGNATURE, CONTRADICTED, ["pay"]),
        ("no_behaviour_change", GONE, CONTRADICTED, ["audit"]),
        ("no_behaviour_change", DATA, UNPROVEN, ["settings.cfg"]),
        ("no_behaviour_change", {**BEFORE, "src/new.py": "def n():\n    pass\n"}, UNPROVEN, ["n"]),
        ("no_signature_change", BODY, SUPPORTED, ["pay"]),
        ("no_signature_change", SIGNATURE, CONTRADICTED, ["pay"]),
        ("no_signature_change", PARAMETER, CONTRADICTED, ["pay"]),
        ("no_signature_change", GONE, CONTRADICTED, ["audit"]),
        ("compatible", SIGNATURE, SUPPORTED, ["pay"]),
        ("compatible", BROKEN, CONTRADICTED, ["pay"]),
        ("compatible", RENAMED, CONTRADICTED, ["check"]),
        ("compatible", DATA, UNPROVEN, ["settings.cfg"]),
        ("tests_touched", TEST, SUPPORTED, ["test_pay"]),
        ("tests_touched", BODY, CONTRADICTED, []),
        ("only_touches src/**", BODY, SUPPORTED, ["pay"]),
        ("only_touches src/** tests", everywhere("pay(", "settle("), SUPPORTED, None),
        ("only_touches src/use.py", BODY, CONTRADICTED, ["pay"]),
        ("adds note", THROUGH, SUPPORTED, ["note"]),
        ("adds note", BODY, CONTRADICTED, []),
        ("adds audit", BODY, CONTRADICTED, ["audit"]),
        ("adds check", RENAMED, CONTRADICTED, ["check"]),
        ("deletes audit", GONE, SUPPORTED, ["audit"]),
        ("deletes src/pay.py:audit", GONE, SUPPORTED, ["audit"]),
        ("deletes audit", BODY, CONTRADICTED, ["audit"]),
        ("deletes audit", RENAMED, CONTRADICTED, ["check"]),
        ("deletes nobody", BODY, CONTRADICTED, []),
        ("keeps audit", RENAMED, SUPPORTED, ["check"]),
        ("keeps audit", BODY, SUPPORTED, ["audit"]),
        ("keeps audit", GONE, CONTRADICTED, ["audit"]),
        ("keeps note", THROUGH, UNPROVEN, ["note"]),
        ("keeps nobody", BODY, UNPROVEN, []),
        ("keeps_call pay -> audit", BODY, SUPPORTED, ["pay"]),
        ("keeps_call pay -> audit", RENAMED, SUPPORTED, ["pay"]),
        ("keeps_call pay() -> check", RENAMED, SUPPORTED, ["pay"]),
        ("keeps_call pay -> audit", moved(), SUPPORTED, ["pay"]),
        ("keeps_call pay -> audit", THROUGH, SUPPORTED, ["note"]),
        ("keeps_call pay -> audit", LOST, CONTRADICTED, ["pay"]),
        ("keeps_call main -> pay", BODY, SUPPORTED, ["main"]),
        ("keeps_call main -> audit", BODY, UNPROVEN, ["main"]),
        ("keeps_call nobody -> audit", BODY, UNPROVEN, []),
    ],
)  # fmt: skip
def test_a_change_supports_a_claim_contradicts_it_or_leaves_it_open(
    claim: str, after: Texts, verdict: str, entities: list[str] | None
) -> None:
    found = verdict_on(claim, BEFORE, after)
    assert (found.verdict, found.reason != "") == (verdict, True), found
    if entities is not None:
        assert [w.qualified_name for w in found.entities] == entities


@pytest.mark.parametrize("claim", [*RULES, "adds x", "deletes x", "only_touches src/**", "tests_touched"])
def test_of_nothing_nothing_is_proven(claim: str) -> None:
    found = verdict_on(claim, BEFORE, BEFORE)
    assert (found.verdict, found.reason) == ("unproven", "nothing is changed")


@pytest.mark.parametrize("claim", [*RULES, "adds x", "deletes audit", "keeps_call pay -> audit"])
def test_what_was_not_read_in_full_leaves_a_claim_open(claim: str) -> None:
    found = verdict_on(claim, BEFORE, LOST, degraded=("src/pay.py",))
    assert found.verdict == "unproven"
    assert "src/pay.py" in {w.path for w in found.entities}


def test_a_file_that_was_not_read_does_not_hide_what_contradicts_elsewhere() -> None:
    both = {**BODY, "src/use.py": "def main():\n    return 2\n"}
    found = verdict_on("rename_only", BEFORE, both, degraded=("src/use.py",))
    assert found.verdict == "contradicted"
    assert {w.path for w in found.entities} == {"src/pay.py"}


@pytest.mark.parametrize(
    ("claim", "after", "mend"),
    [
        ("rename_only", BODY, "src/pay.py:8"),
        ("only_touches src/**", PROSE, "only_touches src/** /README.md"),
        ("keeps_call pay -> audit", LOST, "call audit in pay again (src/pay.py:8)"),
        ("adds notes", THROUGH, "adds note"),
        ("keeps audit", GONE, "git checkout HEAD -- src/pay.py"),
        ("keeps nobody", BODY, "src/file.py:nobody"),
        ("tests_touched", BODY, "change a test"),
    ],
)
def test_what_would_mend_it_is_said(claim: str, after: Texts, mend: str) -> None:
    assert mend in verdict_on(claim, BEFORE, after).mend


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("a.js", "function f(a) { return log.audit(a); }", "function f(a) { return a; }"),
        ("a.ts", "class C { f(a: X) { return new Audit(a); } }", "class C { f(a: X) { return a; } }"),
        ("A.java", "class C { void f() { this.l.audit(1); } }", "class C { void f() { } }"),
        ("a.go", "package p\nfunc f() { l.audit(1) }\n", "package p\nfunc f() { }\n"),
        ("a.rs", "fn f() { l::audit::<u8>(1); }", "fn f() { }"),
        ("a.rb", "def f\n  l.audit 1\nend\n", "def f\n  1\nend\n"),
        ("a.kt", "fun f() { l.audit(1) }", "fun f() { }"),
        ("a.cpp", "int f() { return ns::audit(1); }", "int f() { return 1; }"),
        ("a.php", "<?php function f() { $l->audit(1); }", "<?php function f() { }"),
        ("a.sh", "f() {\n  audit 1\n}\n", "f() {\n  :\n}\n"),
    ],
)
def test_a_call_is_seen_in_every_language(path: str, before: str, after: str) -> None:
    callee = "Audit" if "Audit" in before else "audit"
    found = verdict_on(f"keeps_call f -> {callee}", {path: before}, {path: after})
    assert (found.verdict, found.reason) == ("contradicted", f"f no longer calls {callee}")


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("a.js", "function f(a) { return g(a); }\nfunction g(b) { return 1; }\n"),
        ("a.go", "package p\n\nfunc f() int { return g() }\n\nfunc g() int { return 1 }\n"),
        ("A.java", "class C { int f() { return g(); }\n int g() { return 1; } }\n"),
        ("a.rs", "fn f() -> u8 { g() }\nfn g() -> u8 { 1 }\n"),
    ],
)
def test_a_rename_with_its_uses_is_only_a_rename_and_with_a_number_it_is_not(path: str, before: str) -> None:
    renamed = before.replace("g(", "h(")
    assert verdict_on("rename_only", {path: before}, {path: renamed}).verdict == "supported"
    more = {path: renamed.replace("1", "2")}
    assert verdict_on("rename_only", {path: before}, more).verdict == "contradicted"


LEDGER = {
    "ledger.py": "def audit(x):\n    return x\n",
    "noop.py": "def audit(x):\n    pass\n",
    "pay.py": "from ledger import audit as note\n\n\ndef pay(x):\n    note(x)\n    return x\n",
}


def ledger(old: str, new: str) -> Texts:
    assert old in LEDGER["pay.py"]
    return {**LEDGER, "pay.py": LEDGER["pay.py"].replace(old, new)}


@pytest.mark.parametrize(
    ("claim", "after", "verdict"),
    [
        ("keeps_call pay -> ledger.py:audit", ledger("return x", "return 2 * x"), SUPPORTED),
        ("keeps_call pay -> ledger.py:audit", ledger("note(x)", "note(x, 1)"), SUPPORTED),
        ("keeps_call pay -> ledger.py:audit", ledger("    note(x)\n", ""), CONTRADICTED),
        ("keeps_call pay -> ledger.py:audit", ledger("from ledger", "from noop"), CONTRADICTED),
        ("keeps_call pay -> noop.py:audit", ledger("return x", "return 2 * x"), UNPROVEN),
    ],
)
def test_a_call_is_followed_through_imports(claim: str, after: Texts, verdict: str) -> None:
    assert verdict_on(claim, LEDGER, after).verdict == verdict


def test_the_line_of_a_call_is_told_where_it_is_known() -> None:
    found = verdict_on("keeps_call pay -> ledger.py:audit", LEDGER, ledger("return x", "return -x"))
    assert [(w.qualified_name, w.line) for w in found.entities] == [("pay", 5)]


def test_a_swapped_operator_in_a_renamed_function_is_no_rename() -> None:
    before = {"a.py": "def f(a, b):\n    return a and b\n"}
    after = {"a.py": "def g(a, b):\n    return a or b\n"}
    assert verdict_on("rename_only", before, after).verdict == "contradicted"


def test_many_entities_are_counted_and_the_first_are_shown() -> None:
    before = {"a.py": "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(50))}
    after = {"a.py": before["a.py"].replace("return ", "return -")}
    found = verdict_on("rename_only", before, after)
    assert found.reason.startswith("50 edits")
    assert len(found.entities) == 20
