"""Reading and writing attributes and elements of values."""

from abc import abstractmethod

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
    Propagation,
)
from aura.syntax.references.types import (
    ATTRIBUTE,
    DECLARED,
    ELEMENT,
    ITEM,
    KEYED,
    SUPER,
    Place,
)
from aura.syntax.references.types import INSTANCE as NEW_INSTANCE

MAX_DOTS = 8
ALL, ANYWHERE = "%all", "%any"
"""The field that has the elements under all keys, and that of elements whose key is not known."""

_MAPPINGS = frozenset({"dict"})


class Lookups(Propagation):
    """What reads and writes make of the values of a base."""

    def prepare(self) -> None:
        """Learn which attributes are ever written: only those are looked for in instances."""
        self.modules: list[tuple[File, Module]] = []
        self.module_ids: dict[tuple[int, str], int] = {}
        self.declared: dict[int, set[int]] = {}
        self.fallbacks: dict[int, set[int]] = {}
        self.slots: dict[int, list[int]] = {}
        self.written: set[str] = set()
        for file in self.program.files:
            facts = file.linked.facts
            for writers in file.linked.writers.values():
                for place in writers:
                    row = facts.places[place]
                    if row.op == ATTRIBUTE:
                        self.written.add(facts.names[row.b])
            for scope in facts.scopes:
                if scope.kind == "class":
                    self.written.update(facts.names[facts.places[at].b] for at in scope.parameters)

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
        elif row.op == ITEM:
            self.iterate(value, place)
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
                self._add_slot(value, name, place)
            else:
                self._write_element(value, key, place)

    def _key(self, file: File, row: Place) -> str | None:
        """Return the key of an element, or None where it is not known."""
        if row.op == KEYED:
            return self.program.constant(file.place + file.linked.node[row.b])
        return file.linked.facts.names[row.b] if row.b >= 0 else None

    # Attributes

    def attribute(self, value: int, name: str, place: int) -> None:
        kind, a, b = self.rows[value]
        if kind in (INSTANCE, SUPPOSED, CLASS):
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
            elif self.program.file_with(int(a)).dialect.single_method:
                self.add(place, value)
            elif name in self.written:
                self.connect(self.field(value, name), place)
        elif kind == BOUND and self.program.file_with(int(a)).dialect.single_method:
            self.add(place, value)
        elif kind == BOUND and name in self.written:
            self.connect(self.field(self.value(FUNCTION, a), name), place)
        elif kind in (CONTAINER, LITERAL, GENERATED):
            if kind == CONTAINER and self.is_record(value):
                self.element(value, name, place)
            self.add(place, self.value(METHOD, value, name))

    def is_record(self, container: int) -> bool:
        """Tell whether attributes of a container are its elements."""
        _, at, kind = self.rows[container]
        return int(at) < self.program.places and kind in self.program.file_at(int(at)).dialect.records

    def _member(self, value: int, order: tuple[int | str, ...], name: str, place: int, receiver: int) -> None:
        """Look a name up in classes, in order, and in what is written to them and their instances."""
        if name in ("prototype", "__class__"):
            self.add(place, self.class_of(value))
            return
        written = name in self.written
        if written and self.rows[value][0] != CLASS:
            own = self.rows[value][1]
            self.connect(self.field(self.value(INSTANCE, own), name), place)
        outside = ""
        for scope in order:
            if isinstance(scope, str):
                outside = outside or scope
                continue
            member = self.class_member(scope, name)
            if written:
                self.connect(self.field(self.value(CLASS, scope), name), place, receiver)
            if member >= 0:
                self.connect(member, place, receiver)
                if self.rows[value][0] == CLASS and _is_enumeration(order):
                    self.add(place, self.value(INSTANCE, self.rows[value][1]))
                return
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
        elif kind == CLASS:
            self.connect(place, self.field(value, name))
        elif kind == MODULE:
            file, module = self.modules[int(a)]
            found = self.program.member(file.modules, module, name)
            for target in found.places or (self.field(value, name),):
                self.connect(place, target)
        elif kind == FUNCTION:
            self.connect(place, self.field(value, name))
        elif kind == CONTAINER and self.is_record(value):
            self._write_element(value, name, place)

    # Elements

    def element(self, value: int, key: str | None, place: int) -> None:
        """Let a place have the element of a value under a key, or under any."""
        kind = self.rows[value][0]
        if kind == CONTAINER:
            if key is None:
                self.connect(self.everything(value), place)
            else:
                self.connect(self.slot(value, key), place)
                self.connect(self.slot(value, None), place)
        elif kind in (INSTANCE, SUPPOSED):
            self.invoke(value, "__getitem__", place, place)
        elif kind == CLASS:
            self.add(place, value)

    def slot(self, container: int, key: str | None) -> int:
        """Return the field of a container under a key."""
        name = ANYWHERE if key is None else key
        known = self.fields.get((container, name))
        return self._add_slot(container, name, self.new_place()) if known is None else known

    def everything(self, container: int) -> int:
        """Return the field that has what a container has under all keys."""
        known = self.fields.get((container, ALL))
        if known is None:
            known = self.field(container, ALL)
            for slot in self.slots.get(container, ()):
                self.connect(slot, known)
        return known

    def _add_slot(self, container: int, name: str, place: int) -> int:
        self.fields[container, name] = place
        self.slots.setdefault(container, []).append(place)
        known = self.fields.get((container, ALL))
        if known is not None:
            self.connect(place, known)
        return place

    def _write_element(self, value: int, key: str | None, place: int) -> None:
        kind = self.rows[value][0]
        if kind == CONTAINER:
            self.connect(place, self.slot(value, key))
        elif kind in (INSTANCE, SUPPOSED):
            self.invoke(value, "__setitem__", place, -1, (-1, place))

    def iterate(self, value: int, place: int) -> None:
        """Let a place have what an iteration over a value yields."""
        kind, a, b = self.rows[value]
        if kind == CONTAINER:
            if b not in _MAPPINGS:
                self.connect(self.everything(value), place)
        elif kind == GENERATED:
            self.yields(int(a), place)
        elif kind in (INSTANCE, SUPPOSED):
            for start, step in (("__iter__", "__next__"), ("__aiter__", "__anext__")):
                if self.find_member(int(a), start) >= 0:
                    iterator = self.new_place()
                    self.invoke(value, start, place, iterator)
                    self._steps(iterator, step, place)
                    return
            self.invoke(value, "__getitem__", place, place)

    def _steps(self, iterator: int, method: str, place: int) -> None:
        self.watch(iterator, lambda value: self._step(value, method, place))

    def _step(self, iterator: int, method: str, place: int) -> None:
        if self.rows[iterator][0] in (INSTANCE, SUPPOSED):
            self.invoke(iterator, method, place, place)
        else:
            self.iterate(iterator, place)

    def yields(self, scope: int, place: int) -> None:
        """Let a place have what a generator yields."""
        file = self.program.file_with(scope)
        yielded = file.linked.yielded.get(scope - file.scope)
        if yielded is not None:
            self.connect(file.place + yielded, place)

    # What is built on it

    @abstractmethod
    def invoke(self, value: int, method: str, at: int, result: int, arguments: tuple[int, ...] = ()) -> None:
        """Call a method of a value, as the lookup at a place does."""

    @abstractmethod
    def set_property(self, setter: int, receiver: int, place: int) -> None:
        """Call a setter with the value of a place."""


def _is_enumeration(order: tuple[int | str, ...]) -> bool:
    """Tell whether what is assigned in a class are its instances."""
    return any(isinstance(base, str) and base.startswith("enum.") for base in order)
