"""Showing messages."""

from typing import Any

import click

from . import show


def show_list(answer: dict[str, Any]) -> None:
    """Show messages, newest first."""
    rows = [(m["id"], show.when(m["created_at"]), _heading(m), m["body"]) for m in answer["data"]]
    show.table(("id", "when", "from", "message"), rows, empty="no messages")
    show.more(answer)


def show_read(answer: dict[str, Any]) -> None:
    """Show what was unread, oldest first."""
    for message in answer["data"]:
        click.echo(f"{show.when(message['created_at'])}  {_heading(message)}: {message['body']}")
    if answer["has_more"]:
        click.echo("more is unread: aura message read", err=True)
    elif not answer["data"]:
        click.echo("nothing is unread", err=True)


def show_send(message: dict[str, Any]) -> None:
    """Say what was sent to whom."""
    click.echo(f"{message['id']}  {_heading(message)}")


def _heading(message: dict[str, Any]) -> str:
    to = message["to"].get("id")
    channel = "" if message["channel"] == "team" else f" #{message['channel']}"
    return f"{message['from']['id']}{channel}" + (f" to {to}" if to else "")
