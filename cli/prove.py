"""`aura prove`: goals are tried, and what came of them is shown with the evidence."""

import json
import os
import sys
from collections.abc import Iterator
from typing import Any

import click

from aura import wire
from aura.errors import FAILED

from . import call, generated, show

TAIL_LINES = 20
SHOWN = 5
VERBS = ("forget", "history", "save", "saved", "show")


class Prove(click.Group):
    """Takes what is none of its commands for goals."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*VERBS, "-h", "--help"):
            args = ["goals", *args]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name == "goals":
            return _goals
        return _save() if name == "save" else generated.command(f"prove {name}")


_OPTIONS = (
    click.Option(["--intent"], metavar="ID", help="Prove the goals of this intent."),
    click.Option(["--run"], is_flag=True, help="Run the commands, too, that are among the intent's goals."),
    click.Option(["--timeout"], type=int, metavar="SECONDS", help="When a command is ended; 300."),
    click.Option(["--json", "as_json"], is_flag=True, help="Print the API's JSON."),
)


def _prove(goals: tuple[str, ...], intent: str | None, run: bool, timeout: int | None, as_json: bool) -> None:
    """Try the goals, tell of each as it is decided, and fail where one is not proved."""
    body: dict[str, Any] = {"goals": list(goals), "intent": intent, "run_commands": run or None}
    body["timeout_s"] = timeout
    if run or any(goal.lstrip().startswith("run:") for goal in goals):
        body["path"] = os.environ.get("PATH")
    body = {name: value for name, value in body.items() if value is not None}
    answer: dict[str, Any] = {}
    for event, data in _frames(body):
        if event == "error":
            call.refuse(data["error"])
        elif event == "result":
            answer = data
        elif event == "output" and not as_json and show.on_terminal():
            click.echo(show.printable(data["text"]), nl=False)
    if not answer:
        call.refuse({"code": "api_protocol", "message": "cannot hear the end: the daemon stopped"})
    if as_json:
        call.print_json(answer)
    else:
        for proof in show.printable(answer["proofs"]):
            _show(proof)
    sys.exit(0 if answer["result"] == "pass" else FAILED)


def _frames(body: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the frames of the answer; a refusal ends the command."""
    call.ensure_daemon_unless_running()
    key = {"Idempotency-Key": os.urandom(16).hex()}
    lines = wire.stream("/v1/prove", method="POST", body=body, repo=call.here(), headers=key)
    event = ""
    try:
        for line in lines:
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                yield event, json.loads(line[6:])
            elif line.startswith(b"{"):
                yield "error", json.loads(line)
    except wire.Hung as error:
        call.hung(error)
    except (wire.NoDaemon, ConnectionError) as error:
        message = f"cannot hear the daemon: {error}"
        call.refuse({"code": "api_protocol", "message": message, "hint": "aura daemon logs"})
    except KeyboardInterrupt:
        sys.exit(130)


_goals = click.Command(
    "goals",
    params=[click.Argument(["goals"], nargs=-1, metavar="GOAL..."), *_OPTIONS],
    callback=_prove,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _save() -> click.Command | None:
    """Return the command that saves a goal; its program is looked for where it would be found now."""
    command = generated.command("prove save")
    if command is not None and command.callback is not None:
        whole = command.callback

        def run(goal: str, path: str | None, **given: Any) -> None:
            if path is None and goal.lstrip().startswith("run:"):
                path = os.environ.get("PATH")
            whole(goal=goal, path=path, **given)

        command.callback = run
    return command


def _nothing(**_: Any) -> None:
    """Leave everything to the commands of the group."""


command = Prove(
    "prove",
    help="""Prove goals about the work tree as it is now: `aura prove GOAL...`.

    A goal is `exists ENTITY`, `calls A -> B` (itself), `reaches A -> B` (over calls), `never calls A -> B`,
    `never reaches A -> B`, `signature ENTITY (PARAMETER, ...) -> RESULT`, `implements TYPE : TYPE`, `covered
    ENTITY` (code of a test reaches it), or a command that succeeds, `run: PROGRAM ARGUMENT...`, which is
    started in a sandbox and without a shell. Anything else is plain words, which need a model.

    Exits with 0 where all goals pass, and with 1 where one fails, is unknown or could not be tried.
    """,
    params=list(_OPTIONS),
    callback=_nothing,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_history(answer: dict[str, Any]) -> None:
    """Show what was proved, newest first."""
    rows = [
        (p["id"], show.when(p["proved_at"]), p["result"], _commit(p), p["goal"], p["reason"])
        for p in answer["data"]
    ]
    columns = ("id", "when", "result", "commit", "goal", "reason")
    show.table(columns, rows, empty="nothing was proved yet: aura prove 'exists NAME'")
    show.more(answer)


def show_show(proof: dict[str, Any]) -> None:
    """Show one proof with all of its evidence."""
    click.echo(
        f"{proof['id']}  {show.when(proof['proved_at'])}  {proof['branch'] or 'detached'}  {_commit(proof)}"
    )
    _show(proof, whole=True)


def show_saved(answer: dict[str, Any]) -> None:
    """Show the goals that are kept."""
    rows = [(g["id"], "on commit" if g["on_commit"] else "", g["goal"]) for g in answer["data"]]
    show.table(("id", "tried", "goal"), rows, empty="no saved goals: aura prove save GOAL --on-commit")
    show.more(answer)


def show_save(goal: dict[str, Any]) -> None:
    """Say what is kept."""
    when = "tried on each new commit" if goal["on_commit"] else "kept; --on-commit tries it on commits"
    click.echo(f"{goal['id']}  {goal['goal']}: {when}")


def show_forget(goal: dict[str, Any]) -> None:
    """Say what was forgotten."""
    click.echo(f"forgot {goal['goal']}")


def _show(proof: dict[str, Any], *, whole: bool = False) -> None:
    click.echo(f"{proof['result']:<8} {proof['goal']}: {proof['reason']}")
    evidence = proof["evidence"]
    entities = evidence["entities"]
    for entity in entities if whole else entities[:SHOWN]:
        about = " ".join(filter(None, (entity["qualified_name"], entity["what"])))
        click.echo(f"    {entity['path'] or 'outside'}:{entity['line']}  {about}")
    if len(entities) > SHOWN and not whole:
        click.echo(f"    and {len(entities) - SHOWN} more: aura prove show {proof['id']}")
    for step in evidence["calls"]:
        guess = " (by name only)" if step["confidence"] == "name_only" else ""
        click.echo(f"    {step['path']}:{step['line']}  {step['caller']} -> {step['callee']}{guess}")
    ran = evidence["command"]
    if ran is None:
        return
    click.echo(f"    {ran['seconds']:.1f} s, sandbox: {ran['sandbox']}")
    if whole or (proof["result"] != "pass" and not show.on_terminal()):
        lines = ran["output"].splitlines()
        for line in lines if whole else lines[-TAIL_LINES:]:
            click.echo(f"    | {line}")


def _commit(proof: dict[str, Any]) -> str:
    return f"{(proof['commit_sha'] or '-')[:9]}{'+' if proof['dirty'] and proof['commit_sha'] else ''}"
