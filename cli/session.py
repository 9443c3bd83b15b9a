"""Showing sessions."""

from typing import Any

import click

from . import show


def show_start(session: dict[str, Any]) -> None:
    """Print a new session the way that it is wanted next: as its id in a pipe, else as what to type."""
    click.echo(f"export AURA_SESSION={session['id']}" if show.on_terminal() else session["id"])


def show_list(answer: dict[str, Any]) -> None:
    """Show sessions, newest first."""
    rows = [
        (s["id"], s["actor"]["name"] or s["actor"]["id"], s["state"], show.when(s["seen_at"]), s["worktree"])
        for s in answer["data"]
    ]
    show.table(("id", "who", "state", "seen", "worktree"), rows, empty="no session yet: aura session start")
    show.more(answer)
