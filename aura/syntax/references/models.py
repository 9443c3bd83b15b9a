"""What calls of built-in functions and of methods of built-in types do to values that pass through them."""

from aura.syntax.references.calls import Calls
from aura.syntax.references.entering import Calling
from aura.syntax.references.program import BUILTIN
from aura.syntax.references.propagation import (
    CONTAINER,
    GENERATED,
    INSTANCE,
    LITERAL,
    PARTIAL,
    SUPPOSED,
)
from aura.syntax.references.types import DECORATION, PROTOCOL

_PROTOCOLS = {
    f"{BUILTIN}.{name}": f"__{name}__"
    for name in (
        "abs", "bool", "bytes", "complex", "dir", "divmod", "float", "format", "hash", "int", "len", "next",
        "anext", "pow", "repr", "reversed", "round", "str",
    )
}  # fmt: skip
_COPIES = {
    f"{BUILTIN}.list": "list", f"{BUILTIN}.tuple": "tuple", f"{BUILTIN}.set": "set",
    f"{BUILTIN}.frozenset": "set", f"{BUILTIN}.sorted": "list", f"{BUILTIN}.reversed": "list",
    "collections.deque": "list", "itertools.chain": "list", "itertools.cycle": "list",
}  # fmt: skip
_ITERATED = frozenset({f"{BUILTIN}.min", f"{BUILTIN}.max", f"{BUILTIN}.next", f"{BUILTIN}.anext"})
_DICTS = frozenset({f"{BUILTIN}.dict", "collections.OrderedDict", "collections.defaultdict"})
_SAME = frozenset({"copy.copy", "copy.deepcopy", f"{BUILTIN}.iter", f"{BUILTIN}.aiter", "typing.cast"})
_TYPES = frozenset({f"{BUILTIN}.{name}" for name in ("type", "staticmethod", "classmethod")})
_EACH = frozenset({f"{BUILTIN}.map", f"{BUILTIN}.filter", "functools.reduce"})
_PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})

_PUTS = {"append": 0, "add": 0, "appendleft": 0, "insert": 1, "setdefault": 1, "push": 0, "unshift": 0}
_JOINS = frozenset(
    {"extend", "update", "extendleft", "union", "__add__", "__iadd__", "__or__", "__ior__", "concat"}
)
_GETS = frozenset({"pop", "popleft", "get", "setdefault", "popitem", "__getitem__", "shift", "at"})
_COPYING = frozenset({"copy", "values", "__add__", "__or__", "union", "concat", "slice", "reverse"})
_STEPS = frozenset({"__next__", "send", "__enter__", "__aenter__", "__anext__", "asend", "next"})


class Models(Calls):
    """Calls, with models of what is built in."""

    modelled = frozenset(
        {
            *_PROTOCOLS, *_COPIES, *_ITERATED, *_DICTS, *_SAME, *_PARTIALS, *_TYPES, *_EACH,
            f"{BUILTIN}.zip", f"{BUILTIN}.enumerate",
        }
    )  # fmt: skip

    def _outside(self, call: Calling, name: str) -> None:
        if call.kind != PROTOCOL:
            self.note(call, name)
        arguments = call.arguments
        first = arguments[0] if arguments else -1
        if call.kind == DECORATION:
            self._pass(first, call.result)
        elif name in _PARTIALS and first >= 0:
            if call.result >= 0:
                self.partials.append(call)
                self.add(call.result, self.value(PARTIAL, len(self.partials) - 1))
        elif name in _EACH:
            self._apply_to_each(call, name.rpartition(".")[2])
        elif name in _DICTS:
            self._dict(call, name)
        elif name in (f"{BUILTIN}.zip", f"{BUILTIN}.enumerate"):
            self._tuples(call, -1 if name.endswith("zip") else 0)
        elif first >= 0:
            self._of_first(call, name, first)

    def _of_first(self, call: Calling, name: str, first: int) -> None:
        key = dict(call.keywords).get("key", -1)
        if key >= 0:
            self._call_place(Calling(call.scope, call.line, PROTOCOL, -1, (self._item_of(first),)), key)
        if name in _PROTOCOLS:
            self.watch(first, lambda value: self._protocol(call, value, _PROTOCOLS[name]))
        if name in _COPIES:
            made = self._made(call, _COPIES[name])
            for argument in call.arguments:
                self._pass(self._item_of(argument), self.slot(made, None))
        elif name in _ITERATED:
            self._pass(self._item_of(first), call.result)
            for argument in call.arguments:
                self._pass(argument, call.result)
        elif name in _SAME:
            self._pass(call.arguments[-1], call.result)
            self.watch(first, lambda value: self._protocol(call, value, "__iter__"))
        elif name == f"{BUILTIN}.type" and len(call.arguments) == 1 and call.result >= 0:
            self.watch(first, lambda value: self.attribute(value, "__class__", call.result))
        elif name in (f"{BUILTIN}.staticmethod", f"{BUILTIN}.classmethod"):
            self._pass(first, call.result)

    def _protocol(self, call: Calling, value: int, method: str) -> None:
        if self.rows[value][0] in (INSTANCE, SUPPOSED):
            self._call_member(Calling(call.scope, call.line, PROTOCOL, call.result), value, method)

    def _item_of(self, place: int) -> int:
        """Return a place for what an iteration over the values of a place yields."""
        if place < 0:
            return -1
        known = self.fields.get((-1, str(place)))
        if known is None:
            known = self.field(-1, str(place))
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

    def _apply_to_each(self, call: Calling, name: str) -> None:
        if not call.arguments or call.arguments[0] < 0:
            return
        items = tuple(self._item_of(argument) for argument in call.arguments[1:])
        result = self.new_place() if call.result >= 0 else -1
        if name == "reduce":
            items = (*items[:1], *items[:1])
            result = call.result
            self._pass(call.arguments[2] if len(call.arguments) > 2 else -1, result)
        self._call_place(Calling(call.scope, call.line, PROTOCOL, result, items), call.arguments[0])
        if result >= 0 and name != "reduce":
            made = self._made(call, "list")
            self._pass(result if name == "map" else items[0] if items else -1, self.slot(made, None))

    def _dict(self, call: Calling, name: str) -> None:
        made = self._made(call, "dict")
        for key, argument in call.keywords:
            self.connect(argument, self.slot(made, key))
        if call.arguments and call.arguments[-1] >= 0:
            self._element_of(call.arguments[-1], None, self.slot(made, None))

    def _tuples(self, call: Calling, index: int) -> None:
        made = self._made(call, "list")
        pair = self.value(CONTAINER, self.field(made, "%pair"), "tuple")
        self.add(self.slot(made, None), pair)
        for key, argument in enumerate(call.arguments):
            self._pass(self._item_of(argument), self.slot(pair, str(1 if index == 0 else key)))

    def _partial(self, call: Calling, given: Calling) -> None:
        arguments = (*given.arguments[1:], *call.arguments)
        keywords = (*given.keywords, *call.keywords)
        self._call_place(call._replace(arguments=arguments, keywords=keywords), given.arguments[0])

    def _method(self, call: Calling, value: int, name: str) -> None:
        kind, a, b = self.rows[value]
        if kind == GENERATED:
            if name in _STEPS and call.result >= 0:
                self.yields(int(a), call.result)
            return
        if call.kind != PROTOCOL:
            self.note(call, f"{BUILTIN}.{a if kind == LITERAL else b}.{name}")
        if kind == CONTAINER:
            self._container_method(call, value, name)

    def _container_method(self, call: Calling, value: int, name: str) -> None:
        everything = self.everything(value)
        position = _PUTS.get(name, -1)
        if 0 <= position < len(call.arguments):
            self._pass(call.arguments[position], self.slot(value, None))
        if name in _JOINS:
            for argument in call.arguments:
                if argument >= 0:
                    self._element_of(argument, None, self.slot(value, None))
            for key, argument in call.keywords:
                self.connect(argument, self.slot(value, key))
        rank = dict(call.keywords).get("key", -1) if name == "sort" else -1
        if rank >= 0:
            self._call_place(Calling(call.scope, call.line, PROTOCOL, -1, (everything,)), rank)
        if call.result < 0:
            return
        if name in _GETS:
            self.connect(everything, call.result)
            self._pass(call.arguments[1] if name == "get" and len(call.arguments) > 1 else -1, call.result)
        elif name in _COPYING:
            self.connect(everything, self.slot(self._made(call, "list"), None))
        elif name == "items":
            made = self._made(call, "list")
            pair = self.value(CONTAINER, self.field(made, "%pair"), "tuple")
            self.add(self.slot(made, None), pair)
            self.connect(everything, self.slot(pair, "1"))
        elif name in ("__enter__", "__iter__"):
            self.add(call.result, value)
