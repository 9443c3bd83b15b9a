"""`aura hooks`: git hooks that report commits to the daemon."""

import contextlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import click

from aura import wire

from . import call, show

T = TypeVar("T")
UNGUARDED = "no pre-commit hook here: nothing is refused; aura hooks install"

if TYPE_CHECKING:
    from aura.repo.hooks import Installed
    from aura.repo.worktrees import WorkTree


@click.group("hooks")
def command() -> None:
    """Install git hooks that report commits, amends and rebases at once."""


@command.command("install")
def install() -> None:
    """Install the hooks; those that are there already are kept and run first."""
    from aura.repo import hooks

    _show(_refusing(lambda: hooks.install(worktree(), aura())))
    if (where := _refusing(lambda: hooks.committed(worktree()))) is not None:
        said = f"{show.printable(where)} lies in the work tree, for core.hooksPath says so: whoever commits"
        click.echo(f"note: {said} these files gives them to everybody", err=True)


@command.command("uninstall")
def uninstall() -> None:
    """Remove the hooks and put back what was there before."""
    from aura.repo import hooks

    _show(_refusing(lambda: hooks.uninstall(worktree())))


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(as_json: bool) -> None:
    """Show how each hook stands."""
    from aura.repo import hooks

    found = _refusing(lambda: hooks.state(worktree(), aura()))
    if as_json:
        call.print_json({"data": [{f: getattr(h, f) for f in h.__struct_fields__} for h in found]})
    else:
        _show(found)


@command.command("run")
@click.argument("hook")
def run(hook: str) -> None:
    """Do a hook's work where there is no curl; never starts the daemon, never fails."""
    with contextlib.suppress(wire.NoDaemon, OSError):
        if hook == "pre-commit":
            index = os.environ.get("GIT_INDEX_FILE")
            path = "/v1/hooks:check" + (f"?{urlencode({'index': index})}" if index else "")
            sys.stdout.write(wire.request("GET", path, repo=os.getcwd(), timeout=5).body.decode())
        else:
            wire.request("POST", "/v1/hooks:drain", timeout=5)


def worktree() -> "WorkTree":
    """Return the work tree of the present folder."""
    from aura.repo.worktrees import discover

    return _refusing(lambda: discover(os.getcwd()))


def warn_unguarded() -> None:
    """Say so where no pre-commit hook of ours is here to refuse anything."""
    if wire.here() is None:
        return
    from aura.errors import AuraError
    from aura.repo import hooks

    with contextlib.suppress(AuraError, OSError):
        states = {found.hook: found.state for found in hooks.state(worktree(), [])}
        if states["pre-commit"] != "installed":
            click.echo(UNGUARDED, err=True)


def aura() -> list[str]:
    """Return the command that runs this aura."""
    return [sys.executable, "-m", "aura.cli.main"]


def _refusing(work: Callable[[], T]) -> T:
    from aura.errors import AuraError

    try:
        return work()
    except AuraError as error:
        call.refuse({"code": error.code, "message": error.message, "hint": error.hint})


def _show(found: "list[Installed]") -> None:
    rows = [(h.hook, h.state, h.path + (" (an earlier hook runs first)" if h.kept else "")) for h in found]
    show.table(("hook", "state", "path"), rows)
