import pytest
from msgspec.structs import replace

from aura.api import Actor, Caller, Place
from aura.errors import AuraError
from aura.record.events import after
from aura.store import Connection
from aura.team import messages, sessions
from aura.team.messages import MESSAGES, MessageChange, NewMessage
from aura.team.sessions import NewSession


@pytest.fixture
def bo(ada: Caller) -> Caller:
    return replace(ada, actor=Actor("bo@example.org", "human", "Bo"))


def listed(db: Connection, caller: Caller, **query: object) -> list[str]:
    page = messages.list_(db, caller, MESSAGES.query_type()(**query))
    return [message.body for message in page.data]


def unread(db: Connection, caller: Caller) -> int:
    return len(listed(db, caller, unread_only=True))


def taken(db: Connection, caller: Caller) -> list[str]:
    return [message.body for message in messages.take(db, caller).data]


def test_everybody_but_the_sender_has_a_message_unread_once(db: Connection, ada: Caller, bo: Caller) -> None:
    messages.send(db, ada, NewMessage("I rename pay"))
    assert unread(db, ada) == 0
    assert unread(db, bo) == 1
    assert taken(db, bo) == ["I rename pay"]
    assert taken(db, bo) == []
    assert unread(db, bo) == 0


def test_what_is_for_one_is_unread_for_nobody_else(db: Connection, ada: Caller, bo: Caller) -> None:
    messages.send(db, ada, NewMessage("for you", to="bo@example.org"))
    third = replace(ada, actor=Actor("cy@example.org"))
    assert (unread(db, bo), unread(db, third)) == (1, 0)


def test_two_sessions_of_one_agent_are_two_readers(db: Connection, ada: Caller) -> None:
    agent = Actor("codex", "agent")
    one, two = (replace(ada, actor=agent, session=session) for session in ("ses_1", "ses_2"))
    messages.send(db, one, NewMessage("mine is shop.py"))
    assert (unread(db, one), unread(db, two)) == (0, 1)
    messages.send(db, ada, NewMessage("stop", to="ses_" + "0" * 26))
    assert unread(db, replace(two, session="ses_" + "0" * 26)) == 2


def test_a_message_can_be_read_and_be_unread_again(db: Connection, ada: Caller, bo: Caller) -> None:
    sent = messages.send(db, ada, NewMessage("look"))
    assert messages.change(db, bo, MessageChange(sent.id)).read_by == ["bo@example.org"]
    assert messages.change(db, bo, MessageChange(sent.id)).read_by == ["bo@example.org"]
    assert messages.change(db, bo, MessageChange(sent.id, read=False)).read_by == []
    assert [event.type for _, event in after(db, 0)] == ["message.posted", "message.read"]


def test_replies_of_replies_are_one_thread(db: Connection, ada: Caller, bo: Caller) -> None:
    first = messages.send(db, ada, NewMessage("one"))
    second = messages.send(db, bo, NewMessage("two", reply_to=first.id))
    third = messages.send(db, ada, NewMessage("three", reply_to=second.id))
    assert second.thread == third.thread == first.id
    messages.send(db, ada, NewMessage("elsewhere"))
    assert listed(db, ada, thread=first.id) == ["three", "two", "one"]
    with pytest.raises(AuraError, match="cannot find the message"):
        messages.send(db, ada, NewMessage("lost", reply_to="msg_0"))


def test_a_list_can_be_cut_to_what_is_unread(db: Connection, ada: Caller, bo: Caller) -> None:
    for body in ("one", "two"):
        messages.send(db, ada, NewMessage(body))
    taken(db, bo)
    messages.send(db, ada, NewMessage("three", channel="sentinel"))
    assert listed(db, bo, unread_only=True) == ["three"]
    assert listed(db, bo, channel="team") == ["two", "one"]


def test_taking_gives_the_oldest_first_and_says_where_there_is_more(
    db: Connection, ada: Caller, bo: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "MOST", 2)
    for body in ("one", "two", "three"):
        messages.send(db, ada, NewMessage(body))
    first = messages.take(db, bo)
    assert ([m.body for m in first.data], first.has_more) == (["one", "two"], True)
    assert taken(db, bo) == ["three"]


def test_what_is_counted_as_unread_is_what_is_given(db: Connection, ada: Caller, bo: Caller) -> None:
    for slug in ("shop", "till"):
        db.execute(
            "INSERT INTO repositories (slug, common_dir, registered_at) VALUES (?, ?, 0)", (slug, slug)
        )
    shop, till = (Place(n, "", "wkt_1", "/w", "/w/.git", "/w/.git") for n in (1, 2))
    messages.send(db, replace(ada, place=shop), NewMessage("in the shop"))
    messages.send(db, ada, NewMessage("everywhere"))
    messages.send(db, ada, NewMessage("not for bo", to="cy@example.org"))
    found = {place: messages.unread(db, replace(bo, place=place)) for place in (shop, till, None)}
    assert found == {shop: 2, till: 1, None: 2}
    assert messages.unread(db, ada) == 0
    assert len(messages.take(db, replace(bo, place=shop)).data) == 2
    assert messages.unread(db, bo) == 0


def test_what_was_told_to_all_long_before_a_session_is_no_news_to_it(db: Connection, ada: Caller) -> None:
    for body, hours in (("last week", 170), ("this morning", 3)):
        sent = messages.send(db, ada, NewMessage(body))
        db.execute(
            "UPDATE messages SET created_at = created_at - ? WHERE id = ?", (hours * 3_600_000_000, sent.id)
        )
    begun = sessions.start(db, ada, NewSession(agent="codex"))
    agent = replace(ada, actor=begun.actor, session=begun.id)
    old = messages.send(db, ada, NewMessage("for you alone", to="codex"))
    db.execute("UPDATE messages SET created_at = 0 WHERE id = ?", (old.id,))
    assert messages.unread(db, agent) == 2
    assert taken(db, agent) == ["this morning", "for you alone"]
    everybody = replace(ada, actor=Actor("bo@example.org"))
    assert unread(db, everybody) == 2
