"""A name means what a person would mean by it."""

import pytest

from aura.syntax.references.graph import draw
from aura.syntax.references.types import Edge, Symbol

PAY = Symbol("shop.api.Till.pay", "shop/api.py", "Till.pay", 3)
OTHER = Symbol("shop.pay", "shop/__init__.py", "pay", 1)
TOP = Symbol("shop.api", "shop/api.py", "", 1)
JOIN = Symbol("os.path.join")
GRAPH = draw(
    [
        Edge(TOP, PAY, "exact", (9,)),
        Edge(PAY, JOIN, "imported", (4, 5)),
        Edge(OTHER, PAY, "name_only", (2,)),
    ],
    [PAY, OTHER, TOP],
)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("shop.api.Till.pay", [PAY]),
        ("Till.pay", [PAY]),
        ("Till::pay", [PAY]),
        ("api.Till.pay", [PAY]),
        ("shop/api.py:Till.pay", [PAY]),
        ("shop/api.py", [TOP]),
        ("shop.api", [TOP]),
        ("os.path.join", [JOIN]),
        ("join", [JOIN]),
        ("pay", [OTHER]),
        ("ay", []),
        ("", []),
        ("shop/api.py:Till", []),
    ],
)
def test_a_name_is_found_the_way_it_is_written(text: str, meant: list[Symbol]) -> None:
    assert GRAPH.find(text) == meant


def test_edges_are_found_from_either_end() -> None:
    assert [(e.caller, e.confidence, e.lines) for e in GRAPH.of([PAY], "callers")] == [
        (TOP, "exact", (9,)), (OTHER, "name_only", (2,)),
    ]  # fmt: skip
    assert [e.callee for e in GRAPH.of([PAY], "callees")] == [JOIN]
    assert GRAPH.of([JOIN], "callees") == []


def test_an_entity_is_found_by_its_place() -> None:
    assert GRAPH.at("shop/api.py", "Till.pay") == [PAY]
    assert GRAPH.at("shop/api.py", "") == [TOP]
    assert GRAPH.at("shop/api.py", "pay") == []
