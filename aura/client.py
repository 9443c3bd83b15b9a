"""The SDK: every declared operation as a call, with the types that the daemon itself uses.

from aura.client import Client

aura = Client(repo="/path/to/repository")
intent = aura.intents.log(summary="Retry with back-off [ENG-12]")
for row in aura.every("intents.list", branch="main"):
    print(row.id, row.summary)
"""

import http.client
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from aura import wire
from aura.errors import CODES, AuraError
from aura.op import Operation
from aura.operations import OPERATIONS


class Client:
    """Calls the daemon on its socket, or at `url` with `token`. Refusals are raised as AuraError."""

    def __init__(self, repo: str | None = None, *, url: str | None = None, token: str | None = None) -> None:
        self.repo = os.path.abspath(repo) if repo and repo.startswith((".", "~", "/")) else repo
        self._url = urlsplit(url) if url else None
        self._token = token

    def __getattr__(self, noun: str) -> "_Noun":
        if not any(name.startswith(f"{noun}.") for name in OPERATIONS):
            raise AttributeError(noun)
        return _Noun(self, noun)

    def every(self, name: str, /, **given: Any) -> Iterator[Any]:
        """Yield every row of a list, page after page."""
        cursor = None
        while True:
            page = self.call(name, **given, cursor=cursor)
            yield from page.data
            cursor = page.next_cursor
            if not page.has_more:
                return

    def call(self, name: str, /, *, idempotency_key: str | None = None, **given: Any) -> Any:
        """Call an operation by its name, such as `intents.log`, and return what it declares."""
        operation = OPERATIONS[name]
        path, query, body = _place(operation, {k: v for k, v in given.items() if v is not None})
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        status, answer = self._send(
            operation.method, path + (f"?{urlencode(query)}" if query else ""), body, headers
        )
        if status >= 400:
            error = msgspec.json.decode(answer)["error"]
            code = error["code"] if error["code"] in CODES else "api_protocol"
            raise AuraError(code, error["message"], error["hint"], error["details"])
        if operation.media != "application/json":
            return answer.decode() if operation.media.startswith("text/") else answer
        grouped = operation.listing is not None and ("group_by" in query or "aggregate" in query)
        return msgspec.json.decode(
            answer, type=Any if grouped or operation.output is None else operation.output
        )

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        plain = None if body is None else msgspec.to_builtins(body)
        if self._url is None:
            reply = wire.request(method, path, plain, repo=self.repo, headers=headers)
            return reply.status, reply.body
        if self.repo:
            headers["Aura-Repo"] = quote(os.fsencode(self.repo))
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=wire.TIMEOUT)
        try:
            connection.request(method, path, None if body is None else msgspec.json.encode(plain), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class _Noun:
    """The operations of one noun."""

    def __init__(self, client: Client, noun: str) -> None:
        self._client = client
        self._noun = noun

    def __getattr__(self, verb: str) -> Any:
        name = f"{self._noun}.{verb.rstrip('_')}"
        if name not in OPERATIONS:
            raise AttributeError(verb)

        def call(**given: Any) -> Any:
            return self._client.call(name, **given)

        call.__doc__ = OPERATIONS[name].doc
        return call


def _place(operation: Operation, given: dict[str, Any]) -> tuple[str, dict[str, Any], Any]:
    """Say which of the given values go into the path, the query and the body.

    A trailing underscore is for names that Python keeps for itself, such as `from_`.
    """
    given = {name.rstrip("_"): value for name, value in given.items()}
    path = operation.path
    for name in operation.path_fields:
        path = path.replace(f"{{{name}}}", quote(str(given.pop(name)), safe=""))
    if operation.in_body:
        return path, {}, given
    return path, given, None
