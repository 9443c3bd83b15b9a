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
    - `completing`: the member that is called when a class without constructor has its fields.
    - `common`: names of methods of built-in types, from which no class is guessed.
    - `invoke`: the member that is called when an instance is, if any.
    - `builtins`: the names that need no import; calls go to `<builtin>.NAME`.
    - `records`: types of containers whose attributes are elements under that key (JavaScript's objects).
    - `typed`: whether a declared type stands for what derives from it, too, and a receiver is declared.
    - `structural`: whether a type implements each interface whose methods it has (Go).
    - `converts`: whether the call of a type gives back its argument as one of that type.
    - `names_classes`: whether making an instance is a call of a class that has no constructor.
    - `inherits_constructors`: whether a class has the constructors of those that it derives from.
    - `callbacks`: whether a function that is given to an unknown callee counts as called.
    - `single_method`: whether a function is an object whose method, under whatever name, is itself (Java).
    - `transparent`: unknown methods that give back their receiver, or what it holds.
    - `mapping`: unknown methods that give back what the functions do that they are given, and nothing else.
    - `guesses`: among how many methods of one name a callee is guessed.
    - `keeping`: unknown methods that do not call the functions that they are given.
    """

    read: Callable[[Node, bytes], Facts]
    modules: Callable[[Mapping[str, Facts]], Modules] = Modules
    constructors: tuple[str, ...] = ()
    completing: str = ""
    invoke: str = ""
    builtins: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    records: frozenset[str] = frozenset()
    typed: bool = False
    structural: bool = False
    converts: bool = False
    names_classes: bool = False
    inherits_constructors: bool = True
    callbacks: bool = False
    single_method: bool = False
    transparent: frozenset[str] = frozenset()
    keeping: frozenset[str] = frozenset()
    mapping: frozenset[str] = frozenset()
    guesses: int = 4


_DIALECTS = {
    "python": "python",
    "javascript": "javascript",
    "typescript": "javascript",
    "tsx": "javascript",
    "go": "go",
    "java": "java",
    "rust": "rust",
}
"""Language -> module; TypeScript and TSX may share one with JavaScript."""


@cache
def dialect_of(language: str) -> Dialect | None:
    """Return the dialect of a language, or None where its references are not known."""
    module = _DIALECTS.get(language)
    if module is None:
        return None
    found: Dialect = import_module(f"aura.syntax.references.{module}").DIALECT
    return found
