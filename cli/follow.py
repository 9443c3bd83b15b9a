"""Following the daemon's stream of events, across breaks: its frames, each once."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from aura import wire

AGAIN_SECONDS = 0.3
PASSING = ("shutting_down", "overloaded")


class Frame(NamedTuple):
    """A server-sent event. Without an id it is passing: no row of the log. A comment has no type."""

    type: str
    data: dict[str, Any]
    id: str | None = None


class Refused(Exception):
    """The daemon refuses to stream: `error` is the API's."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.error = error


def follow(types: str | None = None, last: str | None = None) -> Iterator[Frame | None]:
    """Yield the frames of these types after the event `last`, or from now on; None where the stream broke.

    It is then taken up again: whoever stopped the daemon may want it so, and it is not started again.
    Raises Refused.
    """
    path = "/v1/events?" + urlencode({"subscribe": "true"} | ({"type": types} if types else {}))
    while True:
        try:
            for frame in _frames(path, last):
                last = frame.id or last
                yield frame
        except (wire.NoDaemon, wire.Hung, ConnectionError):
            pass
        except Refused as refusal:
            if refusal.error["code"] not in PASSING:
                raise
        yield None
        time.sleep(AGAIN_SECONDS)


def _frames(path: str, last: str | None) -> Iterator[Frame]:
    lines = wire.stream(path, repo=wire.here(), headers={"Last-Event-ID": last} if last else {})
    if next(lines) != b"200":
        raise Refused(json.loads(b"".join(lines))["error"])
    yield from frames(lines)


def frames(lines: Iterable[bytes]) -> Iterator[Frame]:
    """Read server-sent events, line by line; what a break cut off is dropped."""
    fields: dict[str, str] = {}
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            data = json.loads(fields["data"]) if "data" in fields else {}
            yield Frame(fields.get("event", ""), data, fields.get("id"))
            fields = {}
