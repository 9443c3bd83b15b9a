"""Showing settings."""

from typing import Any

from . import hooks, show

GUARDS = (("claims", "block"), ("strict_mode", "on"))
"""Settings that a pre-commit hook keeps."""


def show_set(setting: dict[str, Any]) -> None:
    """Show what was set, and whether anything sees to it."""
    show.anything(setting)
    if (setting["name"], setting["value"]) in GUARDS:
        hooks.warn_unguarded()
