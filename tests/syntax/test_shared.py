from hypothesis import given
from hypothesis import strategies as st

from aura.syntax.shared import equal_runs, shared_runs

TEXTS = st.lists(st.sampled_from([b"a", b"ab", b"b = 1", b"", b"  c"]), max_size=8).map(b"\n".join)


@given(TEXTS, TEXTS)
def test_runs_are_the_same_text_in_both_and_follow_one_another(one: bytes, two: bytes) -> None:
    runs = shared_runs(one, two)
    assert len(runs[0]) == len(runs[1])
    assert [one[start:end] for start, end in runs[0]] == [two[start:end] for start, end in runs[1]]
    for side in runs:
        ends = [place for run in side for place in run]
        assert ends == sorted(ends)


def test_lines_that_are_the_same_between_others_are_shared() -> None:
    one = b"def a():\n    x = f(1)\n    y = 2\n    z = g(3)\n    return z\n"
    two = b"def b():\n    x = ff(1)\n    y = 2\n    z = h(3)\n    return z\n"
    assert [one[start:end] for start, end in shared_runs(one, two)[0]] == [
        b"def", b"    y = 2", b"3)\n    return z\n",
    ]  # fmt: skip


FEW = st.lists(st.sampled_from("aab"), max_size=12)


@given(FEW, FEW)
def test_what_two_sequences_share_is_the_same_in_both_and_in_order(one: list[str], two: list[str]) -> None:
    found = list(equal_runs(one, two))
    assert [one[place] for place, _ in found] == [two[place] for _, place in found]
    for places in zip(*found, strict=True):
        assert list(places) == sorted(set(places))


@given(FEW, FEW, st.sampled_from("ab"))
def test_all_but_what_came_is_shared(before: list[str], behind: list[str], new: str) -> None:
    one, two = before + behind, [*before, new, *behind]
    assert [place for place, _ in equal_runs(one, two)] == list(range(len(one)))


def test_nothing_is_looked_for_where_all_is_alike_too_often() -> None:
    one, two = ["x", *["a"] * 400, "y"], ["y", *["a"] * 400, "x"]
    assert list(equal_runs(one, two)) == []
