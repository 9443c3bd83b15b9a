"""Reading and writing the elements of containers, and taking them from one container to another."""

from abc import abstractmethod
from typing import NamedTuple

from aura.syntax.references.propagation import (
    CLASS,
    CONTAINER,
    GENERATED,
    INSTANCE,
    SUPPOSED,
    Propagation,
)
from aura.syntax.references.types import CONTAINER as NEW_CONTAINER
from aura.syntax.references.types import KEYS

ALL, ANYWHERE = "%all", "%any"
"""The field that has the elements under all keys, and that of elements whose key is not known."""

MAX_INDEX = 16
"""Elements behind this are no longer told apart where containers are joined or cut."""

MAPPINGS = frozenset({"dict"})


class _Copy(NamedTuple):
    """That a container has elements of another: the indexes below `stop`, or all, `shift` further."""

    target: int
    shift: int = 0
    stop: int | None = None


class Elements(Propagation):
    """What reads and writes make of containers, and of what can be iterated over."""

    def prepare(self) -> None:
        self.slots: dict[int, list[tuple[str, int]]] = {}
        self.copies: dict[int, dict[_Copy, None]] = {}

    def element(self, value: int, key: str | None, place: int) -> None:
        """Let a place have the element of a value under a key, or under any."""
        kind, a, _ = self.rows[value]
        if kind == CONTAINER:
            key = self._from_start(value, key)
            if key is None:
                self.connect(self.everything(value), place)
            else:
                self.connect(self.slot(value, key), place)
                self.connect(self.slot(value, None), place)
        elif kind in (INSTANCE, SUPPOSED):
            self.invoke(value, "__getitem__", place, place)
        elif kind == CLASS:
            self.add(place, value)
        elif kind == GENERATED:
            self.yields(int(a), place)

    def _from_start(self, container: int, key: str | None) -> str | None:
        """Return a key with an index from the end counted from the start."""
        if key is None or key[:1] != "-" or not key[1:].isdigit() or self.is_mapping(container):
            return key
        index = self.length(container) + int(key)
        return str(index) if self.length(container) >= 0 <= index else None

    def is_mapping(self, container: int) -> bool:
        return self.rows[container][2] in MAPPINGS

    def length(self, container: int) -> int:
        """Return how many elements a container is made with, or -1."""
        at = int(self.rows[container][1])
        if at >= self.program.places:
            return -1
        file = self.program.file_at(at)
        row = file.linked.facts.places[at - file.place]
        return row.b if row.op == NEW_CONTAINER else -1

    def slot(self, container: int, key: str | None) -> int:
        """Return the field of a container under a key."""
        name = ANYWHERE if key is None else key
        known = self.fields.get((container, name))
        return self.add_slot(container, name, self.new_place()) if known is None else known

    def everything(self, container: int) -> int:
        """Return the field that has what a container has under all keys."""
        known = self.fields.get((container, ALL))
        if known is None:
            known = self.field(container, ALL)
            for _, slot in self.slots.get(container, ()):
                self.connect(slot, known)
        return known

    def add_slot(self, container: int, name: str, place: int) -> int:
        """Let a place be the field of a container under a key that it did not have."""
        self.fields[container, name] = place
        self.slots.setdefault(container, []).append((name, place))
        known = self.fields.get((container, ALL))
        if known is not None:
            self.connect(place, known)
        for copy in tuple(self.copies.get(container, ())):
            self._copy_slot(name, place, copy)
        return place

    def write_element(self, value: int, key: str | None, place: int) -> None:
        """Let the values of a place flow into the element of a value under a key."""
        kind = self.rows[value][0]
        if kind == CONTAINER:
            self.connect(place, self.slot(value, self._from_start(value, key)))
        elif kind in (INSTANCE, SUPPOSED):
            self.invoke(value, "__setitem__", place, -1, (-1, place))

    # From one container to another

    def copy_elements(self, source: int, target: int, shift: int = 0, stop: int | None = None) -> None:
        """Let a container have the elements of another under their keys, indexes moved by `shift`."""
        copy = _Copy(target, shift, stop)
        known = self.copies.setdefault(source, {})
        if copy in known or (source == target and not shift):
            return
        known[copy] = None
        for name, place in tuple(self.slots.get(source, ())):
            self._copy_slot(name, place, copy)
        if self.is_mapping(source) and self.is_mapping(target):
            self.connect(self.field(source, KEYS), self.field(target, KEYS))

    def _copy_slot(self, name: str, place: int, copy: _Copy) -> None:
        key: str | None = name
        if (copy.shift or copy.stop is not None) and name.isdigit():
            if copy.stop is not None and int(name) >= copy.stop:
                return
            index = int(name) + copy.shift
            if index < 0:
                return
            key = str(index) if index <= MAX_INDEX else None
        self.connect(place, self.slot(copy.target, key))

    def cut(self, value: int, bounds: str, place: int) -> None:
        """Let a place have the elements of a value between two indexes, as a container of their own."""
        kind, _, type_name = self.rows[value]
        if kind in (INSTANCE, SUPPOSED):
            self.invoke(value, "__getitem__", place, place)
            return
        if kind != CONTAINER:
            self.add(place, value)
            return
        made = self.value(CONTAINER, place, type_name)
        self.add(place, made)
        start, _, stop = bounds.partition(":")
        first = self._from_start(value, start or "0") if start != "?" else None
        last = self._from_start(value, stop) if stop else None
        if first is None:
            self.connect(self.everything(value), self.slot(made, None))
        else:
            self.copy_elements(value, made, -int(first), int(last) if last else None)

    # Iterations

    def iterate(self, value: int, place: int) -> None:
        """Let a place have what an iteration over a value yields."""
        kind, a, _ = self.rows[value]
        if kind == CONTAINER:
            at = self.field(value, KEYS) if self.is_mapping(value) else self.everything(value)
            self.connect(at, place)
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
    def find_member(self, scope: int, name: str) -> int:
        """Return the place of a variable of a class or of those that it derives from, or -1."""

    @abstractmethod
    def invoke(self, value: int, method: str, at: int, result: int, arguments: tuple[int, ...] = ()) -> None:
        """Call a method of a value, as the lookup at a place does."""
