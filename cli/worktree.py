"""Showing work trees."""

import os
from typing import Any

import click

from . import call, edits, show

LINKED = "/worktrees/"


@click.command("remove")
@click.argument("id_", metavar="ID")
@click.option("--force", is_flag=True, help="Also where logged intents go with it.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
def remove(id_: str, force: bool, as_json: bool) -> None:
    """Forget a work tree, by its id or its path; the record of its repository goes with the last one."""
    path = f"/v1/worktrees/{call.segment(id_)}"
    if not force:
        _keep_intents(call.send("GET", path))
    answer = call.send("DELETE", path)
    if as_json:
        call.print_json(answer)
    else:
        show.anything(show.printable(answer))


BY_HAND = (remove,)


def _keep_intents(tree: dict[str, Any]) -> None:
    """Refuse what would take along intents that were said by hand: no history brings them back."""
    listed = call.send("GET", "/v1/worktrees", query={"limit": show.LARGEST_PAGE}, repo=None)["data"]
    same = [t for t in listed if _common(t) == _common(tree) and t["removed_at"] is None]
    if any(other["id"] != tree["id"] for other in same):
        return
    where = tree["worktree"] if os.path.isdir(tree["worktree"]) else tree["repo"]
    query = {"source": "log", "aggregate": "count"}
    said = sum(group["count"] for group in call.send("GET", "/v1/intents", query=query, repo=where)["data"])
    if said:
        message = f"cannot forget {tree['worktree']}: it is the last of its repository, and with it"
        message += f" {show.count(said, 'intent')} would go that history does not bring back"
        hint = f"aura db backup FILE keeps a copy; aura worktree remove {tree['id']} --force"
        call.refuse({"code": "conflict", "message": message, "hint": hint})


def _common(tree: dict[str, Any]) -> str:
    """Return the folder that the work trees of a repository have in common."""
    return str(tree["git_dir"]).partition(LINKED)[0]


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
