"""Files with their entity tables: read once, extracted once, kept while there is room."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from time import monotonic
from typing import NamedTuple

from msgspec.structs import replace

from aura.repo.cache import Cache, Key, Shelf
from aura.repo.changes import GITLINK, SYMLINK
from aura.repo.objects import CatFile
from aura.syntax.extract import Version, extract, fingerprint, read
from aura.syntax.file import File
from aura.syntax.language import HEAD, language_for
from aura.syntax.parsing import MAX_BYTES
from aura.syntax.types import Entity, Table

_LOG = logging.getLogger(__name__)
KEPT = 6 << 20
"""Bytes of sources whose files are kept in memory."""
GROWN = 2 << 20
"""Bytes of sources whose trees are kept: the next version of a file is read from the last one."""

_NO_FILES = (SYMLINK, GITLINK)
_Extract = Callable[[bytes, str], Table]


class Want(NamedTuple):
    """A file to be read: from the object store, or with `data` from where that came from."""

    path: str
    blob: str
    mode: int
    data: bytes | None = None


class Tables:
    """Reads files and their tables; for one thread."""

    def __init__(self, cache: Cache) -> None:
        self._cache = Shelf(cache, Table)
        self._kept: OrderedDict[tuple[str, str], File] = OrderedDict()
        self._weight = 0
        self._grown: OrderedDict[str, Version] = OrderedDict()
        self._grown_weight = 0

    def load(self, cat: CatFile | None, wants: Sequence[Want], deadline: float) -> list[File | None]:
        """Return files in the order asked; None for one that is missing, too large, or too late.

        Versions of one file are read from each other: ask for neighbours one after the other. Without an
        object store there are only those files whose data is given.
        """
        found: dict[Want, File | None] = {}
        missing: list[Want] = []
        for want in wants:
            if want.mode in _NO_FILES:
                found[want] = opaque(want.path, want.blob)
            elif kept := self._kept.get((want.path, want.blob)):
                self._kept.move_to_end((want.path, want.blob))
                found[want] = kept
            else:
                missing.append(want)
        for want, source, table in self._read(cat, missing, deadline, self._grow):
            found[want] = self._keep(want, File(want.path, source, table)) if table else None
        return [found[want] for want in wants]

    def read_tables(self, cat: CatFile | None, wants: Sequence[Want], deadline: float) -> list[Table | None]:
        """Return only the tables of files, in the order asked; neither files nor trees are kept in memory."""
        found: dict[Want, Table | None] = {
            want: opaque(want.path, want.blob).table for want in wants if want.mode in _NO_FILES
        }
        code = [want for want in wants if want not in found]
        found.update((want, table) for want, _, table in self._read(cat, code, deadline, extract))
        return [found[want] for want in wants]

    def _read(
        self, cat: CatFile | None, wants: Sequence[Want], deadline: float, extracted: _Extract
    ) -> Iterator[tuple[Want, bytes, Table | None]]:
        """Yield each file with its source and its table; None for one that is missing, too large or late."""
        absent = [want.blob for want in wants if want.data is None]
        stored = iter(list(cat.read_many(absent)) if cat else [None] * len(absent))
        sources: list[tuple[Want, bytes, Key | None]] = []
        for want in wants:
            source = want.data
            if source is None:
                blob = next(stored)
                source = None if blob is None else blob.data
            if source is None or len(source) > MAX_BYTES:
                yield want, b"", None
            else:
                sources.append((want, source, _key(want, source)))
        known = self._cache.get_many({key for _, _, key in sources if key})
        fresh: dict[Key, Table] = {}
        for want, source, key in sources:
            table = known.get(key) if key else None
            if table is None and monotonic() < deadline:
                table = _tried(extracted, source, want.path)
                if key and table:
                    fresh[key] = table
            yield want, source, _named(table, want.path) if table else None
        self._cache.put_many(fresh)

    def _grow(self, source: bytes, path: str) -> Table:
        """Extract a table from the last version of the file that was read, if that is known."""
        like = self._grown.pop(path, None)
        self._grown_weight -= len(like.source) if like else 0
        table, version = read(source, path, like)
        if version is not None:
            self._grown[path] = version
            self._grown_weight += len(version.source)
        while self._grown_weight > GROWN:
            _, dropped = self._grown.popitem(last=False)
            self._grown_weight -= len(dropped.source)
        return table

    def _keep(self, want: Want, file: File) -> File:
        self._kept[(want.path, want.blob)] = file
        self._weight += len(file.source)
        while self._weight > KEPT and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._weight -= len(dropped.source)
        return file


def opaque(path: str, blob: str, *, degraded: bool = False) -> File:
    """Return a file of which nothing is known but its id."""
    name = path.rsplit("/", 1)[-1]
    raw = int.from_bytes(bytes.fromhex(blob[:16]), "big", signed=True)
    entity = Entity("file", name, name, 0, -1, 0, len(blob), 1, 1, raw)
    # The id stands for the source, so that different contents differ.
    return File(path, blob.encode(), Table("", degraded, (entity,)))


def _tried(extracted: _Extract, source: bytes, path: str) -> Table | None:
    try:
        return extracted(source, path)
    except Exception:
        # A grammar that is not installed, or a fault of ours: the file can still be compared as a whole.
        _LOG.exception("cannot extract the entities of %s", path)
        return None


def _key(want: Want, source: bytes) -> Key | None:
    """Return the key under which a table is cached; None for what costs less to extract than to find."""
    try:
        language = language_for(want.path, source[:HEAD])
    except ImportError:
        return None
    return Key(want.blob, language.name, fingerprint(language.name)) if language else None


def _named(table: Table, path: str) -> Table:
    """Return the table of a blob that was perhaps cached under another path."""
    entity = table.entities[0] if table.entities else None
    name = path.rsplit("/", 1)[-1]
    if entity is None or entity.kind != "file" or entity.name == name:
        return table
    return replace(table, entities=(replace(entity, name=name, qualified_name=name),))
