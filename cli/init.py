"""`aura init`: register the work tree, read its history, and say what to type next."""

import os
import sys
import time
from typing import Any

import click

from . import call, show

POLL_SECONDS = 0.1


@click.command("init")
@click.option(
    "--depth", type=click.IntRange(min=0), default=1000, show_default=True, help="Commits to read now."
)
@click.option("--hooks", is_flag=True, help="Install git hooks, too.")
@click.option("--no-backfill", is_flag=True, help="Read no history; record only what comes.")
@click.option("--no-background", is_flag=True, help="Leave older commits than --depth unread.")
@click.option("--json", "as_json", is_flag=True, help="Print the work tree as the API has it.")
def command(depth: int, hooks: bool, no_backfill: bool, no_background: bool, as_json: bool) -> None:
    """Register this work tree and read its history, newest commits first.

    It can be run again at any time: it goes on where it stopped.
    """
    tree = call.send("POST", "/v1/worktrees", {"path": os.getcwd()}, repo=None)
    body = {"depth": 0 if no_backfill else depth, "rest": not (no_background or no_backfill)}
    path = f"/v1/worktrees/{tree['id']}"
    started = call.send("POST", f"{path}:backfill", body, repo=None)
    if not no_backfill:
        tree = _wait(path, started, quiet=as_json)
    if hooks:
        from aura.repo import hooks as git_hooks

        from .hooks import aura, worktree

        git_hooks.install(worktree(), aura())
    if as_json:
        call.print_json(tree)
        return
    cut = (started["backfill"] or {}).get("wanted") == depth
    if (tree["backfill"] or {}).get("state") == "failed":
        call.refuse(
            {
                "code": "internal_error",
                "message": "cannot read the whole history: the daemon broke it off",
                "hint": "aura daemon logs; aura init goes on where it stopped",
            }
        )
    _sum_up(tree, hooks, older=bool(cut and body["rest"]))


def _wait(path: str, tree: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Wait until the foreground part of the history has been read, with a bar on a terminal."""
    wanted = (tree["backfill"] or {}).get("wanted", 0)
    if quiet or not sys.stderr.isatty():
        while _reading(tree, wanted):
            time.sleep(POLL_SECONDS)
            tree = call.send("GET", path, repo=None)
        return tree
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading commits", total=wanted)
        while _reading(tree, wanted):
            bar.update(task, completed=tree["backfill"]["done"])
            time.sleep(POLL_SECONDS)
            tree = call.send("GET", path, repo=None)
    return tree


def _reading(tree: dict[str, Any], wanted: int) -> bool:
    """Whether the part that this command waits for is still being read; what is older goes on in the
    background.
    """
    backfill = tree["backfill"]
    return bool(backfill) and backfill["state"] == "running" and backfill["wanted"] <= wanted


def _authors() -> int:
    found, cursor = 0, None
    while True:
        query = {"group_by": "author", "source": "commit", "limit": 500, "cursor": cursor}
        page = call.send("GET", "/v1/intents", query=query)
        found, cursor = found + len(page["data"]), page["next_cursor"]
        if not page["has_more"]:
            return found


def _sum_up(tree: dict[str, Any], hooks: bool, older: bool) -> None:
    tree = show.printable(tree)
    counted = call.send("GET", "/v1/intents", query={"aggregate": "count", "group_by": "source"})
    commits = sum(row["count"] for row in counted["data"] if row["key"]["source"] == "commit")
    sums = [
        call.send("GET", "/v1/intents", query={"aggregate": f"sum:nodes_{kind}"})["data"]
        for kind in ("changed", "added", "deleted")
    ]
    edits = sum(int(data[0]["sum"] or 0) for data in sums if data)
    authors = _authors()
    said = f"{show.count(commits, 'commit')} by {show.count(authors, 'author')} read"
    click.echo(f"{tree['repo']}: {said}, {show.count(edits, 'entity edit')}")
    if older:
        click.echo("older commits are being read in the background: aura worktree list shows how far")
    if not hooks:
        click.echo("commits are noticed as they are made; aura hooks install reports each at once")
    newest = show.printable(call.send("GET", "/v1/intents", query={"limit": 1})["data"])
    if newest:
        click.echo(f"newest: {show.when(newest[0]['created_at'])}  {newest[0]['summary']}")
    readings = (
        "aura intent list | aura diff HEAD~1 HEAD | aura why FILE:LINE | " if newest else "aura diff | "
    )
    click.echo(f"next: {readings}aura intent log 'what and why'")
