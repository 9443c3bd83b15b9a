import pytest

from aura.syntax.diff import diff

CASES = [
    ("x.py", "def f(a): pass", "def f(a, b): pass", [("added", "b", None)]),
    ("x.py", "def f(a, b): pass", "def f(b): pass", [("removed", "a", None)]),
    ("x.py", "def f(a, b): pass", "def f(b, a): pass", [("reordered", "b", None)]),
    ("x.py", "def f(a: int): pass", "def f(a: str): pass", [("retyped", "a", None)]),
    ("x.py", "def f(a=1): pass", "def f(a=2): pass", [("default_changed", "a", None)]),
    ("x.py", "def f(a): return a + 1", "def f(b): return b + 1", [("renamed", "b", "a")]),
    ("x.py", "def f(*args): pass", "def f(*rest): pass", [("renamed", "*rest", "*args")]),
    ("x.py", "def f(a): return a", "def f(a, *, b=1): return a", [("added", "b", None)]),
    ("x.js", "function f(a, {b}) {}", "function f(a, {b}, ...c) {}", [("added", "...c", None)]),
    ("x.ts", "function f(a: A) {}", "function f(a?: A) {}", [("default_changed", "a", None)]),
    ("x.go", "func f(a int) {}", "func f(a int64) {}", [("retyped", "a", None)]),
    ("x.go", "func (s *S) f(a int) {}", "func (t *S) f(a int) {}", []),
    ("x.rs", "fn f(a: i32) {}", "fn f(a: i32, b: u8) {}", [("added", "b", None)]),
    (
        "x.js",
        "function f(a, {exclude = [], b}) { return a; }",
        "function f(a, {ignore = [], b}) { return a; }",
        [("renamed", "ignore", "exclude")],
    ),
    (
        "X.java",
        "class A { int last(String text, int of) { if (none(text)) return 0; return text.last(of); } }",
        "class A { int last(Chars in, int of) { if (none(in)) return 0; return last(in, of, in.size()); } }",
        [("renamed", "in", "text"), ("retyped", "in", None)],
    ),
    (
        "X.java",
        "class A { int f(String url, int code, Head head) { this.code = code; return g(head); } }",
        "class A { int f(String url, Answer answer) { this.answer = answer; return g(answer); } }",
        [("removed", "code", None), ("removed", "head", None), ("added", "answer", None)],
    ),
    ("X.java", "class A { void f(int a) {} }", "class A { void f(int a, int b) {} }", [("added", "b", None)]),
]


@pytest.mark.parametrize(("path", "before", "after", "expected"), CASES)
def test_parameter_edits_are_typed(edit, path: str, before: str, after: str, expected: list[object]) -> None:
    (found,) = edit(path, before + "\n", after + "\n")
    assert "signature_changed" in found.changes
    assert [(p.edit, p.name, p.old_name) for p in found.parameters] == expected


def test_a_parameter_of_a_type_that_was_renamed_is_of_the_same_type() -> None:
    type_ = "class {0} {{\n  String title() {{ return title; }}\n  int code() {{ return code; }}\n}}\n"
    user = "interface User {{\n  void failed({0} {1}, int times);\n}}\n"
    before = {"Note.java": type_.format("Note"), "User.java": user.format("Note", "message")}
    after = {"Answer.java": type_.format("Answer"), "User.java": user.format("Answer", "response")}
    found = diff(*({path: text.encode() for path, text in side.items()} for side in (before, after)))
    [told] = [edit.parameters for edit in found if edit.new and edit.new.name == "failed"]
    assert [(p.edit, p.name, p.old_name) for p in told] == [
        ("renamed", "response", "message"),
        ("retyped", "response", None),
    ]


def test_sides_list_parameters_as_they_are_written(edit) -> None:
    (found,) = edit("x.py", "def f(a, *args, **kw): pass\n", "def f(a, *args, b, **kw): pass\n")
    assert found.old.parameters == ("a", "*args", "**kw")
    assert found.new.parameters == ("a", "*args", "b", "**kw")


def test_decorators_come_and_go(edit) -> None:
    (found,) = edit("x.py", "@a\n@b\ndef f(): pass\n", "@b\n@c(1)\ndef f(): pass\n")
    assert [(d.edit, d.name) for d in found.decorators] == [("removed", "a"), ("added", "c(1)")]
