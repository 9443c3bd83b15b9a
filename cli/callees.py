"""`aura callees`: whom an entity calls, or all calls of the work tree."""

from typing import Any

import click

from . import call, callers, show


@click.command("callees")
@click.argument("entity", required=False)
@click.option("--all", "everything", is_flag=True, help="All calls of the work tree.")
@click.option("--name-only", is_flag=True, help="With --all: also calls by the name of a method alone.")
@click.option("--limit", type=int, help=show.limit_help("Rows at most"))
@click.option("--cursor", help="Go on from a page's next_cursor.")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
def command(
    entity: str | None,
    everything: bool,
    name_only: bool,
    limit: int | None,
    cursor: str | None,
    as_json: bool,
) -> None:
    """List whom an entity calls, surest first; with --all, every call of the work tree."""
    if everything == bool(entity):
        raise click.UsageError("cannot tell what is asked: name an entity, or say --all")
    if everything and (limit is not None or cursor is not None):
        raise click.UsageError("cannot give all calls in parts: --all takes neither --limit nor --cursor")
    if everything:
        _show_all(_all(name_only=name_only), as_json)
        return
    answer = _of(entity or "", limit, cursor)
    if as_json:
        call.print_json(answer)
    elif limit is None and not show.on_terminal():
        for page in show.following(answer, lambda more: _of(entity or "", **more)):
            callers.show_callees(show.printable(page))
    else:
        callers.show_callees(show.printable(answer))


def _show_all(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        call.print_json(answer)
        return
    rows = [(c["caller"], c["callee"], c["confidence"]) for c in answer["data"]]
    show.table(("caller", "callee", "confidence"), rows, empty="no calls found")


def _all(*, name_only: bool) -> dict[str, Any]:
    query = {"confidence": "exact,imported,name_only"} if name_only else {}
    answer: dict[str, Any] = call.send("GET", "/v1/calls", query=query, repo=call.here())
    return answer


def _of(entity: str, limit: int | None, cursor: str | None) -> dict[str, Any]:
    path = f"/v1/entities/{call.segment(entity)}/callees"
    answer: dict[str, Any] = call.send(
        "GET", path, query={"limit": limit, "cursor": cursor}, repo=call.here()
    )
    return answer
