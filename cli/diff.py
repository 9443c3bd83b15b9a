"""`aura diff`: between revisions, with the work tree, or between two folders without git and without a
daemon.
"""

import sys
from typing import Any

import click

from . import call, edits


@click.command("diff")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--no-index", is_flag=True, help="Compare two folders, outside git and without the daemon.")
@click.option("--path", help="Only what lies under this path.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
def command(a: str | None, b: str | None, no_index: bool, path: str | None, as_json: bool) -> None:
    """Show which entities changed between A and B, between A and the work tree, or since HEAD."""
    if no_index:
        _folders(a, b, as_json)
        return
    if a and b is None and ".." in a:
        a, _, b = a.partition("...") if "..." in a else a.partition("..")
    answer = call.send(
        "GET",
        "/v1/diff",
        query={"from": a or "HEAD", "to": b or "worktree", "path": _below(path)},
        repo=call.here(),
    )
    if as_json:
        call.print_json(answer)
    else:
        _show(answer)


def _below(path: str | None) -> str | None:
    import os

    return os.path.abspath(path) if path else None


def _folders(a: str | None, b: str | None, as_json: bool) -> None:
    if a is None or b is None:
        raise click.UsageError("cannot compare: give two folders")
    from pathlib import Path

    import msgspec

    from aura.syntax.diff import diff_folders

    for folder in (a, b):
        if not Path(folder).exists():
            call.refuse(
                {"code": "file_not_found", "message": f"cannot find {folder}", "hint": "Name two folders."}
            )
    body = msgspec.json.encode({"data": diff_folders(Path(a), Path(b))})
    if as_json:
        sys.stdout.buffer.write(body + b"\n")
    else:
        _show(msgspec.json.decode(body))


def _show(answer: dict[str, Any]) -> None:
    for line in edits.lines(answer["data"]):
        click.echo(line)
    for path in answer.get("degraded", ()):
        click.echo(f"not read in full: {path}", err=True)
    click.echo(
        edits.counts(answer["data"]) if answer["data"] else "no entity changed", err=not answer["data"]
    )
