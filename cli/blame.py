"""Showing who changed the entities of a file last, and why."""

from typing import Any

from . import edits, show


def show_all(answer: dict[str, Any]) -> None:
    """Show the entities of a file, each with its last intent."""
    show.table(
        ("lines", "entity", "when", "commit", "author", "summary"),
        [_row(line) for line in answer["data"]],
        cut=("author", "summary"),
        last=("entity",),
    )
    show.more(answer)


def _row(line: dict[str, Any]) -> tuple[str, ...]:
    intent = line["intent"]
    place = f"{line['line']}-{line['end_line']}", edits.name({"old": None, "new": line, **line})
    sha = line["commit_sha"][:9] if line["commit_sha"] else line["state"]
    if intent is None:
        return *place, "-", sha, "-", "-"
    who = intent["author"]["name"] or intent["author"]["id"]
    when = show.when(intent["created_at"])
    return *place, when[:10] if show.on_terminal() else when, sha, who, intent["summary"]
