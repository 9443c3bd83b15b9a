"""The folders of a work tree in which a save matters: those of tracked files, and others that git does not
ignore.
"""

import os
from collections.abc import Iterable, Sequence

from aura.repo import git
from aura.repo.files import read_small
from aura.repo.worktrees import WorkTree

LIMIT = 50_000
"""Of more folders in one work tree than these, the first are given: something ought to be ignored."""


def folders(worktree: WorkTree) -> list[str]:
    """List the folders with files that are tracked, or neither tracked nor ignored, those above first."""
    asked = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--directory")
    listed = git.run(worktree.git_dir, *asked, work_tree=worktree.root)
    found = {b""}
    new: list[str] = []
    for name in listed.split(b"\0"):
        if name.endswith(b"/"):
            new.append(os.fsdecode(name[:-1]))
        folder = name.rstrip(b"/").rpartition(b"/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition(b"/")[0]
    within = [os.path.join(worktree.root, os.fsdecode(name)) if name else worktree.root for name in found]
    return sorted({*within, *beneath(worktree, new)})[:LIMIT]


def beneath(worktree: WorkTree, new: Iterable[str]) -> list[str]:
    """List those of some folders, and the folders beneath them, that git does not ignore.

    What is given is relative to the work tree, what is listed absolute. Another repository is left out.
    """
    found: list[str] = []
    level = [name for name in new if _is_own(worktree, name)]
    while level and len(found) < LIMIT:
        left_out = ignored(worktree, level)
        level = [name for name in level if name not in left_out]
        found += [os.path.join(worktree.root, name) for name in level]
        level = [inner for name in level for inner in _inner(worktree, name)]
    return found[:LIMIT]


def ignored(worktree: WorkTree, paths: Sequence[str]) -> frozenset[str]:
    """Return those of some paths, relative to the work tree, that git ignores; a tracked one it does not."""
    if not paths:
        return frozenset()
    asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
    # 128: a path lies beyond a symlink, or outside; then it is not ours.
    out = git.run(
        worktree.git_dir,
        "check-ignore",
        "-z",
        "--stdin",
        work_tree=worktree.root,
        stdin=asked,
        accept=(0, 1, 128),
    )
    return frozenset(os.fsdecode(name) for name in out.split(b"\0") if name)


def git_folders(git_dir: str, common_dir: str) -> list[str]:
    """List the folders of a repository that say where HEAD, the branches and its other work trees are."""
    found = [
        git_dir,
        common_dir,
        *(os.path.join(common_dir, name) for name in ("info", "worktrees", "reftable")),
    ]
    heads = os.path.join(common_dir, "refs", "heads")
    found += [folder for folder, _, _ in os.walk(heads)]
    return [folder for folder in dict.fromkeys(found) if os.path.isdir(folder)]


def linked(common_dir: str) -> tuple[dict[str, float], bool]:
    """Return the roots of the linked work trees that are there, and when git linked each.

    Whether git is about to make another is said, too.
    """
    found: dict[str, float] = {}
    making = False
    above = os.path.join(common_dir, "worktrees")
    try:
        names = os.listdir(above)
    except OSError:
        return {}, False
    for name in names:
        pointer, locked = (os.path.join(above, name, part) for part in ("gitdir", "locked"))
        try:
            if (read_small(locked) or b"").strip() == b"initializing":
                making = True
                continue
            with open(pointer, "rb") as file:
                dot_git = os.fsdecode(file.read(1 << 16)).rstrip("\r\n")
            root = os.path.realpath(os.path.dirname(os.path.join(above, name, dot_git)))
            if os.path.isfile(os.path.join(root, ".git")):
                found[root] = os.stat(pointer).st_mtime
        except (OSError, ValueError):
            continue
    return found, making


def knows(git_dir: str, root: str) -> bool:
    """Tell whether git still has a linked work tree, be it there or not."""
    try:
        with open(os.path.join(git_dir, "gitdir"), "rb") as file:
            dot_git = os.fsdecode(file.read(1 << 16)).rstrip("\r\n")
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return os.path.realpath(os.path.dirname(os.path.join(git_dir, dot_git))) == root


def _is_own(worktree: WorkTree, name: str) -> bool:
    """Tell whether a name is a folder of this work tree, and no repository of its own."""
    whole = os.path.join(worktree.root, name)
    if os.path.basename(name) == ".git" or os.path.islink(whole) or not os.path.isdir(whole):
        return False
    return not os.path.lexists(os.path.join(whole, ".git"))


def _inner(worktree: WorkTree, name: str) -> list[str]:
    try:
        with os.scandir(os.path.join(worktree.root, name)) as entries:
            inner = [f"{name}/{entry.name}" for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [path for path in inner if _is_own(worktree, path)]
