"""Showing how the database is."""

import sys
from typing import Any

import click


def show_check(answer: dict[str, Any]) -> None:
    """Say what the check found; a damaged database ends the command as failed."""
    if answer["ok"]:
        click.echo("the database is well")
        return
    for problem in answer["problems"]:
        click.echo(problem)
    click.echo("hint: restore a copy made by aura db backup", err=True)
    sys.exit(1)
