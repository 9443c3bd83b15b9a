"""Showing what was undone."""

from .snapshot import show_restore as show_all
from .snapshot import status_restore as status_all

__all__ = ["show_all", "status_all"]
