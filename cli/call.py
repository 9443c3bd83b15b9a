"""Calling the daemon from a command: start it where needed, print refusals, and exit with the documented
codes.
"""

import json
import os
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

import click

from aura import __version__, home, wire
from aura.errors import CODES, FAILED

from . import show


def send(method: str, path: str, body: Any = None, query: dict[str, Any] | None = None, **extra: Any) -> Any:
    """Send a request about the present folder and return the decoded answer; a refusal ends the command."""
    reply = raw(method, path, body, query, **extra)
    answer = reply.json()
    if reply.status >= 400:
        refuse(answer["error"])
    return answer


def raw(
    method: str, path: str, body: Any = None, query: dict[str, Any] | None = None, **extra: Any
) -> wire.Reply:
    """Send a request and return the reply as it is, starting the daemon where it does not run."""
    given = {name: value for name, value in (query or {}).items() if value is not None}
    whole = quote(path, safe="/:?&=%") + (f"?{urlencode(given)}" if given else "")
    extra.setdefault("repo", wire.here())
    if method != "GET":
        # What a dying daemon may have recorded is then answered again instead of being done twice.
        extra["headers"] = {"Idempotency-Key": os.urandom(16).hex(), **extra.get("headers", {})}
    for tries_left in (2, 1, 0):
        try:
            return _of_our_age(wire.request(method, whole, body, **extra))
        except wire.NoDaemon as error:
            failure: Exception = error
            ensure_daemon()
        except wire.Hung as error:
            hung(error)
        except NotADirectoryError:
            no_home()
        except ConnectionError as error:
            failure = error
        except TimeoutError as error:
            failure, tries_left = error, 0
        if not tries_left:
            break
    hint = "aura daemon logs"
    return refuse({"code": "api_protocol", "message": f"cannot hear the daemon: {failure}", "hint": hint})


def hung(error: Exception) -> NoReturn:
    """End the command where the daemon takes connections and answers nobody."""
    pid = running_pid()
    hint = f"kill -9 {pid}; aura daemon start" if pid else "aura daemon logs"
    refuse({"code": "daemon_unreachable", "message": f"cannot hear the daemon: {error}", "hint": hint})


def no_home() -> NoReturn:
    """End the command where what should be aura's folder is none."""
    hint = "Set AURA_HOME to a folder of your own, or leave it out."
    message = f"cannot use {home.folder()}: it is no folder"
    refuse({"code": "permission_denied", "message": message, "hint": hint})


def running_pid() -> int | None:
    """Return the process that says in the lock's file that it is the daemon, or None."""
    try:
        with open(home.path("daemon.lock"), encoding="utf-8") as file:
            return int(json.load(file)["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def here() -> str:
    """Return the present folder, to be named where a command is about the repository that it is typed in."""
    try:
        return wire.here() or os.getcwd()
    except OSError:
        refuse({"code": "not_a_repository", "message": "cannot tell where you are: this folder is gone"})


def _of_our_age(reply: wire.Reply) -> wire.Reply:
    """Say so where an older or newer daemon answers than this command expects."""
    theirs = reply.headers.get("x-aura-version", __version__)
    if theirs != __version__:
        click.echo(
            f"warning: the daemon is aura {theirs}, this is {__version__}: aura daemon restart", err=True
        )
    return reply


def ensure_daemon() -> None:
    """Start the daemon, unless `AURA_AUTOSTART=0` forbids it."""
    if os.environ.get("AURA_AUTOSTART") == "0":
        refuse(
            {"code": "daemon_unreachable", "message": "cannot reach the daemon", "hint": "aura daemon start"}
        )
    from .daemon import launch

    launch([])


def ensure_daemon_unless_running() -> None:
    """Start the daemon where nobody answers."""
    try:
        wire.request("GET", "/livez", timeout=10)
    except wire.NoDaemon:
        ensure_daemon()
    except NotADirectoryError:
        no_home()
    except TimeoutError as error:
        hung(error)


class Refusal(SystemExit):
    """The end of a command that was refused, for who has something else to do than to end."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(_exit(error["code"]))
        self.error = error


def refuse(error: dict[str, Any]) -> NoReturn:
    """Print an error with its hint and end with its exit code."""
    hint = error.get("hint")
    if error["code"] == "invalid_request" and hint and "/openapi.json" in hint:
        context = click.get_current_context(silent=True)
        hint = f"{context.command_path if context else 'aura'} --help shows what it takes."
    click.echo(show.printable(f"error: {error['message']}"), err=True)
    if hint:
        click.echo(show.printable(f"hint: {hint}"), err=True)
    raise Refusal(error)


def exit_code(reply: wire.Reply) -> int:
    """Return the exit code of a refusal."""
    try:
        return _exit(reply.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return FAILED


def _exit(code: str) -> int:
    return CODES[code].exit if code in CODES else FAILED


def segment(text: str) -> str:
    """Write a value as one segment of a path; an empty one is refused, for it would name another route."""
    if not text:
        hint = "Name it, or leave the argument out where it may be left out."
        refuse({"code": "invalid_request", "message": "cannot look for an empty name", "hint": hint})
    return quote(text, safe="")


def print_json(answer: Any) -> None:
    """Print the API's JSON."""
    click.echo(show.json_text(answer, indent=2))
