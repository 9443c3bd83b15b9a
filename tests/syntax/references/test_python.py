"""Call graphs of Python, to the edge: names of the standard library and lambdas included."""

import pytest

from aura.syntax.references.join import join
from aura.syntax.references.read import read

from .cases import Case, cases

CASES = cases("python")


def found(case: Case) -> dict[tuple[str, str], str]:
    """The edges of a case, with their confidence."""
    facts = {path: read(source.encode(), path) for path, source in case.files.items()}
    edges = join({path: known for path, known in facts.items() if known is not None})
    return {(edge.caller.name, edge.callee.name): edge.confidence for edge in edges}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_case_has_its_edges_and_no_others(case: Case) -> None:
    edges = found(case)
    missed = {edge for edge, said in case.edges.items() if said == "missed"}
    assert set(edges) == set(case.edges) - missed
    said = {edge: word for edge, word in case.edges.items() if word and word != "missed"}
    assert {edge: edges[edge] for edge in said} == said


def test_few_edges_are_missed() -> None:
    said = [word for case in CASES for word in case.edges.values()]
    assert len(CASES) >= 60
    assert said.count("missed") <= 0.05 * len(said)
