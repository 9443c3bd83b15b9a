"""What a change set carries along, and the shapes that bind a version to its re-formatted self."""

import pytest

from aura.syntax.diff import diff_files
from aura.syntax.file import File
from aura.syntax.shapes import shape, with_shapes
from aura.syntax.types import Changes

METHOD = "    def pay(self, order):\n        total = order.sum()\n        return total * self.rate\n"


def changes(before: dict[str, str], after: dict[str, str]) -> Changes:
    left, right = ({p: File.read(p, s.encode()) for p, s in side.items()} for side in (before, after))
    return diff_files(left, right)


def carried(before: dict[str, str], after: dict[str, str]) -> list[tuple[str, str]]:
    found = changes(before, after).carried
    return [(f"{c.old.path}:{c.old.qualified_name}", f"{c.new.path}:{c.new.qualified_name}") for c in found]


def test_members_go_along_with_their_renamed_class() -> None:
    before = {"a.py": "class Till:\n    rate = 1\n\n" + METHOD}
    after = {"a.py": "class Desk:\n    rate = 1\n\n" + METHOD}
    assert ("a.py:Till.pay", "a.py:Desk.pay") in carried(before, after)


def test_members_go_along_to_another_file() -> None:
    text = "class Till:\n    rate = 1\n\n" + METHOD
    assert ("a.py:Till.pay", "b/a.py:Till.pay") in carried({"a.py": text}, {"b/a.py": text})


def test_an_overload_gets_another_number_when_one_before_it_comes() -> None:
    first, second = "int f(int a) {\n  return a + 1;\n}\n", "int f(char *b) {\n  return b[0];\n}\n"
    (found,) = changes({"a.cpp": second}, {"a.cpp": first + second}).carried
    assert (found.old.ordinal, found.new.ordinal) == (0, 1)


def test_what_has_an_edit_or_stays_as_it_is_is_not_carried() -> None:
    before = {"a.py": "def f():\n    return 1\n\n\ndef g():\n    return 2\n"}
    assert carried(before, {"a.py": before["a.py"].replace("return 1", "return 3")}) == []


def shape_of(text: str) -> str:
    file = File.read("a.py", text.encode())
    (index,) = (i for i, e in enumerate(file.table.entities) if e.kind == "function")
    return shape(file, index)


@pytest.mark.parametrize(
    "other",
    [
        "def f(a, b):\n    return g(a, b, 'x')\n",
        'def f(\n    a,\n    b,\n):\n    return g(\n        a, b, "x"\n    )\n',
        'def renamed(a, b):\n    return g(a, b, "x")\n',
    ],
)
def test_lay_out_and_the_own_name_leave_the_shape(other: str) -> None:
    assert shape_of('def f(a, b):\n    return g(a, b, "x")\n') == shape_of(other)


@pytest.mark.parametrize(
    "other", ['def f(a, b):\n    return g(b, a, "x")\n', 'def f(a, c):\n    return g(a, b, "x")\n']
)
def test_other_code_has_another_shape(other: str) -> None:
    assert shape_of('def f(a, b):\n    return g(a, b, "x")\n') != shape_of(other)


def test_each_new_side_gets_its_shape() -> None:
    before, after = {"a.py": "def f():\n    return 1\n"}, {"a.py": "def f():\n    return 2\n"}
    olds, news = ({p: File.read(p, s.encode()) for p, s in side.items()} for side in (before, after))
    (edit,) = with_shapes(changes(before, after).edits, olds, news)
    assert edit.new is not None
    assert edit.new.shape == shape_of(after["a.py"])
