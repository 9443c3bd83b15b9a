"""Paths as the record holds them: relative to the work tree, with forward slashes, and text."""

import os

from aura.errors import AuraError
from aura.syntax.types import Edit


def relative(root: str, path: str) -> str:
    """Return a path relative to its work tree; a relative one is taken from the root.

    Raises `invalid_request` where it lies outside.
    """
    if "\0" in path:
        raise AuraError(
            "invalid_request", "cannot use a path that holds a NUL byte", "Name a path inside the work tree."
        )
    whole = os.path.normpath(os.path.join(root, path))
    if whole != root and not whole.startswith(root.rstrip("/") + "/"):
        real = os.path.join(os.path.realpath(os.path.dirname(whole)), os.path.basename(whole))
        if not real.startswith(root.rstrip("/") + "/"):
            raise AuraError(
                "invalid_request",
                f"cannot use the path {path}: it lies outside of {root}",
                "Name a path inside the work tree.",
            )
        whole = real
    return os.path.relpath(whole, root)


def lies_in(path: str, place: str) -> bool:
    """Tell whether a path is a file or lies below a folder."""
    return place == "." or path == place or path.startswith(f"{place}/")


def touches(edit: Edit, place: str) -> bool:
    """Tell whether an edit lies in a file or below a folder, before or after."""
    return any(lies_in(side.path, place) for side in (edit.old, edit.new) if side is not None)
