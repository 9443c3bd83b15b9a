"""Words that a change set replaces are learnt where they stand between the same neighbours."""

from aura.syntax.file import File
from aura.syntax.items import Item, items
from aura.syntax.vocabulary import Lessons, Vocabulary


def functions(source: str) -> list[Item]:
    return items({"x.py": File.read("x.py", source.encode())})


def learnt(before: str, after: str) -> Vocabulary:
    pairs = zip(functions(before), functions(after), strict=True)
    return Lessons().of([(old, new) for old, new in pairs if old.entity.raw != new.entity.raw], 10)


BEFORE = "def f(a):\n    return load_event(a, 1) + len(a)\n\n\ndef g(b):\n    return [load_event(b, 2), 3]\n"
AFTER = BEFORE.replace("load_event", "load_outcome")


def test_users_tell_what_is_called_otherwise_now() -> None:
    found = learnt(BEFORE, AFTER)
    assert found.supports("load_event", "load_outcome", 0) == 1.0
    assert found.supports("load_event", "len", 0) == 0.0


def test_what_several_words_have_in_common_is_a_rule_for_others() -> None:
    before = (
        "def f(a):\n    return load_event(a, 1) + len(a)\n\n\ndef g(b):\n    return [has_event(b, 2), 3]\n"
    )
    found = learnt(before, before.replace("event", "outcome"))
    assert found.explains("event_length", "outcome_length")
    assert not found.explains("event_length", "outcome_size")
    assert found.translated([b"EventKey", b"row"]) == [b"OutcomeKey", b"row"]


def test_nobody_vouches_for_themselves() -> None:
    found = learnt("def f(a):\n    return 1\n", "def g(a):\n    return 1\n")
    assert found.supports("f", "g", 0) == 0.0


def test_a_word_that_several_others_replace_is_no_rule() -> None:
    one, two = BEFORE.split("\n\n\n")
    found = learnt(BEFORE, one.replace("load_event", "read") + "\n\n\n" + two.replace("load_event", "load"))
    assert found.translated([b"load_event"]) == [b"load_event"]
