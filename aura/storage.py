"""What SQLite complains of, said as aura's errors."""

import apsw
import msgspec

from aura.errors import AuraError

DAMAGED = (apsw.NotADBError, apsw.CorruptError)
STORAGE = (*DAMAGED, apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.BusyError)
UNREADABLE = (UnicodeDecodeError, msgspec.DecodeError)
"""What a row raises whose content is no longer what was written."""


def storage_error(error: Exception, doing: str) -> Exception:
    """Return what SQLite complains of as one of aura's errors; any other error as it is."""
    if isinstance(error, apsw.FullError):
        return AuraError("storage_full", f"cannot {doing}: the disk is full", "Free some space, try again.")
    if isinstance(error, (*DAMAGED, *UNREADABLE)):
        return AuraError(
            "database_damaged",
            f"cannot {doing}: the database is damaged ({error})",
            "Restore a copy made by aura db backup, or move aura.db away and run aura init.",
        )
    if isinstance(error, apsw.IOError | apsw.CantOpenError | apsw.ReadOnlyError):
        return AuraError("storage_failed", f"cannot {doing}: {error}", "Run aura db check.")
    if isinstance(error, apsw.BusyError):
        return AuraError("overloaded", f"cannot {doing}: another program holds the database", "Try again.")
    return error
