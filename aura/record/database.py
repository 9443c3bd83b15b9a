"""Care for the database while it is in use."""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller
from aura.errors import AuraError
from aura.op import op
from aura.record import retention
from aura.repo.blobs import Blobs
from aura.store import Store


class NewBackup(Struct, frozen=True, forbid_unknown_fields=True):
    file: Annotated[str, Meta(description="Where the copy goes: an absolute path.", extra={"path": True})]


class Backup(Struct, frozen=True):
    """The copy, and beside it that of what snapshots hold, where there is any."""

    file: str
    bytes: int
    contents: str | None = None
    contents_bytes: int = 0


class Checked(Struct, frozen=True):
    """What the check found: nothing when all is well."""

    ok: bool
    problems: list[str]


@op(
    "POST /v1/admin/database:backup",
    command="db backup FILE",
    scope="admin",
    needs="none",
    writes=False,
    status=201,
    manual=True,
)
def backup(caller: Caller, new: NewBackup, store: Store, blobs: Blobs) -> Backup:
    """Copy the database to a file while it is in use.

    What snapshots hold lies beside it, in FILE.blobs. To restore both, stop the daemon and put them in the
    place of aura.db and blobs.db.
    """
    target = Path(new.file)
    contents = target.with_name(f"{target.name}.blobs") if target.name else target
    if "\0" in new.file or not target.is_absolute():
        raise AuraError(
            "invalid_request",
            f"cannot back up to {new.file}: it is no absolute path",
            "Give an absolute path.",
        )
    try:
        _refuse_unfit(new.file, target, contents)
        # The record goes first: what it names is kept before it is named.
        store.backup(target)
        try:
            kept = blobs.backup(contents)
        except BaseException:
            target.unlink()
            raise
    except OSError as error:
        raise AuraError(
            "permission_denied",
            f"cannot back up to {new.file}: {os.strerror(error.errno or 0)}",
            "Name a folder that may be written to.",
        ) from error
    if not kept:
        return Backup(str(target), target.stat().st_size)
    return Backup(str(target), target.stat().st_size, str(contents), contents.stat().st_size)


def _refuse_unfit(named: str, target: Path, contents: Path) -> None:
    for file in (target, contents):
        if file.exists():
            raise AuraError(
                "conflict", f"cannot back up to {file}: it is there already", "Name a file that is not there."
            )
    if not target.parent.is_dir():
        raise AuraError(
            "file_not_found",
            f"cannot back up to {named}: there is no such folder",
            f"mkdir {target.parent}",
        )


@op(
    "POST /v1/admin/database:check",
    command="db check",
    scope="admin",
    needs="none",
    writes=False,
    manual=True,
)
def check(caller: Caller, store: Store, blobs: Blobs) -> Checked:
    """Check the database's integrity, and whether what snapshots need is there."""
    problems = store.check()
    if not problems:
        problems = blobs.check(store.read(retention.live))
    return Checked(not problems, problems)
