"""Showing who did what."""

from typing import Any

from . import show
from .told import told


def show_all(answer: dict[str, Any]) -> None:
    """Show the trail, newest first."""
    rows = [
        (show.when(entry["at"]), entry["actor"]["kind"], entry["actor"]["id"], entry["action"], _said(entry))
        for entry in answer["data"]
    ]
    show.table(("when", "kind", "actor", "action", "what"), rows, cut=("actor", "what"))
    show.more(answer)


def _said(entry: dict[str, Any]) -> str:
    return told({**entry, "type": entry["action"]})
