"""`aura why`: the intents behind a line, a file or an entity."""

import os
import re
from typing import Any

import click

from . import call, edits, show


@click.command("why")
@click.argument("what", metavar="FILE[:LINE]|ENTITY")
@click.option(
    "--limit", type=int, help="Intents at most, 1 to 500; without it 20 on a terminal, and 500 in a pipe."
)
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
def command(what: str, limit: int | None, as_json: bool) -> None:
    """Tell why a line or an entity is what it is: the intents that shaped it, newest first."""
    unasked = 20 if as_json or show.on_terminal() else show.LARGEST_PAGE
    most = unasked if limit is None else limit
    answer = call.send("GET", "/v1/why", query={**query(what), "limit": most}, repo=call.here())
    if as_json:
        call.print_json(answer)
    else:
        show_found(show.printable(answer))
        if answer["has_more"]:
            click.echo(f"more: --limit N, {show.LARGEST_PAGE} at most", err=True)


def query(what: str) -> dict[str, Any]:
    """Say whether a file, a line of it or an entity is meant."""
    match = re.fullmatch(r"(.+?):(\d+)", what, re.DOTALL)
    if match:
        return {"file": os.path.abspath(match[1]), "line": int(match[2])}
    if os.path.lexists(what):
        return {"file": os.path.abspath(what)}
    return {"entity": what}


def show_found(answer: dict[str, Any]) -> None:
    """Show the intents behind what was asked about, newest first."""
    about = answer["about"]
    name = edits.named(about["kind"], about["qualified_name"]) if about["qualified_name"] else "file"
    click.echo(f"{name}  {about['path']}" + (f":{about['line']}" if about["line"] else ""))
    for reason in answer["data"]:
        intent, node = reason["intent"], reason["node"]
        sha = (node["commit_sha"] or "")[:9] or "uncommitted"
        tickets = "".join(f" [{t['id']}]" for t in intent["tickets"] if t["id"] not in intent["summary"])
        who = intent["author"]["name"] or intent["author"]["id"]
        click.echo(f"{show.when(intent['created_at'])}  {sha}  {who}: {intent['summary']}{tickets}")
        if about["qualified_name"]:
            click.echo(f"    {edits.title(node)}: {', '.join(c.replace('_', ' ') for c in node['changes'])}")
    if not answer["data"]:
        since = f" since {show.when(answer['read_since'])}" if answer["read_since"] else ""
        click.echo(f"no intent{since} touches it; aura init --depth N reads more history", err=True)
    for path, called in dict.fromkeys((o["path"], o["qualified_name"]) for o in answer["others"]):
        # What has the same place and name is an overload, or was there before: no other answer by this name.
        if (path, called) != (about["path"], about["qualified_name"]):
            click.echo(f"also so called: {path}:{called}", err=True)
