import pytest

from aura.syntax.file import File

FORMATTING = [
    ("x.py", "def f(a):\n    return a\n", "def f( a ):\n\n        return a\n"),
    ("x.py", "x = f(1, 2)\n", "x = f(\n    1,\n    2,\n)\n"),
    ("x.py", "x = 'a'\n", 'x = "a"\n'),
    ("x.py", "x = 'it\\'s'\n", 'x = "it\'s"\n'),
    ("x.py", "x = (a + b)\n", "x = a + b\n"),
    ("x.py", "x = a + (b * c)\n", "x = a + b * c\n"),
    ("x.py", "def f():\n    return a, b\n", "def f():\n    return (a, b)\n"),
    ("x.py", "x = a + \\\n    b\n", "x = a + b\n"),
    ("x.py", "def f():\n    a; b\n", "def f():\n    a\n    b\n"),
    ("x.py", "def f():\n    a\n", "def f():\r\n    a\r\n"),
    ("x.js", "function f() { return 'a' }\n", 'function f() {\n  return "a";\n}\n'),
    ("x.js", "const f = (a) => a\n", "const f = a => (a);\n"),
    ("x.js", "const a = [1, 2]\n", "const a = [\n  1,\n  2,\n];\n"),
    ("x.js", "const f = () => <p>a b</p>\n", "const f = () => (\n  <p>\n    a b\n  </p>\n);\n"),
    ("x.ts", "interface I { a: string, b: number }\n", "interface I {\n  a: string;\n  b: number;\n}\n"),
    ("x.go", "func f() { a(1, 2) }\n", "func f() {\n\ta(\n\t\t1,\n\t\t2,\n\t)\n}\n"),
    ("x.rs", "fn f() { a(1, 2); }\n", "fn f() {\n    a(\n        1,\n        2,\n    );\n}\n"),
    ("X.java", "class A { void f() { a((1)); } }\n", "class A {\n  void f() {\n    a(1);\n  }\n}\n"),
]

CHANGES = [
    ("x.py", "def f():\n    if a:\n        b\n        c\n", "def f():\n    if a:\n        b\n    c\n"),
    ("x.py", "x = (a + b) * c\n", "x = a + b * c\n"),
    ("x.py", "x = 'a b'\n", "x = 'a  b'\n"),
    ("x.py", "x = a + b\n", "x = a - b\n"),
    ("x.py", "x = (a,)\n", "x = (a)\n"),
    ("x.py", "x = a[1,]\n", "x = a[1]\n"),
    ("x.py", "x = (a < b) < c\n", "x = a < b < c\n"),
    ("x.py", "x = r'\\n'\n", "x = '\\n'\n"),
    ("x.py", "x = b'a'\n", "x = 'a'\n"),
    ("x.py", "x = 'a' 'b'\n", "x = 'a', 'b'\n"),
    ("x.py", "x = f'{a}'\n", "x = '{a}'\n"),
    ("x.py", "def f():\n    return\n", "def f():\n    pass\n"),
    ("x.js", "function f() { return a }\n", "function f() { return\na }\n"),
    ("x.js", "const f = () => ({})\n", "const f = () => {}\n"),
    ("x.js", "const a = [1,,2]\n", "const a = [1,2]\n"),
    ("x.js", "const a = (b?.c).d\n", "const a = b?.c.d\n"),
    ("x.js", "const f = () => <p>a b</p>\n", "const f = () => <p>ab</p>\n"),
    ("x.js", "function f() { for (;a;) b }\n", "function f() { for (;;a) b }\n"),
    ("x.js", "function f() { if (a) { b } c }\n", "function f() { if (a) { b; c } }\n"),
    ("x.rs", "fn f() -> i32 { x }\n", "fn f() -> i32 { x; }\n"),
    ("x.rs", "fn f() { (a,) }\n", "fn f() { (a) }\n"),
    ("x.go", "func f() { a := `x` }\n", "func f() { a := `x ` }\n"),
    ("X.java", "class A { int f() { return a ? b : c; } }\n", "class A { int f() { return a ? c : b; } }\n"),
]


def streams(path: str, source: str) -> list[object]:
    file = File.read(path, source.encode())
    return [(t.signature, t.body) for t in (file.tokens(i) for i in range(len(file.table.entities)))]


@pytest.mark.parametrize(("path", "one", "two"), FORMATTING)
def test_layout_leaves_no_trace(path: str, one: str, two: str) -> None:
    assert streams(path, one) == streams(path, two)


@pytest.mark.parametrize(("path", "one", "two"), CHANGES)
def test_what_means_something_else_shows(path: str, one: str, two: str) -> None:
    assert streams(path, one) != streams(path, two)


def test_docstrings_and_comments_are_apart_from_code(tokens) -> None:
    bare = tokens("x.py", "def f():\n    return 1\n")
    told = tokens("x.py", "# why\ndef f():\n    '''Doc.'''\n    return 1  # one\n")
    assert (bare.signature, bare.body) == (told.signature, told.body)
    assert told.doc == (b"why", b"Doc.", b"one")


def test_the_own_name_is_masked_everywhere(tokens) -> None:
    one = tokens("x.py", "def f(n):\n    return f(n - 1)\n")
    two = tokens("x.py", "def g(n):\n    return g(n - 1)\n")
    assert one == two


@pytest.mark.parametrize(
    ("path", "outer"),
    [
        ("x.py", "class A:\n    def f(self):\n        return 1\n"),
        ("x.js", "class A { f() { return 1 } }\n"),
        ("x.js", "const a = { f() { return 1 }, g: 1 };\n"),
        ("x.ts", "class A { private f(): number { return 1 } }\n"),
        ("x.rs", "impl A { fn f(&self) -> i32 { 1 } }\n"),
        ("X.java", "class A { int f() { return 1; } }\n"),
    ],
)
def test_a_member_parses_on_its_own(path: str, outer: str) -> None:
    file = File.read(path, outer.encode())
    index = next(i for i, e in enumerate(file.table.entities) if e.name == "f")
    found = file.tokens(index)
    assert b"\x01ERROR" not in found.signature + found.body
    assert found.body
    assert found.signature


def test_an_inner_definition_leaves_no_trace_in_the_outer_one() -> None:
    one = File.read("x.py", b"def f():\n    def g():\n        pass\n    return g\n")
    two = File.read("x.py", b"def f():\n    def g(x):\n        return x\n    return g\n")
    assert one.tokens(0) == two.tokens(0)
    assert one.tokens(1) != two.tokens(1)
