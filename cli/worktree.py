"""Showing work trees."""

from typing import Any

import click

from . import edits, show


def show_list(answer: dict[str, Any]) -> None:
    """Show the registered work trees, what goes on in each, and how far their history has been read."""
    data = answer["data"]
    if data and "key" in data[0]:
        show.page(answer, None)
        return
    if not data and show.on_terminal():
        click.echo("no work trees yet: aura init")
        return
    rows = [(w["id"], w["repo"], *live(w), history(w["backfill"])) for w in data]
    show.columns(("id", "repo", *LIVE, "history"), rows)
    warn(data)
    show.more(answer)


def show_show(answer: dict[str, Any]) -> None:
    """Show one work tree, and the entity edits that are uncommitted in it."""
    now = answer["live"]
    columns = dict(zip(LIVE, live(answer), strict=True))
    read = {"history": history(answer["backfill"]), "registered": show.when(answer["registered_at"])}
    show.pairs({"id": answer["id"], "repo": answer["repo"], **columns, "state": now["state"], **read})
    if answer["edits"]:
        click.echo()
    for line in edits.lines(answer["edits"]):
        click.echo(line)
    warn([answer])


LIVE = ("worktree", "branch", "edits", "zones", "impacts", "saved", "at work")


def live(tree: dict[str, Any]) -> tuple[Any, ...]:
    """Return what goes on in a work tree, in the order of LIVE."""
    now = tree["live"]
    at_work = ", ".join(s["actor"]["name"] or s["actor"]["id"] for s in now["sessions"])
    counts = (now["edits"], now["zones"], now["impacts"])
    return tree["worktree"], now["branch"], *counts, show.ago(now["saved_at"]), at_work or None


def warn(trees: list[dict[str, Any]]) -> None:
    """Say which work trees are not watched, and why."""
    for tree in trees:
        now = tree["live"]
        if now["state"] == "polled":
            click.echo(f"warning: {tree['worktree']} is looked at now and then: {now['note']}", err=True)
        elif now["state"] == "missing":
            mend = f"aura worktree remove {tree['id']}"
            click.echo(f"warning: {tree['worktree']} is not there; if it is gone: {mend}", err=True)


def history(backfill: dict[str, Any] | None) -> str:
    """Say how far a history has been read."""
    if backfill is None:
        return "not read"
    if backfill["state"] == "complete":
        return show.count(backfill["done"], "commit")
    if backfill["state"] == "failed":
        return f"broke off after {show.count(backfill['done'], 'commit')}: aura init"
    return f"{backfill['done']} of {show.count(backfill['wanted'], 'commit')}"
