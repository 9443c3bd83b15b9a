"""Care for the database while it is in use."""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from aura.api import Caller
from aura.errors import AuraError
from aura.op import op
from aura.store import Store


class NewBackup(Struct, frozen=True, forbid_unknown_fields=True):
    file: Annotated[str, Meta(description="Where the copy goes: an absolute path.", extra={"path": True})]


class Backup(Struct, frozen=True):
    file: str
    bytes: int


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
)
def backup(caller: Caller, new: NewBackup, store: Store) -> Backup:
    """Copy the database to a file while it is in use."""
    target = Path(new.file)
    if "\0" in new.file or not target.is_absolute():
        raise AuraError(
            "invalid_request",
            f"cannot back up to {new.file}: it is no absolute path",
            "Give an absolute path.",
        )
    if target.exists():
        raise AuraError(
            "conflict", f"cannot back up to {new.file}: it is there already", "Name a file that is not there."
        )
    if not target.parent.is_dir():
        raise AuraError(
            "file_not_found",
            f"cannot back up to {new.file}: there is no such folder",
            f"mkdir {target.parent}",
        )
    try:
        store.backup(target)
    except OSError as error:
        raise AuraError(
            "permission_denied",
            f"cannot back up to {new.file}: {os.strerror(error.errno or 0)}",
            "Name a folder that may be written to.",
        ) from error
    return Backup(str(target), target.stat().st_size)


@op("POST /v1/admin/database:check", command="db check", scope="admin", needs="none", writes=False)
def check(caller: Caller, store: Store) -> Checked:
    """Check the database's integrity."""
    problems = store.check()
    return Checked(not problems, problems)
