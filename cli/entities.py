"""Showing entities."""

from typing import Any

from . import show


def show_all(answer: dict[str, Any]) -> None:
    """Show entities with their place and signature."""
    rows = [
        (f"{e['path']}:{e['line']}", e["kind"], e["qualified_name"] + signature(e)) for e in answer["data"]
    ]
    show.table(("place", "kind", "entity"), rows)
    show.more(answer)


def signature(entity: dict[str, Any]) -> str:
    """Write the parameters of what has some."""
    if entity["kind"] not in ("function", "method", "constructor"):
        return ""
    result = f" -> {entity['result']}" if entity["result"] else ""
    return "(" + ", ".join(p[0] for p in entity["parameters"]) + ")" + result
