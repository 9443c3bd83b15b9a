import os
import random
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.syntax.extract import extract, extract_versions
from aura.syntax.types import Table

PATHS = ["x.py", "x.js", "x.ts", "x.tsx", "x.go", "x.rs", "x.java"]
PIECES = [
    *(b"def f(a, *b):\n", b"class A:\n", b"    ", b"@x\n", b"return 1\n", b"x = 1\n", b"# c\n", b'"""', b"'"),
    *(b"\r\n", b"function f(a) {", b"}", b"const a = () => ", b"class A extends B {", b"m() {}", b"({a: 1})"),
    *(
        b"export default ",
        b"func (s *S) F() {",
        b"type A struct {",
        b"\xff\xfe",
        b"impl A for B {",
        b"#[a]\n",
    ),
    *(
        b"fn m(&self) {",
        b"enum E { A, B }",
        b"/** d */",
        b"interface I {",
        b"int a, b;",
        b"(",
        b"<a>",
        b"`${",
    ),
    *(b";", b",", b"\t", b"\\\n"),
]


def check(table: Table, size: int) -> None:
    seen = set()
    for index, entity in enumerate(table.entities):
        key = (entity.kind, entity.qualified_name, entity.ordinal)
        assert key not in seen
        seen.add(key)
        assert 0 <= entity.start <= entity.end <= size
        assert 1 <= entity.line <= entity.end_line
        assert -1 <= entity.container < index or entity.container == -1
        if entity.container >= 0:
            outer = table.entities[entity.container]
            assert outer.start <= entity.start
            assert entity.end <= outer.end
    for container in range(-1, len(table.entities)):
        siblings = [e for e in table.entities if e.container == container and e.kind != "statements"]
        assert all(a.end <= b.start for a, b in pairwise(siblings))


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(PATHS))
@settings(max_examples=300, deadline=None)
def test_any_text_yields_unique_keys_and_nested_ranges(pieces: list[bytes], path: str) -> None:
    source = b"".join(pieces)
    check(extract(source, path), len(source))


@given(st.binary(max_size=400), st.sampled_from([*PATHS, "x", "x.bin"]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_yield_a_table(source: bytes, path: str) -> None:
    check(extract(source, path), len(source))


def test_a_truncated_file_yields_what_can_be_had() -> None:
    with open(__file__, "rb") as file:
        source = file.read()
    for end in range(0, len(source), 97):
        check(extract(source[:end], "x.py"), end)


@pytest.mark.parametrize(
    "source",
    [
        b"(" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"{" * 100_000,
        b"function f() {" * 30_000,
        b"".join(b" " * i + b"def f():\n" for i in range(1400)),
        b"x = " + b"a" * 10_000_000,
        b'"' * 100_000,
    ],
    ids=["parens", "lists", "braces", "functions", "indents", "line", "quotes"],
)
@pytest.mark.parametrize("path", ["x.py", "x.js", "x.go"])
def test_a_pathological_file_is_bounded_and_degraded(source: bytes, path: str) -> None:
    start = time.process_time()
    table = extract(source, path)
    assert time.process_time() - start < 4
    check(table, len(source))


def test_a_file_over_the_budget_is_one_degraded_file_entity() -> None:
    table = extract(b"x = 1\n" * 500_000, "big/x.py")
    assert table.degraded
    assert [(e.kind, e.name) for e in table.entities] == [("file", "x.py")]


@pytest.mark.parametrize(
    ("path", "source"), [("a/b.txt", b"hello\n"), ("x.py", b"\0\1\2"), ("Makefile", b"")]
)
def test_an_unknown_or_binary_file_is_one_file_entity(path: str, source: bytes) -> None:
    table = extract(source, path)
    assert [(e.kind, e.name) for e in table.entities] == [("file", path.rsplit("/", 1)[-1])]
    assert not table.degraded


def test_an_empty_file_holds_nothing() -> None:
    assert extract(b"", "x.py").entities == ()


def test_a_syntax_error_degrades_but_keeps_the_rest() -> None:
    table = extract(b"def a(): pass\nx = = 3\ndef b(): pass\n", "x.py")
    assert table.degraded
    assert {"a", "b"} <= {e.name for e in table.entities}


def test_line_ends_do_not_change_hashes() -> None:
    source = b"import os\n\n\n# c\ndef f(a):\n    return a\n\n\nclass A:\n    x = 1\n"
    unix, dos = (extract(s, "x.py").entities for s in (source, source.replace(b"\n", b"\r\n")))
    assert [(e.name, e.line, e.end_line, e.raw) for e in unix] == [
        (e.name, e.line, e.end_line, e.raw) for e in dos
    ]


def test_a_container_keeps_its_hash_when_a_member_changes() -> None:
    one = extract(b"class A:\n    x = 1\n\n    def f(self):\n        return 1\n", "x.py").entities
    two = extract(b"class A:\n    x = 1\n\n\n    def f(self):\n        return 2\n", "x.py").entities
    assert one[0].raw == two[0].raw
    assert one[-1].raw != two[-1].raw


def test_a_shebang_tells_the_language() -> None:
    assert extract(b"#!/usr/bin/env python3.12\ndef f(): pass\n", "bin/tool").language == "python"
    assert extract(b"#!/usr/bin/node\nfunction f() {}\n", "bin/tool").language == "javascript"


def test_random_bytes_between_definitions_do_no_harm() -> None:
    source = b"".join(b"def f%d(): pass\n" % i + os.urandom(random.randrange(9)) for i in range(200))
    check(extract(source.replace(b"\0", b""), "x.py"), len(source))


EDITS = [
    ("x.py", "def f(a):\n    return a\n\n\nclass A:\n    x = 1\n", "def g():\n    pass\n\n\n"),
    ("x.js", "const a = 1;\nfunction f(a) { return a }\n", "class A { m() {} }\n"),
    ("x.go", "package a\n\nfunc f() {}\n", "\ntype T struct{ a int }\n"),
    ("X.java", "class A { int a; void f() {} }\n", "class B { B() {} }\n"),
]


@pytest.mark.parametrize(("path", "base", "more"), EDITS)
def test_a_version_read_from_another_has_the_table_it_has_alone(path: str, base: str, more: str) -> None:
    versions = [base, base + more, more + base, base.replace("a", "bcd"), more, base.replace("f", "("), base]
    sources = [version.encode() for version in versions]
    assert extract_versions(sources, path) == [extract(source, path) for source in sources]


_UNITS = {
    "X.java": (
        "class A {\nint a, b;\n/** x */\nvoid f() {}\n}|@X|/** d */|// c|enum E { P, Q }|;|import a.b"
        ";||/*|*/|interface I {\nint g();\n}|class B { B() {} } // t"
    ),
    "x.cpp": (
        "namespace a {\n// x\nint z;\n}|class A {\nprivate:\nint x, y;\nvoid f() {}\n};|// c||#define "
        "X 1|/*|*/|#ifdef A\nint v;\n#endif|int A::f() { return 1; } // t|template <class T>|int u,"
        ' *w;|extern "C" {|}'
    ),
    "x.go": (
        "package a|func f(a, b int) {}|// c||type T struct {\n// x\na, b int\n}|const x = 1 // t|con"
        "st (\np = iota\n// y\nq\n)|/*|*/|func (t *T) M() {}|var v, w = 1, 2|type I interface {\nN()\n}"
        '|import "a"'
    ),
    "x.js": (
        "const a = 1, b = 2;|// c|/* d */ function f(a) { return a }||class A {\n// e\nm() {}\n}|exp"
        "ort default|a.b = () => 1; /* t */|(function () {\nlet x = 1\n})()|[1]|/* u */|`|f(functio"
        "n () {\n// v\n})"
    ),
    "x.kt": (
        "class A(val a: Int) {\n// x\nfun m() = 1\ncompanion object {\nval z = 1\n}\n}|fun f(a: Int = 1"
        ") {\n}|@D|val x = 1; val y = 2 // t|// c||/*|*/|fun String.g() = this|object O|enum class"
        " E { P, Q }|import a.b|/** d */"
    ),
    "x.py": (
        "import os|x = 1; y = 2|# c||@d\ndef f(a):\n    return a  # t|if a:\n    y = 2\n    def g(): "
        "pass|class A:\n    x = 1  # t\n\n    # d\n    def m(self):\n        pass\n    # e|type T = int"
        "|f(1)|'''|\"\"\""
    ),
    "x.rb": (
        "class A\nprivate\n# x\ndef m; end\nend|module M\nend|private|def f(a)\nend # t|# c||X = 1; Y ="
        " 2|class << self\ndef g; end\nend|S = Struct.new(:a)|=begin|=end|alias a b|f do\nend|attr_r"
        "eader :a, :b"
    ),
    "x.rs": (
        "fn f(a: u8) {}|#[a]|/// d|impl A {\n// x\nfn m(&self) {}\n}|mod m {\n#[b]\nfn g() {}\n}||// c|"
        "/*|*/|struct A { x: u8, }|const X: u8 = 1; // t|use a::b;|impl B for A {}"
    ),
    "x.scala": (
        "class A(a: Int) {\n// x\ndef m = 1\n}|object O:\n  val z = 1\n  // y\n  def n = 2\n|def f(a: "
        "Int) = a|val x = 1 // t|@d|// c||/*|*/|trait T|import a.b|given I = 1|/** d */|enum E:\n "
        " case P, Q"
    ),
    "x.swift": (
        "class A {\n// x\nvar a = 1\nfunc m() {}\n}|func f(a: Int) -> Int { a }|let x = 1 // t|@d|// "
        "c||/*|*/|extension A {\nfunc g() {}\n}|enum E { case p, q }|f(1)|struct S: P {}|/// d"
    ),
    "x.ts": (
        "interface I {\n// x\na: number\nm(): void\n}|type T = {}|namespace N {\nexport const z = 1\n}|"
        "// c||@d|abstract class A {\nprivate a = 1\n/** y */ m(): void {}\n}|let f = (a: number) =>"
        " a|/*|*/|(1)|declare function g(): void|enum E { P, Q }"
    ),
}
UNITS = {path: [unit + "\n" for unit in units.split("|")] for path, units in _UNITS.items()}
Edit = tuple[float, int, list[int]]


@given(
    st.sampled_from(sorted(UNITS)),
    st.lists(st.integers(0, 15), max_size=30),
    st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 4), st.lists(st.integers(0, 15), max_size=4)),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=400, deadline=None)
def test_any_edits_leave_the_table_that_a_version_has_alone(
    path: str, base: list[int], edits: list[Edit]
) -> None:
    units = UNITS[path]
    lines = [units[number % len(units)] for number in base]
    versions = ["".join(lines).encode()]
    for place, gone, come in edits:
        start = int(place * len(lines))
        lines[start : start + gone] = [units[number % len(units)] for number in come]
        versions.append("".join(lines).encode())
    assert extract_versions(versions, path) == [extract(source, path) for source in versions]
