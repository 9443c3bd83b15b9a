"""universal-ctags on both sides: a name that is there on one side only came or went."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .sides import Told, one_sided, place


def found() -> bool:
    """Tell whether a universal-ctags that writes JSON is installed."""
    try:
        said = subprocess.run(["ctags", "--list-features"], capture_output=True, text=True).stdout
    except OSError:
        return False
    return "json" in said


def tell(folder: Path, git_dir: str, shas: list[str]) -> Iterator[Told]:
    """Tag everything in one run and compare the sets of names."""
    line = ["ctags", "--output-format=json", "--fields=+nEKZ", "--sort=no", "-R", "-f", "-", str(folder)]
    run = subprocess.run(line, capture_output=True, check=True)
    tags = [json.loads(text) for text in run.stdout.splitlines()]
    return one_sided(
        ((told.path, tag.get("scope"), told.name, told.kind), told)
        for tag in tags
        if tag["_type"] == "tag" and "anonymous" not in tag.get("extras", "")
        for told in (Told(*place(tag["path"], folder), tag["line"], tag["line"], tag["name"], tag["kind"]),)
    )
