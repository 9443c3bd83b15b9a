"""What languages with declared types and callbacks need beyond the values that are known by making.

A declared type stands for its class and all that derive from it (class hierarchy analysis; Dean, Grove &
Chambers, ECOOP 1995). What is called but not known is supposed to call the functions that it is given, with
what the receiver holds, and to give back what it holds.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from aura.syntax.references.dialect import Dialect
from aura.syntax.references.entering import Calling
from aura.syntax.references.program import NOT_FOUND, File, Found
from aura.syntax.references.propagation import (
    BOUND,
    CLASS,
    CONTAINER,
    FUNCTION,
    INSTANCE,
    OUTSIDE,
    PARTIAL,
    SUPPOSED,
)
from aura.syntax.references.receivers import Receivers
from aura.syntax.references.types import (
    ABSTRACT,
    ATTRIBUTE,
    DECLARED,
    DECORATION,
    DEFINITION,
    VARIABLE,
    Place,
)

MAX_ROUNDS = 6
_ARITY = re.compile(r"/\d*$")
MAX_SUBCLASSES = 8

PROTOTYPE = "%prototype"
"""The field of a function that has what its instances inherit from."""

_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_WITH_PROTOTYPE = frozenset({FUNCTION, CLASS, INSTANCE, SUPPOSED})
_CALLABLE = frozenset({FUNCTION, BOUND, CLASS, PARTIAL})
_FUNCTIONS = frozenset({FUNCTION, BOUND})


class _Unknown(NamedTuple):
    """A call of which the callee is not known: the places of that and of its receiver, or -1.

    `seen` are the arguments and, inverted, the values of the receiver that are dealt with.
    """

    dialect: Dialect
    calling: Calling
    callee: int
    receiver: int
    name: str
    seen: set[int]


class Typed(Receivers):
    """Supposes what is declared, and what unknown callees do."""

    def prepare(self) -> None:
        self.foreign: set[int] = set()
        self.looked_up: set[tuple[int, str, int]] = set()
        super().prepare()
        self.derived: dict[int, list[int]] | None = None

    # What lies outside, without a name

    def read(self, file: File, place: int, row: Place, value: int) -> None:
        if row.op == DECLARED and file.dialect.typed and self.rows[value][0] == OUTSIDE:
            self.foreign.add(place)
        super().read(file, place, row, value)

    def receive(self, file: File, found: Found, name: str, place: int) -> None:
        if found is NOT_FOUND and file.dialect.typed:
            self.add(place, self.value(OUTSIDE, ""))
        super().receive(file, found, name, place)

    def attribute(self, value: int, name: str, place: int) -> None:
        kind, owner, _ = self.rows[value]
        if kind == OUTSIDE and not owner:
            self.add(place, value)
            return
        super().attribute(value, name, place)
        if kind in _WITH_PROTOTYPE and self.program.scope_of[int(owner)].kind == "function":
            self._inherited(int(owner), name, place)

    def _inherited(self, function: int, name: str, place: int) -> None:
        """Look an attribute up in what a function was given as the prototype of its instances."""
        prototype = self.field(self.value(FUNCTION, function), PROTOTYPE)
        if (prototype, name, place) not in self.looked_up:
            self.looked_up.add((prototype, name, place))
            self.watch(prototype, lambda value: self.attribute(value, name, place))

    def _write_attribute(self, value: int, name: str, place: int) -> None:
        kind, owner, _ = self.rows[value]
        if name == "prototype" and kind in (FUNCTION, CLASS):
            self.connect(place, self.field(self.value(FUNCTION, owner), PROTOTYPE))
        else:
            super()._write_attribute(value, name, place)

    def _outside(self, call: Calling, name: str) -> None:
        if not self.program.file_with(call.scope).dialect.typed:
            super()._outside(call, name)
            return
        if name:
            self.note(call, _ARITY.sub("", name))
        if call.result >= 0:
            self.add(call.result, self.value(OUTSIDE, ""))

    def _method(self, call: Calling, value: int, name: str) -> None:
        if not self.program.file_with(call.scope).dialect.typed:
            super()._method(call, value, name)

    # Declared types

    def suppose_declared(self, *, receivers: bool) -> None:
        """Let places of a declared type hold an instance where none is known: receivers, or all others."""
        for place in sorted(self.declared):
            file = self.program.file_at(place)
            if self._is_receiver(file, place) != receivers:
                continue
            for target in file.linked.flows.get(place - file.place, ()):
                given = (target, *file.linked.passed.get(target, ()))
                held = [self.rows[value] for at in given for value in self._known(file, at)]
                known = [int(a) for kind, a, _ in held if kind == INSTANCE]
                if file.dialect.single_method and any(kind in (FUNCTION, BOUND) for kind, _, _ in held):
                    continue
                for scope in sorted(self.declared[place]):
                    if not any(self._is_a(made, scope) for made in known) and not (
                        known and self._is_protocol(scope)
                    ):
                        for supposed in self._stands_for(scope):
                            self.add(file.place + target, self.value(SUPPOSED, supposed))

        for place in sorted(self.foreign):
            file = self.program.file_at(place)
            for target in file.linked.flows.get(place - file.place, ()):
                if not self.values(file.place + target):
                    self.add(file.place + target, self.value(OUTSIDE, ""))

    def _known(self, file: File, target: int) -> list[int]:
        """Return the values of a place; of a member of a class, those that its instances were given, too."""
        values = self.values(file.place + target)
        facts = file.linked.facts
        row = facts.places[target]
        if row.op != VARIABLE or facts.scopes[row.a].kind != "class":
            return values
        scope, name = file.scope + row.a, facts.names[row.b]
        for owner in (scope, *self.subclasses.get(scope, ())):
            given = self.fields.get((self.value(INSTANCE, owner), name))
            values = values if given is None else [*values, *self.values(given)]
        return values

    def _is_receiver(self, file: File, place: int) -> bool:
        """Tell whether a type is declared by being the class around."""
        facts = file.linked.facts
        return facts.places[facts.places[place - file.place].a].op == DEFINITION

    def _is_a(self, made: int, scope: int) -> bool:
        return scope in self.program.order(made) or made in self.subclasses.get(scope, ())

    def _is_protocol(self, scope: int) -> bool:
        """Tell whether anything may be of a type that has its methods."""
        return not _PROTOCOLS.isdisjoint(self.program.order(scope))

    def _stands_for(self, scope: int) -> list[int]:
        if not self.program.file_with(scope).dialect.typed:
            return [scope]
        return [scope, *self.subclasses.get(scope, ())][:MAX_SUBCLASSES]

    @property
    def subclasses(self) -> dict[int, list[int]]:
        """The classes that derive from a class, or have all methods of an interface where that is enough."""
        if self.derived is None:
            self.derived = {}
            structural: list[tuple[int, frozenset[str]]] = []
            for scope, row in enumerate(self.program.scope_of):
                if row.kind != "class":
                    continue
                if self.program.file_with(scope).dialect.structural:
                    structural.append((scope, self._methods(scope)))
                    continue
                for base in self.program.order(scope)[1:]:
                    if isinstance(base, int):
                        self.derived.setdefault(base, []).append(scope)
            self._add_structural(structural)
        return self.derived

    def _add_structural(self, types: list[tuple[int, frozenset[str]]]) -> None:
        assert self.derived is not None
        owners: dict[str, list[int]] = {}
        methods = dict(types)
        interfaces = [scope for scope, _ in types if self._abstract(scope)]
        for scope, names in types:
            if scope not in interfaces:
                for name in names:
                    owners.setdefault(name, []).append(scope)
        for interface in interfaces:
            wanted = methods[interface]
            rarest = min((owners.get(name, []) for name in wanted), key=len, default=[])
            self.derived[interface] = [scope for scope in rarest if wanted <= methods[scope]]

    def _methods(self, scope: int) -> frozenset[str]:
        """Return the names of the methods that a type has of its own or embeds."""
        names: set[str] = set()
        for base in self.program.order(scope):
            if isinstance(base, int):
                names |= self.methods_of.get(base, set())
        return frozenset(names)

    def _abstract(self, scope: int) -> bool:
        return scope in self.interfaces

    def find_methods(self) -> None:
        """Learn which methods each type has: those in it, and those that are written to it."""
        self.methods_of: dict[int, set[str]] = {}
        self.interfaces: set[int] = set()
        for number, row in enumerate(self.program.scope_of):
            if row.kind == "function" and row.flags & ABSTRACT:
                file = self.program.file_with(number)
                if file.linked.facts.scopes[row.parent].kind == "class":
                    owner = file.scope + row.parent
                    self.methods_of.setdefault(owner, set()).add(row.name.rpartition(".")[2])
                    self.interfaces.add(owner)
        for (value, name), place in self.fields.items():
            if value >= 0 and self.rows[value][0] == CLASS:
                held = self.values(place)
                if any(self.rows[method][0] == FUNCTION for method in held):
                    self.methods_of.setdefault(int(self.rows[value][1]), set()).add(name)

    # Unknown callees

    def suppose_called(self) -> None:
        """Let unknown callees call the functions that they are given, until nothing more is found."""
        unknown = [
            call for file in self.program.files if file.dialect.callbacks for call in self._calls(file)
        ]
        for _ in range(MAX_ROUNDS):
            unknown = [call for call in unknown if not self._holds(call.callee, _CALLABLE)]
            found = [call for call in unknown if self._suppose_call(call)]
            if not found:
                return
            self.run()

    def _calls(self, file: File) -> Iterator[_Unknown]:
        """Yield the calls that may hand on anything, if it should turn out that nobody knows the callee."""
        facts, node, base = file.linked.facts, file.linked.node, file.place
        for index, call in enumerate(facts.calls):
            callee = node[call.callee]
            if call.kind == DECORATION or self._holds(base + callee, _CALLABLE):
                continue
            if call.result < 0 and not any(place >= 0 for place in call.arguments):
                continue
            row = facts.places[callee]
            is_method = row.op == ATTRIBUTE
            name = facts.names[row.b].partition("/")[0] if is_method else ""
            receiver = base + node[row.a] if is_method else -1
            yield _Unknown(file.dialect, self.calling(file, index), base + callee, receiver, name, set())

    def _suppose_call(self, call: _Unknown) -> bool:
        """Suppose what a call does, and tell whether there is anything new in it."""
        arguments = call.calling.arguments
        given = [place for place in arguments if place in self.held and self._holds(place, _FUNCTIONS)]
        new = [place for place in given if place not in call.seen]
        receivers = [value for value in self.values(call.receiver) if ~value not in call.seen]
        if not new and not receivers:
            return False
        call.seen.update(new, (~value for value in receivers))
        is_transparent = call.name in call.dialect.transparent
        if not (given and call.name in call.dialect.mapping):
            self._give_back(call.calling, receivers, is_transparent=is_transparent)
        if call.name in call.dialect.keeping:
            self._keep(call.calling, receivers)
        elif new:
            self._call_back(call.calling, call.receiver, new, is_transparent=is_transparent)
        return True

    def _holds(self, place: int, kinds: frozenset[int]) -> bool:
        rows = self.rows
        return any(rows[value][0] in kinds for value in self.values(place))

    def _keep(self, call: Calling, receivers: list[int]) -> None:
        """Let containers hold what they are given."""
        for value in receivers:
            if self.rows[value][0] == CONTAINER:
                for place in call.arguments:
                    self._pass(place, self.slot(value, None))

    def _give_back(self, call: Calling, receivers: list[int], *, is_transparent: bool) -> None:
        if call.result < 0:
            return
        for value in sorted(receivers):
            if self.rows[value][0] == CONTAINER:
                self.connect(self.everything(value), call.result)
                self.add(call.result, value)
            elif is_transparent:
                self.add(call.result, value)

    def _call_back(self, call: Calling, base: int, given: list[int], *, is_transparent: bool) -> None:
        """Call the functions among the arguments with what the receiver holds."""
        items = self.new_place()
        if base >= 0:
            self.watch(base, lambda value: self._hand_over(value, items))
            if is_transparent:
                self.connect(base, items)
        for place in call.arguments:
            if place >= 0 and place not in given:
                self.connect(place, items)
        result = -1
        if call.result >= 0:
            result = self.new_place()
            made = self.value(CONTAINER, call.result, "array")
            self.add(call.result, made)
            self.connect(result, self.slot(made, None))
            self.connect(result, call.result)
        for place in given:
            self._call_place(Calling(call.scope, call.line, call.kind, result, (items, items, items)), place)

    def _hand_over(self, value: int, items: int) -> None:
        if self.rows[value][0] == CONTAINER:
            self.connect(self.everything(value), items)
        elif self.rows[value][0] in (INSTANCE, SUPPOSED):
            self.add(items, value)
