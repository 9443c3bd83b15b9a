"""`aura diff`: between revisions, with the work tree, or between two folders without git and without a
daemon.
"""

import os
import sys
from typing import Any

import click

from . import call, edits, show


@click.command("diff")
@click.argument("a", required=False)
@click.argument("b", required=False)
@click.option("--staged", "--cached", is_flag=True, help="Only what is staged: what a commit would hold.")
@click.option(
    "--no-index", is_flag=True, help="Compare two folders or files, outside git and without the daemon."
)
@click.option("--path", help="Only what lies under this path.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
def command(
    a: str | None, b: str | None, staged: bool, no_index: bool, path: str | None, as_json: bool
) -> None:
    """Show which entities changed between A and B, between A and the work tree, or since HEAD.

    A..B is A and B; A...B is what B changed since it parted from A.
    """
    if "" in (a, b):
        raise click.UsageError("cannot compare: a revision is empty")
    if staged and (no_index or (b and not os.path.lexists(b))):
        raise click.UsageError("cannot compare: --staged stands for the second revision")
    if no_index:
        _folders(a, b, as_json)
        return
    to = "staged" if staged else "worktree"
    readings = [_query(a, b, path, to)]
    if path is None and (b or a) and os.path.lexists(b or a or ""):
        below = _query(a, None, b, to) if b else _query(None, None, a, to)
        readings = [below] if staged else [*readings, below]
    answer = _answer(readings)
    if as_json:
        call.print_json(answer)
    else:
        _show(answer)


def _query(a: str | None, b: str | None, path: str | None, to: str) -> dict[str, str | None]:
    parted = None
    if a and b is None and ".." in a:
        parted = "true" if "..." in a else None
        a, _, b = a.partition("..." if parted else "..")
        b = b or "HEAD"
    under = os.path.abspath(path) if path else None
    return {"from": a or "HEAD", "to": b or to, "path": under, "merge_base": parted}


def _answer(readings: list[dict[str, str | None]]) -> Any:
    """Return the answer to the first reading that has one: a revision goes before a path so called."""
    *others, last = readings
    for query in others:
        reply = call.raw("GET", "/v1/diff", query=query, repo=call.here())
        if reply.status < 400:
            return reply.json()
    return call.send("GET", "/v1/diff", query=last, repo=call.here())


def _folders(a: str | None, b: str | None, as_json: bool) -> None:
    if a is None or b is None:
        raise click.UsageError("cannot compare: give two folders, or two files")
    from pathlib import Path

    import msgspec

    from aura.syntax.diff import diff, diff_folders

    old, new = Path(a), Path(b)
    sides = [one for one in (old, new) if str(one) != os.devnull]
    for one in sides:
        if not one.exists():
            call.refuse(
                {
                    "code": "file_not_found",
                    "message": f"cannot find {one}",
                    "hint": "Give two folders, or two files.",
                }
            )
    if len({one.is_file() for one in sides}) > 1 or (len(sides) < 2 and any(one.is_dir() for one in sides)):
        raise click.UsageError(f"cannot compare {a} with {b}: one is a file, the other is not")
    if all(one.is_file() for one in sides):
        name = sides[-1].name if sides else ""
        found = diff(*({name: one.read_bytes()} if one in sides else {} for one in (old, new)))
    else:
        found = diff_folders(old, new)
    body = msgspec.json.encode({"data": found})
    if as_json:
        sys.stdout.buffer.write(body + b"\n")
    else:
        _show(msgspec.json.decode(body))


def _show(answer: dict[str, Any]) -> None:
    answer = show.printable(answer)
    for line in edits.lines(answer["data"]):
        click.echo(line)
    for path in answer.get("degraded", ()):
        click.echo(f"not read in full: {path}", err=True)
    click.echo(
        edits.counts(answer["data"]) if answer["data"] else "no entity changed", err=not answer["data"]
    )
