"""Marks tell whether a later change stands on an earlier one, without either text."""

import pytest

from aura.syntax.marks import LONGEST, marks, stands

OLD = b"def f(x):\n    y = x + 1\n    z = y * 3\n    return z\n"
SAID = OLD.replace(b"x + 1", b"x + 2")


@pytest.mark.parametrize(
    ("held", "is_there"),
    [
        (SAID, True),
        (SAID.replace(b"* 3", b"* 5"), True),
        (OLD.replace(b"x + 1", b"x + 22"), True),
        (OLD.replace(b"x + 1", b"(\n        x\n        + 2\n    )"), True),
        (OLD.replace(b"y * 3", b"y * 5"), False),
        (OLD + b"    # nothing else\n", False),
    ],
)
def test_a_change_stands_where_what_it_touched_was_touched(held: bytes, is_there: bool) -> None:
    assert stands(marks(OLD, SAID), marks(OLD, held), alike=True) == is_there


def test_from_another_beginning_only_what_was_written_counts() -> None:
    elsewhere = marks(OLD, OLD.replace(b"x + 1", b"x + 9"))
    assert stands(marks(OLD, SAID), elsewhere, alike=True)
    assert not stands(marks(OLD, SAID), elsewhere, alike=False)
    assert stands(marks(OLD, SAID), marks(OLD + b"#", SAID + b"#"), alike=False)


def test_a_part_of_a_long_change_is_found_in_it() -> None:
    lines = [b"    call_%d(value_%d)\n" % (n, n * n) for n in range(2_000)]
    whole, most = b"".join(lines), b"".join(lines[:1_500])
    assert stands(marks(b"", whole), marks(b"", most), alike=False)
    assert not stands(marks(b"", whole), marks(b"", whole.replace(b"_", b"X")), alike=False)
    assert len(marks(b"", whole)) < 1_100


def test_of_what_has_no_marks_nothing_is_known() -> None:
    assert marks(b"", b"x" * (LONGEST + 1)) == ""
    assert stands("", marks(OLD, SAID), alike=True)
    assert stands(marks(OLD, OLD), marks(OLD, SAID), alike=False)
