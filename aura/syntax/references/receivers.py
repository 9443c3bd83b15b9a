"""What methods are called on where nobody is seen to call them: instances of their own class."""

from collections.abc import Iterator
from typing import NamedTuple

from aura.syntax.references.models import Models
from aura.syntax.references.propagation import CLASS, INSTANCE, SUPPOSED
from aura.syntax.references.types import CLASS_METHOD, STATIC

MAX_MADE = 4
"""So many of the instances that other methods of a class were called on are supposed for one of it."""

_RECEIVERS = frozenset({INSTANCE, SUPPOSED, CLASS})


class _Method(NamedTuple):
    """The place of the receiver of a method, and whether that is the class."""

    receiver: int
    is_of_class: bool


class Receivers(Models):
    """Supposes receivers in languages that declare none."""

    def suppose_receivers(self) -> None:
        """Let methods have the receivers that were not seen to come: in classes without derived ones first.

        What these call tells which instances the methods above them have.
        """
        methods = self._methods_by_class()
        above = {base for scope in methods for base in self.program.order(scope)[1:]}
        for is_above in (False, True):
            for scope, own in methods.items():
                if (scope in above) == is_above:
                    self._suppose(scope, own)
            self.run()

    def _methods_by_class(self) -> dict[int, list[_Method]]:
        found: dict[int, list[_Method]] = {}
        for scope, method in self._untyped_methods():
            found.setdefault(scope, []).append(method)
        return found

    def _untyped_methods(self) -> Iterator[tuple[int, _Method]]:
        for file in self.program.files:
            if file.dialect.typed:
                continue
            facts, node = file.linked.facts, file.linked.node
            for row in facts.scopes:
                if row.kind != "function" or not row.parameters or row.flags & STATIC:
                    continue
                if facts.scopes[row.parent].kind == "class":
                    at = file.place + node[row.parameters[0]]
                    yield file.scope + row.parent, _Method(at, bool(row.flags & CLASS_METHOD))

    def _suppose(self, scope: int, methods: list[_Method]) -> None:
        """Let the methods of a class have an instance of it where it is made, or where nothing else came.

        The latter have some of what came to other methods of the class, too.
        """
        held = {method.receiver: self._arrived(method) for method in methods}
        others = dict.fromkeys(self.rows[value][1] for values in held.values() for value in values)
        is_made = (INSTANCE, scope, -1) in self.ids
        for method in methods:
            kind = CLASS if method.is_of_class else INSTANCE
            if is_made or not held[method.receiver]:
                self.add(method.receiver, self.value(kind, scope))
            if not held[method.receiver]:
                for other in list(others)[:MAX_MADE]:
                    self.add(method.receiver, self.value(kind, other))

    def _arrived(self, method: _Method) -> list[int]:
        """Return what may be a receiver among what came to a method."""
        return [value for value in self.values(method.receiver) if self.rows[value][0] in _RECEIVERS]
