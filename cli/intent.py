"""Showing intents."""

import shlex
from collections import Counter
from typing import Any

import click

from aura.errors import FAILED

from . import edits, show

UNBOUND = "no commit is known to hold it; if one does: aura intent bind"


def show_list(answer: dict[str, Any]) -> None:
    """Show a page of intents.

    On a terminal a commit's short hash stands for the long id, which it names as well, and leaves room for
    the summary.
    """
    if show.on_terminal():
        columns: tuple[str, ...] = ("intent", "when", "author", "entities", "summary")
        rows = [(_sha(i) if i["source"] == "commit" else i["id"], *_told(i)) for i in answer["data"]]
    else:
        columns = ("id", "when", "commit", "author", "entities", "summary")
        rows = [(i["id"], when, _sha(i), *rest) for i in answer["data"] for when, *rest in [_told(i)]]
    show.table(columns, rows, empty="no intents yet: aura intent log")
    show.more(answer)


def _sha(intent: dict[str, Any]) -> str:
    return (intent["commit_sha"] or "-")[:9]


def _told(intent: dict[str, Any]) -> tuple[str, str, str, str]:
    who = intent["author"]["name"] or intent["author"]["id"]
    return show.when(intent["created_at"]), who, changed(intent), intent["summary"]


def show_log(answer: dict[str, Any]) -> None:
    """Say what was logged, or with --dry-run what would be: its id is zero."""
    is_logged = bool(answer["id"].removeprefix("itn_").strip("0"))
    click.echo(f"{answer['id'] if is_logged else 'not logged'}  {answer['summary']}")
    if answer["analysis"] == "pending":
        click.echo("the changed entities are still being read: aura intent show " + answer["id"])
    elif answer["analysis"] == "failed":
        click.echo("the changed entities could not be read: aura daemon logs")
    else:
        _show_change(answer)
    if answer["tickets"]:
        click.echo("tickets: " + ", ".join(t["id"] for t in answer["tickets"]))
    _show_claims(answer)


def _show_change(intent: dict[str, Any]) -> None:
    """Say how much was changed; where nothing was, what becomes of that."""
    if intent.get("binding") == "waiting":
        click.echo("nothing is changed yet: it takes what the next commit in this work tree changes")
        if ended := intent.get("ended"):
            click.echo(f"instead of {ended}, which takes nothing any more")
    elif intent.get("binding") == "unbound":
        click.echo(f"unbound: {UNBOUND} {intent['id']} COMMIT")
    else:
        click.echo(f"{changed(intent)} entities (changed +added -deleted)")


def show_bind(answer: dict[str, Any]) -> None:
    """Say which commit an intent belongs to now, and what that changed."""
    click.echo(f"{answer['id']}  {answer['summary']}")
    click.echo(f"bound to {_sha(answer)}: {changed(answer)} entities (changed +added -deleted)")


def show_show(answer: dict[str, Any]) -> None:
    """Show one intent with its entity edits as a tree."""
    click.echo(f"{answer['id']}  {answer['summary']}")
    author = answer["author"]
    who = f"{author['name']} <{author['id']}>" if author["name"] else author["id"]
    place = answer["branch"] or "detached"
    held = (answer["commit_sha"] or "uncommitted")[:12]
    click.echo(f"{show.when(answer['created_at'])}  {who}  {place}  {held}")
    if answer.get("binding") in ("waiting", "unbound"):
        _show_change(answer)
    if answer["tickets"]:
        click.echo("tickets: " + ", ".join(t["id"] for t in answer["tickets"]))
    states = Counter(node["state"] for node in answer["nodes"])
    if answer["source"] == "log" and states:
        click.echo(f"commits hold: {_held(states)}")
    if answer["analysis"] != "done":
        click.echo(f"analysis: {answer['analysis']}")
    _show_claims(answer)
    for goal in answer["prove_goals"]:
        click.echo(f"{goal['result']:<8} {goal['goal']}")
    for line in edits.lines(answer["nodes"]):
        click.echo(line)


def show_check(answer: dict[str, Any]) -> None:
    """Show an intent's claims with what speaks for and against each."""
    click.echo(f"{answer['id']}  {answer['summary']}")
    if not answer["claims"]:
        click.echo("nothing is claimed: aura intent suggest shows what can be", err=True)
    _show_claims(answer)


def status_check(answer: dict[str, Any]) -> int:
    """Fail where a claim is contradicted."""
    return FAILED if any(claim["verdict"] == "contradicted" for claim in answer["claims"]) else 0


def show_suggest(answer: dict[str, Any]) -> None:
    """Write the command that logs what can be claimed."""
    if not answer["claims"]:
        click.echo("nothing is changed that could be claimed", err=True)
        return
    options = " ".join(f"--claim {shlex.quote(claim)}" for claim in answer["claims"])
    click.echo(f"aura intent log 'what and why' {options}")


def _show_claims(answer: dict[str, Any]) -> None:
    """Write each claim with its verdict; where it does not hold, the entities that show it."""
    for claim in answer["claims"]:
        click.echo(f"{claim['verdict']:<12}  {claim['claim']}: {claim['reason']}")
        if claim["verdict"] == "supported":
            continue
        for entity in claim["entities"]:
            name = entity["qualified_name"]
            what = entity["what"] if name == entity["path"] else f"{name}: {entity['what']}"
            click.echo(f"    {entity['path']}:{entity['line']}  {what}")
        if claim["mend"]:
            click.echo(f"    {claim['mend']}")


def show_nodes(answer: dict[str, Any]) -> None:
    """Show an intent's entity edits."""
    for line in edits.lines(answer["data"]):
        click.echo(line)
    show.more(answer)


def _held(states: Counter[str]) -> str:
    """Say how many of the logged edits a commit holds, and what became of the others."""
    words = {"bound": "as logged", "superseded": "changed again", "open": "not yet"}
    return ", ".join(f"{states[state]} {word}" for state, word in words.items() if states[state])


def changed(intent: dict[str, Any]) -> str:
    """Write the three counts of an intent in one word."""
    if intent["analysis"] == "pending":
        return "..."
    if intent.get("binding") in ("waiting", "unbound"):
        return str(intent["binding"])
    return f"{intent['nodes_changed']} +{intent['nodes_added']} -{intent['nodes_deleted']}"
