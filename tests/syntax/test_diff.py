import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.syntax.diff import diff, diff_files, diff_folders
from aura.syntax.file import File
from aura.syntax.types import Changes

STATEMENTS = [
    "x = 1",
    "return a + b",
    "if a:\n        b()",
    "for i in a:\n        c(i)",
    "with d:\n        pass",
]
FUNCTIONS = st.builds(
    lambda name, parameters, body: f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join(body) + "\n",
    st.sampled_from("fghk"),
    st.lists(st.sampled_from("abc"), unique=True),
    st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4),
)
PARTS = FUNCTIONS | st.sampled_from(["run()\n", "x = 1\n", "class A:\n    y = 1\n"])
MODULES = st.lists(PARTS, max_size=5).map("\n\n".join)


@given(MODULES)
@settings(deadline=None)
def test_a_file_does_not_differ_from_itself(source: str) -> None:
    files = {"x.py": File.read("x.py", source.encode())}
    assert diff_files(files, files) == Changes([], [])


@given(MODULES, MODULES)
@settings(deadline=None)
def test_no_entity_is_in_two_edits_and_every_difference_has_one(before: str, after: str) -> None:
    edits = diff({"x.py": before.encode()}, {"x.py": after.encode()})
    for side in ("old", "new"):
        known = [(s.path, e.kind, s.qualified_name, s.ordinal) for e in edits if (s := getattr(e, side))]
        assert len(known) == len(set(known))
    assert bool(edits) == (before.split() != after.split())


@given(MODULES)
@settings(deadline=None)
def test_added_blank_lines_and_spaces_are_formatting_at_most(source: str) -> None:
    spread = source.replace("\n    ", "\n\n      ").replace("      " + "    ", "            ")
    edits = diff({"x.py": source.encode()}, {"x.py": spread.encode()})
    assert {e.changes for e in edits} <= {("formatting_only",)}


@given(
    st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(["x.py", "x.js", "x.go", "x.rs", "x"])
)
@settings(deadline=None)
def test_any_bytes_have_a_diff(before: bytes, after: bytes, path: str) -> None:
    diff({path: before}, {path: after})


def test_the_order_of_the_input_does_not_matter() -> None:
    before = {"a.py": b"def f(): pass\n", "b.py": b"def g(): pass\n"}
    after = {"a.py": b"def g(): pass\n", "b.py": b"def f(): pass\n", "c.py": b"x = 1\n"}
    turned = diff(dict(reversed(before.items())), dict(reversed(after.items())))
    assert diff(before, after) == turned


def test_a_missing_file_is_an_absent_one() -> None:
    (gone,) = diff({"a.py": b"def f(): pass\n"}, {"a.py": None})
    assert gone.changes == ("deleted",)
    assert gone.new is None


def test_folders_are_compared_without_links_and_git(tmp_path: Path) -> None:
    for side, body in (("a", "1"), ("b", "2")):
        root = tmp_path / side
        (root / ".git").mkdir(parents=True)
        (root / ".git" / "config").write_text(body)
        (root / "pkg").mkdir()
        (root / "pkg" / "x.py").write_text(f"def f():\n    return {body}\n")
        (root / "same.py").write_text("def g(): pass\n")
        (root / "link.py").symlink_to(root / "pkg" / "x.py")
        (root / "loop").symlink_to(root)
    (found,) = diff_folders(tmp_path / "a", tmp_path / "b")
    assert (found.new.path, found.changes) == ("pkg/x.py", ("body_changed",))


def test_a_file_under_another_name_has_no_other_content() -> None:
    (edit,) = diff({"a.rst": b"one\ntwo\n", "b.md": None}, {"a.rst": None, "b.md": b"one\ntwo\n"})
    assert set(edit.changes) <= {"renamed", "moved"}


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_the_same_is_said_in_every_process(seed: str) -> None:
    """Sets are walked in another order in each, and nearly equal worths would be added up otherwise."""
    said = [
        subprocess.run(
            [sys.executable, "-c", _SAY],
            env={**os.environ, "PYTHONHASHSEED": one},
            capture_output=True,
            check=True,
        ).stdout
        for one in ("0", seed)
    ]
    assert said[0] == said[1] != b""


_SAY = """
from aura.syntax.diff import diff

def function(name, *words):
    lines = "".join(f"  const {word} = read({word}, limit) + {len(word)};\\n" for word in words)
    return f"function {name}({{ a = 1, b = 2, c = 3, d }}) {{\\n{lines}  return total;\\n}}\\n"

kinds = ["min", "max", "above", "below", "first", "last"]
before = "".join(function(f"{kind}Overflow", "left", "right", kind, "total") for kind in kinds)
after = "".join(function(f"{kind}Bound", "left", "wide", "total") for kind in reversed(kinds))
before, after = before + function("kept", "left"), after + function("kept", "right")
after = after.replace("a = 1, b = 2, c = 3, d", "b = 3, c = 2, a = 2")
print(diff({"x.js": before.encode()}, {"x.js": after.encode()}))
"""
