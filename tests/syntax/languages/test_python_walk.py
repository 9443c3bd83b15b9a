"""The walk finds what the query finds, or says that it does not know."""

import sysconfig
from pathlib import Path

import pytest

from aura.syntax.language import Match, load
from aura.syntax.languages._python_walk import find
from aura.syntax.parsing import matches, parse

PYTHON = load("python")
LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FILES = sorted(LIBRARY.glob("*.py")) + sorted((LIBRARY / "test").glob("test_[a-g]*.py"))


def spans(found: list[Match]) -> list[object]:
    return sorted(
        (
            pattern,
            sorted((name, [(n.start_byte, n.end_byte) for n in nodes]) for name, nodes in captures.items()),
        )
        for pattern, captures in found
    )


def both(source: bytes) -> tuple[list[Match] | None, list[Match]]:
    tree = parse(source, PYTHON)
    assert tree is not None
    return find(tree.root_node, source, (0, len(source))), matches(tree.root_node, PYTHON)


def test_the_standard_library_is_read_alike() -> None:
    known = 0
    for path in FILES:
        walked, queried = both(path.read_bytes())
        if walked is not None:
            known += 1
            assert spans(walked) == spans(queried), path
    assert known > 0.95 * len(FILES)


@pytest.mark.parametrize(
    "source",
    [
        b"if a:\n    try:\n        def f(): pass\n    finally:\n        @x\n        class A: y: int\n",
        b"class A: x = 1; y = 2\n",
        b"def f():\n    match a:\n        case 1:\n            async def g(a: int) -> int: return 1\n",
        b"def\tf(): pass\r\nclass\\\r\n  A: x = 1\r\nif a:\r\n\tdef\x0cg(): pass\r\n",
        b"@a\n@b(1)\nclass A:\n    @property\n    def x(self): pass\nx = 1; y: int = 2\nz += 1\n",
    ],
)
def test_nested_definitions_are_read_alike(source: bytes) -> None:
    walked, queried = both(source)
    assert walked is not None
    assert spans(walked) == spans(queried)


@pytest.mark.parametrize(
    "source",
    [
        b"def f(:\n",
        b"type A = int\n",
        b"type\tA = int\n",
        b"type A\\\n = int\n",
        "type Ä[T] = int\n".encode(),
    ],
)
def test_it_leaves_what_it_does_not_know_to_the_query(source: bytes) -> None:
    walked, queried = both(source)
    assert walked is None
    assert queried
