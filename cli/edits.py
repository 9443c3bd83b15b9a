"""Writing entity edits for people: one line each, under their file."""

from collections.abc import Iterator
from typing import Any

SIGNS = {"added": "+", "deleted": "-", "renamed": "»", "moved": "»", "formatting_only": " "}


def lines(edits: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each edit, under a line for each file."""
    path = None
    for edit in edits:
        side = edit["new"] or edit["old"]
        if side["path"] != path:
            path = side["path"]
            yield path.replace("\n", "\\n")
        yield f"  {sign(edit)} {name(edit)}{_notes(edit)}"


def sign(edit: dict[str, Any]) -> str:
    """Return the one character that stands for an edit."""
    for change in edit["changes"]:
        if change in SIGNS:
            return SIGNS[change]
    return "~"


def name(edit: dict[str, Any]) -> str:
    """Return kind and name, or what there is instead of a name."""
    return named(edit["kind"], title(edit))


def named(kind: str, called: str) -> str:
    """Write the kind and the name of an entity; what has no name of its own is called by what it is."""
    if kind == "statements":
        return "top-level statements"
    return "the file as a whole" if kind == "file" else f"{kind} {called}"


def title(edit: dict[str, Any]) -> str:
    """Return the entity's name, with its older one where that changed."""
    old, new = edit["old"], edit["new"]
    if old is None or new is None:
        return str((new or old)["qualified_name"])
    if old["qualified_name"] == new["qualified_name"]:
        return str(new["qualified_name"])
    return f"{old['qualified_name']} -> {new['qualified_name']}"


def _notes(edit: dict[str, Any]) -> str:
    said = [c.replace("_", " ") for c in edit["changes"] if c not in ("added", "deleted", "renamed")]
    said += notes(edit)
    if "moved" in edit["changes"] and edit["old"] and edit["old"]["path"] != edit["new"]["path"]:
        said.append(f"from {edit['old']['path']}")
    if edit["grade"] == "breaking":
        said.append("BREAKING")
    return f"  ({'; '.join(said)})" if said else ""


def notes(edit: dict[str, Any] | None) -> list[str]:
    """Write what an edit did to parameters and decorators, and where code came from or went."""
    if edit is None:
        return []
    said = [_parameter(p) for p in edit["parameters"]]
    said += [f"decorator {d['name']} {d['edit']}" for d in edit["decorators"]]
    said += [f"{m['name']} {m['edit']}" for m in edit["modifiers"]]
    if edit["result"]:
        said.append(f"result {edit['result']['old'] or 'none'} -> {edit['result']['new'] or 'none'}")
    if edit["related"]:
        word = "into" if "inlined" in edit["changes"] else "out of"
        said.append(f"{word} {', '.join(r['qualified_name'] for r in edit['related'])}")
    return said


def _parameter(edit: dict[str, Any]) -> str:
    if edit["edit"] == "renamed":
        return f"parameter {edit['old_name']} -> {edit['name']}"
    return f"parameter {edit['name']} {edit['edit'].replace('_', ' ')}"


def counts(edits: list[dict[str, Any]]) -> str:
    """Sum edits up in a few words."""
    added = sum(e["old"] is None for e in edits)
    deleted = sum(e["new"] is None for e in edits)
    breaking = sum(e["grade"] == "breaking" for e in edits)
    parts = [f"{len(edits) - added - deleted} changed", f"{added} added", f"{deleted} deleted"]
    return ", ".join(parts + ([f"{breaking} breaking for callers"] if breaking else []))
