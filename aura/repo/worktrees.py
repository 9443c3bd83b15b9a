"""Find the work tree that a path lies in, and where its HEAD is, mostly without running git."""

import os
import re

from msgspec import Struct

from aura.errors import AuraError
from aura.repo import config, git
from aura.repo.files import read_small
from aura.repo.objects import is_id


class Head(Struct, frozen=True):
    """Where HEAD is: `ref` is None when it is detached, `sha` is None when there is no commit yet."""

    ref: str | None
    sha: str | None

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref else None


class WorkTree(Struct, frozen=True):
    """One work tree of a repository, or a bare repository (`root` is then its git folder).

    All paths are real, absolute, and hold undecodable bytes as surrogate escapes. `common_dir` is the same
    for all work trees of a repository. `head` is as it was when found.
    """

    root: str
    git_dir: str
    common_dir: str
    bare: bool
    slug: str
    head: Head


class Identity(Struct, frozen=True):
    """Who commits here: the e-mail address where one is set, else the name."""

    id: str
    name: str


def discover(path: str) -> WorkTree:
    """Find the work tree that a path lies in; the path need not exist (yet).

    Raises AuraError `repo_not_found` outside of any, `not_a_repository` for a broken one, or
    `permission_denied`.
    """
    if "\0" in path:
        raise AuraError("repo_not_found", "cannot find a repository: the path holds a NUL byte")
    start = os.path.realpath(path)
    folder = start
    while True:
        if met := _met(folder):
            root, git_dir = met
            return _opened(root, git_dir)
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    _explain(start)
    hint = "run this inside a git work tree, or `git init` first"
    raise AuraError("repo_not_found", f"cannot find a git repository at or above {git.shown(start)}", hint)


def head(worktree: WorkTree) -> Head:
    """Read where HEAD is now: a few file reads."""
    return _head(worktree.git_dir, worktree.common_dir)


def identity(worktree: WorkTree) -> Identity:
    """Return who git says commits in this work tree."""
    out = git.run(worktree.git_dir, "config", "-z", "--get-regexp", r"^user\.(name|email)$", accept=(0, 1))
    values: dict[str, str] = {}
    for item in out.decode("utf-8", "replace").split("\0"):
        key, _, value = item.partition("\n")
        values[key] = value.strip()
    email = values.get("user.email", "")
    name = values.get("user.name", "") or email.partition("@")[0] or _login()
    return Identity(email or name, name)


def boundary(git_dir: str) -> frozenset[str]:
    """Return the commits whose parents a shallow clone left out."""
    listed = read_small(os.path.join(common_dir(git_dir), "shallow"), cap=64 << 20)
    return frozenset((listed or b"").decode("ascii", "replace").split())


def common_dir(git_dir: str) -> str:
    """Return the folder that all work trees of a repository share."""
    named = _line(os.path.join(git_dir, "commondir"))
    return os.path.realpath(os.path.join(git_dir, named)) if named else git_dir


def _met(folder: str) -> tuple[str, str] | None:
    """Return (root, git folder) where one begins at this folder."""
    dot_git = os.path.join(folder, ".git")
    if os.path.isdir(dot_git):
        if _is_git_dir(dot_git):
            return folder, os.path.realpath(dot_git)
    elif os.path.isfile(dot_git):
        target = _line(dot_git) or ""
        git_dir = os.path.realpath(os.path.join(folder, target.removeprefix("gitdir:").strip()))
        if not target.startswith("gitdir:") or not _is_git_dir(git_dir):
            _readable(git_dir)
            hint = "run `git worktree repair` in the main work tree, or `git submodule update --init`"
            message = f"cannot read {git.shown(dot_git)}: it leads to no git folder"
            raise AuraError("not_a_repository", message, hint)
        return folder, git_dir
    if _is_git_dir(folder):
        return _root_of(folder), folder
    return None


def _is_git_dir(folder: str) -> bool:
    if not os.path.lexists(os.path.join(folder, "HEAD")):
        return False
    shared = common_dir(folder)
    return os.path.isdir(os.path.join(shared, "objects")) and os.path.isdir(os.path.join(shared, "refs"))


def _root_of(git_dir: str) -> str:
    """Return the work tree that a git folder, found from within, belongs to (itself when bare)."""
    if pointer := _line(os.path.join(git_dir, "gitdir")):
        return os.path.realpath(os.path.dirname(os.path.join(git_dir, pointer)))
    if os.path.basename(git_dir) == ".git":
        return os.path.dirname(git_dir)
    return git_dir


def _opened(root: str, git_dir: str) -> WorkTree:
    shared = common_dir(git_dir)
    _trusted(root, git_dir)
    values = config.parse(read_small(os.path.join(shared, "config")) or b"")
    if config.is_true(values.get("extensions.worktreeconfig")):
        values |= config.parse(read_small(os.path.join(git_dir, "config.worktree")) or b"")
    linked = git_dir != shared
    bare = not linked and config.is_true(values.get("core.bare"))
    if bare:
        root = git_dir
    elif not linked and (elsewhere := values.get("core.worktree")):
        root = os.path.realpath(os.path.join(git_dir, elsewhere))
    elif root == git_dir and "core.bare" not in values:
        bare = True
    slug = _slug(values, shared) or _folder_name(root, shared)
    return WorkTree(root, git_dir, shared, bare, slug, _head(git_dir, shared))


def _trusted(root: str, git_dir: str) -> None:
    """Refuse, as git does, a repository that belongs to somebody else and is not declared safe."""
    own = {os.geteuid()}
    if os.geteuid() == 0 and (sudo := os.environ.get("SUDO_UID", "")).isdigit():
        own.add(int(sudo))
    try:
        owners = {os.lstat(root).st_uid, os.lstat(git_dir).st_uid}
    except OSError:
        raise _denied(git_dir) from None
    if owners <= own:
        return
    safe = set()
    for level in ("--system", "--global"):
        # A level without a file is an error of its own status.
        listed = git.run(None, "config", level, "-z", "--get-all", "safe.directory", accept=(0, 1, 128))
        safe |= set(os.fsdecode(listed).split("\0"))
    if not {root, git_dir, "*"} & safe:
        raise git.dubious(root)


def _head(git_dir: str, shared: str) -> Head:
    file = os.path.join(git_dir, "HEAD")
    content = f"ref: {os.readlink(file)}" if os.path.islink(file) else _line(file)
    if content is None:
        raise _denied(file)
    if not content.startswith("ref:"):
        if not is_id(content):
            raise AuraError("not_a_repository", f"cannot read HEAD in {git.shown(git_dir)}: it names nothing")
        return Head(None, content)
    ref = content[4:].strip()
    if ref == "refs/heads/.invalid" or os.path.isdir(os.path.join(shared, "reftable")):
        return _asked_head(git_dir)
    return Head(ref, _ref(git_dir, shared, ref))


def _ref(git_dir: str, shared: str, ref: str) -> str | None:
    for _ in range(5):
        if not ref.startswith("refs/") or ".." in ref:
            return None
        own = ref.startswith(("refs/worktree/", "refs/bisect/", "refs/rewritten/"))
        content = _line(os.path.join(git_dir if own else shared, ref))
        if content is None:
            return _packed(shared, ref)
        if not content.startswith("ref:"):
            return content if is_id(content) else None
        ref = content[4:].strip()
    return None


def _packed(shared: str, ref: str) -> str | None:
    packed = read_small(os.path.join(shared, "packed-refs"), cap=256 << 20)
    if packed is None:
        return None
    wanted = b" " + os.fsencode(ref)
    at = -1
    while (at := packed.find(wanted, at + 1)) >= 0:
        if packed[at + len(wanted) : at + len(wanted) + 1] in (b"\n", b""):
            sha = packed[packed.rfind(b"\n", 0, at) + 1 : at].decode("ascii", "replace")
            if is_id(sha):
                return sha
    return None


def _asked_head(git_dir: str) -> Head:
    ref = git.run(git_dir, "symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
    sha = git.run(git_dir, "rev-parse", "--verify", "--quiet", "HEAD^{commit}", accept=(0, 1))
    return Head(os.fsdecode(ref).strip() or None, sha.decode().strip() or None)


def _slug(values: dict[str, str], shared: str) -> str | None:
    url = values.get("remote.origin.url")
    if url is None and any(key.startswith("include") for key in values):
        url = os.fsdecode(git.run(shared, "config", "--get", "remote.origin.url", accept=(0, 1))).strip()
    return slug_of(url) if url else None


def slug_of(url: str) -> str | None:
    """Return `owner/name` of a remote's address; None for a plain path, which names no owner."""
    met = re.match(r"[a-z][a-z0-9+.-]*://(?:[^/]*@)?[^/]+/(.+)", url, re.I)
    if met is None:
        met = re.match(r"(?:[^/@:]+@)?[^/:]{2,}:(?!//)/*(.+)", url)
    if met is None or url.lower().startswith("file:"):
        return None
    path = re.split(r"[?#]", met[1])[0].strip("/").removesuffix(".git")
    parts = [part for part in path.split("/") if part and not part.startswith("~")]
    return "".join(c for c in "/".join(parts[-2:]) if c.isprintable() and c != " ") or None


def _folder_name(root: str, shared: str) -> str:
    """Return the name of the main work tree's folder, or of a bare repository's."""
    above, name = os.path.split(shared)
    if name == ".git" or name == ".bare":
        return os.path.basename(above) or "repository"
    if "/.git/modules/" in shared:
        return os.path.basename(root)
    return name.removesuffix(".git") or "repository"


def _line(path: str) -> str | None:
    data = read_small(path, cap=1 << 16)
    return None if data is None else os.fsdecode(data).rstrip("\r\n")


def _explain(start: str) -> None:
    """Raise where a git folder is there but may not be looked into."""
    folder = start
    while folder != os.path.dirname(folder):
        _readable(folder)
        folder = os.path.dirname(folder)


def _readable(path: str) -> None:
    if os.path.isdir(path) and not os.access(path, os.R_OK | os.X_OK):
        raise _denied(path)
    dot_git = os.path.join(path, ".git")
    if os.path.isdir(dot_git) and not os.access(dot_git, os.R_OK | os.X_OK):
        raise _denied(dot_git)


def _denied(path: str) -> AuraError:
    hint = f"look at its owner and mode: ls -ld {git.shown(path)}"
    return AuraError("permission_denied", f"cannot read {git.shown(path)}: permission denied", hint)


def _login() -> str:
    return os.environ.get("USER") or str(os.geteuid())
