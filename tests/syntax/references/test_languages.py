"""Call graphs of the languages with declared types or modules of their own, to the edge."""

import pytest

from .cases import Case, cases, found

LANGUAGES = ("javascript", "typescript", "go", "java", "rust")
CASES = [(language, case) for language in LANGUAGES for case in cases(language)]


@pytest.mark.parametrize(("language", "case"), CASES, ids=lambda value: getattr(value, "title", value))
def test_a_case_has_its_edges_and_no_others(language: str, case: Case) -> None:
    edges = found(case)
    missed = {edge for edge, said in case.edges.items() if said == "missed"}
    assert set(edges) == set(case.edges) - missed
    said = {edge: word for edge, word in case.edges.items() if word and word != "missed"}
    assert {edge: edges[edge] for edge in said} == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_few_edges_are_missed(language: str) -> None:
    said = [word for case in cases(language) for word in case.edges.values()]
    assert len(said) >= 75
    assert said.count("missed") <= 0.05 * len(said)
