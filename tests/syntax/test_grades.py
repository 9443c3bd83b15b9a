import pytest

CASES = [
    ("x.py", "def f(a): pass", "def f(a, b): pass", "breaking"),
    ("x.py", "def f(a): pass", "def f(a, b=1): pass", "compatible"),
    ("x.py", "def f(a): pass", "def f(b=1, a=2): pass", "breaking"),
    ("x.py", "def f(a): pass", "def f(a, *, b=1): pass", "compatible"),
    ("x.py", "def f(a): pass", "def f(a, *, b): pass", "breaking"),
    ("x.py", "def f(a): pass", "def f(a, *args, **kw): pass", "compatible"),
    ("x.py", "def f(a, *, b=1): pass", "def f(a): pass", "breaking"),
    ("x.py", "def f(a=1): pass", "def f(a): pass", "breaking"),
    ("x.py", "def f(a=1): pass", "def f(a=2): pass", "compatible"),
    ("x.py", "def f(a, b): pass", "def f(b, a): pass", "breaking"),
    ("x.py", "def f(a, b): pass", "def f(a, *, b): pass", "breaking"),
    ("x.py", "def f(a, /): return a", "def f(b, /): return b", "compatible"),
    ("x.py", "def f(a): return a", "def f(b): return b", "breaking"),
    ("x.go", "func F(a int) int { return a }", "func F(b int) int { return b }", "compatible"),
    ("x.py", "def f(a: int): pass", "def f(a: str): pass", "compatible"),
    ("x.go", "func F(a int) {}", "func F(a string) {}", "breaking"),
    ("x.py", "def f(): pass", "async def f(): pass", "breaking"),
    ("x.py", "class A(B): pass", "class A(C): pass", "breaking"),
    ("x.py", "def f(): pass", "def f(): return 1", "internal"),
    ("x.py", "def f(): pass", "# c\ndef f(): pass", "none"),
    ("x.py", "def f(): pass", "def f( ): pass", "none"),
    ("x.py", "def f(): pass", "", "breaking"),
    ("x.py", "def _f(): pass", "", "internal"),
    ("x.go", "func f() {}", "", "internal"),
    ("x.py", "", "def f(): pass", "compatible"),
    ("x.rs", "pub fn f() {}", "fn f() {}", "breaking"),
    ("x.rs", "fn f() {}", "pub fn f() {}", "compatible"),
    ("X.java", "class A { public int f() {} }", "class A { private int f() {} }", "breaking"),
    ("x.ts", "function f(a: A) {}", "function f(a: A, b?: B) {}", "compatible"),
]


@pytest.mark.parametrize(("path", "before", "after", "grade"), CASES)
def test_an_edit_is_graded_for_its_callers(edit, path: str, before: str, after: str, grade: str) -> None:
    (found,) = edit(path, before + "\n", after + "\n")
    assert found.grade == grade, found.reason
    assert found.reason


def test_a_move_of_what_is_public_breaks_its_callers() -> None:
    from aura.syntax.diff import diff

    source = b"def total(items):\n    return sum(item.price * item.count for item in items if item.paid)\n"
    (found,) = diff({"a.py": source}, {"b.py": source})
    assert (found.changes, found.grade) == (("moved",), "breaking")
