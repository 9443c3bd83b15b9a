import pytest

BODY = """
    total = 0
    for item in items:
        if item.price > limit and item.kind != "gift":
            total += item.price * item.count
    return round(total, 2)
"""

ONE = [
    ("x.py", "def f(): pass\n", "def f(): return 1\n", "body_changed", "f"),
    ("x.py", "def f(): pass\n", "def f(a): pass\n", "signature_changed", "f"),
    ("x.py", "def f(): pass\n", "async def f(): pass\n", "signature_changed", "f"),
    ("x.py", "def f(): pass\n", "@cache\ndef f(): pass\n", "signature_changed", "f"),
    ("x.py", "def f() -> int: pass\n", "def f() -> str: pass\n", "signature_changed", "f"),
    ("x.py", "def f(): pass\n", "# why\ndef f(): pass\n", "doc_changed", "f"),
    ("x.py", "def f(): pass\n", "def f():\n    pass\n", "formatting_only", "f"),
    ("x.py", "def f():\n    'A.'\n", "def f():\n    'B.'\n", "doc_changed", "f"),
    ("x.py", "X = 1\n", "X = 2\n", "body_changed", "X"),
    ("x.py", "class A(B): pass\n", "class A(C): pass\n", "signature_changed", "A"),
    ("x.py", "class A:\n    x = 1\n", "class A:\n    x = 2\n", "body_changed", "A.x"),
    ("x.py", "import a\n", "import b\n", "body_changed", "statements"),
    ("x.py", "if a:\n    b()\n", "if a:\n    c()\n", "body_changed", "statements"),
    ("x.py", "x.y = 1\ndef f(: pass\n", "x.y = 2\ndef f(: pass\n", "body_changed", "statements"),
    ("x.js", "class A { f() {} }\n", "class A { static f() {} }\n", "signature_changed", "A.f"),
    ("x.js", "const o = { a: 1 };\n", "const o = { a: 2 };\n", "body_changed", "o"),
    ("x.js", "const o = { f() {} };\n", "const o = { f() { g() } };\n", "body_changed", "o.f"),
    ("x.ts", "type A = string;\n", "type A = number;\n", "body_changed", "A"),
    ("x.tsx", "const A = () => <p a='1'/>;\n", "const A = () => <p a='2'/>;\n", "body_changed", "A"),
    ("x.go", "package a\nfunc f() {}\n", "package a\nfunc f() int {}\n", "signature_changed", "f"),
    ("x.rs", "fn f() {}\n", "pub fn f() {}\n", "signature_changed", "f"),
    ("x.rs", "#[derive(A)]\nstruct S;\n", "#[derive(B)]\nstruct S;\n", "signature_changed", "S"),
    ("x.rs", "impl A { fn f() {} }\n", "impl B for A { fn f() {} }\n", "body_changed", "statements"),
    ("X.java", "class A { int x = 1; }\n", "class A { long x = 1; }\n", "signature_changed", "A.x"),
    ("X.java", "class A { static { a(); } }\n", "class A { static { b(); } }\n", "body_changed", "A"),
    ("X.java", "enum E { A, B }\n", "enum E { A(1), B }\n", "signature_changed", "E.A"),
    ("x.txt", "a\n", "b\n", "body_changed", "x.txt"),
]


@pytest.mark.parametrize(("path", "before", "after", "what", "name"), ONE)
def test_one_change_is_one_edit(changes, path: str, before: str, after: str, what: str, name: str) -> None:
    assert changes(path, before, after) == [(what, name, name)]


NONE = [
    ("x.py", "import a\nimport b\n", "import a\n\n\nimport b\n\n"),
    ("x.txt", "a\nb\n", "a\r\nb\r\n"),
]


@pytest.mark.parametrize(("path", "before", "after"), NONE)
def test_blank_lines_between_entities_are_no_edit(changes, path: str, before: str, after: str) -> None:
    assert changes(path, before, after) == []


MEMBERS = [
    ("x.py", "class A:\n    x = 1\n    y = 2\n", "    def f(self): pass\n", "A.f"),
    ("x.js", "class A {\n  x = 1;\n}\n", "  f() {}\n", "A.f"),
    ("x.js", "const o = {\n  x() {},\n}\n", "  f() {},\n", "o.f"),
    ("x.ts", "interface I {\n  x: string;\n}\n", "  f(): void;\n", "I.f"),
    ("x.go", "type A struct {\n\tx int\n}\n", "\tf int\n", "A.f"),
    ("x.rs", "enum A {\n    X,\n}\n", "    f,\n", "A.f"),
    ("x.rs", "impl A {\n    fn x() {}\n}\n", "    fn f() {}\n", "A.f"),
    ("X.java", "class A {\n  int x;\n}\n", "  void f() {}\n", "A.f"),
    ("X.java", "enum A {\n  X,\n  Y\n}\n", "  f,\n", "A.f"),
]


@pytest.mark.parametrize(("path", "source", "member", "name"), MEMBERS)
def test_a_new_member_is_no_change_of_its_container(changes, path, source, member, name) -> None:
    lines = source.splitlines(keepends=True)
    after = "".join((*lines[:1], member, *lines[1:]))
    assert changes(path, source, after) == [("added", None, name)]
    assert changes(path, after, source) == [("deleted", name, None)]


def test_a_new_function_between_imports_changes_nothing_else(changes) -> None:
    before = "import a\nimport b\n"
    assert changes("x.py", before, "import a\ndef f(): pass\nimport b\n") == [("added", None, "f")]


def test_a_rename_with_an_edit_is_one_edit(changes) -> None:
    before, after = f"def total(items, limit):{BODY}", f"def gross(items, limit):{BODY.replace('2', '3')}"
    assert changes("x.py", before, after) == [("renamed body_changed", "total", "gross")]


def test_members_of_a_renamed_class_have_no_edit(changes) -> None:
    before = (
        "class Cart:\n    def total(self): return self.price * self.count\n    def size(self): return 1\n"
    )
    assert changes("x.py", before, before.replace("Cart", "Basket")) == [("renamed", "Cart", "Basket")]


def test_a_renamed_java_class_takes_its_constructor_along(changes) -> None:
    before = "class Cart { int a; Cart(int a) { this.a = a; } int size() { return a; } }\n"
    assert changes("X.java", before, before.replace("Cart", "Bag")) == [("renamed", "Cart", "Bag")]


def test_a_nested_function_is_changed_alone(changes) -> None:
    before = "def f():\n    def g():\n        return 1\n    return g\n"
    assert changes("x.py", before, before.replace("return 1", "return 2")) == [("body_changed", "f.g", "f.g")]


def test_a_dedent_is_a_change_of_the_body(changes) -> None:
    before = "def f():\n    if a:\n        b()\n        c()\n"
    assert changes("x.py", before, before.replace("        c()", "    c()")) == [("body_changed", "f", "f")]


WHOLE = f"def report(items, limit):\n    log(1)\n{BODY.replace('return', 'total =')}    print(total)\n"
PARTS = f"""\
def gross(items, limit):{BODY}

def report(items, limit):
    log(1)
    total = gross(items, limit)
    print(total)
"""


def test_an_extracted_function_names_its_source(edit) -> None:
    found = {e.new.name: e for e in edit("x.py", WHOLE, PARTS)}
    assert found["gross"].changes == ("extracted",)
    assert [r.name for r in found["gross"].related] == ["report"]
    assert found["report"].changes == ("body_changed",)


def test_an_inlined_function_names_its_target(edit) -> None:
    found = {e.old.name: e for e in edit("x.py", PARTS, WHOLE)}
    assert found["gross"].changes == ("inlined",)
    assert [r.name for r in found["gross"].related] == ["report"]


def test_edits_come_in_the_order_of_path_and_line(edit) -> None:
    before = "def a(): pass\ndef b(): pass\ndef c(): pass\n"
    lines = [e.new.line for e in edit("x.py", before, before.replace("pass", "return 1"))]
    assert lines == [1, 2, 3]
