import pytest

from aura.api import Caller, now_us
from aura.errors import AuraError
from aura.record.events import after
from aura.store import Connection
from aura.team import sessions
from aura.team.sessions import SILENT_US, NewSession, SessionId


def types(db: Connection) -> list[str]:
    return [event.type for _, event in after(db, 0)]


def test_an_agents_session_acts_as_the_agent(db: Connection, ada: Caller) -> None:
    started = sessions.start(db, ada, NewSession("claude-code"))
    assert (started.actor.id, started.actor.kind, started.state) == ("claude-code", "agent", "live")
    assert sessions.actors(db) == {started.id: started.actor}


def test_a_session_without_an_agent_is_the_callers(db: Connection, ada: Caller) -> None:
    assert sessions.start(db, ada, NewSession()).actor == ada.actor


def test_a_session_ends_once(db: Connection, ada: Caller) -> None:
    started = sessions.start(db, ada, NewSession())
    assert sessions.end(db, ada, SessionId(started.id)).state == "ended"
    with pytest.raises(AuraError, match="cannot end"):
        sessions.end(db, ada, SessionId(started.id))
    assert types(db) == ["session.started", "session.ended"]
    assert sessions.actors(db) == {}


def test_a_silent_session_is_lost_and_lives_again_when_it_speaks(db: Connection, ada: Caller) -> None:
    started = sessions.start(db, ada, NewSession())
    now = now_us()
    assert not sessions.mark(db, ada, {started.id: now}, now=now + SILENT_US - 1)
    assert sessions.mark(db, ada, {}, now=now + SILENT_US)
    assert sessions.get(db, started.id).state == "lost"
    assert sessions.mark(db, ada, {started.id: now + SILENT_US}, now=now + SILENT_US + 1)
    assert sessions.get(db, started.id).state == "live"
    assert types(db) == ["session.started", "session.ended", "session.started"]


def test_an_ended_session_does_not_live_again(db: Connection, ada: Caller) -> None:
    started = sessions.start(db, ada, NewSession())
    sessions.end(db, ada, SessionId(started.id))
    assert not sessions.mark(db, ada, {started.id: now_us()}, now=now_us())
    assert sessions.get(db, started.id).state == "ended"


def test_an_unknown_session_is_not_found(db: Connection) -> None:
    with pytest.raises(AuraError, match="cannot find the session"):
        sessions.get(db, "ses_0")
