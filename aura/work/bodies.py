"""What the text of Python code does that its calls do not tell: making a class that has no constructor of its
own, and calling what only running it would name.
"""

import ast
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

What = Literal["makes", "hands on", "may call anything by"]
SUFFIXES = (".py", ".pyi")
_BY_TEXT = frozenset({"eval", "exec", "globals", "locals", "vars", "__import__"})
_BY_NAME = frozenset({"getattr", "attrgetter", "methodcaller", "import_module"})
_ASKING = frozenset({"isinstance", "issubclass", "cast", "TypeVar", "NewType", "super"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Class(Struct, frozen=True):
    """A class that is looked for: its file, its name there, and its dotted name."""

    path: str
    scope: str
    name: str


class Deed(Struct, frozen=True):
    """What is done in a body, at a line; `sure`: the name can mean nothing else."""

    what: What
    word: str
    line: int
    sure: bool = False


def _definitions(node: ast.AST, within: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTIONS, ast.ClassDef)):
            name = f"{within}{child.name}"
            yield name, child
            yield from _definitions(child, f"{name}.")
        else:
            yield from _definitions(child, within)


class Bodies:
    """The bodies of one file, asked about a class, if one is looked for, and the last part of a name.

    What asks for another name by a literal is passed over. Raises SyntaxError and ValueError where the text
    is no Python.
    """

    def __init__(self, source: bytes, path: str, wanted: Class | None, word: str) -> None:
        self._path, self._wanted, self._word = path, wanted, word
        self._tree = ast.parse(source)
        self._names = _bindings(self._tree)
        self._bodies: dict[str, list[ast.AST]] = {"": [self._tree]}
        for name, node in _definitions(self._tree, ""):
            self._bodies.setdefault(name, []).append(node)

    def deeds(self, scope: str, line: int) -> list[Deed]:
        """Return what the code of a scope (empty: the top level) does, of several the nearest to a line."""
        found = self._bodies.get(scope, [])
        body = min(found, key=lambda node: abs(getattr(node, "lineno", 0) - line), default=None)
        return list(self._of(body)) if body is not None else []

    def _of(self, body: ast.AST) -> Iterator[Deed]:
        """Yield what a body does; what is defined at the top level or in a class has a body of its own."""
        rebound = _parameters(body)
        is_function = isinstance(body, _FUNCTIONS)
        waiting = list(ast.iter_child_nodes(body))
        while waiting:
            node = waiting.pop()
            yield from self._done(node, rebound)
            if isinstance(node, _FUNCTIONS) and not is_function:
                waiting += [*node.decorator_list, *node.args.defaults]
            else:
                waiting += ast.iter_child_nodes(node)

    def _done(self, node: ast.AST, rebound: frozenset[str]) -> Iterator[Deed]:
        if isinstance(node, ast.Call):
            called = _last(node.func)
            if called in _BY_TEXT or (called in _BY_NAME and self._asks_for(node)):
                yield Deed("may call anything by", called, node.lineno)
            yield from self._makes(node.func, rebound)
            if called not in _ASKING:
                for given in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    if self._is(given, rebound):
                        yield Deed("hands on", self._word, given.lineno)
        elif isinstance(node, ast.Raise) and node.exc is not None:
            yield from self._makes(node.exc, rebound)
        for decorator in getattr(node, "decorator_list", ()):
            yield from self._makes(decorator, rebound)

    def _asks_for(self, node: ast.Call) -> bool:
        """Tell whether the name that is asked for is not written there, or is the one that is looked for."""
        names = node.args[1:2] if _last(node.func) == "getattr" else node.args
        said = [n.value if isinstance(n, ast.Constant) else None for n in names]
        return not said or any(
            not isinstance(text, str) or text.rpartition(".")[2] == self._word for text in said
        )

    def _makes(self, node: ast.expr, rebound: frozenset[str]) -> Iterator[Deed]:
        if (sure := self._is(node, rebound)) is not None:
            yield Deed("makes", self._word, node.lineno, sure)

    def _is(self, node: ast.expr, rebound: frozenset[str]) -> bool | None:
        """Tell whether an expression names the class: surely, perhaps (False), or not (None)."""
        if self._wanted is None:
            return None
        if not (said := _dotted(node)):
            return False if _last(node) == self._word else None
        first, dot, rest = said.partition(".")
        bound = f"{self._names.get(first, first)}{dot}{rest}"
        if bound.rpartition(".")[2] != self._word:
            return None
        if first in rebound:
            return False
        if self._path == self._wanted.path and bound == self._wanted.scope:
            return True
        whole = f".{self._wanted.name}"
        return "." in bound and (whole.endswith(f".{bound}") or f".{bound}".endswith(whole))


def _bindings(tree: ast.Module) -> dict[str, str]:
    """Return what names stand for by imports and by assignments of nothing but another name."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.asname: one.name for one in node.names if one.asname}
        elif isinstance(node, ast.ImportFrom):
            before = f"{node.module}." if node.module else ""
            found |= {one.asname or one.name: f"{before}{one.name}" for one in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and (value := _dotted(node.value)):
            first, dot, rest = value.partition(".")
            names = [n.id for n in node.targets if isinstance(n, ast.Name) and n.id not in (first, *found)]
            found |= dict.fromkeys(names, f"{found.get(first, first)}{dot}{rest}")
    return found


def _parameters(body: ast.AST) -> frozenset[str]:
    if not isinstance(body, _FUNCTIONS):
        return frozenset()
    given = body.args
    listed = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return frozenset(one.arg for one in listed if one is not None)


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
