"""The edits of small pairs of sources, and what must hold for any source, tried on all of them."""

import pytest

from aura.syntax.diff import diff

from .pairs.reading import PAIRS, Pair, described


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_pair_has_these_edits(pair: Pair) -> None:
    assert described(diff(pair.before, pair.after), pair) == pair.edits


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_pair_changes_the_same_when_read_backwards(pair: Pair) -> None:
    changed = {(e.new or e.old).qualified_name for e in diff(pair.before, pair.after)}
    assert bool(diff(pair.after, pair.before)) == bool(changed)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_other_line_endings_are_no_edit_or_formatting(pair: Pair) -> None:
    windows = {path: source.replace(b"\n", b"\r\n") for path, source in pair.before.items()}
    assert {change for e in diff(pair.before, windows) for change in e.changes} <= {"formatting_only"}
