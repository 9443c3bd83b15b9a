"""Showing the daemon's status."""

from typing import Any

from . import show


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
            "uptime": _span(answer["uptime_seconds"]),
            "http": answer["http"],
            "database": f"{answer['database']['path']} ({answer['database']['bytes'] / 1e6:.1f} MB)",
            "waiting": ", ".join(f"{name} {n}" for name, n in answer["queue"].items() if n) or "nothing",
        }
    )


def _unread(answer: dict[str, Any]) -> dict[str, str]:
    number = answer.get("unread_messages")
    return {"unread": f"{show.count(number, 'message')}: aura message read"} if number else {}


def _span(seconds: int) -> str:
    minutes, hours = seconds // 60, seconds // 3600
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"
