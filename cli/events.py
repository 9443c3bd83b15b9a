"""`aura events`: what happened, or what happens."""

from functools import partial
from typing import Any

import click

from . import call, show
from .follow import Refused, follow

SHOWN = 5


@click.command("events")
@click.option("-f", "--follow", is_flag=True, help="Go on as events come.")
@click.option("--type", "types", multiple=True, help="Only events of this type; may be repeated.")
@click.option("--since", help="From this time or span before now (30d, 12h, 15m).")
@click.option("--limit", type=int, help=show.limit_help("Events at most"))
@click.option("--cursor", help="Go on from a page's next_cursor.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the API's JSON, one event a line when following."
)
def command(
    follow: bool,
    types: tuple[str, ...],
    since: str | None,
    limit: int | None,
    cursor: str | None,
    as_json: bool,
) -> None:
    """Show what happened, oldest first, or follow it."""
    kinds = ",".join(types) or None
    if follow:
        _follow(kinds, as_json)
        return
    whole = limit is None and not as_json and not show.on_terminal()
    order = None if since or cursor or whole else "desc"
    query = {"type": kinds, "since": since, "limit": limit, "cursor": cursor, "order": order}
    answer = call.send("GET", "/v1/events", query=query)
    if as_json:
        call.print_json(answer)
        return
    ask = partial(_more, query)
    for page in show.following(answer, ask) if whole else [answer]:
        _show(page, newest_first=order == "desc")


def _more(query: dict[str, Any], more: dict[str, Any]) -> Any:
    return call.send("GET", "/v1/events", query={**query, **more})


def _show(answer: dict[str, Any], *, newest_first: bool) -> None:
    """Print a page, the newest event last."""
    events = answer["data"][::-1] if newest_first else answer["data"]
    show.table(("when", "type", "actor", "about"), [_row(event) for event in show.printable(events)])
    if not newest_first:
        show.more(answer)
    elif answer["has_more"]:
        click.echo("there are older ones: --limit N shows more, --since SPAN all of a time", err=True)


def _follow(kinds: str | None, as_json: bool) -> None:
    """Print events as they come, also after the daemon was replaced."""
    call.ensure_daemon_unless_running()
    try:
        for frame in follow(kinds):
            if frame is not None and frame.type:
                _print(frame.data, as_json)
    except Refused as refusal:
        call.refuse(refusal.error)
    except KeyboardInterrupt:
        return


def _print(event: dict[str, Any], as_json: bool) -> None:
    click.echo(show.json_text(event) if as_json else "  ".join(_row(show.printable(event))))


def _row(event: dict[str, Any]) -> tuple[str, str, str, str]:
    data = event["data"]
    if event["type"] == "worktree.edited":
        about = f"{event['worktree']}: {_edited(data)}"
    else:
        about = data.get("summary") or ", ".join(f"{k} {show.text(v)}" for k, v in data.items())
    return show.when(event["at"]), event["type"], event["actor"]["id"], str(about)


def _edited(data: dict[str, Any]) -> str:
    """Sum up what a save made of the uncommitted edits."""
    if not data["entities"]:
        return f"nothing uncommitted in {', '.join(data['paths'][:SHOWN])}"
    said = [
        f"{e['qualified_name']} {' '.join(e['changes'])}{' BREAKING' * (e['grade'] == 'breaking')}"
        for e in data["entities"][:SHOWN]
    ]
    more = len(data["entities"]) - SHOWN
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")
