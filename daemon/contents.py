"""What a file of a snapshot held, in the form that the client asks for."""

import base64
import codecs
import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
from aiohttp import web

from aura.api import Caller
from aura.errors import AuraError
from aura.record import held, snapshots
from aura.record.contents import ContentQuery
from aura.record.places import relative
from aura.record.snapshots import LARGEST_CONTENT
from aura.repo.blobs import Blobs
from aura.repo.requests import text_of
from aura.repo.snapshots import Held
from aura.store import Connection

from .app import stamp
from .bind import encode
from .context import REQUEST_ID

if TYPE_CHECKING:
    from .context import Context

BYTES, TEXT, JSON = "application/octet-stream", "text/plain", "application/json"
log = logging.getLogger("aura.snapshots")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class Whole(msgspec.Struct, frozen=True):
    """A content as JSON: its bytes in base64."""

    path: str
    mode: str
    size: int
    sha256: str
    encoding: str
    content: str


async def content(
    context: "Context", caller: Caller, at: ContentQuery, request: web.Request
) -> web.StreamResponse:
    """Answer one content, or a range of it; as a download, so that no browser runs it."""
    blobs = context.snapshots.blobs
    path, found = await context.read(lambda db: _wanted(db, at))
    small = found.size <= LARGEST_CONTENT
    accept = request.headers.getall("Accept", [])
    offers = [BYTES, JSON] if small else [BYTES]
    if small and "text/" in "".join(accept).lower() and await context.in_thread(_is_text, blobs, found):
        offers.insert(1, TEXT)
    if (kind := chosen(accept, offers)) is None:
        raise AuraError(
            "not_acceptable",
            f"cannot answer {path} as {', '.join(accept)}",
            f"Accept {', '.join(offers)}; {TEXT} is for UTF-8 of at most {LARGEST_CONTENT >> 20} MiB.",
        )
    tag = f'"{found.sha256}{"" if kind == BYTES else "-" + kind[5:9]}"'
    headers = {
        "ETag": tag,
        "Vary": "Accept",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": _attachment(path),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if _met(request.headers.get("If-None-Match"), tag):
        return web.Response(status=304, headers=headers)
    if kind == JSON:
        body = await context.in_thread(_json, blobs, path, found)
        return web.Response(body=body, headers=headers, content_type=JSON)
    headers["Accept-Ranges"] = "bytes"
    start, end, status = 0, found.size, 200
    if request.headers.get("If-Range", tag) == tag and "Range" in request.headers:
        asked = request.headers["Range"]
        part = part_of(asked, found.size)
        if part == (0, 0):
            headers["Content-Range"] = f"bytes */{found.size}"
            error = AuraError(
                "range_not_satisfiable",
                f"cannot answer {asked} of {found.size} bytes",
                "Ask for bytes=FIRST-LAST within them.",
            )
            body = encode(error.body(request[REQUEST_ID]))
            return web.Response(status=error.status, body=body, headers=headers, content_type=JSON)
        if part is not None:
            (start, end), status = part, 206
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    headers["Content-Type"] = f"{TEXT}; charset=utf-8" if kind == TEXT else kind
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = end - start
    stamp(context, request, response)
    await response.prepare(request)
    pieces = blobs.pieces(found.sha256, start, end)
    try:
        while piece := await context.in_thread(next, pieces, b""):
            await response.write(piece)
    except AuraError as error:
        log.error("broke off an answer: %s", error)
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError from None
    await response.write_eof()
    return response


def chosen(accept: Sequence[str], offers: Sequence[str]) -> str | None:
    """Return the offer that is preferred; of equal ones the first, and the first without a preference."""
    wishes = [wish for header in accept for wish in header.split(",") if wish.strip()]
    if not wishes:
        return offers[0]
    best, most = None, 0.0
    for offer in offers:
        # The most specific wish that an offer meets is the one that holds for it.
        _, quality = max((_met_by(wish, offer) for wish in wishes), default=(-1, 0.0))
        if quality > most:
            best, most = offer, quality
    return best


def _met_by(wish: str, offer: str) -> tuple[int, float]:
    kind, *parameters = (part.strip().lower() for part in wish.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                return -1, 0.0
    whole = {"*/*": 0, f"{offer.partition('/')[0]}/*": 1, offer: 2}.get(kind, -1)
    return (whole, quality) if whole >= 0 else (-1, 0.0)


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """Return where a single range begins and ends; (0, 0) where none of it is there, None for any other."""
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < start:
            return None
    return (start, end) if start < end else (0, 0)


def _wanted(db: Connection, at: ContentQuery) -> tuple[str, Held]:
    files = held.files_of(db, snapshots.find(db, at.id))
    if at.path is None and len(files) != 1:
        raise AuraError(
            "invalid_request",
            f"cannot tell which of {len(files)} files is meant",
            f"Name one with --path (?path=); aura snapshot show {at.id} lists them.",
            {"path": "$.path"},
        )
    by_path = {text_of(name): found for name, found in files.items()}
    path = next(iter(by_path)) if at.path is None else _relative(db, at)
    found = by_path.get(path)
    if found is None:
        raise AuraError(
            "file_not_found", f"cannot find {path} in {at.id}", f"aura snapshot show {at.id} lists its files."
        )
    return path, found


def _relative(db: Connection, at: ContentQuery) -> str:
    return relative(snapshots.get(db, at.id).worktree, at.path or "")


def _is_text(blobs: Blobs, found: Held) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in blobs.pieces(found.sha256):
            decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _json(blobs: Blobs, path: str, found: Held) -> bytes:
    content = base64.b64encode(blobs.read(found.sha256)).decode()
    return encode(Whole(path, f"{found.mode:06o}", found.size, found.sha256, "base64", content))


def _met(asked: str | None, tag: str) -> bool:
    """Tell whether a client has this already."""
    tags = [one.strip().removeprefix("W/") for one in (asked or "").split(",")]
    return tag in tags or tags == ["*"]


def _attachment(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
