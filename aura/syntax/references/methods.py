"""What calls of methods of built-in types do to values that pass through them."""

from aura.syntax.references.calls import Calls
from aura.syntax.references.entering import Calling
from aura.syntax.references.program import BUILTIN
from aura.syntax.references.propagation import CONTAINER, GENERATED, LITERAL
from aura.syntax.references.types import KEYS, PROTOCOL

_PUTS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "setdefault": 1, "push": 0, "unshift": 0}
_JOINS = frozenset({"extend", "update", "extendleft", "__iadd__", "__ior__"})
_SUMS = frozenset({"__add__", "__or__", "union", "concat", "copy"})
_GETS = frozenset({"pop", "popleft", "get", "setdefault", "popitem", "__getitem__", "shift", "at"})
_COPYING = frozenset({"values", "slice", "reverse", "__mul__", "intersection", "difference"})
_STEPS = frozenset({"__next__", "send", "__enter__", "__aenter__", "__anext__", "asend", "next"})


class Methods(Calls):
    """Calls, with models of the methods of what is built in."""

    def item_of(self, call: Calling, place: int) -> int:
        """Return a place for what an iteration over the values of a place yields, for any call."""
        if place < 0:
            return -1
        known = self.fields.get((-1, str(place)))
        if known is None:
            known = self.field(-1, str(place))
            self.sites[known] = call.scope, call.line
            self._items(place, known)
        return known

    def _items(self, place: int, target: int) -> None:
        self.watch(place, lambda value: self.iterate(value, target))

    def _made(self, call: Calling, type_name: str) -> int:
        """Return the container that a call makes."""
        at = call.result if call.result >= 0 else self.new_place()
        made = self.value(CONTAINER, at, type_name)
        self.add(at, made)
        return made

    def _ranking(self, call: Calling) -> int:
        """Return the place of the function by which a call sorts or compares, or -1."""
        return dict(call.keywords).get("key", -1) if call.keywords else -1

    def _rank(self, call: Calling, items: int) -> None:
        """Call the function by which a call sorts or compares."""
        key = self._ranking(call)
        if key >= 0:
            self._call_place(Calling(call.scope, call.line, PROTOCOL, -1, (items,)), key)

    def _method(self, call: Calling, value: int, name: str) -> None:
        kind, a, b = self.rows[value]
        if kind == GENERATED:
            if name in _STEPS and call.result >= 0:
                self.yields(int(a), call.result)
            if name in ("send", "asend") and call.arguments:
                self._send(call.arguments[0], int(a))
            return
        if call.kind != PROTOCOL:
            type_name = str(a if kind == LITERAL else b)
            self.note(call, f"{type_name if '.' in type_name else f'{BUILTIN}.{type_name}'}.{name}")
        if kind == CONTAINER:
            self._change(call, value, name)
            if call.result >= 0:
                self._answer(call, value, name)

    def _send(self, place: int, generator: int) -> None:
        """Let what a generator waits for have the values of a place."""
        file = self.program.file_with(generator)
        sent = file.linked.sent.get(generator - file.scope)
        if sent is not None and place >= 0:
            self.connect(place, file.place + file.linked.node[sent])

    def _change(self, call: Calling, value: int, name: str) -> None:
        """Let a container have what a method puts into it."""
        position = _PUTS.get(name, -1)
        if 0 <= position < len(call.arguments):
            key = self._key_of(call, value) if name == "setdefault" else None
            self._pass(call.arguments[position], self.slot(value, key))
        if name in _JOINS:
            for argument in call.arguments:
                if self.is_mapping(value):
                    self.fill_mapping(call, argument, value)
                else:
                    self._pass(self.item_of(call, argument), self.slot(value, None))
            for key, argument in call.keywords:
                self.connect(argument, self.slot(value, key))
        if name == "sort":
            self._rank(call, self.everything(value))

    def fill_mapping(self, call: Calling, source: int, mapping: int) -> None:
        """Let a mapping have what those of a place have, or what is in the pairs that they yield."""
        if source >= 0:
            self.watch(source, lambda value: self._fill_from(call, source, value, mapping))

    def _fill_from(self, call: Calling, source: int, value: int, mapping: int) -> None:
        if self.rows[value][0] == CONTAINER and self.is_mapping(value):
            self.copy_elements(value, mapping)
            return
        pairs = self.item_of(call, source)
        self._element_of(pairs, "0", self.field(mapping, KEYS))
        self._element_of(pairs, "1", self.slot(mapping, None))

    def _answer(self, call: Calling, value: int, name: str) -> None:
        """Let a call have what a method of a container gives back."""
        if name in _GETS:
            self.element(value, self._key_of(call, value), call.result)
            self._pass(call.arguments[1] if name == "get" and len(call.arguments) > 1 else -1, call.result)
        elif name in _SUMS:
            made = self._made(call, str(self.rows[value][2]))
            self.copy_elements(value, made)
            for argument in call.arguments:
                self._watch_sum(argument, made, self.length(value))
        elif name in _COPYING:
            self.connect(self.everything(value), self.slot(self._made(call, "list"), None))
        elif name == "keys":
            self.connect(self.field(value, KEYS), self.slot(self._made(call, "list"), None))
        elif name == "items":
            made = self._made(call, "list")
            pair = self.value(CONTAINER, self.field(made, "%pair"), "tuple")
            self.add(self.slot(made, None), pair)
            self.connect(self.field(value, KEYS), self.slot(pair, "0"))
            self.connect(self.everything(value), self.slot(pair, "1"))
        elif name in ("__enter__", "__iter__"):
            self.add(call.result, value)

    def _key_of(self, call: Calling, value: int) -> str | None:
        """Return the key that a method is given; an index into a list that is changed says nothing."""
        is_given = call.arguments and call.arguments[0] >= 0 and self.is_mapping(value)
        return self.constants.of(call.arguments[0]) if is_given else None

    def _watch_sum(self, place: int, made: int, length: int) -> None:
        if place >= 0:
            self.watch(place, lambda value: self._add_up(value, made, length))

    def _add_up(self, value: int, made: int, length: int) -> None:
        """Let a container have the elements of another behind its own."""
        if self.rows[value][0] != CONTAINER:
            return
        if self.is_mapping(made):
            self.copy_elements(value, made)
        elif length >= 0:
            self.copy_elements(value, made, length)
        else:
            self.connect(self.everything(value), self.slot(made, None))
