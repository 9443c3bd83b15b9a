"""One declaration, many faces: an operation gives its route, scope, validation, OpenAPI entry, SDK call and
command.

    @op("POST /v1/intents", command="intent log SUMMARY", scope="write_intents", emits=("intent.logged",))
    def log(db: Connection, caller: Caller, new: NewIntent) -> Intent:
        '''Log an intent.'''

The function is synchronous. Its parameters are given by their annotation: a `Connection` (the writer's for
every method but GET, unless `writes=False`), the `Caller`, services such as the pool of workers, and one
input struct, whose fields come from the path, from the query (GET, DELETE) or from the JSON body. What must
be read from git or from files beforehand is read by `gather(input)`, outside the transaction, and given to
the parameter with its type. `items` names the field of a batch: an item of it that is not valid is given to
the function as its error. `also` are further statuses with the same shape of answer, `aliases` paths that
clients outside expect, `body` is how many bytes of it are taken at most, and `tool` the MCP tool that the
operation serves. An operation whose function must stream or wait is bound by hand in the daemon
(`manual=True`); its declaration still gives every other face.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_type_hints

from msgspec import Struct

from aura.api import SCOPES, Caller
from aura.listing import Listing
from aura.store import Connection

Need = Literal["none", "maybe", "optional", "required"]
OPERATIONS: dict[str, "Operation"] = {}
BODY = 1 << 20
"""Bytes of a request's body at most, unless an operation takes more."""


@dataclass(frozen=True)
class Operation:
    """A declared operation. `name` is `<module>.<function>`; `needs`: must it know a repository;
    with `maybe` it answers without one, too, where the one that is named is unknown."""

    name: str
    method: str
    path: str
    scope: str | None
    func: Callable[..., Any]
    parameters: tuple[tuple[str, type], ...]
    input: type[Struct] | None
    output: Any
    summary: str
    doc: str
    command: str | None
    emits: tuple[str, ...]
    listing: Listing[Any] | None
    needs: Need
    writes: bool
    manual: bool
    status: int
    media: str
    gather: Callable[[Any], Any] | None
    items: str | None
    also: tuple[int, ...]
    aliases: tuple[str, ...]
    tool: str | None
    body: int

    @property
    def path_fields(self) -> tuple[str, ...]:
        return tuple(re.findall(r"{(\w+)}", self.path))

    @property
    def in_body(self) -> bool:
        """Whether the input that is not in the path comes as a JSON body."""
        return self.method in ("POST", "PUT", "PATCH") and self.input is not None


def op(
    route: str,
    *,
    scope: str | None,
    command: str | None = None,
    emits: tuple[str, ...] = (),
    listing: Listing[Any] | None = None,
    needs: Need = "optional",
    writes: bool | None = None,
    manual: bool = False,
    status: int = 200,
    media: str = "application/json",
    gather: Callable[[Any], Any] | None = None,
    name: str | None = None,
    items: str | None = None,
    also: tuple[int, ...] = (),
    aliases: tuple[str, ...] = (),
    tool: str | None = None,
    body: int = BODY,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function as an operation; `scope=None` is for probes and documents alone, which need no
    rights.
    """
    method, path = route.split(" ")
    if scope is not None and scope not in SCOPES:
        raise ValueError(f"operation {route}: scope {scope!r} is not declared")
    if scope is None and path.startswith("/v1/"):
        raise ValueError(f"operation {route}: a route under /v1 needs a scope")

    def declare(func: Callable[..., Any]) -> Callable[..., Any]:
        called = name or f"{func.__module__.rsplit('.', 1)[-1]}.{func.__name__.rstrip('_')}"
        if called in OPERATIONS or any((o.method, o.path) == (method, path) for o in OPERATIONS.values()):
            raise ValueError(f"operation {called} ({route}) is declared twice")
        hints = get_type_hints(func, include_extras=True)
        if listing is not None:
            hints = {**hints, "query": listing.query_type()}
        output = hints.pop("return", None)
        taken = tuple((p, hints[p]) for p in inspect.signature(func).parameters)
        inputs = [t for _, t in taken if isinstance(t, type) and issubclass(t, Struct) and t is not Caller]
        doc = inspect.cleandoc(func.__doc__ or "")
        summary = doc.split("\n", 1)[0]
        if not summary.endswith("."):
            raise ValueError(f"operation {called}: its docstring must begin with a sentence")
        OPERATIONS[called] = Operation(
            called, method, path, scope, func, taken, inputs[0] if inputs else None, output, summary, doc,
            command, emits, listing, needs, (method != "GET") if writes is None else writes, manual, status,
            media, gather, items, also, aliases, tool, body,
        )  # fmt: skip
        return func

    return declare


def takes(operation: Operation, kind: type) -> bool:
    """Tell whether the operation's function asks for a parameter of this type."""
    return any(t is kind for _, t in operation.parameters)


def call(operation: Operation, given: dict[type, Any]) -> Any:
    """Call the operation's function with what its annotations ask for."""
    return operation.func(**{name: given[kind] for name, kind in operation.parameters})


__all__ = ["OPERATIONS", "Caller", "Connection", "Operation", "call", "op", "takes"]
