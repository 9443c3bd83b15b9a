"""Files that no one wrote by hand: each is answered within the budget, as a whole where it cannot be read."""

import random
from time import process_time

import pytest

from aura.syntax.diff import diff
from aura.syntax.extract import extract

BUDGET = 10.0
"""Seconds of the processor for both sides together: parsing gives up after 1.2 each."""

EXTENSIONS = (
    "py", "js", "ts", "go", "rs", "java", "c", "cpp", "cs", "kt", "swift", "scala", "rb", "php", "sh",
)  # fmt: skip
SIGNS = (
    *("def", "f", "if", "else", "for", "class", "fn", "func", "x", "1", "\n"),
    *"(){}[]:;,'\"`<>=+-*/\\@#$",
    *("=>", "->"),
)


def changed(path: str, before: str, after: str) -> list[str]:
    """The changes between two versions, which must come within the budget."""
    start = process_time()
    found = diff({path: before.encode()}, {path: after.encode()})
    assert process_time() - start < BUDGET
    return [change for edit in found for change in edit.changes]


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("brackets", ["()", "{}", "[]"])
def test_deep_nesting_is_compared_as_a_whole(extension: str, brackets: str) -> None:
    opening, closing = (sign * 100_000 for sign in brackets)
    before, after = (f"x = {opening}{value}{closing}\n" for value in (1, 2))
    assert extract(before.encode(), f"x.{extension}").degraded
    assert changed(f"x.{extension}", before, after) == ["body_changed"]


def test_a_line_of_ten_megabytes_is_compared_as_a_whole() -> None:
    before, after = (f"var a=[{'1,' * 5_000_000}{value}];" for value in (1, 2))
    assert extract(before.encode(), "x.js").degraded
    assert changed("x.js", before, after) == ["body_changed"]


def test_a_file_that_is_too_big_on_one_side_is_no_deletion_of_all_in_it() -> None:
    small = "def f(): pass\n"
    assert changed("x.py", small, small + "#" * 3_000_000) == ["body_changed"]


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_a_soup_of_signs_is_answered(extension: str) -> None:
    signs = " ".join(random.Random(3).choices(SIGNS, k=10_000))
    assert changed(f"x.{extension}", signs, signs[:9_000] + " z " + signs[9_000:])


EQUAL = "def f():\n    return 1\n"


@pytest.mark.long
def test_one_more_of_fifty_thousand_equal_functions_is_one_edit() -> None:
    assert changed("x.py", EQUAL * 50_000, EQUAL * 50_001) in (["added"], ["body_changed"])


@pytest.mark.long
def test_fifty_thousand_functions_that_differ_in_name_alone_are_answered() -> None:
    before, after = ("".join(f"def {name}{i}():\n    return 1\n" for i in range(50_000)) for name in "gh")
    assert changed("x.py", before, after)
