"""Resolve revisions and stream commits, newest first."""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from msgspec import Struct

from aura.errors import AuraError
from aura.repo import git
from aura.repo.objects import CatFile, is_id, unreadable
from aura.repo.worktrees import boundary

MESSAGE_CAP = 64 << 10
LAST_SECOND = 253_402_300_799
"""The end of the year 9999: no later time can be written as a date."""

_PERSON = re.compile(rb"(.*?)[ ]*<([^\n]*)>[ ]*([+-]?\d+)?[^>]*\Z", re.S)
# Among Python's codecs are also compressors and ciphers, and punycode, which takes quadratic time.
_CHARSETS = re.compile("(ascii|big5|cp|euc|gb|hz|iso|johab|koi|kz|latin|mac|ptcp|shift|tis|utf)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Commit(Struct, frozen=True):
    """One commit. Times are epoch seconds; `message` is the whole text, cut after 64 KiB.

    `shallow`: its parents exist, but were left out when the repository was cloned.
    """

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    author_time: int
    committer_time: int
    subject: str
    message: str
    shallow: bool = False


def resolve(git_dir: str, rev: str) -> str:
    """Return the id of the commit that a revision names, or raise AuraError `unknown_revision`."""
    if not rev or "\0" in rev:
        raise _unknown(git_dir, rev)
    # A name like an option can only be a ref that was made by plumbing.
    for name in (f"refs/heads/{rev}", f"refs/tags/{rev}") if rev.startswith("-") else (rev,):
        # `:/text` takes all that follows for its text, and finds commits only.
        peeled = name if name.startswith(":/") else f"{name}^{{commit}}"
        try:
            out = git.run(git_dir, "rev-parse", "--verify", "--quiet", peeled, accept=(0, 1))
        except AuraError as error:
            if error.code not in ("git_failed", "unreadable_object"):
                raise
            continue
        if is_id(sha := out.decode("ascii", "replace").strip()):
            return sha
    raise _unknown(git_dir, rev)


def commits(
    git_dir: str,
    start: Iterable[str],
    *,
    exclude: Iterable[str] = (),
    limit: int | None = None,
) -> Iterator[Commit]:
    """Stream the commits reachable from `start` but not from `exclude`, newest first.

    No parent comes before its children. Raises AuraError `unknown_revision`; excluded ids that are no longer
    there are passed over.
    """
    with CatFile(git_dir, cap=16 << 20) as cat:
        asked = [rev if is_id(rev) else resolve(git_dir, rev) for rev in start]
        for sha, found in zip(asked, cat.info(asked), strict=True):
            if found is None:
                raise _unknown(git_dir, sha)
        without = [sha for sha in exclude if is_id(sha)]
        known = [sha for sha, found in zip(without, cat.info(without), strict=True) if found]
        if asked:
            yield from _walk(git_dir, cat, [*asked, *(f"^{sha}" for sha in known)], limit)


def read_commits(git_dir: str, shas: Iterable[str]) -> Iterator[Commit | None]:
    """Read single commits in the order asked; None for one that is missing or is no commit."""
    cut = boundary(git_dir)
    with CatFile(git_dir, cap=16 << 20) as cat:
        for found in cat.read_many(shas):
            if found is None or found.kind != "commit" or found.data is None:
                yield None
            else:
                parents = () if found.sha in cut else parents_of(found.data)
                yield parse(found.sha, parents, found.data, shallow=found.sha in cut)


def parents_of(data: bytes) -> tuple[str, ...]:
    """Return the parents that a commit object names."""
    head = data.partition(b"\n\n")[0]
    return tuple(line[7:].decode("ascii", "replace") for line in head.split(b"\n") if line[:7] == b"parent ")


def parse(sha: str, parents: tuple[str, ...], data: bytes, *, shallow: bool) -> Commit:
    """Read a commit object; whatever is odd in it, something comes out."""
    head, _, body = data.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, value)
    decode = _Decoder(fields.get(b"encoding", b""))
    author, email, authored = _person(fields.get(b"author", b""))
    _, _, committed = _person(fields.get(b"committer", b""))
    message = decode(body[:MESSAGE_CAP]).replace("\0", "\ufffd").strip("\n")
    return Commit(
        sha=sha,
        parents=parents,
        author_name=decode(author),
        author_email=decode(email),
        author_time=_sane(authored, 0),
        committer_time=_sane(committed, _sane(authored, 0)),
        subject=_subject(message),
        message=message,
        shallow=shallow,
    )


def _walk(git_dir: str, cat: CatFile, revs: Sequence[str], limit: int | None) -> Iterator[Commit]:
    options = ["--date-order", "--parents", *([f"--max-count={limit}"] if limit is not None else [])]
    cut = boundary(git_dir)
    with git.Stream(git_dir, "rev-list", *options, "--stdin") as stream:
        stream.send("".join(f"{rev}\n" for rev in revs).encode())
        stream.end()
        while chunk := [line.decode().split() for line in islice(stream.out, 60)]:
            found = cat.read_many([shas[0] for shas in chunk])
            for (sha, *parents), commit in zip(chunk, found, strict=True):
                if commit is None or commit.data is None:
                    raise unreadable(sha)
                yield parse(sha, tuple(parents), commit.data, shallow=sha in cut)
        if stream.status():
            raise stream.why()


def merge_base(git_dir: str, one: str, two: str) -> str | None:
    """Return where two commits parted; None where they have nothing in common."""
    out = git.run(git_dir, "merge-base", one, two, accept=(0, 1)).decode().split()
    return out[0] if out else None


def _unknown(git_dir: str, rev: str) -> AuraError:
    message = f"cannot find revision {git.shown(rev)[:200]!r}"
    if boundary(git_dir):
        hint = "the clone is shallow; if the revision is older: git fetch --unshallow"
    else:
        hint = "list branches and tags with `git branch -a` and `git tag`"
    return AuraError("unknown_revision", message, hint)


def _person(line: bytes) -> tuple[bytes, bytes, int | None]:
    met = _PERSON.match(line)
    if met is None:
        return line.strip(), b"", None
    # int() of thousands of digits is slow, and refused.
    time = int(met[3][:20]) if met[3] else None
    return met[1].strip(), met[2].strip(), time


def _sane(time: int | None, otherwise: int) -> int:
    return time if time is not None and 0 <= time <= LAST_SECOND else otherwise


def _subject(message: str) -> str:
    """Return the first paragraph on one line, as git does."""
    return " ".join(line.strip() for line in re.split(r"\n[ \t]*\n", message, maxsplit=1)[0].split("\n"))


class _Decoder:
    """Turns bytes of a commit into text, in the encoding that it names."""

    def __init__(self, named: bytes) -> None:
        self._encoding = ""
        try:
            found = codecs.lookup(named.decode("ascii").strip()) if named else None
        except (LookupError, UnicodeError, ValueError):
            found = None
        if found is not None and _CHARSETS.match(found.name):
            self._encoding = found.name

    def __call__(self, data: bytes) -> str:
        if self._encoding:
            return _SURROGATE.sub("\ufffd", data.decode(self._encoding, "replace"))
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            # The cap may have cut a character in two.
            if error.end >= len(data) >= MESSAGE_CAP:
                return data.decode("utf-8", "replace")
            return data.decode("latin-1")
