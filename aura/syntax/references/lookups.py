"""Reading and writing attributes and elements of values."""

from abc import abstractmethod

from aura.syntax.references.constants import Constants
from aura.syntax.references.elements import ANYWHERE, Elements
from aura.syntax.references.modules import Module
from aura.syntax.references.program import NOT_FOUND, File
from aura.syntax.references.propagation import (
    BOUND,
    CLASS,
    CONTAINER,
    FUNCTION,
    GENERATED,
    INSTANCE,
    LITERAL,
    METHOD,
    MODULE,
    OUTSIDE,
    SUPER_OF,
    SUPPOSED,
)
from aura.syntax.references.types import (
    ATTRIBUTE,
    DECLARED,
    ELEMENT,
    ITEM,
    KEYED,
    KEYS,
    NAMED,
    OUTCOME,
    SLICE,
    SUPER,
    Place,
)
from aura.syntax.references.types import INSTANCE as NEW_INSTANCE

MAX_DOTS = 8


class Lookups(Elements):
    """What reads and writes make of the values of a base."""

    def prepare(self) -> None:
        """Learn which attributes are ever written: only those are looked for in instances."""
        super().prepare()
        self.modules: list[tuple[File, Module]] = []
        self.module_ids: dict[tuple[int, str], int] = {}
        self.declared: dict[int, set[int]] = {}
        self.fallbacks: dict[int, set[int]] = {}
        self.constants = Constants(self.program)
        self.written: set[str] = set()
        self.defined: set[tuple[int, str]] = set()
        for file in self.program.files:
            facts = file.linked.facts
            if file.dialect.typed:
                self._define(file)
            for writers in file.linked.writers.values():
                for place in writers:
                    row = facts.places[place]
                    if row.op == ATTRIBUTE:
                        self.written.add(facts.names[row.b])
            for scope in facts.scopes:
                if scope.kind == "class":
                    self.written.update(facts.names[facts.places[at].b] for at in scope.parameters)

    def _define(self, file: File) -> None:
        """Learn which methods classes have that are not inside of them: these hide what is inherited."""
        facts, node = file.linked.facts, file.linked.node
        for place in file.linked.defined_elsewhere():
            row = facts.places[place]
            for owner in self.program.static(file.place + node[row.a], set()):
                if isinstance(owner, int):
                    self.defined.add((owner, facts.names[row.b]))

    def module_number(self, file: File, module: object) -> int:
        assert isinstance(module, Module)
        key = (id(file.modules), module.key)
        known = self.module_ids.get(key)
        if known is None:
            known = self.module_ids[key] = len(self.modules)
            self.modules.append((file, module))
        return known

    def read(self, file: File, place: int, row: Place, value: int) -> None:
        """Look something up in a value of its base."""
        if row.op == ATTRIBUTE:
            self.attribute(value, file.linked.facts.names[row.b], place)
        elif row.op in (ELEMENT, KEYED):
            self.element(value, self._key(file, row), place)
        elif row.op == NAMED:
            name = self.constants.of(file.place + file.linked.node[row.b])
            if name is not None:
                self.attribute(value, name, place)
        elif row.op == ITEM:
            self.iterate(value, place)
        elif row.op == SLICE:
            self.cut(value, file.linked.facts.names[row.b], place)
        elif row.op in (DECLARED, NEW_INSTANCE):
            kind, scope, _ = self.rows[value]
            if kind == CLASS and row.op == NEW_INSTANCE:
                self.add(place, self.value(INSTANCE, scope))
            elif kind == CLASS:
                self.declared.setdefault(place, set()).add(int(scope))
        elif row.op == SUPER and self.rows[value][0] in (INSTANCE, SUPPOSED, CLASS):
            self.add(place, self.value(SUPER_OF, file.scope + row.a, value))

    def write(self, file: File, place: int, row: Place, value: int) -> None:
        """Let the values of a place flow into the attribute or element of a value that it stands for."""
        if row.op == ATTRIBUTE:
            self._write_attribute(value, file.linked.facts.names[row.b], place)
        else:
            key = self._key(file, row)
            name = ANYWHERE if key is None else key
            is_own = self.rows[value][:2] == (CONTAINER, file.place + file.linked.node[row.a])
            if is_own and (value, name) not in self.fields:
                self.add_slot(value, name, place)
            else:
                self.write_element(value, key, place)

    def _key(self, file: File, row: Place) -> str | None:
        """Return the key of an element, or None where it is not known."""
        if row.op == KEYED:
            return self.constants.of(file.place + file.linked.node[row.b])
        return file.linked.facts.names[row.b] if row.b >= 0 else None

    # Attributes

    def attribute(self, value: int, name: str, place: int) -> None:
        kind, a, b = self.rows[value]
        if name == OUTCOME:
            self._outcome(value, place)
        elif kind in (INSTANCE, SUPPOSED, CLASS):
            self._member(value, self.program.order(int(a)), name, place, value)
        elif kind == SUPER_OF:
            _, of, _ = self.rows[int(b)]
            order = self.program.order(int(of))
            behind = order[order.index(a) + 1 :] if a in order else self.program.order(int(a))[1:]
            self._member(int(b), behind, name, place, int(b))
        elif kind == MODULE:
            file, module = self.modules[int(a)]
            found = self.program.member(file.modules, module, name)
            if found is not NOT_FOUND:
                self.receive(file, found, name, place)
            elif name in self.written:
                self.connect(self.field(value, name), place)
        elif kind == OUTSIDE:
            if str(a).count(".") < MAX_DOTS:
                self.add(place, self.value(OUTSIDE, f"{a}.{name}"))
        elif kind == FUNCTION:
            if name == "prototype":
                self.add(place, self.value(CLASS, a))
            elif name == "__call__" or self.program.file_with(int(a)).dialect.single_method:
                self.add(place, value)
            elif name in self.written:
                self.connect(self.field(value, name), place)
        elif kind == BOUND and (name == "__call__" or self.program.file_with(int(a)).dialect.single_method):
            self.add(place, value)
        elif kind == BOUND and name in self.written:
            self.connect(self.field(self.value(FUNCTION, a), name), place)
        elif kind in (CONTAINER, LITERAL, GENERATED):
            if kind == CONTAINER and self.is_record(value):
                self.element(value, name, place)
            self.add(place, self.value(METHOD, value, name))

    def _outcome(self, value: int, place: int) -> None:
        """Let a place have what is left of a value when it has been iterated over."""
        kind, a, _ = self.rows[value]
        if kind != GENERATED:
            self.add(place, value)
            return
        file = self.program.file_with(int(a))
        returned = file.linked.returned.get(int(a) - file.scope)
        if returned is not None:
            self.connect(file.place + returned, place)

    def is_record(self, container: int) -> bool:
        """Tell whether attributes of a container are its elements."""
        _, at, kind = self.rows[container]
        return int(at) < self.program.places and kind in self.program.file_at(int(at)).dialect.records

    def _member(self, value: int, order: tuple[int | str, ...], name: str, place: int, receiver: int) -> None:
        """Look a name up in classes, in order, and in what is written to them and their instances."""
        if name in ("prototype", "__class__"):
            self.add(place, self.class_of(value))
            return
        written, own = name in self.written, self.rows[value][1]
        if written and self.rows[value][0] != CLASS:
            self.connect(self.field(self.value(INSTANCE, own), name), place)
        outside = ""
        for scope in order:
            if isinstance(scope, str):
                outside = outside or scope
                continue
            member = self.class_member(scope, name)
            if scope != own and self.program.file_with(scope).dialect.structural:
                receiver = self.value(INSTANCE, scope)
                self.connect(self.field(receiver, name), place)
            if written:
                self.connect(self.field(self.value(CLASS, scope), name), place, receiver)
            if (scope, name) in self.defined:
                return
            if member >= 0:
                self.connect(member, place, receiver)
                if self.rows[value][0] == CLASS and _is_enumeration(order):
                    self.add(place, self.value(INSTANCE, self.rows[value][1]))
                return
        if not outside and not written and not name.startswith("__"):
            self.invoke(value, "__getattr__", place, place)
        if outside and outside.count(".") < MAX_DOTS:
            self.fallbacks.setdefault(place, set()).add(self.value(OUTSIDE, f"{outside}.{name}"))

    def class_member(self, scope: int, name: str) -> int:
        """Return the place of a variable of a class, or -1."""
        file = self.program.file_with(scope)
        member = file.linked.members_of(scope - file.scope).get(name)
        return -1 if member is None else file.place + member

    def find_member(self, scope: int, name: str) -> int:
        """Return the place of a variable of a class or of those that it derives from, or -1."""
        order = (base for base in self.program.order(scope) if isinstance(base, int))
        return next((at for base in order if (at := self.class_member(base, name)) >= 0), -1)

    def _write_attribute(self, value: int, name: str, place: int) -> None:
        kind, a, _ = self.rows[value]
        if kind in (INSTANCE, SUPPOSED):
            setter = self.find_member(int(a), f"{name}=")
            if setter >= 0:
                self.set_property(setter, value, place)
            self.connect(place, self.field(self.value(INSTANCE, a), name))
            if self.program.file_with(int(a)).dialect.structural:
                for base in self.program.order(int(a))[1:]:
                    self.connect(place, self.field(self.value(INSTANCE, base), name))
        elif kind == CLASS:
            self.connect(place, self.field(value, name))
        elif kind == MODULE:
            file, module = self.modules[int(a)]
            found = self.program.member(file.modules, module, name)
            for target in found.places or (self.field(value, name),):
                self.connect(place, target)
        elif kind == FUNCTION:
            self.connect(place, self.field(value, name))
        elif kind == CONTAINER and name == KEYS:
            self.connect(place, self.field(value, KEYS))
        elif kind == CONTAINER and self.is_record(value):
            self.write_element(value, name, place)

    # What is built on it

    @abstractmethod
    def set_property(self, setter: int, receiver: int, place: int) -> None:
        """Call a setter with the value of a place."""


def _is_enumeration(order: tuple[int | str, ...]) -> bool:
    """Tell whether what is assigned in a class are its instances."""
    return any(isinstance(base, str) and base.startswith("enum.") for base in order)
