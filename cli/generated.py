"""click commands from the generated table: one request each, and a rendering where the noun has one."""

import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import click

from aura import wire

from . import call, show
from ._commands import COMMANDS, GROUPS

_NEW_FILE = re.compile(r"[^:*?\[]+\.(?:py|pyi|js|jsx|mjs|ts|tsx|rs|java|cpp|hpp|cs|rb|php|kt)")
"""A file that may not be there yet; no method is called like these endings."""

TYPES: dict[str, Any] = {"int": int, "str": str}


def command(name: str) -> click.Command | None:
    """Return the command or the group of this name, or None."""
    if name in COMMANDS:
        return _leaf(name)
    if name not in GROUPS:
        return None
    group = click.Group(name, help=GROUPS[name], context_settings={"help_option_names": ["-h", "--help"]})
    for whole in COMMANDS:
        noun, _, verb = whole.partition(" ")
        if noun == name:
            group.add_command(_leaf(whole), verb)
    for by_hand in getattr(_module(name), "BY_HAND", ()):
        group.add_command(by_hand)
    return group


def _leaf(name: str) -> click.Command:
    row = COMMANDS[name]
    parameters: list[click.Parameter] = []
    for field in row["fields"]:
        if field["argument"]:
            parameters.append(
                click.Argument(
                    [field["name"]],
                    required=field["required"],
                    type=TYPES[field["type"]],
                    nargs=-1 if field["multiple"] else 1,
                    metavar=f"[{field['metavar']}]..." if field["multiple"] else field["metavar"],
                )
            )
        else:
            parameters.append(_option(field))
    if not row.get("raw"):
        parameters.append(click.Option(["--json", "as_json"], is_flag=True, help="Print the API's JSON."))

    def run(as_json: bool = False, **given: Any) -> None:
        if row.get("raw"):
            sys.stdout.buffer.write(request(row, given).body)
            return
        answer = request(row, given).json()
        if as_json:
            call.print_json(answer)
        else:
            for page in pages(row, given, answer):
                render(name, page, given)
        if failed := status(name, answer):
            sys.exit(failed)

    settings = {"help_option_names": ["-h", "--help"]}
    return click.Command(
        name.split(" ")[-1], params=parameters, callback=run, help=row["doc"], context_settings=settings
    )


def _option(field: dict[str, Any]) -> click.Option:
    flags = [f"--{field['option']}", field["name"]]
    if field["type"] == "bool":
        return click.Option(
            [f"--{field['option']}/--no-{field['option']}" if field["default"] else flags[0], field["name"]],
            is_flag=True,
            default=field["default"],
            help=field["help"],
        )
    kind = click.Choice(field["choices"]) if field["choices"] else TYPES[field["type"]]
    return click.Option(
        flags,
        type=kind,
        multiple=field["multiple"],
        help=field["help"],
        metavar=field["metavar"],
        show_default=False,
    )


def request(row: dict[str, Any], given: dict[str, Any]) -> wire.Reply:
    """Turn what the user gave into the request of the operation, and send it; a refusal ends the command."""
    path, body, query = row["path"], {}, {}
    for field in row["fields"]:
        value = given.get(field["name"])
        if value is None and field["in"] == "path":
            value = field["default"]
        if value is None or value == () or (field["type"] == "bool" and value == field["default"]):
            continue
        value = _value(field, value)
        if field["in"] == "path":
            path = path.replace(f"{{{field['name']}}}", call.segment(str(value)))
        elif field["in"] == "body":
            body[field["name"]] = value
        else:
            query[field["name"]] = value
    place = {"repo": call.here()} if row["here"] else {}
    reply = call.raw(row["method"], path, body if row["body"] else None, query, **place)
    if reply.status >= 400:
        call.refuse(reply.json()["error"])
    return reply


def pages(row: dict[str, Any], given: dict[str, Any], first: Any) -> Iterator[Any]:
    """Yield an answer; where it is a page of a list and no terminal shows it, also all that follow."""
    is_list = any(field["name"] == "cursor" for field in row["fields"])
    if is_list and given.get("limit") is None and not show.on_terminal():
        return show.following(first, lambda more: request(row, {**given, **more}).json())
    return iter((first,))


def _value(field: dict[str, Any], value: Any) -> Any:
    if field["metavar"] == "TARGET":
        is_file = os.path.lexists(value) or _NEW_FILE.fullmatch(value)
        return os.path.abspath(value) if is_file else _entity(value)
    if field["metavar"] == "[SYSTEM:]ID":
        return [_ticket(text) for text in value]
    if field["is_path"] or field["metavar"] == "PATH":
        return [os.path.abspath(v) for v in value] if field["multiple"] else os.path.abspath(value)
    if field["metavar"] == "ENTITY":
        return _entity(value)
    return list(value) if field["multiple"] else value


def _entity(text: str) -> str:
    """Write the file of FILE:NAME or FILE:LINE as it is called from anywhere."""
    path, colon, within = text.rpartition(":")
    return f"{os.path.abspath(path)}:{within}" if colon and os.path.lexists(path) else text


def _ticket(text: str) -> dict[str, str]:
    system, _, id_ = text.rpartition(":")
    if not id_ or not (system or re.fullmatch(r"[A-Z]{2,6}-\d+", text)):
        raise click.BadParameter(
            f"cannot read {text!r}: write ENG-123, or SYSTEM:ID such as linear:ENG-123", param_hint="--ticket"
        )
    return {"system": system, "id": id_} if system else {"id": id_}


def status(name: str, answer: Any) -> int:
    """Return the exit status that an answer stands for: 0 unless its noun says otherwise."""
    noun, _, verb = name.partition(" ")
    told = getattr(_module(noun), f"status_{verb or 'all'}", None)
    return told(answer) if told is not None else 0


def _module(noun: str) -> ModuleType | None:
    """Return the rendering of a noun, where it has one."""
    try:
        return import_module(f".{noun}", __package__)
    except ModuleNotFoundError:
        return None


def render(name: str, answer: Any, given: dict[str, Any]) -> None:
    """Show an answer the way its noun does, or plainly."""
    noun, _, verb = name.partition(" ")
    answer = show.printable(answer)
    if show.is_groups(answer):
        show.page(answer, None)
        return
    special = getattr(_module(noun) or show, f"show_{verb or 'all'}", None)
    if special is not None:
        special(answer)
    else:
        show.anything(answer)
