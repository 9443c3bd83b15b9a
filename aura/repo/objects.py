"""Read many objects of a repository through two long-lived git processes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Self

from msgspec import Struct

from aura.errors import AuraError
from aura.repo.git import Stream

CAP = 4 << 20
"""Objects of more bytes are not read, unless the caller says otherwise."""

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_PIPE = 4096


class Object(Struct, frozen=True):
    """One git object; `data` is None when it was not asked for or is larger than the cap."""

    sha: str
    kind: str
    size: int
    data: bytes | None = None


def is_id(text: str) -> bool:
    """Tell whether a text is a full object id (SHA-1 or SHA-256)."""
    return _ID.match(text) is not None


class CatFile:
    """Reads objects by id; for one thread. An object that is missing or unreadable is None in an answer.

    Sizes come from one process and contents from the other, so that a large object is never inflated.
    Requests are pipelined, but no more of them than a pipe surely holds: neither side can wait for the other.
    """

    def __init__(self, git_dir: str, *, cap: int = CAP) -> None:
        self.git_dir = git_dir
        self.cap = cap
        self._sizes = _Lane(git_dir, "--batch-check")
        self._contents = _Lane(git_dir, "--batch")

    def start(self) -> None:
        """Start git ahead of the first question: its processes come up side by side."""
        self._sizes.start()
        self._contents.start()

    def info(self, shas: Iterable[str]) -> Iterator[Object | None]:
        """Look up kinds and sizes, in the order asked."""
        return self._sizes.ask(_checked(shas))

    def read_many(self, shas: Iterable[str]) -> Iterator[Object | None]:
        """Read objects in the order asked; those beyond the cap come without data."""
        pending = iter(_checked(shas))
        while chunk := list(islice(pending, 60)):
            found = list(self._sizes.ask(chunk))
            small = [o.sha for o in found if o is not None and o.size <= self.cap]
            contents = self._contents.ask(small)
            for about in found:
                if about is None or about.size > self.cap:
                    yield about
                else:
                    yield next(contents)

    def read_whole(self, shas: Iterable[str]) -> Iterator[Object | None]:
        """Read objects that are known to be small, as commits are, in the order asked."""
        return self._contents.ask(_checked(shas))

    def read(self, sha: str) -> Object:
        """Read one object, or raise AuraError `unreadable_object`."""
        found = next(self.read_many([sha]))
        if found is None:
            raise unreadable(sha)
        return found

    def close(self) -> None:
        self._sizes.close()
        self._contents.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unreadable(sha: str) -> AuraError:
    """Return the error for an object that is not there or cannot be read."""
    hint = "run `git fsck`; in a partial or shallow clone, fetch what is missing"
    return AuraError("unreadable_object", f"cannot read object {sha[:64]!r}", hint)


class _Lane:
    """One `git cat-file` process; started when first needed and again when it dies."""

    def __init__(self, git_dir: str, mode: str) -> None:
        self._git_dir = git_dir
        self._mode = mode
        self._stream: Stream | None = None

    def ask(self, shas: Sequence[str]) -> Iterator[Object | None]:
        sent = done = deaths = 0
        try:
            while done < len(shas):
                stream = self.start()
                if sent == done:
                    sent = min(len(shas), done + _PIPE // (len(shas[done]) + 1))
                    stream.send("".join(f"{sha}\n" for sha in shas[done:sent]).encode())
                answered, found = self._answer(stream, shas[done])
                if answered:
                    deaths = 0
                else:
                    sent = done
                    deaths += 1
                    self._give_up_or_retry(stream, first=done == 0, deaths=deaths)
                    if deaths < 2:
                        continue
                    deaths = 0
                done += 1
                sent = max(sent, done)
                yield found
        finally:
            if sent != done:
                self.close()

    def start(self) -> Stream:
        if self._stream is None:
            self._stream = Stream(self._git_dir, "cat-file", self._mode)
        return self._stream

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _give_up_or_retry(self, stream: Stream, *, first: bool, deaths: int) -> None:
        """Close a dead process; raise when the repository, not one object, is what cannot be read."""
        reason = stream.why()
        self.close()
        if deaths > 1 and first and reason.code in ("not_a_repository", "permission_denied"):
            raise reason

    def _answer(self, stream: Stream, sha: str) -> tuple[bool, Object | None]:
        head = stream.out.readline()
        words = head.decode("ascii", "replace").split()
        if not head.endswith(b"\n"):
            return False, None
        if len(words) != 3 or words[0] != sha:
            return True, None
        size = int(words[2])
        if self._mode == "--batch-check":
            return True, Object(sha, words[1], size)
        data = stream.out.read(size + 1)
        if len(data) != size + 1:
            return False, None
        return True, Object(sha, words[1], size, data[:-1])


def _checked(shas: Iterable[str]) -> list[str]:
    asked = list(shas)
    for sha in asked:
        if not is_id(sha):
            raise unreadable(sha)
    return asked
