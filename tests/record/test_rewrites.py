"""Which commit took the place of which, told from authors, times, subjects and what git says of amends."""

from aura.record.rewrites import pairs
from aura.repo.commits import Commit


def commit(sha: str, subject: str, at: int = 100, who: str = "Ada") -> Commit:
    return Commit(sha, (), who, f"{who}@example.org", at, at, subject, subject)


def test_the_same_author_time_and_subject_are_a_pair() -> None:
    old = [commit("a1", "one", 1), commit("a2", "two", 2)]
    new = [commit("b2", "two", 2), commit("b1", "one", 1), commit("c", "upstream", 3, "Bo")]
    assert pairs(old, new, {}) == {"a1": "b1", "a2": "b2"}


def test_commits_of_one_second_are_told_apart_by_their_subjects() -> None:
    old = [commit("a1", "one"), commit("a2", "two")]
    assert pairs(old, [commit("b2", "two"), commit("b1", "one")], {}) == {"a1": "b1", "a2": "b2"}


def test_a_reworded_commit_is_known_by_its_time_where_only_one_fits() -> None:
    assert pairs([commit("a", "teh")], [commit("b", "the")], {}) == {"a": "b"}
    assert pairs([commit("a", "teh")], [commit("b", "the"), commit("c", "other")], {}) == {}


def test_another_author_is_no_pair() -> None:
    assert pairs([commit("a", "one", who="Ada")], [commit("b", "one", who="Bo")], {}) == {}


def test_amends_one_after_the_other_lead_to_the_one_that_stayed() -> None:
    amended = {"a": "x", "x": "y", "y": "b"}
    assert pairs([commit("a", "teh", 1)], [commit("b", "the", 9)], amended) == {"a": "b"}


def test_amends_back_and_forth_end() -> None:
    assert pairs([commit("a", "one", 1)], [commit("b", "two", 9)], {"a": "x", "x": "a"}) == {}
