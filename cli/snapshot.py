"""Showing snapshots."""

from typing import Any

import click

from . import edits, show

UNITS = ("B", "kB", "MB", "GB")


def show_list(answer: dict[str, Any]) -> None:
    """Show snapshots, newest first."""
    rows = [
        (s["id"], show.when(s["created_at"]), _what(s), size(s["bytes"]), _why(s), s["author"]["id"])
        for s in answer["data"]
    ]
    show.table(
        ("id", "when", "what", "size", "why", "author"), rows, empty="no snapshots yet: aura snapshot create"
    )
    show.more(answer)


def show_create(made: dict[str, Any]) -> None:
    """Say what was kept."""
    click.echo(f"{made['id']}  {_what(made)}, {size(made['bytes'])}")
    if made["omitted"]:
        click.echo(
            f"{made['omitted']} files were too large: aura config set snapshots.largest MEGABYTES", err=True
        )


def show_show(found: dict[str, Any]) -> None:
    """Show a snapshot and its files."""
    entries = found.pop("entries")
    show.pairs(
        {name: value for name, value in found.items() if value is not None}
        | {"author": found["author"]["id"]}
    )
    for entry in entries:
        there = f"{entry['mode']}  {entry['size']:>9}" if entry["mode"] else "was not there    "
        click.echo(f"  {there}  {entry['path']}")
    if len(entries) < found["files"]:
        click.echo(f"  and {found['files'] - len(entries)} more")


def show_diff(answer: dict[str, Any]) -> None:
    """Show what changed since a snapshot: entities, then lines."""
    for line in edits.lines(answer["data"]):
        click.echo(line)
    for changed in answer["files"]:
        if changed["patch"] is not None:
            click.echo(changed["patch"], nl=False)
        else:
            click.echo(f"{changed['change']}: {changed['path']}")
    if not answer["files"]:
        click.echo("nothing changed since", err=True)


def show_restore(done: dict[str, Any]) -> None:
    """Say what was restored, what could not be, and how to go back."""
    said = {"restore": "restored {}", "undo": "undone: {} as before", "redo": "restored {} again"}
    if not done["files"] and not done["blocked"]:
        click.echo("nothing to restore: all is as it was then")
        return
    what = done["entity"] or (done["paths"][0] if done["files"] == 1 else f"{done['files']} files")
    click.echo(said[done["action"]].format(what))
    for path, why in done["blocked"].items():
        click.echo(f"left as it is: {path}: {why}", err=True)
    if done["before"]:
        click.echo(f"what was there is kept as {done['before']}", err=True)


def status_restore(done: dict[str, Any]) -> int:
    """Return 1 where something was left as it is."""
    return 1 if done["blocked"] else 0


def show_auto(setting: dict[str, Any]) -> None:
    """Say whether edits of agents make snapshots."""
    click.echo(f"snapshots before each edit of an agent: {setting['value']}")


def show_gc(gone: dict[str, Any]) -> None:
    """Say what was removed."""
    click.echo(f"{gone['snapshots']} snapshots and {gone['contents']} contents, {size(gone['bytes'])}")
    if gone.get("proofs"):
        click.echo(show.count(gone["proofs"], "result") + " of goals")


def size(number: float) -> str:
    """Write a number of bytes for people."""
    for unit in UNITS[:-1]:
        if number < 1000:
            return f"{number:.0f} {unit}" if number >= 10 or unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} {UNITS[-1]}"


def _what(s: dict[str, Any]) -> str:
    if s["path"]:
        return str(s["path"])
    return f"work tree, {s['files']} files" if s["scope"] == "tree" else f"{s['files']} files"


def _why(s: dict[str, Any]) -> str:
    said = {"asked": "", "edit": "before an edit", "restore": "before a restore"}[s["reason"]]
    return s["message"] or said
