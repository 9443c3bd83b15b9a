"""PyDriller: the methods of a commit whose lines changed."""

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from .sides import Told


def found() -> bool:
    """Tell whether PyDriller is installed."""
    return importlib.util.find_spec("pydriller") is not None


def tell(folder: Path, git_dir: str, shas: list[str]) -> Iterator[Told]:
    """Yield the changed methods of each commit, and those that went."""
    git = importlib.import_module("pydriller").Git(git_dir)
    unreadable = importlib.import_module("git.exc").GitCommandError
    for sha in shas:
        try:
            files = git.get_commit(sha).modified_files
        except unreadable:
            # A partial clone lacks the blobs of files that it would not show.
            continue
        for file in files:
            now = {method.long_name for method in file.methods}
            for method in file.changed_methods:
                lines = method.start_line, method.end_line
                # Those that went are listed, too, by their lines before.
                if method.long_name in now and file.new_path:
                    yield Told(sha, "new", file.new_path, *lines, method.name, "changed method")
                elif file.old_path:
                    yield Told(sha, "old", file.old_path, *lines, method.name, "changed method")
