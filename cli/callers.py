"""Showing calls from either end."""

from typing import Any

import click

from . import show


def show_all(answer: dict[str, Any]) -> None:
    """Show who calls an entity."""
    _show(answer, "caller", "nobody calls it")


def show_callees(answer: dict[str, Any]) -> None:
    """Show whom an entity calls."""
    _show(answer, "callee", "it calls nobody")


def _show(answer: dict[str, Any], end: str, empty: str) -> None:
    rows = [(c[end], _place(c), c["confidence"].replace("_", " ")) for c in answer["data"]]
    if not rows:
        click.echo(empty, err=True)
        return
    show.table((end, "where", "confidence"), rows)
    show.more(answer)


def _place(call: dict[str, Any]) -> str:
    return f"{call['path']}:{','.join(map(str, call['lines']))}"
