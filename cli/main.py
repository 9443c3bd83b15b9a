"""`aura`: the generated table of commands, and the few that are written by hand, each loaded when it is
called.
"""

import os
import sys
from importlib import import_module
from typing import Any

import click

from aura import __version__

from ._commands import COMMANDS, GROUPS

BY_HAND = {
    "agent-hooks": ("agent_hooks", "Install hooks that report what coding agents do."),
    "api": ("api", "Call any route of the daemon."),
    "callees": ("callees", "List whom an entity calls, or all calls."),
    "daemon": ("daemon", "Start, stop and look at the daemon."),
    "diff": ("diff", "Show which entities changed, and how."),
    "doctor": ("doctor", "Prove that changes are captured, and say what is broken."),
    "events": ("events", "Show what happened, or follow it."),
    "hooks": ("hooks", "Install git hooks that report commits."),
    "init": ("init", "Register this work tree and read its history."),
    "watch": ("watch", "Watch work trees, edits, zones, impacts and messages live."),
    "prove": ("prove", "Prove goals about the work tree, by its code or by a command."),
    "mcp": ("mcp", "Serve coding agents over MCP, on standard input and output."),
    "why": ("why", "Tell why a line or an entity is what it is."),
}


class Aura(click.Group):
    """The root: knows every command by name, and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*BY_HAND, *(name.split(" ")[0] for name in COMMANDS)})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in BY_HAND:
            command: click.Command = import_module(f".{BY_HAND[name][0]}", __package__).command
            return command
        from . import generated

        return generated.command(name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, _short(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _short(name: str) -> str:
    if name in BY_HAND:
        return BY_HAND[name][1]
    return GROUPS[name] if name in GROUPS else str(COMMANDS[name]["help"])


@click.command(cls=Aura, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aura")
def root(**_: Any) -> None:
    """Why each function changed, who is changing it now, and what it will break.

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no daemon, 4 refused.
    """


def main() -> None:
    """Run the command line; no traceback reaches a user."""
    # A closed descriptor leaves None there.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  # lives as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115  # lives as long as the process
    try:
        root(prog_name="aura")
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except UnicodeEncodeError:
        click.echo("error: cannot send this: an argument is not UTF-8", err=True)
        sys.exit(2)
    except OSError as error:
        about = f" ({error.filename})" if error.filename else ""
        click.echo(f"error: cannot go on: {error.strerror or error}{about}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
