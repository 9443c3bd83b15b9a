"""Where aura keeps its things: `AURA_HOME`, else `~/.aura`. Standard library alone: the command line imports
this.
"""

import os
import stat


def folder() -> str:
    """Return the absolute path of aura's folder."""
    return os.path.abspath(os.environ.get("AURA_HOME") or os.path.join(os.path.expanduser("~"), ".aura"))


def path(name: str) -> str:
    """Return the path of a file in aura's folder."""
    return os.path.join(folder(), name)


def prepare() -> str:
    """Make aura's folder, for this user alone; refuse a link and another owner's folder.

    Raises PermissionError.
    """
    where = folder()
    os.makedirs(where, mode=0o700, exist_ok=True)
    met = os.lstat(where)
    if not stat.S_ISDIR(met.st_mode):
        raise PermissionError(f"{where} is not a folder (a link, perhaps)")
    if met.st_uid != os.getuid():
        raise PermissionError(f"{where} belongs to another user")
    if met.st_mode & 0o077:
        os.chmod(where, 0o700)
    return where
