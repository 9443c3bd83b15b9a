"""Showing work trees."""

from typing import Any

from . import show


def show_list(answer: dict[str, Any]) -> None:
    """Show the registered work trees, and how far their history has been read."""
    data = answer["data"]
    if data and "key" in data[0]:
        show.page(answer, None)
        return
    rows = [(w["id"], w["repo"], w["worktree"], history(w["backfill"])) for w in data]
    show.table(("id", "repo", "worktree", "history"), rows, empty="no work trees yet: aura init")
    show.more(answer)


def history(backfill: dict[str, Any] | None) -> str:
    """Say how far a history has been read."""
    if backfill is None:
        return "not read"
    if backfill["state"] == "complete":
        return show.count(backfill["done"], "commit")
    if backfill["state"] == "failed":
        return f"broke off after {show.count(backfill['done'], 'commit')}: aura init"
    return f"{backfill['done']} of {show.count(backfill['wanted'], 'commit')}"
