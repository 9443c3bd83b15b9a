"""Showing what is to be known before an edit."""

from typing import Any

import click

from aura.errors import REFUSED


def show_all(answer: dict[str, Any]) -> None:
    """Say that all is clear, or what is not."""
    what = {"clear": "nobody else is there", "caution": "somebody is there", "blocked": "do not edit it now"}
    place = answer["entity"] or answer["path"] or answer["target"]
    click.echo(f"{place}: {answer['verdict']}, {what[answer['verdict']]}")
    for line in answer["lines"]:
        click.echo(line)


def status_all(answer: dict[str, Any]) -> int:
    """Return the exit status: refused where another's zone blocks changes."""
    return REFUSED if answer["verdict"] == "blocked" else 0
