"""Globs over paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.record.globs import literal, matches

PATHS = st.lists(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1), min_size=1
).map("/".join)


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("src/retry/**", ["src/retry/a.py", "src/retry/b/c.py"], ["src/retry.py", "x/src/retry/a.py"]),
        ("src/retry", ["src/retry/a.py", "src/retry"], ["src/retry_more.py"]),
        ("src/", ["src/a.py", "lib/src/a.py"], ["srcs/a.py"]),
        ("/src", ["src/a.py"], ["lib/src/a.py"]),
        ("*.py", ["a.py", "src/a.py"], ["a.pyc"]),
        ("src/*.py", ["src/a.py"], ["src/b/a.py"]),
        ("**/test_*.py", ["test_a.py", "x/y/test_b.py"], ["x/a_test.py"]),
        ("src/**/models.py", ["src/models.py", "src/a/b/models.py"], ["models.py"]),
        ("a?.py", ["ab.py"], ["a.py", "abc.py"]),
        ("[ab].py", ["a.py"], ["c.py"]),
        ("[!ab].py", ["c.py"], ["a.py"]),
        ("app/[[]id].tsx", ["app/[id].tsx"], ["app/i.tsx"]),
        ("**", ["a", "a/b"], []),
    ],
)
def test_a_glob_means_what_it_means_to_git(glob: str, inside: list[str], outside: list[str]) -> None:
    assert [path for path in inside if not matches(path, glob)] == []
    assert [path for path in outside if matches(path, glob)] == []


@given(PATHS, PATHS)
def test_a_path_taken_literally_matches_itself_and_what_lies_below(path: str, other: str) -> None:
    assert matches(path, literal(path))
    assert matches(f"{path}/{other}", literal(path))
    assert matches(other, literal(path)) == (other == path or other.startswith(f"{path}/"))
