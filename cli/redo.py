"""Showing what was done again."""

from .snapshot import show_restore as show_all
from .snapshot import status_restore as status_all

__all__ = ["show_all", "status_all"]
