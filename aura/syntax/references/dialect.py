"""What the analysis of references must know about a language.

To add one, write `aura/syntax/references/NAME.py` with a `DIALECT = Dialect(...)` and name it in `_DIALECTS`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from msgspec import Struct
from tree_sitter import Node

from aura.syntax.references.modules import Modules
from aura.syntax.references.types import Facts


class Dialect(Struct, frozen=True, eq=False):
    """The spec of one language.

    - `read`: lowers the root node of a file; must bear any tree, that of a broken file, too.
    - `modules`: finds the modules among files.
    - `constructors`: the members of a class that are called when an instance is made; `<class>` stands for
      its name.
    - `common`: names of methods of built-in types, from which no class is guessed.
    - `invoke`: the member that is called when an instance is, if any.
    - `builtins`: the names that need no import; calls go to `<builtin>.NAME`.
    - `records`: whether an attribute of a container is its element under that key (JavaScript).
    """

    read: Callable[[Node, bytes], Facts]
    modules: Callable[[Mapping[str, Facts]], Modules] = Modules
    constructors: tuple[str, ...] = ()
    invoke: str = ""
    builtins: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    records: bool = False


_DIALECTS = {"python": "python"}
"""Language -> module; TypeScript and TSX may share one with JavaScript."""


@cache
def dialect_of(language: str) -> Dialect | None:
    """Return the dialect of a language, or None where its references are not known."""
    module = _DIALECTS.get(language)
    if module is None:
        return None
    found: Dialect = import_module(f"aura.syntax.references.{module}").DIALECT
    return found
