"""Whether two versions of an entity differ in words alone."""

import pytest

from aura.syntax.diff import diff_files
from aura.syntax.evidence import Rewording
from aura.syntax.examine import Look
from aura.syntax.file import File


def reworded(before: dict[str, str], after: dict[str, str]) -> dict[str, Rewording]:
    """The rewordings of a change by the qualified name of the entity."""
    old, new = ({p: File.read(p, t.encode()) for p, t in side.items()} for side in (before, after))
    edits = diff_files(old, new).edits
    look = Look(old, new, edits)
    return {side.qualified_name: look.rewording(e) for e in edits if (side := e.new or e.old)}


@pytest.mark.parametrize(
    ("before", "after", "pairs"),
    [
        ("return a", "return b", (("a", "b"),)),
        ("return 'a b'", "return 'a c'", (('"b', '"c'),)),
        ("return f(a, a.b)", "return f(c, c.b)", (("a", "c"),)),
        ("return a + b", "return a - b", None),
        ("return a", "return (a)", ()),
        ("return a", "return a()", None),
        ("if a:\n        b()\n    c()", "if a:\n        b()\n        c()", None),
    ],
)
def test_words_in_the_same_places_are_paired_and_nothing_else(
    before: str, after: str, pairs: tuple[tuple[str, str], ...] | None
) -> None:
    texts = [{"x.py": f"def f():\n    {body}\n"} for body in (before, after)]
    assert reworded(*texts)["f"].body == pairs


def test_imports_are_told_apart_from_code() -> None:
    found = reworded({"x.py": "import os, re\nx()\n"}, {"x.py": "import re\nimport sys\nx()\n"})
    words = found["statements"]
    assert (words.body, words.gone, words.come) == ((), ("os",), ("sys",))


def test_a_local_name_is_told_by_its_standing_for_another_everywhere() -> None:
    before = {"x.py": "def f():\n    a = g()\n    return a\n"}
    assert reworded(before, {"x.py": "def f():\n    b = g()\n    return b\n"})["f"].local == (("a", "b"),)
    assert reworded(before, {"x.py": "def f():\n    b = g()\n    return a\n"})["f"].local == ()
    assert reworded(before, {"x.py": "def f():\n    a = h()\n    return a\n"})["f"].local == ()


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("x.py", "def f():\n    return a.g(1)\n", "def f():\n    return b.g(1)\n"),
        ("x.py", "def f():\n    return g(1)\n", "def f():\n    return b.g(1)\n"),
        ("x.js", "function f() { return a.g(1); }\n", "function f() { return b.g(1); }\n"),
        (
            "x.go",
            "package p\n\nfunc f() int { return a.g(1) }\n",
            "package p\n\nfunc f() int { return g(1) }\n",
        ),
    ],
)
def test_what_a_moved_name_is_reached_through_does_not_count(path: str, before: str, after: str) -> None:
    suffix = path.rpartition(".")[2]
    moved = {"py": "def g(x):\n    return x + 1\n", "js": "function g(x) { return x + 1; }\n"}
    text = moved.get(suffix, "package p\n\nfunc g(x int) int { return x + 1 }\n")
    old, new = f"a.{suffix}", f"b.{suffix}"
    found = reworded({path: before, old: text}, {path: after, new: text})
    assert found["f"].body == ()
    other = after.replace("g(1)", "h(1)")
    assert reworded({path: before, old: text}, {path: other, new: text})["f"].body != ()
