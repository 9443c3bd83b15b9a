"""Which commit took the place of which: authors, times, subjects, git and what was made tell."""

from aura.record.rewrites import absorbed, melted, pairs
from aura.repo.commits import Commit

from .recording import Log, Name


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


F, G, H = Name("a.py", "f"), Name("a.py", "g"), Name("a.py", "h")


def test_what_was_melted_is_known_by_the_versions_it_made(log: Log) -> None:
    log.commit("one", (None, G, 2))
    log.commit("two", (None, H, 3))
    log.commit("other", (F, F, 4))
    log.commit("both", (None, G, 2), (None, H, 3))
    assert melted(log.db, 1, ["one", "two"], ["other", "both"]) == {"one": "both", "two": "both"}


def test_what_was_changed_again_before_the_squash_is_known_by_what_it_touched(log: Log) -> None:
    log.commit("first try", (F, F, 2))
    log.commit("last", (F, F, 3))
    log.texts[F] = 1
    log.commit("squashed", (F, F, 3))
    gone = melted(log.db, 1, ["first try", "last"], ["squashed"])
    assert gone == {"first try": "squashed", "last": "squashed"}


def test_what_was_dropped_was_melted_into_nothing(log: Log) -> None:
    log.commit("dropped", (None, G, 2))
    log.commit("another", (F, F, 3))
    assert melted(log.db, 1, ["dropped"], ["another"]) == {}


def test_what_led_to_what_is_held_is_held_whoever_made_it(log: Log) -> None:
    log.commit("first", (F, F, 2))
    log.commit("second", (F, F, 3))
    log.commit("third", (F, F, 4))
    log.texts[F] = 1
    log.commit("squashed", (F, F, 4))
    gone = absorbed(log.db, 1, ["third", "second", "first"], ["squashed"])
    assert gone == dict.fromkeys(("first", "second", "third"), "squashed")


def test_what_only_touched_the_same_is_not_held(log: Log) -> None:
    log.commit("dropped", (F, F, 2))
    log.texts[F] = 1
    log.commit("another", (F, F, 3))
    assert absorbed(log.db, 1, ["dropped"], ["another"]) == {}
