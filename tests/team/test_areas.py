import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.team.areas import Area, holds, is_glob, meet


def area(text: str) -> Area:
    """Read `glob`, `path`, `folder/` or `path:Entity`."""
    if is_glob(text):
        return Area("glob", text)
    path, _, name = text.partition(":")
    return Area("entity", name, path) if name else Area("path", path, path)


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("src/a.py", "src/a.py", True),
        ("src/a.py", "src/b.py", False),
        ("src/", "src/a.py", True),
        ("src/", "srcs/a.py", False),
        ("src/", "src/deep/", True),
        ("src/a.py", "src/a.py:pay", True),
        ("src/", "src/a.py:pay", True),
        ("lib/", "src/a.py:pay", False),
        ("src/a.py:pay", "src/a.py:pay", True),
        ("src/a.py:pay", "src/a.py:payed", False),
        ("src/a.py:Till", "src/a.py:Till.pay", True),
        ("src/a.py:Till", "src/b.py:Till.pay", False),
        ("*.py", "src/a.py", True),
        ("*.py", "src/a.go", False),
        ("*.py", "src/", True),
        ("src/**", "src/a.py:pay", True),
        ("src/**/*.py", "docs/", False),
        ("src/**/*.py", "src/deep/", True),
        ("src/**/*.py", "src/**/*.go", False),
        ("src/**/*.py", "src/*.py", True),
        ("src/**", "docs/**", False),
        ("*.py", "*.py", True),
    ],
)
def test_areas_meet_where_one_change_could_touch_both(one: str, other: str, common: bool) -> None:
    assert meet(area(one), area(other)) is common
    assert meet(area(other), area(one)) is common


def test_an_entity_is_the_same_under_another_name_and_path() -> None:
    before, after = Area("entity", "pay", "a.py", "ent_1"), Area("entity", "charge", "b.py", "ent_1")
    assert meet(before, after)
    assert holds(before, "b.py", "charge", "ent_1")
    assert not holds(before, "b.py", "charge", None)
    assert not meet(before, Area("entity", "pay", "a.py", "ent_2"))


PATHS = st.lists(st.sampled_from(["src", "lib", "a.py", "b.py", "c.go"]), min_size=1, max_size=3).map(
    "/".join
)
AREAS = st.one_of(
    PATHS.map(lambda path: Area("path", path, path)),
    PATHS.map(lambda path: Area("path", f"{path}/", f"{path}/")),
    st.sampled_from(["*.py", "src/**", "src/*.py", "**/a.py", "lib/[ab].py", "src/?.py"]).map(area),
    PATHS.map(lambda path: Area("entity", "pay", path)),
)


@given(AREAS, AREAS, PATHS)
def test_areas_that_hold_one_entity_meet(one: Area, other: Area, path: str) -> None:
    if holds(one, path, "pay", None) and holds(other, path, "pay", None):
        assert meet(one, other)
        assert meet(other, one)
