"""The language of goals: a closed set of forms, one way to write each, and errors that say what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aura.errors import AuraError
from aura.work.goals import FORMS, Statement, command, parse, parted

NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20).filter(
    lambda name: "->" not in name and name != ":"
)
PLAIN = NAMES.filter(lambda name: not {*"(),[]{}<>"} & {*name})
WORDS = st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" "), max_size=12)
PAIRS = ("calls", "reaches", "never calls", "never reaches", "implements")
GOALS = st.one_of(
    st.builds(lambda form, name: Statement(form, (name,)), st.sampled_from(["exists", "covered"]), NAMES),
    st.builds(lambda form, a, b: Statement(form, (a, b)), st.sampled_from(PAIRS), NAMES, NAMES),
    st.builds(
        lambda name, given, result: Statement("signature", (name, *given, result)),
        PLAIN,
        st.lists(PLAIN, max_size=3),
        PLAIN | st.just(""),
    ),
    st.lists(WORDS, min_size=1, max_size=4)
    .filter(lambda words: words[0] != "" and all(word.isprintable() for word in words))
    .map(lambda words: Statement("run", tuple(words))),
)


@given(GOALS)
def test_a_goal_is_read_as_it_is_written(goal: Statement) -> None:
    assert parse(goal.text) == goal


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (" exists  Till.pay ", "exists Till.pay"),
        ("calls pay->Ledger.audit", "calls pay -> Ledger.audit"),
        ("never   reaches ui/ -> db.query", None),
        ("never reaches ui/ -> db.query", "never reaches ui/ -> db.query"),
        ("implements gson::Till  :  Desk", "implements gson::Till : Desk"),
        ("signature pay(amount,  currency = None)", "signature pay (amount, currency = None)"),
        ("signature pay (m: dict[str, int], n) -> int", "signature pay (m: dict[str, int], n) -> int"),
        ("signature pay ()", "signature pay ()"),
        ("run: pytest -q 'a b'", "run: pytest -q 'a b'"),
        ("Retries respect the header", "Retries respect the header"),
        ("calling is cheap", "calling is cheap"),
    ],
)
def test_there_is_one_way_to_write_it(said: str, meant: str | None) -> None:
    assert parse(said).text == (meant or said)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("exists", "exists needs ENTITY"),
        ("exists a way out", "exists needs ENTITY"),
        ("calls pay", "calls needs A -> B"),
        ("never calls -> audit", "never calls needs A -> B"),
        ("implements Till Desk", "implements needs TYPE : TYPE"),
        ("signature pay", "signature needs ENTITY (PARAMETER, ...)"),
        ("run:", "it names no program"),
        ("run: '' x", "it names no program"),
        ("run: pytest 'a", "a quotation is not closed"),
        ("exists two\nlines", "printable"),
        ("exists " + "x" * 1000, "printable"),
    ],
)
def test_what_is_no_goal_is_refused_with_the_reason_and_the_forms(said: str, why: str) -> None:
    with pytest.raises(AuraError) as refused:
        parse(said, "$.goals[1]")
    error = refused.value
    assert error.code == "invalid_goal"
    assert why in error.message
    assert error.details["path"] == "$.goals[1]"
    assert all(form in error.hint for form in FORMS)


def test_a_command_in_words_is_the_same_goal() -> None:
    assert command(["sh", "-c", "echo $HOME; ls"]) == parse("run: sh -c 'echo $HOME; ls'")


def test_what_begins_with_no_form_is_plain_words() -> None:
    assert parse("never callsign").kind == parse("It works").kind == "words"
    assert parse("exists x").kind == "structural"
    assert parse("run: x").kind == "command"


def test_commas_in_brackets_part_nothing() -> None:
    assert parted("f: Callable[[int, str], None], m = {1: 2, 3: 4},  x") == [
        "f: Callable[[int, str], None]",
        "m = {1: 2, 3: 4}",
        "x",
    ]
    assert parted("f: (a, b) => void, g: fn(A) -> B, h") == ["f: (a, b) => void", "g: fn(A) -> B", "h"]
