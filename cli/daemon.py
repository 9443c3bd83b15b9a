"""The daemon's life: start, stop, restart, status, token, logs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any, TextIO

import click

from aura import home, wire

from . import call, show

START_SECONDS, STOP_SECONDS = 20.0, 10.0


@click.group("daemon")
def command() -> None:
    """Start, stop and look at the daemon."""


def _address(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    host, _, port = (value or "").rpartition(":")
    if value is not None and not (host and port.isdigit() and 0 < int(port) < 65536):
        raise click.BadParameter(f"cannot listen on {value!r}: write HOST:PORT, such as 127.0.0.1:7420")
    return value


_http = click.option("--http", metavar="HOST:PORT", callback=_address, help="Answer on TCP, too.")
_auth = click.option("--http-auth", type=click.Choice(["token", "none"]), help="Whether TCP needs a token.")
_cors = click.option("--cors", multiple=True, metavar="ORIGIN", help="A browser origin that may call.")
_names = click.option(
    "--host-name", multiple=True, metavar="NAME", help="A further Host that may be asked for."
)


@command.command("start")
@_http
@_auth
@_cors
@_names
@click.option("--foreground", is_flag=True, help="Stay in the terminal.")
def start(foreground: bool, **options: Any) -> None:
    """Start the daemon and return when it answers."""
    arguments = _arguments(**options)
    if foreground:
        os.execv(sys.executable, [sys.executable, "-m", "aura.daemon", *arguments])
    if (who := _running()) is not None:
        call.refuse(
            {
                "code": "daemon_running",
                "message": f"cannot start: a daemon is running (pid {who['pid']}, version {who['version']})",
                "hint": "aura daemon restart replaces it.",
            }
        )
    launch(arguments)
    _say_started(_running() or {})


@command.command("restart")
@_http
@_auth
@_cors
@_names
def restart(**options: Any) -> None:
    """Stop the daemon if it runs, and start it; without options as it was started before."""
    arguments = _arguments(**options) or _former_arguments()
    _stop()
    launch(arguments)
    _say_started(_running() or {})


@command.command("stop")
def stop() -> None:
    """Stop the daemon; it finishes what it has begun."""
    click.echo("stopped" if _stop() else "no daemon runs")


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the API's JSON.")
def status(as_json: bool) -> None:
    """Tell whether the daemon runs, without starting it."""
    who = _running()
    if who is None:
        call.refuse(
            {"code": "daemon_unreachable", "message": "cannot reach the daemon", "hint": "aura daemon start"}
        )
    if as_json:
        call.print_json(who)
    else:
        from .status import show_all

        show_all(show.printable(who))


@command.command("token")
def token() -> None:
    """Print a short-lived token for TCP."""
    click.echo(call.send("POST", "/v1/tokens:short", repo=None)["token"])


@command.command("logs")
@click.option("-f", "--follow", is_flag=True, help="Go on as the log grows.")
@click.option("-n", "--lines", default=50, show_default=True, help="How many of the last lines.")
def logs(follow: bool, lines: int) -> None:
    """Show the daemon's log."""
    try:
        with open(home.path("daemon.log"), encoding="utf-8") as file:
            for line in file.readlines()[-lines:]:
                _print_entry(line)
            if follow:
                _go_on(file)
    except FileNotFoundError:
        call.refuse(
            {
                "code": "file_not_found",
                "message": "cannot show the log: there is none yet",
                "hint": "aura daemon start",
            }
        )
    except KeyboardInterrupt:
        return


def _go_on(file: TextIO) -> None:
    """Print what is added to the log, also after it was rotated."""
    while True:
        if line := file.readline():
            _print_entry(line)
            continue
        time.sleep(0.2)
        with contextlib.suppress(FileNotFoundError):
            if os.stat(home.path("daemon.log")).st_ino != os.fstat(file.fileno()).st_ino:
                file = open(home.path("daemon.log"), encoding="utf-8")  # noqa: SIM115 - the process ends with it


def launch(arguments: list[str]) -> None:
    """Run the daemon in the background and return when it answers; end the command where it fails."""
    try:
        where = home.prepare()
    except OSError as error:
        call.refuse(
            {
                "code": "permission_denied",
                "message": f"cannot use {home.folder()}: {error}",
                "hint": "Set AURA_HOME.",
            }
        )
    said = os.path.join(where, f"start-{os.getpid()}.err")
    with open(said, "wb") as errors:
        child = subprocess.Popen(
            [sys.executable, "-m", "aura.daemon", "--background", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd="/",
            env={**os.environ, "AURA_HOME": where},
            start_new_session=True,
        )
    try:
        _wait(child, said)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(said)


def _wait(child: "subprocess.Popen[bytes]", said: str) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        ended = child.poll() is not None
        if _answers():
            return
        if ended:
            break
        time.sleep(0.01)
    with open(said, "rb") as file:
        text = file.read().decode("utf-8", "replace").strip()
    error = {"code": "internal_error", "message": "cannot start the daemon", "hint": "aura daemon logs"}
    with contextlib.suppress(ValueError, KeyError, IndexError):
        error = json.loads(text.splitlines()[-1])["error"]
    if error["code"] == "daemon_running" and _wait_for_other(until):
        return
    call.refuse(error)


def _wait_for_other(until: float) -> bool:
    """Another start won: wait until that daemon answers."""
    while time.monotonic() < until:
        if _answers():
            return True
        time.sleep(0.02)
    return False


def _answers() -> bool:
    try:
        return wire.request("GET", "/livez", timeout=5).status == 200
    except (wire.NoDaemon, OSError):
        return False


def _running() -> dict[str, Any] | None:
    try:
        who: dict[str, Any] = wire.request("GET", "/v1/status", repo=wire.here(), timeout=10).json()
        return who
    except NotADirectoryError:
        call.no_home()
    except TimeoutError as error:
        call.hung(error)
    except (wire.NoDaemon, OSError):
        return None


def _stop() -> bool:
    who = _running()
    if who is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(who["pid"], signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until and _alive(who["pid"]):
        time.sleep(0.01)
    if _alive(who["pid"]):
        call.refuse(
            {"code": "internal_error", "message": "cannot stop the daemon", "hint": f"kill -9 {who['pid']}"}
        )
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True


def _arguments(
    http: str | None, http_auth: str | None, cors: tuple[str, ...], host_name: tuple[str, ...]
) -> list[str]:
    arguments = ["--http", http] if http else []
    arguments += ["--http-auth", http_auth] if http_auth else []
    for flag, values in (("--cors", cors), ("--host-name", host_name)):
        for value in values:
            arguments += [flag, value]
    if http_auth == "none":
        click.echo("warning: with --http-auth none anybody on this machine can call the daemon", err=True)
    return arguments


def _former_arguments() -> list[str]:
    try:
        with open(home.path("daemon.lock"), encoding="utf-8") as file:
            former: list[str] = json.load(file)["arguments"]
    except (OSError, ValueError, KeyError):
        return []
    return former


def _say_started(who: dict[str, Any]) -> None:
    also = f" and http://{who['http']}" if who.get("http") else ""
    click.echo(
        f"aura {who.get('version')} answers on {home.path('daemon.sock')}{also} (pid {who.get('pid')})"
    )


def _print_entry(line: str) -> None:
    try:
        entry = json.loads(line)
        click.echo(show.printable(f"{entry['at']} {entry['level']:<7} {entry['message']}"))
        if "trace" in entry:
            click.echo(show.printable(entry["trace"]))
    except ValueError:
        click.echo(show.printable(line.rstrip("\n")))
