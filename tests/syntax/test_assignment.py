import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.syntax import assignment
from aura.syntax.assignment import assign

Rows = list[dict[int, float]]
ROWS = st.lists(st.dictionaries(st.integers(0, 5), st.floats(0.01, 2.0), max_size=6), max_size=6)


def worth(rows: Rows, found: dict[int, int]) -> float:
    return sum(rows[row][column] for row, column in found.items())


def best(rows: Rows, taken: frozenset[int] = frozenset()) -> float:
    """The greatest worth, by trying everything."""
    if not rows:
        return 0.0
    with_first = (v + best(rows[1:], taken | {c}) for c, v in rows[0].items() if c not in taken)
    return max((best(rows[1:], taken), *with_first))


@given(ROWS)
def test_no_assignment_is_worth_more_and_no_column_is_given_twice(rows: Rows) -> None:
    found = assign(rows)
    assert len(set(found.values())) == len(found)
    assert worth(rows, found) == pytest.approx(best(rows))


def test_the_best_pair_gives_way_where_two_others_are_worth_more() -> None:
    assert assign([{0: 1.0, 1: 0.9}, {0: 0.8}]) == {0: 1, 1: 0}


@given(ROWS)
def test_a_component_that_is_too_large_is_assigned_greedily(rows: Rows) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "MOST_STEPS", 0)
        found = assign(rows)
    assert len(set(found.values())) == len(found)
    assert 2 * worth(rows, found) >= best(rows) - 1e-9
