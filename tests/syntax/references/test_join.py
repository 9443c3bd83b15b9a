"""Facts and their join bear any text, and are the same however they come about."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.syntax.references.join import join, join_linked
from aura.syntax.references.linked import Linked
from aura.syntax.references.read import read
from aura.syntax.references.types import Edge, Facts

from .cases import cases

PYTHON = [case.files for case in cases("python")]
TOGETHER = {f"p{number}/{path}": text for number, files in enumerate(PYTHON) for path, text in files.items()}


def facts_of(files: dict[str, str]) -> dict[str, Facts]:
    found = {path: read(source.encode(), path) for path, source in files.items()}
    return {path: facts for path, facts in found.items() if facts is not None}


def test_facts_survive_storage() -> None:
    facts = facts_of(TOGETHER)
    stored = {path: msgspec.msgpack.encode(one) for path, one in facts.items()}
    assert {path: msgspec.msgpack.decode(one, type=Facts) for path, one in stored.items()} == facts


def test_facts_do_not_depend_on_the_path() -> None:
    for files in PYTHON:
        for source in files.values():
            assert read(source.encode(), "a.py") == read(source.encode(), "b/c/__init__.py")


def test_the_order_of_files_does_not_matter() -> None:
    facts = facts_of(TOGETHER)
    assert join(facts) == join(dict(reversed(facts.items())))


def test_linked_facts_may_be_joined_again() -> None:
    linked = {path: Linked(one) for path, one in facts_of(TOGETHER).items()}
    first = join_linked(linked)
    fewer = {path: one for path, one in linked.items() if not path.startswith("p7/")}
    join_linked(fewer)
    assert join_linked(linked) == first


def test_hash_seeds_do_not_matter() -> None:
    code = (
        "from tests.syntax.references.test_join import *;"
        "print(msgspec.json.encode(join(facts_of(TOGETHER))).decode())"
    )
    command, root = [sys.executable, "-c", code], Path(__file__).parents[3]
    told = {subprocess.check_output(command, env={"PYTHONHASHSEED": seed}, cwd=root) for seed in ("1", "2")}
    assert len(told) == 1


def edges_of(source: str) -> tuple[Edge, ...]:
    return join(facts_of({"main.py": source}))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TOGETHER.values())), st.integers(0, 4000), st.binary(max_size=6))
def test_damaged_text_is_read_as_far_as_it_goes(source: str, place: int, noise: bytes) -> None:
    text = source.encode()
    place = min(place, len(text))
    for damaged in (text[:place], text[:place] + noise + text[place:], text[place:]):
        facts = read(damaged, "main.py")
        assert facts is None or join({"main.py": facts}) is not None


@pytest.mark.parametrize(
    "source",
    [
        "a = " + "(" * 3000 + "f()" + ")" * 3000,
        "a" + ".b()" * 3000,
        "a = " + " + ".join(["f()"] * 5000),
        "\n".join("    " * depth + "if a:" for depth in range(800)) + "\n" + "    " * 800 + "f()",
        "\n".join("    " * depth + f"def f{depth}():" for depth in range(300)) + "\n" + "    " * 300 + "f0()",
        "a = " + "lambda: " * 2000 + "f()",
        "x = [" * 2000 + "]" * 2000,
        "\n".join(f"class C{n}(C{n - 1}): pass" for n in range(1, 2000)) + "\nC1999().run()",
        "class A(A): pass\nclass B(C): pass\nclass C(B): pass\nA().run(); B().run()",
        "from main import *\nfrom main import a as b, b as a\na(); b()",
        "x = x.y\nx = x[0]\nx.y = x\nx[0] = x\nx = x()\nx()",
    ],
    ids=lambda source: source[:20],
)  # fmt: skip
def test_odd_text_is_read(source: str) -> None:
    edges_of(source)


def test_a_value_of_everything_is_bounded() -> None:
    functions = "\n".join(f"def f{n}(x):\n    return all[x](x)\n" for n in range(2000))
    source = (
        f"{functions}\nall = [{', '.join(f'f{n}' for n in range(2000))}]\nfor each in all:\n    each(all)\n"
    )
    assert len(edges_of(source)) < 40_000
