"""Carrying a plan out in a work tree: each file at once, and again after a crash as often as it takes.

A step leads from what was there to what shall be. What lies there decides what is done: the one is replaced,
the other is done already, and anything else is somebody's change since the plan was made.
"""

import errno
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from aura.errors import AuraError
from aura.repo.blobs import Blobs
from aura.repo.files import Beneath, Changed, Stamp, stamp_of
from aura.repo.snapshots import ATTEMPTS, Held, beneath, current


class Step(NamedTuple):
    """One file of a plan; None is no file."""

    name: str
    before: Held | None
    after: Held | None


class Outcome(NamedTuple):
    """What became of a plan. `changed` were neither before nor after, and hold what they were then; `blocked`
    could not be written, each with the reason.
    """

    done: list[str]
    changed: dict[str, Held | None]
    blocked: dict[str, str]


FULL = (errno.ENOSPC, errno.EDQUOT)
_NOTHING: Mapping[str, Stamp | None] = {}


def carry_out(
    root: str,
    blobs: Blobs,
    steps: Sequence[Step],
    part: str,
    *,
    overwrite: bool,
    kept: Mapping[str, Stamp | None] = _NOTHING,
    rescue: Callable[[str, Held | None], None] = lambda name, held: None,
    stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Bring the files of a plan into their new state; durable when it returns.

    `kept` tells how files looked when they were kept, so that these are not read again. What somebody changed
    since is left alone; or, with `overwrite`, kept, told to `rescue`, and then replaced. `part` begins the
    names of files that are not whole yet. Raises `storage_full`, `shutting_down`.
    """
    outcome = Outcome([], {}, {})
    touched: set[str] = set()
    with beneath(root) as files:
        # What is removed first may make room for a folder, or the other way round.
        for number, step in sorted(enumerate(steps), key=lambda s: (s[1].after is not None, s[0])):
            if stop():
                raise AuraError("shutting_down", "cannot go on: the daemon is stopping", "Try again.")
            beside = f"{part}{number}"
            if not kept:
                files.clear(step.name, beside)
            for attempt in range(1, ATTEMPTS + 1):
                now, stamp = _now(files, step, blobs, kept if attempt == 1 else _NOTHING)
                if now not in (step.before, step.after):
                    outcome.changed[step.name] = now
                    if not overwrite:
                        break
                    rescue(step.name, now)
                try:
                    if now != step.after:
                        _put(files, step, blobs, beside, stamp)
                    outcome.done.append(step.name)
                    touched.add(step.name)
                    break
                except Changed as error:
                    # Somebody writes to it this moment: what they wrote is kept, too.
                    files.clear(step.name, beside)
                    if attempt == ATTEMPTS:
                        outcome.blocked[step.name] = _reason(error)
                except (OSError, ValueError) as error:
                    files.clear(step.name, beside)
                    if isinstance(error, OSError) and error.errno in FULL:
                        raise _full(step.name) from None
                    outcome.blocked[step.name] = _reason(error)
                    break
        for folder in sorted(_folders(touched)):
            files.sync(folder)
    return outcome


def clear(root: str, steps: Sequence[Step], part: str) -> None:
    """Remove what a plan that was cut short, and will not be gone on with, left behind."""
    with beneath(root) as files:
        for number, step in enumerate(steps):
            files.clear(step.name, f"{part}{number}")


def _put(files: Beneath, step: Step, blobs: Blobs, beside: str, stamp: Stamp | None) -> None:
    if step.after is None:
        files.remove(step.name, stamp)
    else:
        files.write(step.name, step.after.mode, blobs.pieces(step.after.sha256), beside, stamp)


def _now(
    files: Beneath, step: Step, blobs: Blobs, kept: Mapping[str, Stamp | None]
) -> tuple[Held | None, Stamp | None]:
    """Return what lies there now and how it looks, read only where it may have changed since it was kept."""
    if step.name in kept:
        met = files.met(step.name)
        if (stamp_of(met) if met else None) == kept[step.name]:
            return step.before, kept[step.name]
    look = current(files, step.name, blobs)
    return (look.held, look.stamp) if look else (None, None)


def _folders(names: Iterable[str]) -> set[str]:
    """Return the folders that these files lie in, and those around them."""
    found = {""}
    for name in names:
        above = name.rpartition("/")[0]
        while above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
    return found


def _full(name: str) -> AuraError:
    return AuraError(
        "storage_full",
        f"cannot write {name}: the disk is full",
        "Free some space, and restore again; nothing is lost.",
    )


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, Changed):
        return "it changes all the time"
    if isinstance(error, FileExistsError | IsADirectoryError):
        return "something that is no file is in its place"
    if isinstance(error, NotADirectoryError):
        return "a folder on the way to it is a file or a symbolic link"
    return os.strerror(error.errno or 0).lower() if isinstance(error, OSError) else "no file may be there"
