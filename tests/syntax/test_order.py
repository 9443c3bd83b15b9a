"""What stands elsewhere is never invisible, and no more is said of it than that."""

from collections.abc import Callable

import pytest

Changes = Callable[[str, str, str], list[tuple[str, str | None, str | None]]]

TWICE = "def f():\n    return 1\n\n\ndef f():\n    return 2\n"


def test_of_two_namesakes_the_last_counts_so_their_order_is_a_change(changes: Changes) -> None:
    swapped = "def f():\n    return 2\n\n\ndef f():\n    return 1\n"
    assert changes("x.py", TWICE, swapped) == [("body_changed", "f", "f")]


def test_overloads_are_told_apart_by_their_types_so_their_order_is_layout(changes: Changes) -> None:
    one, two = "void f(int a) { g(a); }", "void f(String b) { h(b); }"
    found = changes("A.java", f"class A {{\n {one}\n {two}\n}}\n", f"class A {{\n {two}\n {one}\n}}\n")
    assert found == [("formatting_only", "A.f", "A.f")]


@pytest.mark.parametrize("names", ["bcda", "dabc"])
def test_only_what_left_its_place_among_the_others_is_named(changes: Changes, names: str) -> None:
    def source(names: str) -> str:
        return "\n\n".join(f"def {name}():\n    return '{name}'\n" for name in names)

    moved = "a" if names == "bcda" else "d"
    assert changes("x.py", source("abcd"), source(names)) == [("formatting_only", moved, moved)]


def test_the_order_of_values_may_be_their_meaning(changes: Changes) -> None:
    before, after = "enum E { A, B; int x; int y; }", "enum E { A, B; int y; int x; }"
    assert changes("E.java", before, after) == [("body_changed", "E.x", "E.x")] or changes(
        "E.java", before, after
    ) == [("body_changed", "E.y", "E.y")]


def test_a_statement_that_passed_a_definition_is_a_change(changes: Changes) -> None:
    before, after = "run()\n\n\ndef f():\n    pass\n", "def f():\n    pass\n\n\nrun()\n"
    assert changes("x.py", before, after) == [("body_changed", "statements", "statements")]


def test_a_definition_that_comes_between_statements_does_not_change_them(changes: Changes) -> None:
    before, after = "run()\nstop()\n", "run()\n\n\ndef f():\n    pass\n\n\nstop()\n"
    assert changes("x.py", before, after) == [("added", None, "f")]


def test_a_comment_that_passed_a_definition_is_none(changes: Changes) -> None:
    before, after = "run()\n\n# ----\n\n\ndef f():\n    pass\n", "run()\n\n\ndef f():\n    pass\n\n\n# ----\n"
    assert changes("x.py", before, after) in ([], [("doc_changed", "statements", "statements")])
