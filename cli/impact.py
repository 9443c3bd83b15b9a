"""Showing impacts, dealing with them, and following them."""

import json
from typing import Any

import click

from . import call, show
from .follow import Refused, follow

FITS = {"broken": "breaks", "doubtful": "may break", "fits": "fits"}
TYPES = ("impact.opened", "impact.resolved", "impact.snoozed", "impact.dismissed")
JSON = click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
IDS = click.argument("ids", metavar="ID...", nargs=-1, required=True)
NOTE = click.option("--note", help="Why, in words.")


def show_list(answer: dict[str, Any]) -> None:
    """Show impacts, newest first."""
    rows = [
        (i["id"], i["severity"], i["change"], i["function"], _sides(i), i["callers_total"])
        for i in answer["data"]
    ]
    columns = ("id", "severity", "change", "function", "yours <- other", "callers")
    show.table(columns, rows, empty="nothing that changed elsewhere matters here")
    show.more(answer)


def show_show(impact: dict[str, Any]) -> None:
    """Show one impact with what was there before and after, and who uses it here."""
    click.echo(f"{impact['severity']}: {impact['function']} {impact['change'].replace('_', ' ')}")
    click.echo(
        f"{impact['id']}  {_state(impact)}  {_sides(impact)}  since {show.when(impact['detected_at'])}"
    )
    if impact["reason"] not in ("", impact["change"]):
        click.echo(impact["reason"])
    for label, side in (("before", impact["before"]), ("after", impact["after"]), ("yours", impact["mine"])):
        if side is not None:
            click.echo(f"{label:<7} {_signature(side)}  {side['path']}:{side['line']}")
    if impact["after"] is None:
        click.echo("after   removed")
    for site in impact["callers"]:
        test = " (test)" if site["test"] else ""
        why = f": {site['reason']}" if site["reason"] else ""
        caller = site["caller"] or "(top level)"
        click.echo(f"  {site['path']}:{site['line']}  {caller}{test}  {FITS[site['fit']]}{why}")
    if (more := impact["callers_total"] - len(impact["callers"])) > 0:
        click.echo(f"  and {more} more")
    if impact["note"]:
        click.echo(f"note: {impact['note']}")


@click.command("resolve")
@IDS
@NOTE
@JSON
def resolve(ids: tuple[str, ...], note: str | None, as_json: bool) -> None:
    """Say that impacts are dealt with.

    One whose cause goes is resolved without being told.
    """
    _change(ids, as_json, status="resolved", note=note)


@click.command("snooze")
@IDS
@click.option("--until", help="When they come back: a time, or a span such as 2h or 3d; else in a day.")
@NOTE
@JSON
def snooze(ids: tuple[str, ...], until: str | None, note: str | None, as_json: bool) -> None:
    """Let impacts come back later."""
    _change(ids, as_json, status="snoozed", until=until, note=note)


@click.command("dismiss")
@IDS
@NOTE
@JSON
def dismiss(ids: tuple[str, ...], note: str | None, as_json: bool) -> None:
    """Hear no more of impacts, unless the other side changes the same again."""
    _change(ids, as_json, status="dismissed", note=note)


@click.command("open")
@IDS
@NOTE
@JSON
def open_(ids: tuple[str, ...], note: str | None, as_json: bool) -> None:
    """Open impacts again that were snoozed, resolved or dismissed."""
    _change(ids, as_json, status="open", note=note)


@click.command("watch")
@click.option(
    "--severity",
    type=click.Choice(("error", "warning", "info")),
    multiple=True,
    help="Only impacts so severe.",
)
@click.option("--here", is_flag=True, help="Only what matters in this work tree.")
@click.option("--json", "as_json", is_flag=True, help="Print one event of the API a line.")
def watch(severity: tuple[str, ...], here: bool, as_json: bool) -> None:
    """Follow impacts as they are opened and closed."""
    call.ensure_daemon_unless_running()
    place = call.send("GET", "/v1/status")["worktree"] if here else None
    try:
        for frame in follow(",".join(TYPES)):
            if frame is None or frame.id is None:
                continue
            event = frame.data
            if severity and event["data"]["severity"] not in severity:
                continue
            if here and event["worktree"] != place:
                continue
            click.echo(json.dumps(event, ensure_ascii=False) if as_json else _line(show.printable(event)))
    except Refused as refusal:
        call.refuse(refusal.error)
    except KeyboardInterrupt:
        return


BY_HAND = (resolve, snooze, dismiss, open_, watch)


def _change(ids: tuple[str, ...], as_json: bool, **to: str | None) -> None:
    """Change impacts, one by itself or several in a batch, of which each stands for itself."""
    given = {name: value for name, value in to.items() if value is not None}
    if len(ids) == 1:
        answer = call.send("PATCH", f"/v1/impacts/{call.segment(ids[0])}", given)
        outcomes = [{"ok": answer}]
    else:
        items = [{"id": id_, **given} for id_ in dict.fromkeys(ids)]
        answer = outcomes = call.send("POST", "/v1/impacts:batch", {"impacts": items})
    if as_json:
        call.print_json(answer)
    for outcome in outcomes:
        if not as_json and "ok" in outcome:
            impact = show.printable(outcome["ok"])
            click.echo(f"{impact['id']}  {impact['function']}  {_state(impact)}")
    if refused := [outcome["err"] for outcome in outcomes if "err" in outcome]:
        for error in refused[:-1]:
            click.echo(f"error: {error['message']}", err=True)
        call.refuse(refused[-1])


def _state(impact: dict[str, Any]) -> str:
    if impact["status"] == "snoozed":
        return f"snoozed until {show.when(impact['snoozed_until'])}"
    if impact["closed_by"]:
        by = impact["closed_by"]["name"] or impact["closed_by"]["id"]
        return f"{impact['status']} by {by}"
    return str(impact["status"])


def _sides(about: dict[str, Any]) -> str:
    yours, other = (about.get(f"{s}_branch") or about.get(f"{s}_worktree") for s in ("your", "other"))
    return f"{yours} <- {other}"


def _signature(side: dict[str, Any]) -> str:
    if side["kind"] not in ("function", "method", "constructor"):
        return str(side["qualified_name"])
    return f"{side['qualified_name']}({', '.join(side['parameters'])})"


def _line(event: dict[str, Any]) -> str:
    about = event["data"]
    what = event["type"].removeprefix("impact.")
    uses = f"{about['callers']} caller{'' if about['callers'] == 1 else 's'}"
    told = (show.when(event["at"]), what, about["severity"], about["change"], about["function"])
    return "  ".join((*told, _sides(about), uses, about["impact"]))
