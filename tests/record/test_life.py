"""The life of an entity, told from rows of a database in memory."""

from .recording import Log, Name

F, G = Name("a.py", "f"), Name("a.py", "g")


def test_edits_and_renames_are_followed_back(log: Log) -> None:
    log.commit("edit", (F, F, 2))
    log.commit("rename", (F, G, 2))
    log.commit("edit again", (G, G, 3))
    assert log.of(G) == ["edit again", "rename", "edit", "add"]


def test_what_head_does_not_reach_is_left_out(log: Log) -> None:
    log.commit("elsewhere", (F, G, 1), reached=False)
    assert log.of(F) == ["add"]


def test_a_swap_of_names_keeps_the_lives_apart(log: Log) -> None:
    log.commit("add g", (None, G, 9))
    log.commit("swap", (F, G, 1), (G, F, 9))
    assert log.of(G) == ["swap", "add"]
    assert log.of(F) == ["swap", "add g"]


def test_what_is_added_under_an_old_name_with_another_text_is_another(log: Log) -> None:
    log.commit("delete", (F, None, 0))
    log.commit("a new f", (None, F, 5))
    assert log.of(F) == ["a new f"]
    assert log.of(F, 1) == ["delete", "add"]


def test_what_is_added_again_as_it_was_lives_on(log: Log) -> None:
    log.commit("delete", (F, None, 0))
    log.commit("revert", (None, F, 1))
    assert log.of(F) == ["revert", "delete", "add"]


def test_a_merge_is_told_only_where_it_made_something_new(log: Log) -> None:
    log.commit("branch", (F, F, 2))
    log.texts[F] = 1
    log.commit("repeats", (F, F, 2), parents=2)
    log.texts[F] = 1
    log.commit("repeats once more", (F, F, 2), parents=2)
    assert log.of(F) == ["branch", "add"]
    log.commit("mixes", (F, F, 3), parents=2)
    assert log.of(F) == ["mixes", "branch", "add"]


def test_only_the_own_work_tree_s_open_intents_are_told(log: Log) -> None:
    log.said("mine", (F, F, 2))
    log.said("another's", (F, F, 3), tree="/elsewhere")
    assert log.of(F) == ["mine", "add"]


def test_open_intents_come_before_commits_that_are_younger(log: Log) -> None:
    log.said("not yet committed", (F, F, 2))
    log.commit("edit", (F, F, 3))
    assert log.of(F) == ["not yet committed", "edit", "add"]


def test_what_was_said_stands_beside_its_commit(log: Log) -> None:
    log.said("reason", (F, F, 2), held_by="edit")
    log.commit("edit", (F, F, 2))
    log.commit("later", (F, F, 3))
    assert log.of(F) == ["later", "edit", "reason", "add"]


def test_what_was_picked_from_elsewhere_keeps_its_reason(log: Log) -> None:
    log.said("reason", (F, F, 2), held_by="original")
    log.commit("original", (F, F, 2), reached=False)
    log.commit("picked", (F, F, 2))
    assert log.of(F) == ["picked", "reason", "add"]


def test_a_squash_is_explained_by_what_was_said_of_each_commit_in_it(log: Log) -> None:
    log.said("why one", (F, F, 2), held_by="one")
    log.commit("one", (F, F, 2), reached=False)
    log.texts[F] = 2
    log.said("why two", (F, F, 3), held_by="two")
    log.commit("two", (F, F, 3), reached=False)
    log.texts[F] = 1
    log.commit("squashed", (F, F, 3))
    assert log.of(F) == ["squashed", "why two", "why one", "add"]


def test_what_another_branch_made_of_something_else_explains_nothing_here(log: Log) -> None:
    log.said("why there", (F, F, 2), held_by="there")
    log.commit("there", (F, F, 2), reached=False)
    log.commit("here", (F, F, 3))
    assert log.of(F) == ["here", "add"]


def test_a_member_is_followed_through_its_container(log: Log) -> None:
    old, new = Name("a.py", "Old"), Name("a.py", "New")
    before, after = Name("a.py", "Old.m"), Name("a.py", "New.m")
    log.commit("class", (None, old, 1), (None, before, 2))
    log.commit("rename the class", (old, new, 1), carried=[(before, after, 2)])
    log.commit("edit the member", (after, after, 3))
    assert log.of(after) == ["edit the member", "rename the class", "class"]


def test_a_text_that_is_only_divided_anew_is_no_event(log: Log) -> None:
    log.commit("a member comes", carried=[(F, F, 2)])
    log.commit("edit", (F, F, 3))
    assert log.of(F) == ["edit", "add"]


def test_names_that_go_round_in_a_circle_end(log: Log) -> None:
    for turn in range(3):
        log.commit(f"to g {turn}", (F, G, 1))
        log.commit(f"to f {turn}", (G, F, 1))
    assert log.of(F) == ["to f 2", "to g 2", "to f 1", "to g 1", "to f 0", "to g 0", "add"]
