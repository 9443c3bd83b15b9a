"""What the lines tell must be what the parser tells."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.syntax import lines
from aura.syntax.file import File
from aura.syntax.lines import Version, difference_of_lines
from aura.syntax.tokens import Difference, difference

PYTHON = [
    "    x = 1", "    x = 2", "    y = 'a'", "    y = 'b'", "    # one", "    # two", "    z()  # one",
    "    z()", '    """Doc."""', '    """', "    Words of", "    it's", "    if x:", "        y()",
    "    s = '''", "    '''", "    return x", "", "    z()  # noqa", "    # noqa: E501", "    'words'",
    "    f(", "        'k': 1,", "        'l',", "    )",
]  # fmt: skip
BRACES = [
    "  x = 1;", "  x = 2;", '  y = "a";', '  y = "b";', "  // one", "  // two", "  z(); // one", "  z();",
    "  /* one */", "  /*", "  * it's", "  */", "  if (x) {", "  }", '  s = "// no";', "  f(", "  );", "",
  "  z(); // NOLINT", "  // nolint", "  // eslint-disable",
]  # fmt: skip
HEADS = {
    "x.py": ["def f(a):", "def f(b):", "def g(a):", "# why\ndef f(a):", "@c\ndef f(a):", "async def f(a):"],
    "x.js": ["function f(a) {", "function f(b) {", "// why\nfunction f(a) {", "async function g(a) {"],
    "x.go": ["func f(a int) {", "func f(b int) {", "// why\nfunc f(a int) {", "func f(a int) int {"],
    "x.rs": ["fn f(a: u8) {", "fn f(b: u8) {", "// why\nfn f(a: u8) {", "pub fn g(a: u8) {"],
    "x.c": ["int f(int a) {", "int f(int b) {", "// why\nint f(int a) {", "static int f(int a) {"],
}


def versions(path: str) -> st.SearchStrategy[tuple[str, str]]:
    """Two versions of a function: lines of which some were replaced, taken out or put in."""
    known = PYTHON if path == "x.py" else BRACES
    lines = st.lists(st.sampled_from(known), min_size=1, max_size=8)
    end = "\n    pass\n" if path == "x.py" else "\n}\n"

    def texts(
        head: str, old: str, common: list[str], one: list[str], two: list[str], at: int
    ) -> tuple[str, str]:
        sides = ([*common[:at], *part, *common[at:]] for part in (one, two))
        return tuple(f"{h}\n" + "\n".join(side) + end for h, side in zip((old, head), sides, strict=True))

    heads = st.sampled_from(HEADS[path])
    few = st.lists(st.sampled_from(known), max_size=2)
    return st.builds(texts, heads, heads, lines, few, few, st.integers(0, 8))


def told(path: str, old: str, new: str) -> tuple[Difference | None, Difference] | None:
    """What the lines tell of the first entity and what the parser does; None for invalid code."""
    files = [File.read(path, text.encode()) for text in (old, new)]
    if any(file.table.degraded or len(file.table.entities) != 1 for file in files):
        return None
    language = files[0].language
    assert language is not None
    found = [Version(file.table.entities[0], file.own_text(0)) for file in files]
    return difference_of_lines(*found, language), difference(files[0].slice(0), files[1].slice(0), language)


def test_what_calls_another_is_changed_when_it_takes_the_name_of_that() -> None:
    found = told("x.rs", "pub fn g(a: u8) {\n  f(\n  );\n}\n", "fn f(a: u8) {\n  // one\n  f(\n  );\n}\n")
    assert found is not None
    assert found[1].body
    assert found[0] in (None, found[1])


@pytest.mark.parametrize("path", HEADS)
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_lines_tell_what_the_parser_tells_or_nothing(path: str, data: st.DataObject) -> None:
    old, new = data.draw(versions(path))
    found = told(path, old, new)
    if found is not None and found[0] is not None:
        assert found[0] == found[1]


CERTAIN = [
    ("x.py", "def f():\n    a()\n    b()\n", "def f():\n    a()\n    c()\n", "body"),
    ("x.py", "def f():\n    a()\n    # b\n", "def f():\n    a()\n    # c\n", "doc"),
    ("x.py", 'def f():\n    """A.\n\n    B.\n    """\n', 'def f():\n    """A.\n\n    C.\n    """\n', "doc"),
    ("x.py", "def f(a):\n    b()\n", "def f(c):\n    b()\n", "signature"),
    ("x.py", "def f():\n    a()\n", "def f():\n    a()  # noqa\n", "body"),
    ("x.py", "def f():\n    a()\n", 'def f():\n    """A."""\n    a()\n', "doc"),
    ("x.py", "def f():\n    a(\n        'b',\n    )\n", "def f():\n    a(\n        'c',\n    )\n", "body"),
    ("x.rs", "fn f<'a>() {\n    b();\n}\n", "fn f<'a>() {\n    c();\n}\n", "body"),
    ("x.js", "const a = require('b')\n", "const a = require('c')\n", "body"),
    ("X.java", "/**\n * A.\n */\nclass X {\n}\n", "/**\n * B.\n */\nclass X {\n}\n", "doc"),
    ("x.rs", 'fn f() {\n    a(r#"b"c"#);\n}\n', 'fn f() {\n    a(r#"b"d"#);\n}\n', "body"),
    ("x.rb", "def f(a)\n  b 'c'\nend\n", "def f(a)\n  b 'd'\nend\n", "body"),
]


@pytest.mark.parametrize(("path", "old", "new", "what"), CERTAIN)
def test_lines_suffice_for_plain_changes(path: str, old: str, new: str, what: str) -> None:
    found = told(path, old, new)
    assert found is not None
    assert found[0] == Difference(what == "doc", what == "signature", what == "body") == found[1]


DOUBTED = [
    (
        "x.py",
        "def f():\n    if a:\n        b()\n        c()\n",
        "def f():\n    if a:\n        b()\n    c()\n",
    ),
    ("x.py", "def f():\n    a(b, c)\n", "def f():\n    a(\n        b, c\n    )\n"),
    ("x.py", "def f():\n    a = 'b'\n", 'def f():\n    a = "b"\n'),
    ("x.rb", "def f\n  a <<~B\n    # c\n  B\nend\n", "def f\n  a <<~B\n    # d\n  B\nend\n"),
]


@pytest.mark.parametrize(("path", "old", "new"), DOUBTED)
def test_what_may_be_layout_is_left_to_the_parser(path: str, old: str, new: str) -> None:
    found = told(path, old, new)
    assert found is not None
    assert found[0] is None


def test_a_docstring_that_comes_with_another_name_is_no_change_of_the_body() -> None:
    found = told("x.py", "def f():\n    a()\n", 'def g():\n    """A."""\n    a()\n')
    assert found is not None
    assert found[1] == Difference(doc=True, signature=False, body=False)


def test_a_line_that_came_and_another_that_went_do_not_shift_those_between() -> None:
    old = "@c\ndef f(a):\n    x = 1\n    x = 1\n    pass\n"
    new = "def f(a):\n    x = 1\n    x = 1\n    # one\n    pass\n"
    found = told("x.py", old, new)
    assert found is not None
    assert found[0] == found[1] == Difference(doc=True, signature=True, body=False)


def test_a_comment_that_both_have_is_of_no_signature() -> None:
    old, new = "def f(a):\n    # one\n    # one\n    pass\n", "def f(a):\n    x = 1\n    # one\n    pass\n"
    found = told("x.py", old, new)
    assert found is not None
    assert found[1] == Difference(doc=True, signature=False, body=True)


@given(
    st.lists(st.sampled_from([b"a", b"b1", b"\n", b" ", b"'", b'\\"', b"r'", b"+"]), max_size=12), st.data()
)
def test_a_first_line_that_differs_speaks_for_the_whole(pieces: list[bytes], data: st.DataObject) -> None:
    other = data.draw(st.permutations(pieces)) if data.draw(st.booleans()) else [*pieces, b"\n", b"a"]
    one, two = b"".join(pieces), b"".join(other)
    assert lines._have_same_words(one, two) == (lines._words(one) == lines._words(two))
