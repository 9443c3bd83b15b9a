"""What a call hands over, and how a function is entered and left, in the numbers of a program."""

from typing import NamedTuple

from aura.syntax.references.program import File
from aura.syntax.references.types import PROTOCOL, Call


class Calling(NamedTuple):
    """A call with the program's numbers of scopes and places."""

    scope: int
    line: int
    kind: int = PROTOCOL
    result: int = -1
    arguments: tuple[int, ...] = ()
    keywords: tuple[tuple[str, int], ...] = ()
    spread: int = -1
    rest: int = -1


class Signature(NamedTuple):
    """How a function is entered and left, with the program's numbers of places; -1 for what it has not.

    `first` is the parameter of the first argument, `positional` how many may be given by position, `rest` and
    `others` the containers that collect further arguments, `generated` the value of a generator, `passed` the
    parameters that are given back.
    """

    parameters: tuple[int, ...]
    names: tuple[str, ...]
    positional: int
    first: int
    rest: int
    others: int
    returned: int
    generated: int
    passed: tuple[int, ...]


def calling(file: File, call: Call) -> Calling:
    """Return a call of a file with the program's numbers."""
    node, base, names = file.linked.node, file.place, file.linked.facts.names

    def place(local: int) -> int:
        return base + node[local] if local >= 0 else -1

    pairs = zip(call.keywords[::2], call.keywords[1::2], strict=True)
    return Calling(
        file.scope + call.scope, call.line, call.kind, place(call.result),
        tuple(place(argument) for argument in call.arguments),
        tuple((names[name], place(argument)) for name, argument in pairs),
        place(call.spread), place(call.keyword_spread),
    )  # fmt: skip
