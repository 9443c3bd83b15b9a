"""Values that spread over places until nothing changes: the solver of an inclusion-based points-to analysis.

Differences are propagated by a worklist (Pearce, Kelly & Hankin, SCAM 2003). A place holds at most
`MAX_VALUES` values; what comes later is left out, always the same, for the order of all steps is fixed.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable

from aura.syntax.references.program import File, Found, Program
from aura.syntax.references.types import CLASS_METHOD, PROPERTY, STATIC

MAX_VALUES = 12

FUNCTION, CLASS, INSTANCE, SUPPOSED, BOUND, MODULE, OUTSIDE, CONTAINER, LITERAL = range(9)
GENERATED, METHOD, SUPER_OF, PARTIAL, GETTER = range(9, 14)

_TARGET_BITS = 40
_TARGET = (1 << _TARGET_BITS) - 1
_LONG = 12

Row = tuple[int, int | str, int | str]
Watcher = Callable[[int], None]


class Propagation(ABC):
    """Values, places and what connects them.

    A value is a number; its row says what it is. The places of files have the program's numbers, those
    above are fields of values. An edge may have a receiver: a function that passes it is bound to that.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rows: list[Row] = []
        self.ids: dict[Row, int] = {}
        self.held: dict[int, int | set[int]] = {}
        self.edges: dict[int, list[int] | dict[int, None]] = {}
        self.watchers: dict[int, list[Watcher]] = {}
        self.fields: dict[tuple[int, str], int] = {}
        self.places = program.places
        self.pending: dict[int, list[int]] = {}
        self.queue: deque[int] = deque()

    def value(self, kind: int, a: int | str, b: int | str = -1) -> int:
        """Return the number of a value."""
        row = (kind, a, b)
        known = self.ids.get(row)
        if known is None:
            known = self.ids[row] = len(self.rows)
            self.rows.append(row)
        return known

    def new_place(self) -> int:
        self.places += 1
        return self.places - 1

    def field(self, value: int, name: str) -> int:
        """Return the place of a field that a value has of its own."""
        known = self.fields.get((value, name))
        if known is None:
            known = self.fields[value, name] = self.new_place()
        return known

    def add(self, place: int, value: int) -> None:
        held = self.held.get(place)
        if held is None:
            self.held[place] = value
        elif isinstance(held, int):
            if held == value:
                return
            self.held[place] = {held, value}
        elif value in held or len(held) >= MAX_VALUES:
            return
        else:
            held.add(value)
        pending = self.pending.get(place)
        if pending is None:
            self.pending[place] = [value]
            self.queue.append(place)
        else:
            pending.append(value)

    def values(self, place: int) -> list[int]:
        """Return what a place holds by now."""
        held = self.held.get(place)
        if held is None:
            return []
        return [held] if isinstance(held, int) else sorted(held)

    def connect(self, source: int, target: int, receiver: int = -1) -> None:
        """Let the values of one place flow to another, functions among them bound to a receiver."""
        full = self.held.get(target)
        if isinstance(full, set) and len(full) >= MAX_VALUES:
            return
        edge = (receiver + 1 << _TARGET_BITS) | target
        edges = self.edges.get(source)
        if edges is None:
            self.edges[source] = [edge]
        elif source == target or edge in edges:
            return
        elif isinstance(edges, dict):
            edges[edge] = None
        else:
            edges.append(edge)
            if len(edges) > _LONG:
                self.edges[source] = dict.fromkeys(edges)
        if source in self.held:
            self.pass_on(self.values(source), target, receiver)

    def watch(self, place: int, watcher: Watcher) -> None:
        """Have each value of a place looked at, once."""
        self.watchers.setdefault(place, []).append(watcher)
        for value in self.values(place):
            watcher(value)

    def pass_on(self, values: list[int], target: int, receiver: int) -> None:
        if receiver < 0:
            for value in values:
                self.add(target, value)
        else:
            for value in values:
                self._bind(value, target, receiver)

    def _bind(self, value: int, target: int, receiver: int) -> None:
        kind, a, _ = self.rows[value]
        of_class = self.rows[receiver][0] == CLASS
        if kind == GETTER and not of_class:
            self.read_property(int(a), target, receiver)
            return
        if kind != FUNCTION:
            self.add(target, value)
            return
        flags = self.program.scope_of[int(a)].flags
        if flags & PROPERTY and not of_class:
            self.read_property(int(a), target, receiver)
        elif flags & CLASS_METHOD:
            self.add(target, self.value(BOUND, a, self.class_of(receiver)))
        elif flags & STATIC or of_class:
            self.add(target, value)
        else:
            self.add(target, self.value(BOUND, a, receiver))

    def class_of(self, value: int) -> int:
        kind, a, _ = self.rows[value]
        return self.value(CLASS, a) if kind in (INSTANCE, SUPPOSED) else value

    def run(self) -> None:
        """Spread all values until nothing changes."""
        queue, pending = self.queue, self.pending
        while queue:
            place = queue.popleft()
            values = pending.pop(place)
            if place < self.program.places:
                self.spread(self.program.file_at(place), place, values)
            edges = self.edges.get(place)
            if edges:
                for edge in tuple(edges):
                    self.pass_on(values, edge & _TARGET, (edge >> _TARGET_BITS) - 1)
            watchers = self.watchers.get(place)
            if watchers:
                for watcher in tuple(watchers):
                    for value in values:
                        watcher(value)

    def receive(self, file: File, found: Found, name: str, place: int) -> None:
        """Let a place have what a name means in another file."""
        for source in found.places:
            self.connect(source, place)
        for module in found.modules:
            whole = [self.program.by_path[path] for path in module.paths if path in self.program.by_path]
            exports = [other for other in whole if other.linked.facts.exports >= 0]
            for other in exports:
                self.connect(other.place + other.linked.node[other.linked.facts.exports], place)
            if not exports:
                self.add(place, self.value(MODULE, self.module_number(file, module), module.key))
        for source in found.exports:
            self.watch(source, lambda value: self.attribute(value, name, place))
        if found.outside:
            self.add(place, self.value(OUTSIDE, found.outside))

    # What is built on it

    @abstractmethod
    def spread(self, file: File, place: int, values: list[int]) -> None:
        """Do what new values of a place of a file lead to."""

    @abstractmethod
    def attribute(self, value: int, name: str, place: int) -> None:
        """Let a place have the attribute of a value."""

    @abstractmethod
    def read_property(self, function: int, place: int, receiver: int) -> None:
        """Call a function by reading an attribute into a place."""

    @abstractmethod
    def module_number(self, file: File, module: object) -> int:
        """Return a number by which a module is found again."""
