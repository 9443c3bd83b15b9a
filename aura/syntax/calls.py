"""The names that an entity calls, read from its tokens: what they mean is not looked for."""

from collections.abc import Iterator, Sequence

from aura.syntax.file import File
from aura.syntax.tokens import CLOSE, NAME, OPEN


def called_names(file: File, index: int) -> tuple[str, ...]:
    """Return the last parts of the names that an entity, or one inside it, calls or constructs, each once."""
    found: dict[str, None] = {}
    waiting = [index]
    while waiting:
        at = waiting.pop()
        waiting += reversed(file.inner.get(at, ()))
        tokens = file.tokens(at)
        own = file.table.entities[at].name.encode()
        found.update(dict.fromkeys(_called((*tokens.signature, *tokens.body), own)))
    return tuple(found)


def _called(stream: Sequence[bytes], own: bytes) -> Iterator[str]:
    for at, token in enumerate(stream):
        if (token == NAME or _is_word(token)) and _is_called(stream, at):
            yield (own if token == NAME else token).decode("utf-8", "replace")


def _is_word(token: bytes) -> bool:
    return token[:1].isalpha() or token[:1] in b"_$@" or token[:1] >= b"\x80"


def _is_called(stream: Sequence[bytes], at: int) -> bool:
    if at and stream[at - 1] == OPEN + b"command_name":
        return True
    at += 1
    while at < len(stream):
        token = stream[at]
        if token[:1] == OPEN:
            label = token[1:]
            if b"type_arg" not in label:
                return label in _ARGUMENTS
            at = _end_of_group(stream, at)
        elif token not in _BETWEEN:
            return False
        at += 1
    return False


def _end_of_group(stream: Sequence[bytes], at: int) -> int:
    depth = 0
    while at < len(stream):
        depth += (stream[at][:1] == OPEN) - (stream[at] == CLOSE)
        if not depth:
            break
        at += 1
    return at


_BETWEEN = frozenset({CLOSE, b"::", b"?.", b"!"})
_ARGUMENTS = frozenset(
    {b"argument_list", b"arguments", b"value_arguments", b"call_suffix", b"token_tree", b"template_string"}
)
