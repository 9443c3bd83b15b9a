"""`aura api`: any route, as the daemon has it."""

import contextlib
import json
import sys

import click

from . import call, show

COLUMNS = 100


@click.command("api")
@click.argument("method", required=False)
@click.argument("path", required=False)
@click.option("-d", "--data", help="A JSON body, or @FILE, or - for standard input.")
@click.option("-H", "--header", multiple=True, metavar="NAME:VALUE", help="A further header.")
@click.option("--list", "listed", is_flag=True, help="Print all operations.")
def command(
    method: str | None, path: str | None, data: str | None, header: tuple[str, ...], listed: bool
) -> None:
    """Call any route of the daemon and print its answer."""
    if listed:
        _print_all()
        return
    if not method or not path:
        raise click.UsageError("cannot call: give METHOD and PATH, or --list")
    if not path.startswith("/"):
        raise click.BadParameter(f"cannot call {path!r}: a path begins with /", param_hint="PATH")
    headers = {name.strip(): value.strip() for name, _, value in (h.partition(":") for h in header)}
    reply = call.raw(method.upper(), path, _body(data), headers=headers)
    text = reply.body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        text = show.json_text(json.loads(text), indent=2)
    click.echo(text)
    if reply.status >= 400:
        sys.exit(call.exit_code(reply))


def _body(data: str | None) -> object:
    if data is None:
        return None
    if data == "-":
        data = sys.stdin.read()
    elif data.startswith("@"):
        try:
            with open(data[1:], encoding="utf-8") as file:
                data = file.read()
        except OSError as error:
            raise click.BadParameter(
                f"cannot read {data[1:]}: {error.strerror}", param_hint="--data"
            ) from None
    try:
        return json.loads(data)
    except ValueError as error:
        raise click.BadParameter(f"cannot read the body as JSON: {error}", param_hint="--data") from None


def _print_all() -> None:
    spec = call.send("GET", "/openapi.json", repo=None)
    for path, methods in spec["paths"].items():
        for method, entry in methods.items():
            if "x-aura-alias-of" in entry:
                continue
            line = f"{method.upper():<6} {path:<34} {entry.get('x-aura-scope', '-'):<14} {entry['summary']}"
            click.echo(line if len(line) <= COLUMNS else line[: COLUMNS - 1].rstrip() + "…")
