"""What no change is near to is not compared, and its absence changes nothing that is said."""

from hypothesis import example, given
from hypothesis import strategies as st

from aura.syntax.carried import carried
from aura.syntax.edits import edits
from aura.syntax.file import File
from aura.syntax.match import match
from aura.syntax.types import Carried, Edit
from aura.syntax.untouched import LEAST, NEAR, untouched

STATEMENT = "register(a)\n\n\n"
MANY = LEAST + 3 * NEAR


def function(name: str, body: str = "") -> str:
    return f"def {name}(a, b):\n    total = {body or name}_rate(a)\n    return total + b\n\n\n"


def source(*parts: str) -> File:
    return File.read("x.py", "".join(parts).encode())


def names(file: File, indexes: object) -> list[str]:
    assert isinstance(indexes, set)
    return [file.table.entities[index].name for index in sorted(indexes)]


def test_what_is_far_from_the_only_change_is_left_out_on_both_sides() -> None:
    parts = [function(f"f{n}") for n in range(MANY)]
    old = source(*parts)
    new = source(*parts[:20], function("f20", "other"), function("come"), *parts[21:])
    before, after = untouched({"x.py": old}, {"x.py": new})
    far = [f"f{n}" for n in range(MANY) if n < 20 - NEAR or n > 20 + NEAR]
    assert names(old, before["x.py"]) == names(new, after["x.py"]) == far


def test_what_is_inside_goes_with_what_encloses_it_and_types_stay() -> None:
    nested = "def outer():\n    def inner():\n        return 1\n    return inner\n\n\n"
    kept = "class Kept:\n    def method(self):\n        return 1\n\n\n"
    parts = [nested, kept, *(function(f"f{n}") for n in range(MANY))]
    old, new = source(*parts), source(*parts, function("come"))
    before, _ = untouched({"x.py": old}, {"x.py": new})
    assert names(old, before["x.py"])[:3] == ["outer", "inner", "f0"]
    assert "Kept" not in names(old, before["x.py"])
    assert "method" not in names(old, before["x.py"])


def test_what_stands_before_an_addition_at_the_end_is_compared() -> None:
    parts = [function(f"f{n}") for n in range(MANY)]
    old, new = source(*parts), source(*parts, function("come"))
    before, after = untouched({"x.py": old}, {"x.py": new})
    assert names(old, before["x.py"]) == names(new, after["x.py"]) == [f"f{n}" for n in range(MANY - NEAR)]


def test_a_small_file_is_compared_as_it_is() -> None:
    old, new = source(function("a")), source(function("a"), function("b"))
    assert untouched({"x.py": old}, {"x.py": new}) == ({}, {})


def test_a_statement_that_moved_far_from_the_only_change_is_told_of() -> None:
    parts = [function(f"f{n}") for n in range(MANY)]
    old = source(STATEMENT, *parts)
    new = source(*parts[:3], STATEMENT, *parts[3:-1], function("last"))
    found, _ = said(old, new, whole=False)
    assert "statements" in [edit.kind for edit in found]
    assert found == said(old, new, whole=True)[0]


def said(old: File, new: File, *, whole: bool) -> tuple[list[Edit], list[Carried]]:
    matches = match({"x.py": old}, {"x.py": new}, whole=whole)
    found = edits(matches)
    return found, carried(matches, found)


change = st.tuples(
    st.sampled_from(["edit", "rename", "remove", "add", "repeat", "swap", "state", "restate"]),
    st.integers(0, MANY - 2),
)


@given(st.lists(change, max_size=4))
@example([("swap", 11), ("repeat", MANY // 2)])
def test_the_same_is_said_as_of_the_whole_files(changes: list[tuple[str, int]]) -> None:
    parts = [function(f"f{n}") for n in range(MANY)]
    parts[MANY // 2] += STATEMENT
    old = source(*parts)
    for number, (what, place) in enumerate(changes):
        if what == "edit":
            parts[place] = function(f"f{place}", f"changed{number}")
        elif what == "rename":
            parts[place] = function(f"renamed{number}", f"f{place}")
        elif what == "remove":
            parts[place] = ""
        elif what == "add":
            parts[place] += function(f"added{number}")
        elif what == "repeat":
            parts[place] += parts[place]
        elif what == "state":
            parts = [part.replace(STATEMENT, "") for part in parts]
            parts[place] += STATEMENT
        elif what == "restate":
            parts[place] += f"register({number})\n\n\n"
        else:
            parts[place], parts[place + 1] = parts[place + 1], parts[place]
    new = source(*parts)
    assert said(old, new, whole=False) == said(old, new, whole=True)
