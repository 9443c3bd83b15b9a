"""What calls do: edges, arguments to parameters, results back."""

from abc import abstractmethod

from aura.syntax.references.entering import Calling, Signature, calling
from aura.syntax.references.lookups import Lookups
from aura.syntax.references.program import BUILTIN, File
from aura.syntax.references.propagation import (
    BOUND,
    CLASS,
    CONTAINER,
    FUNCTION,
    GENERATED,
    INSTANCE,
    LITERAL,
    METHOD,
    OUTSIDE,
    PARTIAL,
    SUPPOSED,
)
from aura.syntax.references.types import (
    ATTRIBUTE,
    DEFINITION,
    ELEMENT,
    GENERATOR,
    IMPLICIT_RECEIVER,
    ITEM,
    KEYED,
    METACLASS,
    NAMED,
    NEW,
    PLAIN,
    PROTOCOL,
    SLICE,
    Place,
)
from aura.syntax.references.types import CONTAINER as NEW_CONTAINER
from aura.syntax.references.types import LITERAL as NEW_LITERAL

_WITHOUT_CONSTRUCTOR = (BUILTIN, "abc.", "enum.", "typing.", "typing_extensions.")

_LOOKED_UP = frozenset({ATTRIBUTE, ELEMENT, KEYED, ITEM, SLICE, NAMED})

WRAPPED = "%wrapped"
"""The field that has what an instance was converted from."""


class Calls(Lookups):
    """Applies calls to the values of their callees, and notes who calls what.

    `modelled` are the names outside of which more is known than that they are called.
    """

    modelled: frozenset[str] = frozenset()

    def prepare(self) -> None:
        super().prepare()
        self.found: dict[tuple[int, int | str], list[int]] = {}
        self.callings: dict[tuple[int, int], Calling] = {}
        self.invoked: dict[tuple[int, str], int] = {}
        self.sites: dict[int, tuple[int, int]] = {}
        self.partials: list[Calling] = []
        self.signatures: dict[int, Signature] = {}
        self.entered: set[tuple[Calling, int]] = set()
        for file in self.program.files:
            self._seed(file)

    def _seed(self, file: File) -> None:
        facts, node = file.linked.facts, file.linked.node
        kinds = {"class": CLASS, "function": FUNCTION, "lambda": FUNCTION}
        for index, place in enumerate(facts.places):
            self._seed_place(file, index, place, kinds)
        for index, name in file.linked.free:
            found = self.program.free(file, name)
            self.receive(file, found, name, file.place + index)
        for entry in facts.imports:
            if entry.place >= 0:
                found = self.program.imported(file, entry)
                self.receive(file, found, entry.name, file.place + node[entry.place])

    def _seed_place(self, file: File, index: int, place: Place, kinds: dict[str, int]) -> None:
        at = file.place + index
        names = file.linked.facts.names
        if place.op == DEFINITION:
            kind = kinds.get(file.linked.facts.scopes[place.a].kind)
            if kind is not None:
                self.add(at, self.value(kind, file.scope + place.a))
        elif place.op == NEW_CONTAINER:
            self.add(at, self.value(CONTAINER, at, names[place.a]))
        elif place.op == NEW_LITERAL:
            self.add(at, self.value(LITERAL, names[place.a]))

    def spread(self, file: File, place: int, values: list[int]) -> None:
        linked, base = file.linked, file.place
        local = place - base
        for target in linked.flows.get(local, ()):
            for value in values:
                self.add(base + target, value)
        places = linked.facts.places
        for reader in linked.readers.get(local, ()):
            for value in values:
                self.read(file, base + reader, places[reader], value)
        for writer in linked.writers.get(local, ()):
            for value in values:
                self.write(file, base + writer, places[writer], value)
        for index in linked.callers.get(local, ()):
            for value in values:
                self._apply_of(file, index, value)

    def _apply_of(self, file: File, index: int, value: int) -> None:
        """Apply a call of a file; of most functions outside it is enough to note that they are called."""
        kind, name, _ = self.rows[value]
        if kind == OUTSIDE and not file.dialect.typed and name not in self.modelled:
            call = file.linked.facts.calls[index]
            if call.kind == PLAIN:
                self.found.setdefault((file.scope + call.scope, name), []).append(call.line)
                return
        self.apply(self.calling(file, index), value)

    def calling(self, file: File, index: int) -> Calling:
        """Return a call of a file."""
        known = self.callings.get((file.place, index))
        if known is None:
            known = self.callings[file.place, index] = calling(file, file.linked.facts.calls[index])
        return known

    # Calls by kind of callee

    def apply(self, call: Calling, value: int) -> None:
        """Call a value."""
        kind, a, b = self.rows[value]
        if kind == FUNCTION:
            if call.kind == NEW:
                made = self.value(INSTANCE, a)
                self.enter(call, int(a), made)
                self._give(call, made)
            else:
                self.enter(call, int(a), -1)
        elif kind == BOUND:
            self.enter(call, int(a), int(b))
        elif kind == CLASS:
            self._make(call, value, int(a))
        elif kind in (INSTANCE, SUPPOSED):
            invoke = self.program.file_with(int(a)).dialect.invoke
            if invoke:
                self._call_member(call, value, invoke)
            self._call_place(call, self.field(self.value(INSTANCE, a), WRAPPED))
        elif kind == OUTSIDE:
            self._outside(call, str(a))
        elif kind == METHOD:
            self._method(call, int(a), str(b))
        elif kind == PARTIAL:
            self._partial(call, self.partials[int(a)])

    def note(self, call: Calling, callee: int | str) -> None:
        """Note an edge."""
        self.found.setdefault((call.scope, callee), []).append(call.line)

    def _give(self, call: Calling, value: int) -> None:
        if call.result >= 0:
            self.add(call.result, value)

    def enter(self, call: Calling, function: int, receiver: int) -> None:
        """Call a function: its parameters have the arguments, the call has what it returns."""
        into = self.signature(function)
        parameters, first = into.parameters, into.first
        if receiver >= 0:
            if parameters:
                self.add(parameters[0], receiver)
            if (call, function) in self.entered:
                if into.passed and parameters[0] in into.passed and call.result >= 0:
                    self.add(call.result, receiver)
                return
            self.entered.add((call, function))
            first = 1
        self.note(call, function)
        for slot, argument in enumerate(call.arguments, first):
            if argument >= 0 and slot < into.positional:
                self.connect(argument, parameters[slot])
            elif argument >= 0 and into.rest >= 0:
                self.connect(argument, self.slot(into.rest, str(slot - into.positional)))
        for name, argument in call.keywords:
            if name in into.names:
                self.connect(argument, parameters[into.names.index(name)])
            elif into.others >= 0:
                self.connect(argument, self.slot(into.others, name))
        if call.spread >= 0 or call.rest >= 0:
            self._spread_out(call, into, first + len(call.arguments))
        if call.result >= 0 and into.generated >= 0:
            self.add(call.result, into.generated)
        elif call.result >= 0 and into.returned >= 0:
            self.connect(into.returned, call.result)
            if into.passed:
                self._pass_through(call, into, first, receiver)

    def _pass_through(self, call: Calling, into: Signature, first: int, receiver: int) -> None:
        """Let the call give back the arguments that the function does."""
        keywords = dict(call.keywords)
        for parameter in into.passed:
            slot = into.parameters.index(parameter)
            given = keywords.get(into.names[slot], -1)
            if slot < first and receiver >= 0:
                self.add(call.result, receiver)
            elif 0 <= slot - first < len(call.arguments):
                self._pass(call.arguments[slot - first], call.result)
            elif given >= 0:
                self.connect(given, call.result)
            elif call.spread >= 0 or call.rest >= 0:
                self.connect(parameter, call.result)

    def _pass(self, source: int, target: int) -> None:
        if source >= 0 and target >= 0:
            self.connect(source, target)

    def _spread_out(self, call: Calling, into: Signature, start: int) -> None:
        """Let parameters have the elements of containers that are spread over them."""
        if call.spread >= 0:
            for slot in range(start, into.positional):
                self._element_of(call.spread, str(slot - start), into.parameters[slot])
            if into.rest >= 0:
                self._element_of(call.spread, None, self.slot(into.rest, None))
        if call.rest >= 0:
            for name, parameter in zip(into.names, into.parameters, strict=True):
                self._element_of(call.rest, name, parameter)
            if into.others >= 0:
                self._element_of(call.rest, None, self.slot(into.others, None))

    def signature(self, function: int) -> Signature:
        """Return how a function is entered and left."""
        return self.signatures.get(function) or self._signature(function)

    def _signature(self, function: int) -> Signature:
        scope, file = self.program.scope_of[function], self.program.file_with(function)
        facts, node, local = file.linked.facts, file.linked.node, function - file.scope
        returned = file.linked.returned.get(local)
        known = self.signatures[function] = Signature(
            tuple(file.place + node[at] for at in scope.parameters),
            tuple(facts.names[facts.places[at].b] for at in scope.parameters),
            scope.keyword_only,
            1 if scope.flags & IMPLICIT_RECEIVER else 0,
            self._collector(file, scope.variadic),
            self._collector(file, scope.keyword_variadic),
            -1 if returned is None else file.place + returned,
            self.value(GENERATED, function) if scope.flags & GENERATOR else -1,
            tuple(file.place + at for at in file.linked.passed.get(-1 if returned is None else returned, ())),
        )
        return known

    def _collector(self, file: File, place: int) -> int:
        """Return the container that collects arguments, or -1."""
        if place < 0:
            return -1
        at = file.place + file.linked.node[place]
        facts = file.linked.facts
        return self.value(CONTAINER, at, facts.names[facts.places[place].a])

    def _element_of(self, base: int, key: str | None, place: int) -> None:
        self.watch(base, lambda value: self.element(value, key, place))

    def _make(self, call: Calling, value: int, scope: int) -> None:
        """Make an instance of a class."""
        if METACLASS in self.written:
            self._make_by_class(call, scope)
        made = self.value(INSTANCE, scope)
        self._give(call, made)
        dialect = self.program.file_with(scope).dialect
        own = self.program.scope_of[scope].name.rpartition(".")[2]
        is_found = False
        find = self.find_member if dialect.inherits_constructors else self.class_member
        for name in dialect.constructors:
            member = find(scope, own if name == "<class>" else name)
            if member >= 0:
                is_found = True
                callee = self._member_place(value if name == "__new__" else made, member, name)
                arguments = (-1, *call.arguments) if name == "__new__" else call.arguments
                self._call_place(call._replace(result=-1, kind=PROTOCOL, arguments=arguments), callee)
        if is_found:
            return
        if dialect.converts and call.arguments and call.arguments[0] >= 0:
            self.connect(call.arguments[0], self.field(made, WRAPPED))
        if dialect.names_classes:
            self.note(call, scope)
        self._fill(call, scope, made)
        if dialect.completing:
            self._call_member(Calling(call.scope, call.line), made, dialect.completing)
        for base in self.program.order(scope):
            if isinstance(base, str) and not base.startswith(_WITHOUT_CONSTRUCTOR) and dialect.constructors:
                self.note(call, f"{base}.{dialect.constructors[-1]}")
                break

    def _make_by_class(self, call: Calling, scope: int) -> None:
        """Call the class of a class, which makes its instances."""
        for base in self.program.order(scope):
            if isinstance(base, int) and (given := self.fields.get((self.value(CLASS, base), METACLASS))):
                calls = Calling(call.scope, call.line, PROTOCOL, -1, call.arguments, call.keywords)
                self.watch(given, lambda meta, calls=calls: self._made_by(calls, meta))  # type: ignore[misc]

    def _made_by(self, call: Calling, meta: int) -> None:
        kind, scope, _ = self.rows[meta]
        member = self.find_member(int(scope), "__call__") if kind == CLASS else -1
        if member >= 0:
            self._call_place(call, self._member_place(self.value(INSTANCE, scope), member, "__call__"))

    def _fill(self, call: Calling, scope: int, made: int) -> None:
        """Let the fields of a class without constructor take the arguments (dataclasses, records)."""
        fields: list[str] = []
        for base in reversed(self.program.order(scope)):
            if isinstance(base, int):
                facts = self.program.file_with(base).linked.facts
                names = [facts.names[facts.places[at].b] for at in self.program.scope_of[base].parameters]
                fields += [name for name in names if name not in fields]
        for name, argument in zip(fields, call.arguments, strict=False):
            if argument >= 0:
                self.connect(argument, self.field(made, name))
        for name, argument in call.keywords:
            self.connect(argument, self.field(made, name))

    def _member_place(self, receiver: int, member: int, name: str) -> int:
        """Return a place for a member that is bound to a receiver; one for all who ask."""
        known = self.invoked.get((receiver, name))
        if known is None:
            known = self.invoked[receiver, name] = self.new_place()
            self.connect(member, known, receiver)
        return known

    def _call_member(self, call: Calling, value: int, name: str) -> bool:
        member = self.find_member(int(self.rows[value][1]), name)
        if member < 0:
            return False
        self._call_place(call, self._member_place(value, member, name))
        return True

    def _call_place(self, call: Calling, callee: int) -> None:
        """Call whatever a place holds."""
        self.watch(callee, lambda value: self.apply(call, value))

    # Calls that the language makes

    def invoke(self, value: int, method: str, at: int, result: int, arguments: tuple[int, ...] = ()) -> None:
        where = self._where(at)
        if where is not None:
            self._call_member(Calling(*where, PROTOCOL, result, arguments), value, method)

    def read_property(self, function: int, place: int, receiver: int) -> None:
        where = self._where(place)
        if where is not None:
            self.enter(Calling(*where, PROTOCOL, place), function, receiver)

    def set_property(self, setter: int, receiver: int, place: int) -> None:
        where = self._where(place)
        if where is not None:
            call = Calling(*where, PROTOCOL, -1, (place,))
            self._call_place(call, self._member_place(receiver, setter, f"{setter}="))

    def _where(self, place: int) -> tuple[int, int] | None:
        """Return the scope and line where something is looked up or iterated over, or None elsewhere."""
        if place >= self.program.places:
            return self.sites.get(place)
        file = self.program.file_at(place)
        row = file.linked.facts.places[place - file.place]
        return (file.scope + row.scope, row.line) if row.op in _LOOKED_UP else None

    # Calls of what lies outside

    @abstractmethod
    def _outside(self, call: Calling, name: str) -> None:
        """Call what lies outside of the program."""

    @abstractmethod
    def _method(self, call: Calling, value: int, name: str) -> None:
        """Call the method of a built-in value."""

    @abstractmethod
    def _partial(self, call: Calling, given: Calling) -> None:
        """Call what was given some of its arguments before."""
