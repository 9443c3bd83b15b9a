"""The language of claims: a closed set of forms, one way to write each, and errors that say what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.errors import AuraError
from aura.record.claims import FORMS, Claim, parse, parsed

TEXTS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
NAMES = TEXTS.filter(lambda name: "->" not in name)
GLOBS = st.lists(
    st.text(st.characters(exclude_categories=("C",), exclude_characters="\"'"), min_size=1, max_size=20)
    .map(str.strip)
    .filter(lambda glob: glob.isprintable() and glob != ""),
    min_size=1,
    max_size=3,
    unique=True,
)
CLAIMS = st.one_of(
    st.sampled_from(["rename_only", "no_behaviour_change", "tests_touched"]).map(lambda form: Claim(form)),
    GLOBS.map(lambda globs: Claim("only_touches", tuple(globs))),
    st.builds(lambda form, name: Claim(form, (name,)), st.sampled_from(["adds", "deletes", "keeps"]), NAMES),
    st.builds(lambda a, b: Claim("keeps_call", (a, b)), NAMES, NAMES),
)


@given(CLAIMS)
def test_a_claim_is_read_as_it_is_written(claim: Claim) -> None:
    assert parse(claim.text) == claim


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("rename_only", "rename_only"),
        ("  Rename-Only ", "rename_only"),
        ("no_behavior_change", "no_behaviour_change"),
        ("keeps_call pay->Ledger.audit", "keeps_call pay -> Ledger.audit"),
        ("keeps_call  pay  ->  audit", "keeps_call pay -> audit"),
        ("only_touches   src/**  'my docs/*'", 'only_touches src/** "my docs/*"'),
        ("adds src/pay.py:Till.pay", "adds src/pay.py:Till.pay"),
    ],
)
def test_there_is_one_way_to_write_it(said: str, meant: str) -> None:
    assert parse(said).text == meant


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "it is empty"),
        ("renames_only", "'renames_only' is no claim"),
        ("rename_only src/**", "nothing may follow rename_only"),
        ("adds", "adds needs ENTITY"),
        ("only_touches", "only_touches needs GLOB..."),
        ("keeps_call pay", "keeps_call needs A -> B"),
        ("keeps_call -> audit", "keeps_call needs A -> B"),
        ("adds two\nlines", "printable"),
        ("adds " + "x" * 1000, "printable"),
    ],
)
def test_what_is_no_claim_is_refused_with_the_reason_and_the_forms(said: str, why: str) -> None:
    with pytest.raises(AuraError) as refused:
        parsed(["rename_only", said])
    error = refused.value
    assert error.code == "invalid_claim"
    assert why in error.message
    assert error.details["path"] == "$.claims[1]"
    assert all(form in error.hint for form in FORMS)


def test_a_claim_made_twice_is_one() -> None:
    assert [c.text for c in parsed(["rename_only", "rename-only", "adds x"])] == ["rename_only", "adds x"]
