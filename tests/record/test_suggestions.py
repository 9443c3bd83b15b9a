"""Suggestions: what is suggested holds, and nothing stronger was left out."""

from hypothesis import given, settings
from hypothesis import strategies as st

from aura.record.claims import Claim, parse
from aura.record.globs import matches
from aura.record.suggestions import IMPLIED, narrowest, strongest
from aura.record.verdicts import judge, sought

from .changes import evidence

STATEMENTS = ["x = 1", "return a + b", "g(a)", "if a:\n        h(b)", '"""Say."""', "k = a and b", "# note"]
FUNCTIONS = st.builds(
    lambda name, parameters, body: f"def {name}({', '.join(parameters)}):\n    " + "\n    ".join(body) + "\n",
    st.sampled_from(["f", "g", "h", "f_g"]),
    st.lists(st.sampled_from(["a", "b", "c=1"]), unique=True).map(sorted),
    st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=4),
)
MODULES = st.lists(FUNCTIONS, max_size=4).map("\n\n".join)
FILES = st.dictionaries(
    st.sampled_from(["src/a.py", "src/x/b.py", "tests/test_a.py", "README.md", "[id]/c d.cfg"]), MODULES
)
SWAPS = [("f(", "go("), ("g(", "h("), ("a", "amount"), ("x = 1", "x = 2"), ("(", "( "), ("", "")]


@st.composite
def changed_files(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Two versions of some files: unlike ones, or the same with words replaced, as by a rename."""
    before = draw(FILES)
    if draw(st.booleans()):
        return before, draw(FILES)
    swap = draw(st.sampled_from(SWAPS))
    return before, {path: text.replace(*swap) for path, text in before.items()}


@given(changed_files())
@settings(deadline=None)
def test_what_is_suggested_is_supported(change: tuple[dict[str, str], dict[str, str]]) -> None:
    claims = strongest(evidence(*change))
    read_again = [parse(claim.text) for claim in claims]
    assert read_again == claims
    found = judge(claims, evidence(*change, sought(claims)))
    assert [f for f in found if f.verdict != "supported"] == []


@given(changed_files())
@settings(deadline=None)
def test_what_a_claim_implies_holds_with_it(change: tuple[dict[str, str], dict[str, str]]) -> None:
    found = evidence(*change)
    for form, implied in IMPLIED.items():
        (verdict,) = judge([Claim(form)], found)
        if verdict.verdict == "supported":
            assert {f.verdict for f in judge(map(Claim, implied), found)} == {"supported"}


SEGMENTS = st.text("ab*[ .", min_size=1).filter(lambda name: name.strip(" .") == name)


@given(st.lists(st.lists(SEGMENTS, min_size=1).map("/".join), unique=True))
def test_few_globs_match_all_paths(paths: list[str]) -> None:
    paths = [path for path in paths if not any(other.startswith(f"{path}/") for other in paths)]
    globs = narrowest(paths)
    assert len(globs) <= 3
    if globs:
        assert all(any(matches(path, glob) for glob in globs) for path in paths)


def test_the_narrowest_globs_are_taken() -> None:
    assert narrowest(["src/retry/a.py", "src/retry/b.py"]) == ("src/retry/a.py", "src/retry/b.py")
    assert narrowest([f"src/retry/{n}.py" for n in range(9)]) == ("src/retry/**",)
    assert narrowest([*(f"src/retry/{n}.py" for n in range(9)), "docs/a.md"]) == ("docs/a.md", "src/retry/**")
    assert narrowest([f"{n}.py" for n in range(9)]) == ()


def test_the_strongest_claims_are_suggested() -> None:
    before = {"src/a.py": "def f():\n    return g()\n\n\ndef g():\n    return 1\n"}
    renamed = {"src/a.py": before["src/a.py"].replace("g()", "h()")}
    assert [c.text for c in strongest(evidence(before, renamed))] == ["rename_only", "only_touches src/a.py"]
    more = {**before, "src/b.py": "class C:\n    def m(self):\n        pass\n", "tests/test_b.py": "x = 1\n"}
    assert [c.text for c in strongest(evidence(before, more))] == [
        "no_signature_change",
        "compatible",
        "adds C",
        "only_touches src/b.py tests/test_b.py",
        "tests_touched",
    ]
    assert strongest(evidence(before, before)) == []
