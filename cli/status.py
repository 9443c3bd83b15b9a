"""Showing the daemon's status."""

from typing import Any

import click

from . import show, worktree


def show_all(answer: dict[str, Any]) -> None:
    """Show the daemon's health and what it knows of this work tree."""
    show.pairs(
        {
            "version": answer["version"],
            "repo": answer["repo"],
            "worktree": answer["worktree"],
            "branch": answer["branch"],
            **_unread(answer),
            "strict_mode": "on" if answer["strict_mode"] else "off",
            "pid": answer["pid"],
            "uptime": show.span(answer["uptime_seconds"]),
            "http": answer["http"],
            "database": f"{answer['database']['path']} ({answer['database']['bytes'] / 1e6:.1f} MB)",
            "waiting": ", ".join(f"{name} {n}" for name, n in answer["queue"].items() if n) or "nothing",
        }
    )
    if trees := answer["worktrees"]:
        click.echo()
        show.columns(worktree.LIVE, map(worktree.live, trees))
        worktree.warn(trees)


def _unread(answer: dict[str, Any]) -> dict[str, str]:
    number = answer.get("unread_messages")
    return {"unread": f"{show.count(number, 'message')}: aura message read"} if number else {}
