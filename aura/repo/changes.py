"""Which files differ between commits and trees. Renames are not looked for: entities find them better."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Self

from msgspec import Struct

from aura.repo import git
from aura.repo.commits import parents_of
from aura.repo.objects import CatFile, is_id, unreadable
from aura.repo.worktrees import boundary

EMPTY_TREE = {
    40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
}
RAW = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv")
GITLINK = 0o160000
SYMLINK = 0o120000

_END = b"=\n"


class FileChange(Struct, frozen=True):
    """A path that differs: each side is None where the path is absent.

    Modes are git's; a blob of mode 160000 is the commit of a submodule.
    """

    old_path: str | None
    new_path: str | None
    old_blob: str | None
    new_blob: str | None
    old_mode: int | None
    new_mode: int | None

    @property
    def path(self) -> str:
        return self.new_path or self.old_path or ""


class CommitChanges:
    """Lists what commits changed against their first parents by one long-lived git; for one thread."""

    def __init__(self, cat: CatFile) -> None:
        self._cat = cat
        self._stream: git.Stream | None = None

    def of(self, shas: Iterable[str]) -> Iterator[tuple[str, list[FileChange] | None]]:
        """Yield the changes of each commit, in the order asked; None where objects are missing.

        A commit without parents, and one whose parents a shallow clone left out, adds all of its files.
        """
        cut = boundary(self._cat.git_dir)
        pending = iter(shas)
        while chunk := list(islice(pending, 30)):
            lines: list[tuple[str, str | None]] = []
            for sha, commit in zip(chunk, self._cat.read_whole(chunk), strict=True):
                if commit is None or commit.kind != "commit":
                    lines.append((sha, None))
                    continue
                parents = () if sha in cut else parents_of(commit.data or b"")[:1]
                # Naming the parent is what gives a merge the diff against its first parent only.
                lines.append((sha, " ".join((sha, *parents))))
            yield from self._diffs(lines)

    def start(self) -> git.Stream:
        """Start git ahead of the first question."""
        if self._stream is None:
            self._stream = git.Stream(self._cat.git_dir, "diff-tree", "--stdin", "--root", "--always", *RAW)
        return self._stream

    def close(self) -> None:
        """End git; the objects' reader is the caller's."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _diffs(self, lines: list[tuple[str, str | None]]) -> Iterator[tuple[str, list[FileChange] | None]]:
        left = [line for _, line in lines if line is not None]
        answers: Iterator[list[FileChange] | None] = self._ask(left)
        died = False
        for sha, line in lines:
            if line is None:
                yield sha, None
                continue
            changes = next(answers, None)
            if changes is None and not died:
                # Git died at this commit or at the one after it: from here on, one at a time.
                died = True
                answers = self._one_by_one(left)
                changes = next(answers)
            left = left[1:]
            yield sha, changes

    def _one_by_one(self, lines: list[str]) -> Iterator[list[FileChange] | None]:
        for line in lines:
            yield next(self._ask([line]), None)

    def _ask(self, lines: list[str]) -> Iterator[list[FileChange]]:
        if not lines:
            return
        stream = self.start()
        whole = False
        try:
            stream.send("".join(f"{line}\n" for line in lines).encode() + _END)
            current: list[FileChange] | None = None
            for token in _tokens(stream):
                if isinstance(token, FileChange):
                    assert current is not None
                    current.append(token)
                    continue
                if current is not None:
                    yield current
                current = []
            # Only a chunk that was closed by the end mark says that its last commit is whole.
            whole = True
            if current is not None:
                yield current
        except EOFError:
            return
        finally:
            if not whole:
                self.close()


def commit_changes(git_dir: str, shas: Iterable[str]) -> Iterator[tuple[str, list[FileChange] | None]]:
    """Yield the changes of commits against their first parents; see `CommitChanges.of`."""
    with CatFile(git_dir) as cat, CommitChanges(cat) as listing:
        yield from listing.of(shas)


def tree_changes(git_dir: str, a: str | None, b: str | None) -> list[FileChange]:
    """List the files that differ between two commits or trees, given by id; None is the empty tree."""
    width = len(a or b or EMPTY_TREE[40])
    old, new = a or EMPTY_TREE[width], b or EMPTY_TREE[width]
    for sha in (old, new):
        if not is_id(sha):
            raise unreadable(sha)
    return parse_raw(git.run(git_dir, "diff-tree", *RAW, old, new, "--"))


def parse_raw(output: bytes) -> list[FileChange]:
    """Read what git's raw format says with -z."""
    tokens = iter(output.split(b"\0"))
    return [change(meta, next(tokens)) for meta in tokens if meta]


def change(meta: bytes, path: bytes) -> FileChange:
    """Read one raw record."""
    old_mode, new_mode, old_blob, new_blob, _ = meta[1:].decode().split(" ", 4)
    name = path.decode("utf-8", "surrogateescape")
    before, after = int(old_mode, 8), int(new_mode, 8)
    return FileChange(
        name if before else None,
        name if after else None,
        old_blob if before else None,
        new_blob if after else None,
        before or None,
        after or None,
    )


def _tokens(stream: git.Stream) -> Iterator[bytes | FileChange]:
    """Yield the id of a commit, then its changes, and so on until the end mark."""
    meta = rest = b""
    while rest != _END or meta:
        data = stream.out.read1(1 << 16)
        if not data:
            raise EOFError
        *whole, rest = (rest + data).split(b"\0")
        for token in whole:
            if meta:
                yield change(meta, token)
                meta = b""
            elif token.startswith(b":"):
                meta = token
            else:
                yield token
