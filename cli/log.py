"""Showing the life of an entity."""

from typing import Any

import click

from . import edits, show

WORDS = {"added": "introduced", "extracted": "extracted", "carried": "went along"}


def show_all(answer: dict[str, Any]) -> None:
    """Show an entity's life, one event after the other, each under its commit."""
    if answer["data"] and show.GOES_ON not in answer:
        newest = answer["data"][0]
        called = newest["new"] or newest["old"]
        name = edits.named(called["kind"], called["qualified_name"])
        click.echo(f"{name}  {called['path']}  {newest['entity']}")
    for entry in answer["data"]:
        intent = entry["intent"]
        node = entry["node"]
        sha = ((node or intent)["commit_sha"] or "")[:9] or "uncommitted"
        who = intent["author"]["name"] or intent["author"]["id"]
        click.echo(f"{show.when(intent['created_at'])}  {sha}  {who}: {intent['summary']}")
        click.echo(f"    {_event(entry)}")
    show.more(answer)


def _event(entry: dict[str, Any]) -> str:
    words = ", ".join(WORDS.get(change, change.replace("_", " ")) for change in entry["changes"])
    return "; ".join([words, *_names(entry["old"], entry["new"]), *edits.notes(entry["node"])])


def _names(old: dict[str, Any] | None, new: dict[str, Any] | None) -> list[str]:
    """Write what an entity was called before and after, as far as that differs."""
    if old is None or new is None:
        return [f"in {(new or old or {})['path']}"]
    return [f"{old[part]} -> {new[part]}" for part in ("path", "qualified_name") if old[part] != new[part]]
