"""What calls give, read from the source at their lines."""

import pytest
from msgspec.structs import replace

from aura.syntax.calling import Calling, Given
from aura.syntax.file import File

AWAITED = Given("charge", "b", positional=1, awaited=True, used=False)
CASES = [
    ("a.py", "charge(1, a, k=2)", Given("charge", positional=2, keywords=("k",), used=False)),
    ("a.py", "x = m.charge(*a, **k)", Given("charge", "m", spread=True, keyword_spread=True)),
    ("a.py", "x = charge(i for i in y)", Given("charge", positional=1)),
    ("a.py", "x = (shop\n    .charge(3))", Given("charge", "shop", positional=1)),
    ("a.py", "x = charge(1, 2) + charge(1)", Given("charge", positional=1)),
    ("a.py", "x = alias(1)", Given("alias", positional=1)),
    ("a.py", "x = other", None),
    ("a.py", "x = (", None),
    ("a.ts", "const x = new charge<T>(1, ...y);", Given("charge", positional=1, spread=True)),
    (
        "a.ts",
        "const f = async () => { await b?.charge(1); };",
        AWAITED,
    ),
    ("a.js", "const x = charge`a`;", Given("charge", positional=1, spread=True)),
    ("a.go", "var x = shop.charge(f())", Given("charge", "shop", positional=1, spread=True)),
    ("a.go", "var x = charge(1, y...)", Given("charge", positional=1, spread=True)),
    ("A.java", "class A { int x = b.charge(1, 2); }", Given("charge", "b", positional=2)),
    ("A.java", "class A { A() { super(1); } }", Given("super", positional=1, used=True)),
    ("a.rs", "const X: u8 = Shop::charge(&y, 1);", Given("charge", "Shop", path=True, positional=2)),
]


@pytest.mark.parametrize(("path", "text", "given"), CASES)
def test_a_call_is_read_as_it_is_written(path: str, text: str, given: Given | None) -> None:
    calling = Calling(File.read(path, f"{text}\n".encode()))
    found = calling.at(1, frozenset({"charge"}))
    assert (replace(found, lines=()) if found is not None else None) == given


def test_a_call_says_where_it_and_its_arguments_begin() -> None:
    calling = Calling(File.read("a.py", b"x = charge(\n    1,\n    more(\n        2\n    ), k=3)\n"))
    found = calling.at(1, frozenset({"charge"}))
    assert found is not None
    assert found.lines == (1, 2, 3, 5)


def test_a_call_says_a_name_wherever_in_it_that_is() -> None:
    calling = Calling(File.read("a.py", b"x = (shop\n    .charge(3))\ny = charged\n"))
    assert calling.names(1, frozenset({"charge"}))
    assert not calling.names(3, frozenset({"charge"}))
    assert not calling.names(9, frozenset({"charge"}))
