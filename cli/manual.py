"""Man pages, derived from the commands: one for aura and one for each command."""

import inspect

import click

from .completion import walk
from .main import root

EXIT = """.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Failed.
.TP
.B 2
Wrong usage.
.TP
.B 3
No daemon answers.
.TP
.B 4
Refused.
"""
ENVIRONMENT = """.SH ENVIRONMENT
.TP
.B AURA_HOME
Where aura keeps its database, socket and log, instead of ~/.aura.
.TP
.B AURA_AUTOSTART
0: never start the daemon.
.TP
.B AURA_SESSION
The session that intents belong to.
"""


def pages() -> dict[str, str]:
    """Return the man pages by file name."""
    return {"-".join(["aura", *node.path]) + ".1": _page(node.path) for node in walk(root, ())}


def _page(path: tuple[str, ...]) -> str:
    command = _find(path)
    ctx = click.Context(command, info_name=" ".join(["aura", *path]))
    title = "-".join(["aura", *path])
    parts = [
        f'.TH "{title.upper()}" "1" "" "aura" "Aura manual"',
        f".SH NAME\n{title} \\- {_escaped(command.get_short_help_str(200))}",
        f".SH SYNOPSIS\n.B {ctx.command_path}\n{_escaped(' '.join(command.collect_usage_pieces(ctx)))}",
    ]
    if doc := inspect.cleandoc(command.help or ""):
        parts.append(".SH DESCRIPTION\n" + _escaped(doc).replace("\n\n", "\n.PP\n"))
    if isinstance(command, click.Group):
        rows = [
            f".TP\n.B {name}\n{_escaped(child.get_short_help_str(200))}"
            for name in command.list_commands(ctx)
            if (child := command.get_command(ctx, name)) is not None
        ]
        parts.append(".SH COMMANDS\n" + "\n".join(rows))
    options = [p for p in command.get_params(ctx) if isinstance(p, click.Option)]
    rows = [
        f".TP\n.B {_escaped(record[0])}\n{_escaped(record[1])}"
        for p in options
        if (record := p.get_help_record(ctx))
    ]
    parts.append(".SH OPTIONS\n" + "\n".join(rows))
    return "\n".join([*parts, EXIT + (ENVIRONMENT if not path else ".SH SEE ALSO\n.BR aura (1)\n")])


def _find(path: tuple[str, ...]) -> click.Command:
    command: click.Command = root
    for word in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    return command


def _escaped(text: str) -> str:
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line.startswith((".", "'")) else line for line in plain.split("\n"))
