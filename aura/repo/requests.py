"""What the daemon and an analysis worker say to each other: length-prefixed MessagePack over pipes."""

import struct
from typing import Any, Literal

import msgspec
from msgspec import Struct

from aura.syntax.evidence import Evidence
from aura.syntax.impacts import Finding
from aura.syntax.references.graph import Direction
from aura.syntax.references.reach import Kinds, Reach
from aura.syntax.references.types import Edge as CallEdge
from aura.syntax.references.types import Symbol
from aura.syntax.types import Carried, Edit, Grafted, Table

SHARES = 128
"""Files fall into so many shares by their paths."""

_LENGTH = struct.Struct(">I")


class DiffCommits(Struct, frozen=True, tag=True):
    """Compare commits with their first parents; answered by a `CommitDiff` for each, in order.

    `shapes`: give what they hold its shape, which takes longer.
    """

    git_dir: bytes
    shas: list[str]
    shapes: bool = False


class DiffTrees(Struct, frozen=True, tag=True):
    """Compare two commits or trees (None is the empty one); answered by a `Diff`."""

    git_dir: bytes
    old: str | None
    new: str | None


class DiffWorktree(Struct, frozen=True, tag=True):
    """Compare the work tree at a folder, or only these paths of it, with a commit; answered by a `Diff`.

    Of more edits than `most`, the first are given.
    """

    root: bytes
    base: str
    shapes: bool = False
    paths: list[bytes] | None = None
    most: int | None = None


class DiffStaged(Struct, frozen=True, tag=True):
    """Compare what is staged in the work tree at a folder with a commit; answered by a `Diff`.

    `index` is the file that git keeps the index in, where that is another one for the time of a commit.
    """

    root: bytes
    base: str
    index: bytes | None = None


class Examine(Struct, frozen=True, tag=True):
    """Look closer at one change, and for entities by name; answered by an `Examined`.

    The names are looked for in the files that differ, and at these paths.
    """

    change: DiffCommits | DiffWorktree | DiffStaged
    sought: list[str]
    paths: list[str]


class Entities(Struct, frozen=True, tag=True):
    """Read the entity tables of files: of a commit, or with `rev` None of the work tree.

    Without paths, of all files; of these, the shares from `first` to `end`. Answered by a `FileEntities` for
    each file that is there.
    """

    root: bytes
    rev: str | None
    paths: list[str]
    first: int = 0
    end: int = SHARES


class FolderEntities(Struct, frozen=True, tag=True):
    """Read the entity tables of some shares of a plain folder; answered by a `FileEntities` for each file."""

    root: bytes
    first: int = 0
    end: int = SHARES


class Content(Struct, frozen=True):
    """What a file holds; without data it is too large to be read as code."""

    path: str
    sha256: str
    data: bytes | None = None


class DiffContents(Struct, frozen=True, tag=True):
    """Compare what files held with what they hold; answered by a `Compared`."""

    old: list[Content]
    new: list[Content]


class GraftEntity(Struct, frozen=True, tag=True):
    """Put an entity as it was, by one of these names, into what files hold; answered by a `Grafted`."""

    old: list[Content]
    new: list[Content]
    said: list[str]


class CallsOf(Struct, frozen=True, tag=True):
    """Look for the callers or callees of what a name, or a path and a scope in it, mean in a work tree.

    Without either, for all calls. Answered by one `Calls`.
    """

    root: bytes
    direction: Direction = "callers"
    name: str | None = None
    path: str | None = None


class SideAt(Struct, frozen=True):
    """A side of a repository: a work tree by its folder, or a branch that no work tree has checked out.

    `key` names it in answers.
    """

    key: str
    root: bytes | None = None
    ref: str | None = None


class Touched(Struct, frozen=True):
    """A side that may have changed since it was last asked for: at these paths alone, if they are known.

    Without paths anything may have changed, where HEAD is, too.
    """

    key: str
    paths: list[str] | None = None


class Collide(Struct, frozen=True, tag=True):
    """Look for the impacts between every two sides of a repository; answered by one `Collided`.

    All sides are named each time. Without `touched` all of them are looked at anew.
    """

    git_dir: bytes
    sides: list[SideAt]
    touched: list[Touched] = []


class Trace(Struct, frozen=True, tag=True):
    """Ask a question about the calls or types of a work tree; answered by one `Traced`.

    `direct`: what `source` calls of `target`. `path`: how it gets there. `callers`: all that reaches
    `target`. `kinds`: whether one type is of the other.
    """

    root: bytes
    question: Literal["direct", "path", "callers", "kinds"]
    source: str
    target: str


class CommitDiff(Struct, frozen=True, tag=True):
    """What a commit changed, and what it carried along.

    `degraded` are the paths that were not read as code, but as a whole.
    `failed` is the code of the error where nothing could be said. `shallow`: its parents were left out when
    the repository was cloned, so that its changes are not known.
    """

    sha: str
    edits: list[Edit] = []
    degraded: list[str] = []
    shallow: bool = False
    failed: str | None = None
    carried: list[Carried] = []


class Diff(Struct, frozen=True, tag=True):
    """What differs between two sides, and what was only carried along; `more` edits were left out."""

    edits: list[Edit]
    degraded: list[str]
    carried: list[Carried] = []
    more: int = 0


class Examined(Struct, frozen=True, tag=True):
    """What was found in one change."""

    evidence: Evidence


class FileEntities(Struct, frozen=True, tag=True):
    """The entities of one file; `blob` is its id, also where the object store has no such blob."""

    path: str
    blob: str
    table: Table


class Compared(Struct, frozen=True, tag=True):
    """What differs between files, and a patch for each that is text, and not too much of it."""

    edits: list[Edit]
    degraded: list[str]
    patches: dict[str, str]


class Calls(Struct, frozen=True, tag=True):
    """Calls, and the symbols that were meant; `degraded` are the files that could not be read as code."""

    about: list[Symbol]
    edges: list[CallEdge]
    degraded: tuple[str, ...]


class Collided(Struct, frozen=True, tag=True):
    """The impacts of the pairs of sides that were looked at anew, `judged` as (yours, other).

    What such a pair had and has no longer is over; of other pairs nothing is said. `degraded` says, in words,
    what could not be looked at. `left`: for so many pairs there was no time; the next question brings them.
    """

    judged: list[tuple[str, str]]
    findings: list[Finding]
    degraded: list[str]
    left: int = 0


class Traced(Struct, frozen=True, tag=True):
    """What was found; `degraded` are the files that could not be read as code."""

    degraded: tuple[str, ...]
    reach: Reach | None = None
    kinds: Kinds | None = None


class Done(Struct, frozen=True, tag=True):
    """The end of the answers to one request."""


class Failed(Struct, frozen=True, tag=True):
    """The end of the answers to a request that could not be met: an AuraError."""

    code: str
    message: str
    hint: str


Request = (
    DiffCommits
    | DiffTrees
    | DiffWorktree
    | DiffStaged
    | DiffContents
    | GraftEntity
    | Examine
    | Entities
    | FolderEntities
    | CallsOf
    | Collide
    | Trace
)
Answer = (
    CommitDiff
    | Diff
    | Compared
    | Grafted
    | Examined
    | FileEntities
    | Calls
    | Collided
    | Traced
    | Done
    | Failed
)

_encode = msgspec.msgpack.Encoder().encode
decode_request = msgspec.msgpack.Decoder[Request](Request).decode
decode_answer = msgspec.msgpack.Decoder[Answer](Answer).decode


def first_of(diff: Diff, most: int | None) -> Diff:
    """Return a diff with so many edits at most."""
    if most is None or len(diff.edits) <= most:
        return diff
    return Diff(diff.edits[:most], diff.degraded, more=len(diff.edits) - most)


def framed(message: Any) -> bytes:
    """Return a message as it goes over a pipe."""
    data = _encode(message)
    return _LENGTH.pack(len(data)) + data


def length_of(head: bytes) -> int:
    """Return how many bytes follow the four that begin a message."""
    (length,) = _LENGTH.unpack(head)
    return int(length)


def text_of(path: str) -> str:
    """Return a path as text that can be encoded: bytes that are not UTF-8 as `\\xff`."""
    if path.isascii():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
