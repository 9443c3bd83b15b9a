"""Messages between people, agents and aura itself: to everybody, or to one actor or session.

A reader is the session of the caller, or the actor outside of any. What somebody wrote is never unread for
them; what is written to another is not theirs to read, but no secret: on one machine there are none.
"""

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta, Struct

from aura.api import Caller, Time, now_us, rfc3339
from aura.errors import AuraError
from aura.ids import is_id, new_id
from aura.listing import Condition, Filter, Listing, Page
from aura.op import op
from aura.record import events
from aura.store import Connection, one, rows

Channel = Literal["team", "sentinel"]
MOST = 500
"""Messages that are taken at once."""
STILL_NEWS_US = 4 * 3600 * 1_000_000
"""What was told to everybody so long before a session began may still concern it."""


class Sender(Struct, frozen=True):
    id: str
    kind: str
    session: str | None = None


class Recipient(Struct, frozen=True, omit_defaults=True):
    """Everybody (`broadcast`), or one actor or session by its id."""

    kind: Literal["broadcast", "actor", "session"]
    id: str | None = None


class Message(Struct, frozen=True):
    """One message. `thread` is the message that its thread began with; `read_by` are sessions and actors."""

    id: str
    repo: str | None
    channel: Channel
    from_: Sender = msgspec.field(name="from")
    to: Recipient
    body: str
    thread: str | None
    created_at: Time
    read_by: list[str]


class NewMessage(Struct, frozen=True, forbid_unknown_fields=True):
    body: Annotated[str, Meta(description="What is said.", min_length=1, max_length=20_000)]
    channel: Annotated[Channel, Meta(description="team, or sentinel for what aura watches over.")] = "team"
    to: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        Meta(description="An actor or a session (ses_...); everybody without it."),
    ] = None
    reply_to: Annotated[str | None, Meta(description="A message (msg_...) of the thread.")] = None


class MessageChange(Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(description="The message's id (msg_...).")]
    read: Annotated[bool, Meta(description="Whether the caller has read it.")] = True


class Taken(Struct, frozen=True):
    """What was unread, oldest first; `has_more` where more is."""

    data: list[Message]
    has_more: bool


def _rows(db: Connection, found: list[tuple[Any, ...]]) -> list[Message]:
    return [
        Message(
            id_, slug, channel, Sender(sender, kind, session), Recipient(to_kind, to), body, thread,
            rfc3339(at), [row[0] for row in rows(db, _READERS, seq)],
        )
        for seq, id_, slug, channel, sender, kind, session, to_kind, to, body, thread, at in found
    ]  # fmt: skip


_READERS = "SELECT reader FROM reads WHERE message = ? ORDER BY read_at, reader"
MESSAGES: Listing[Message] = Listing(
    noun="messages",
    source="messages m LEFT JOIN repositories r ON r.id = m.repo LEFT JOIN messages t ON t.seq = m.thread",
    columns="m.seq, m.id, r.slug, m.channel, m.from_id, m.from_kind, m.session, m.to_kind, m.to_id, m.body,"
    " t.id, m.created_at",
    rows=_rows,
    key="m.id",
    seq="m.seq",
    repo="m.repo",
    shared=True,
    at="m.created_at",
    prefix="msg",
    filters={
        "channel": Filter("Only messages in these channels.", "m.channel IN ({})", get_args(Channel)),
        "from": Filter("Only messages from these actors.", "m.from_id IN ({})"),
        "to": Filter("Only messages to these actors or sessions.", "m.to_id IN ({})"),
        "thread": Filter("Only messages of these threads.", "ifnull(t.id, m.id) IN ({})"),
    },
    groups={"channel": "m.channel", "from": "m.from_id", "to": "m.to_id", "thread": "ifnull(t.id, m.id)"},
    extra=(
        ("unread_only", Annotated[bool, Meta(description="Only what the caller has not read yet.")], False),
    ),
)


@op("GET /v1/messages", command="message list", scope="read_messages", listing=MESSAGES, tool="aura_message")
def list_(db: Connection, caller: Caller, query: Any) -> Page[Message]:
    """List messages, newest first."""
    return MESSAGES.page(db, caller, query, within=_unread(caller) if query.unread_only else ("1", ()))


@op(
    "POST /v1/messages",
    command="message send BODY",
    scope="write_messages",
    emits=("message.posted",),
    status=201,
    tool="aura_message",
)
def send(db: Connection, caller: Caller, new: NewMessage) -> Message:
    """Send a message to everybody, or to one actor or session.

    Raises `message_not_found` where what it replies to is not there.
    """
    thread = _thread(db, new.reply_to) if new.reply_to else None
    to = (
        Recipient("session" if is_id(new.to, "ses") else "actor", new.to)
        if new.to
        else Recipient("broadcast")
    )
    return post(db, caller, new.body, channel=new.channel, to=to, thread=thread)


@op("PATCH /v1/messages/{id}", scope="write_messages", emits=("message.read",))
def change(db: Connection, caller: Caller, new: MessageChange) -> Message:
    """Mark a message as read, or as unread again.

    Raises `message_not_found`.
    """
    message = get(db, new.id)
    if new.read:
        _mark(db, caller, [message])
    else:
        sql = "DELETE FROM reads WHERE message = (SELECT seq FROM messages WHERE id = ?) AND reader = ?"
        db.execute(sql, (new.id, reader(caller)))
    return get(db, new.id)


@op(
    "POST /v1/messages:read",
    command="message read",
    scope="write_messages",
    emits=("message.read",),
    tool="aura_message",
)
def take(db: Connection, caller: Caller) -> Taken:
    """Give what is unread, oldest first, and mark it as read."""
    condition, values = _unread_here(caller)
    sql = f"SELECT {MESSAGES.columns} FROM {MESSAGES.source} WHERE {condition} ORDER BY m.seq LIMIT ?"
    found = rows(db, sql, *values, MOST + 1)
    messages = _rows(db, found[:MOST])
    _mark(db, caller, messages)
    return Taken(messages, len(found) > MOST)


def unread(db: Connection, caller: Caller) -> int:
    """Return how many messages would be given as unread."""
    condition, values = _unread_here(caller)
    return int(one(db, f"SELECT count(*) FROM messages m WHERE {condition}", *values)[0])


def newest_unread(db: Connection, caller: Caller, most: int) -> tuple[int, list[Message]]:
    """Return how many messages would be given as unread, and the newest of them, without marking them."""
    if not (count := unread(db, caller)):
        return 0, []
    condition, values = _unread_here(caller)
    sql = f"SELECT {MESSAGES.columns} FROM {MESSAGES.source} WHERE {condition} ORDER BY m.seq DESC LIMIT ?"
    return count, _rows(db, rows(db, sql, *values, most))


def post(
    db: Connection,
    caller: Caller,
    body: str,
    *,
    channel: Channel,
    to: Recipient | None = None,
    thread: int | None = None,
) -> Message:
    """Write a message, and return it."""
    to = to or Recipient("broadcast")
    id_, actor = new_id("msg"), caller.actor
    db.execute(
        "INSERT INTO messages (id, repo, channel, from_id, from_kind, session, to_kind, to_id, thread, body,"
        " created_at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
        (
            id_, caller.place.repo if caller.place else None, channel, actor.id, actor.kind, caller.session,
            to.kind, to.id, thread, body, now_us(),
        ),
    )  # fmt: skip
    events.append(db, caller, "message.posted", {"message": id_, "channel": channel, "to": to, "body": body})
    return get(db, id_)


def get(db: Connection, id_: str) -> Message:
    """Return a message. Raises `message_not_found`."""
    found = rows(db, f"SELECT {MESSAGES.columns} FROM {MESSAGES.source} WHERE m.id = ?", id_)
    if not found:
        raise AuraError("message_not_found", f"cannot find the message {id_}", "aura message list")
    return _rows(db, found)[0]


def reader(caller: Caller) -> str:
    """Return who reads: the session, or the actor outside of any."""
    return caller.session or caller.actor.id


def _unread(caller: Caller) -> Condition:
    """What is for the caller, was written by another, and is not read.

    What was told to everybody long before a session began is no news to it.
    """
    who, actor = reader(caller), caller.actor.id
    return (
        "(m.to_id IN (?, ?) OR m.to_id IS NULL"
        " AND m.created_at >= ifnull((SELECT started_at - ? FROM sessions WHERE id = ?), 0))"
        " AND ifnull(m.session, m.from_id) <> ?"
        " AND NOT EXISTS (SELECT 1 FROM reads d WHERE d.message = m.seq AND d.reader = ?)",
        (who, actor, STILL_NEWS_US, who, who, who),
    )


def _unread_here(caller: Caller) -> Condition:
    """What is unread of the caller's repository and of none."""
    condition, values = _unread(caller)
    if caller.place is None:
        return condition, values
    return f"{condition} AND (m.repo = ? OR m.repo IS NULL)", (*values, caller.place.repo)


def _mark(db: Connection, caller: Caller, messages: list[Message]) -> None:
    who, now = reader(caller), now_us()
    fresh = [message.id for message in messages if who not in message.read_by]
    db.executemany(
        "INSERT OR IGNORE INTO reads (message, reader, read_at) SELECT seq, ?, ? FROM messages WHERE id = ?",
        [(who, now, id_) for id_ in fresh],
    )
    if fresh:
        events.append(db, caller, "message.read", {"messages": fresh, "reader": who})


def _thread(db: Connection, id_: str) -> int:
    row = one(db, "SELECT ifnull(thread, seq) FROM messages WHERE id = ?", id_)
    if row is None:
        raise AuraError("message_not_found", f"cannot find the message {id_}", "aura message list")
    return int(row[0])
