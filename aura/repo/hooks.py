"""Git hooks that report to the daemon: their text, and where they are installed.

A hook leaves a report in the spool, a folder that outlives any daemon, and then tells the daemon, both in the
background with its descriptors closed: git never waits. Only `pre-commit` asks and waits, for five seconds at
most, and only where the daemon listed the work tree, for strict mode or for claims. A hook that was there
before is kept beside ours, runs first, and keeps its exit status.
"""

import os
import shlex
import stat
from itertools import count
from typing import Literal

from msgspec import Struct

from aura.errors import AuraError
from aura.repo import git
from aura.repo.worktrees import WorkTree

Hook = Literal["post-commit", "pre-commit", "post-checkout", "post-merge", "post-rewrite"]
HOOKS: tuple[Hook, ...] = ("post-commit", "pre-commit", "post-checkout", "post-merge", "post-rewrite")
MARK = "# aura hook, version 4: `aura hooks uninstall` removes it"
KEPT = ".before-aura"
_CONFIG = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")

_HEAD = """#!/bin/sh
{mark}
home=${{AURA_HOME:-$HOME/.aura}}
kept="$0{kept}"
status=0
"""

_REPORT = """{input}if [ -x "$kept" ]; then
  {feed}"$kept" "$@" || status=$?
fi
(
  [ -d "$home/spool" ] || mkdir -p "$home/spool" || exit
  n=0
  while [ -e "$home/spool/{hook}.$$.$n" ]; do n=$((n + 1)); done
  head=$(git rev-parse --verify --quiet HEAD)
  printf '%s\\0' {hook} "$PWD" "$head" "$given" end >"$home/spool/{hook}.$$.$n"
  [ -S "$home/daemon.sock" ] || exit
  if command -v curl >/dev/null; then
    curl -qs -m 5 --noproxy '*' --unix-socket "$home/daemon.sock" -X POST http://aura/v1/hooks:drain
  else
    {aura} hooks run {hook}
  fi
) </dev/null >/dev/null 2>&1 &
exit $status
"""

_ASK = """if [ -x "$kept" ]; then
  "$kept" "$@" || exit $?
fi
[ -f "$home/ask" ] || exit 0
here=$(pwd -P)
nl='
'
case "$nl$(cat "$home/ask")$nl" in
*"$nl$here$nl"*) ;;
*) exit 0 ;;
esac
if [ ! -S "$home/daemon.sock" ]; then
  said='warning: this commit was not checked, for the daemon does not run: aura daemon start'
elif command -v curl >/dev/null; then
  said=$(curl -qs -m 5 --noproxy '*' -G --unix-socket "$home/daemon.sock" --data-urlencode "repo=$here" \\
    ${{GIT_INDEX_FILE:+--data-urlencode "index=$GIT_INDEX_FILE"}} \\
    ${{AURA_SESSION:+-H "Aura-Session: $AURA_SESSION"}} http://aura/v1/hooks:check)
else
  said=$({aura} hooks run {hook})
fi
case $said in
ok*) exit 0 ;;
refused* | warning*) ;;
*) said='warning: this commit was not checked, for the daemon did not answer: aura doctor' ;;
esac
printf 'aura: %s\\n' "$said" >&2
case $said in
refused*) exit 1 ;;
esac
exit 0
"""


class Installed(Struct, frozen=True):
    """One hook: whether it is ours and can run, and what it keeps beside it."""

    hook: str
    path: str
    state: Literal["installed", "outdated", "not executable", "foreign", "absent"]
    kept: bool


def script(hook: Hook, aura: list[str]) -> str:
    """Return the text of a hook; `aura` is the command that stands in for curl."""
    words = {
        "hook": hook,
        "aura": shlex.join(aura),
        "mark": MARK,
        "kept": KEPT,
        "input": "given=\n",
        "feed": "",
    }
    if hook == "post-rewrite":
        words |= {"input": "given=$(cat)\n", "feed": "printf '%s\\n' \"$given\" | "}
    return (_HEAD + (_ASK if hook == "pre-commit" else _REPORT)).format(**words)


def folder(worktree: WorkTree) -> str:
    """Return where git looks for the hooks of a work tree, `core.hooksPath` included."""
    out = git.run(
        worktree.git_dir,
        "config",
        "--type=path",
        "--show-scope",
        "-z",
        "--get-all",
        "core.hooksPath",
        accept=(0, 1),
        extra={name: os.environ[name] for name in _CONFIG if name in os.environ},
    )
    parts = out.decode("utf-8", "surrogateescape").split("\0")
    said = [value for scope, value in zip(parts[::2], parts[1::2], strict=False) if scope != "command"]
    if said and said[-1]:
        return os.path.join(worktree.root, said[-1])
    return os.path.join(worktree.common_dir, "hooks")


def committed(worktree: WorkTree) -> str | None:
    """Return the folder of the hooks where git would commit what lies in it, or None."""
    where = os.path.normpath(folder(worktree))
    inside = os.path.relpath(where, worktree.root)
    if inside.split(os.sep)[0] in ("..", ".git"):
        return None
    probe = os.path.join(inside, HOOKS[0])
    ignored = git.run(
        worktree.git_dir,
        "check-ignore",
        "--no-index",
        "-z",
        "--stdin",
        work_tree=worktree.root,
        stdin=os.fsencode(probe),
        accept=(0, 1),
    )
    return None if ignored else inside


def install(worktree: WorkTree, aura: list[str]) -> list[Installed]:
    """Install every hook, keeping those of others beside ours. Raises `permission_denied` and `conflict`."""
    where = folder(worktree)
    if os.path.lexists(where) and not os.path.isdir(where):
        raise AuraError(
            "conflict",
            f"cannot install hooks in {git.shown(where)}: it is no folder",
            "git config --show-origin core.hooksPath tells who named it; git config --unset core.hooksPath",
        )
    try:
        os.makedirs(where, exist_ok=True)
        for hook in HOOKS:
            path = os.path.join(where, hook)
            if os.path.lexists(path) and not _is_ours(path):
                _keep(path)
            _write(path, script(hook, aura))
    except OSError as error:
        raise AuraError(
            "permission_denied",
            f"cannot install hooks in {git.shown(where)}: {error.strerror}",
            "Check who may write there.",
        ) from error
    return state(worktree, aura)


def uninstall(worktree: WorkTree) -> list[Installed]:
    """Remove our hooks and put back what was there before. Raises `permission_denied`."""
    where = folder(worktree)
    try:
        for hook in HOOKS:
            path = os.path.join(where, hook)
            if not _is_ours(path):
                continue
            os.unlink(path)
            if os.path.lexists(path + KEPT):
                os.rename(path + KEPT, path)
    except OSError as error:
        raise AuraError(
            "permission_denied", f"cannot remove hooks in {git.shown(where)}: {error.strerror}"
        ) from error
    return state(worktree, [])


def state(worktree: WorkTree, aura: list[str]) -> list[Installed]:
    """Return how each hook stands."""
    where = folder(worktree)
    return [_look(os.path.join(where, hook), hook, aura) for hook in HOOKS]


def _look(path: str, hook: Hook, aura: list[str]) -> Installed:
    kept = os.path.lexists(path + KEPT)
    if not os.path.lexists(path):
        return Installed(hook, path, "absent", kept)
    if not _is_ours(path):
        return Installed(hook, path, "foreign", kept)
    if not os.access(path, os.X_OK):
        return Installed(hook, path, "not executable", kept)
    current = not aura or _read(path) == script(hook, aura)
    return Installed(hook, path, "installed" if current else "outdated", kept)


def _keep(path: str) -> None:
    """Put a hook aside; one that was put aside before gives way, but is not lost."""
    kept = path + KEPT
    if os.path.lexists(kept):
        os.rename(kept, next(f"{kept}.{n}" for n in count(1) if not os.path.lexists(f"{kept}.{n}")))
    os.rename(path, kept)


def _is_ours(path: str) -> bool:
    return MARK.partition(",")[0] in _read(path)


def _read(path: str) -> str:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 16)
    except OSError:
        return ""


def _write(path: str, text: str) -> None:
    part = f"{path}.{os.getpid()}.part"
    with open(part, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(part, 0o755)
    os.replace(part, path)
