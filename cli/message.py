"""Showing messages, and following them."""

from collections.abc import Iterator
from typing import Any

import click

from . import call, show
from .follow import Refused, follow


@click.command("watch")
@click.option("--channel", type=click.Choice(["team", "sentinel"]), help="Only messages in this channel.")
@click.option("--read", "mark", is_flag=True, help="Mark as read what is shown.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON, one message a line.")
def watch(channel: str | None, mark: bool, as_json: bool) -> None:
    """Show messages for you as they come; without --read they stay unread."""
    call.ensure_daemon_unless_running()
    try:
        for message in _coming(channel):
            if as_json:
                click.echo(show.json_text(message))
            else:
                _say(show.printable(message))
            if mark:
                call.send("PATCH", f"/v1/messages/{message['id']}", {"read": True})
    except Refused as refusal:
        call.refuse(refusal.error)
    except KeyboardInterrupt:
        return


BY_HAND = (watch,)


def _coming(channel: str | None) -> Iterator[dict[str, Any]]:
    """Yield what comes and is unread: asked for whenever the stream tells of a message, or is there again."""
    query: dict[str, Any] = {"unread_only": "true", "channel": channel, "since": show.now(), "order": "asc"}
    for frame in follow("message.posted"):
        if frame is None:
            continue
        more = True
        while more:
            answer = call.send("GET", "/v1/messages", query=query)
            query["cursor"], more = answer["next_cursor"], answer["has_more"]
            yield from answer["data"]


def show_list(answer: dict[str, Any]) -> None:
    """Show messages, newest first."""
    rows = [(m["id"], show.when(m["created_at"]), _heading(m), m["body"]) for m in answer["data"]]
    show.table(("id", "when", "from", "message"), rows, empty="no messages")
    show.more(answer)


def show_read(answer: dict[str, Any]) -> None:
    """Show what was unread, oldest first."""
    for message in answer["data"]:
        _say(message)
    if answer["has_more"]:
        click.echo("more is unread: aura message read", err=True)
    elif not answer["data"]:
        click.echo("nothing is unread", err=True)


def show_send(message: dict[str, Any]) -> None:
    """Say what was sent to whom."""
    click.echo(f"{message['id']}  {_heading(message)}")


def _say(message: dict[str, Any]) -> None:
    click.echo(f"{show.when(message['created_at'])}  {_heading(message)}: {message['body']}")


def _heading(message: dict[str, Any]) -> str:
    to = message["to"].get("id")
    channel = "" if message["channel"] == "team" else f" #{message['channel']}"
    return f"{message['from']['id']}{channel}" + (f" to {to}" if to else "")
