"""Showing intents."""

from collections import Counter
from typing import Any

import click

from . import edits, show


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
    """Say what was logged."""
    click.echo(f"{answer['id']}  {answer['summary']}")
    if answer["analysis"] == "pending":
        click.echo("the changed entities are still being read: aura intent show " + answer["id"])
    elif answer["analysis"] == "failed":
        click.echo("the changed entities could not be read: aura daemon logs")
    else:
        click.echo(f"{changed(answer)} entities (changed +added -deleted)")
        if changed(answer) == "0 +0 -0" and answer["commit_sha"] is None:
            click.echo(
                "nothing is uncommitted here: aura intent log --commit HEAD says why of the last commit"
            )
    if answer["tickets"]:
        click.echo("tickets: " + ", ".join(t["id"] for t in answer["tickets"]))


def show_show(answer: dict[str, Any]) -> None:
    """Show one intent with its entity edits as a tree."""
    click.echo(f"{answer['id']}  {answer['summary']}")
    author = answer["author"]
    who = f"{author['name']} <{author['id']}>" if author["name"] else author["id"]
    place = answer["branch"] or "detached"
    click.echo(
        f"{show.when(answer['created_at'])}  {who}  {place}  {(answer['commit_sha'] or 'uncommitted')[:12]}"
    )
    for label, values in (
        ("tickets", [t["id"] for t in answer["tickets"]]),
        ("goals", [f"{g['goal']} ({g['result']})" for g in answer["prove_goals"]]),
    ):
        if values:
            click.echo(f"{label}: {', '.join(values)}")
    states = Counter(node["state"] for node in answer["nodes"])
    if answer["source"] == "log" and states:
        click.echo(f"commits hold: {_held(states)}")
    if answer["analysis"] != "done":
        click.echo(f"analysis: {answer['analysis']}")
    for line in edits.lines(answer["nodes"]):
        click.echo(line)


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
    return f"{intent['nodes_changed']} +{intent['nodes_added']} -{intent['nodes_deleted']}"
