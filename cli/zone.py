"""Showing zones."""

from typing import Any

import click

from . import hooks, show


def show_list(answer: dict[str, Any]) -> None:
    """Show zones, newest first."""
    rows = [
        (z["id"], place(z), z["mode"], _owner(z), show.when(z["expires_at"]), z["reason"])
        for z in answer["data"]
    ]
    show.table(
        ("id", "zone", "mode", "owner", "until", "reason"), rows, empty="no zones: aura zone claim TARGET"
    )
    show.more(answer)


def show_claim(zone: dict[str, Any]) -> None:
    """Say what was claimed, and until when."""
    click.echo(f"{zone['id']}  {zone['kind']} {place(zone)} is yours until {show.when(zone['expires_at'])}")
    if zone["mode"] == "block":
        hooks.warn_unguarded()


show_renew = show_claim


def show_release(zone: dict[str, Any]) -> None:
    """Say what was released."""
    click.echo(f"{place(zone)} is free")


def place(zone: dict[str, Any]) -> str:
    """Return what is claimed, as every work tree has it."""
    return str(zone["path"] if zone["kind"] == "path" else zone["target"])


def _owner(zone: dict[str, Any]) -> str:
    return str(zone["owner"]["name"] or zone["owner"]["id"])
