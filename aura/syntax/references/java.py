"""Java: its packages are what files say they belong to, under whatever folders."""

from collections.abc import Mapping

from tree_sitter import Node

from aura.syntax.references.dialect import Dialect
from aura.syntax.references.java_definitions import CONSTRUCTOR
from aura.syntax.references.java_lowering import Java
from aura.syntax.references.modules import Module, Modules
from aura.syntax.references.types import Facts


class JavaModules(Modules):
    """Packages by name."""

    def __init__(self, files: Mapping[str, Facts]) -> None:
        super().__init__(files)
        packages: dict[str, list[str]] = {}
        for path in sorted(files):
            packages.setdefault(files[path].package, []).append(path)
        self.packages = {name: tuple(paths) for name, paths in packages.items()}

    def find(self, path: str, module: str, level: int) -> Module | None:
        found = self.packages.get(module)
        return Module(module, found) if found else None

    def beside(self, path: str) -> tuple[str, ...]:
        return self.packages[self.files[path].package]


# Methods of the library: of an unknown receiver, they are no class's of the repository.
_COMMON = frozenset(
    {
        *("accept", "add", "addAll", "append", "apply", "call", "clear", "close", "compare", "compareTo"),
        *(
            "contains",
            "containsKey",
            "create",
            "entrySet",
            "equals",
            "filter",
            "find",
            "flush",
            "forEach",
            "format",
        ),
        *("get", "getClass", "getKey", "getMessage", "getName", "getType", "getValue", "hasNext", "hashCode"),
        *("indexOf", "init", "isEmpty", "iterator", "keySet", "length", "map", "name", "next", "of", "parse"),
        *(
            "print",
            "println",
            "push",
            "pop",
            "put",
            "putAll",
            "read",
            "remove",
            "replace",
            "reset",
            "run",
            "set",
        ),
        *(
            "size",
            "sort",
            "split",
            "start",
            "stop",
            "stream",
            "substring",
            "test",
            "toArray",
            "toString",
            "trim",
        ),
        *("update", "value", "valueOf", "values", "write", "isPresent", "orElse", "build", "execute", "load"),
    }
)
_KEEPING = frozenset({"add", "addAll", "addFirst", "addLast", "offer", "push", "put", "set"})


def _read(root: Node, source: bytes) -> Facts:
    return Java(source, "java").read(root)


DIALECT = Dialect(
    read=_read,
    modules=JavaModules,
    constructors=(CONSTRUCTOR,),
    common=_COMMON,
    typed=True,
    names_classes=True,
    inherits_constructors=False,
    callbacks=True,
    single_method=True,
    keeping=_KEEPING,
    mapping=frozenset({"map", "flatMap", "mapToObj", "reduce", "thenApply", "thenCompose"}),
    guesses=2,
)
