"""What calls of built-in functions do to values that pass through them."""

from aura.syntax.references.entering import Calling
from aura.syntax.references.methods import Methods
from aura.syntax.references.program import BUILTIN
from aura.syntax.references.propagation import (
    CLASS,
    CONTAINER,
    FUNCTION,
    GETTER,
    INSTANCE,
    PARTIAL,
    SUPPOSED,
)
from aura.syntax.references.types import DECORATION, KEYS, PROTOCOL

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
    "collections.deque": "collections.deque", "itertools.chain": "list", "itertools.cycle": "list",
    "itertools.islice": "list", "itertools.chain.from_iterable": "list",
}  # fmt: skip
_ITERATED = frozenset({f"{BUILTIN}.min", f"{BUILTIN}.max", f"{BUILTIN}.next", f"{BUILTIN}.anext"})
_KEEPING_ORDER = frozenset({f"{BUILTIN}.list", f"{BUILTIN}.tuple", "collections.deque"})
_FROM_KEYS = f"{BUILTIN}.dict.fromkeys"
_DICTS = frozenset(
    {
        f"{BUILTIN}.dict",
        "collections.OrderedDict",
        "collections.defaultdict",
        "collections.ChainMap",
        _FROM_KEYS,
    }
)
_SAME = frozenset({"copy.copy", "copy.deepcopy", f"{BUILTIN}.iter", f"{BUILTIN}.aiter", "typing.cast"})
_TYPES = frozenset({f"{BUILTIN}.{name}" for name in ("type", "staticmethod", "classmethod")})
_EACH = frozenset({f"{BUILTIN}.map", f"{BUILTIN}.filter", "functools.reduce", "itertools.starmap"})
_PROPERTY, _FIELD = f"{BUILTIN}.property", "dataclasses.field"
_PARTIALS = frozenset({"functools.partial", "functools.partialmethod"})


class Models(Methods):
    """Calls, with models of what is built in."""

    modelled = frozenset(
        {
            *_PROTOCOLS, *_COPIES, *_ITERATED, *_DICTS, *_SAME, *_PARTIALS, *_TYPES, *_EACH,
            _PROPERTY, _FIELD, f"{BUILTIN}.zip", f"{BUILTIN}.enumerate",
        }
    )  # fmt: skip

    def _outside(self, call: Calling, name: str) -> None:
        arguments = call.arguments
        first = arguments[0] if arguments else -1
        if name == _PROPERTY and first >= 0 and call.result >= 0:
            self.watch(first, lambda value: self._get_by(value, call.result))
        if call.kind != PROTOCOL and not (name == _PROPERTY and call.kind == DECORATION):
            self.note(call, name)
        if name == _PROPERTY:
            return
        if call.kind == DECORATION:
            self._pass(first, call.result)
        elif name in _PARTIALS and first >= 0:
            if call.result >= 0:
                self.partials.append(call)
                self.add(call.result, self.value(PARTIAL, len(self.partials) - 1))
        elif name == _FIELD:
            factory = dict(call.keywords).get("default_factory", -1)
            if factory >= 0:
                self.watch(factory, lambda value: self._default(call, value))
        elif name in _EACH:
            self._apply_to_each(call, name.rpartition(".")[2])
        elif name in _DICTS:
            self._dict(call, name)
        elif name in (f"{BUILTIN}.zip", f"{BUILTIN}.enumerate"):
            self._tuples(call, -1 if name.endswith("zip") else 0)
        elif name in _COPIES:
            self._copy(call, name)
            if self._ranking(call) >= 0:
                self._rank(call, self.item_of(call, first))
        elif first >= 0:
            self._of_first(call, name, first)

    def _default(self, call: Calling, factory: int) -> None:
        """Let a field have what is made for each instance, wherever that is called."""
        kind, function, _ = self.rows[factory]
        if kind == FUNCTION:
            self._pass(self.signature(int(function)).returned, call.result)
        elif kind == CLASS and call.result >= 0:
            self.add(call.result, self.value(INSTANCE, function))
        else:
            self.apply(Calling(call.scope, call.line, PROTOCOL, call.result), factory)

    def _get_by(self, function: int, place: int) -> None:
        """Let a place have a property that a function gets."""
        if self.rows[function][0] == FUNCTION:
            self.add(place, self.value(GETTER, self.rows[function][1]))

    def _of_first(self, call: Calling, name: str, first: int) -> None:
        if self._ranking(call) >= 0:
            self._rank(call, self.item_of(call, first))
        if name in _PROTOCOLS:
            self.watch(first, lambda value: self._protocol(call, value, _PROTOCOLS[name]))
        if name in _ITERATED:
            self._pass(self.item_of(call, first), call.result)
            for argument in call.arguments:
                self._pass(argument, call.result)
        elif name in _SAME:
            self._pass(call.arguments[-1], call.result)
            self.watch(first, lambda value: self._protocol(call, value, "__iter__"))
        elif name == f"{BUILTIN}.type" and len(call.arguments) == 1 and call.result >= 0:
            self.watch(first, lambda value: self.attribute(value, "__class__", call.result))
        elif name in (f"{BUILTIN}.staticmethod", f"{BUILTIN}.classmethod"):
            self._pass(first, call.result)

    def _copy(self, call: Calling, name: str) -> None:
        """Make a container of what others have, in their order where that is kept."""
        made = self._made(call, _COPIES[name])
        for argument in call.arguments:
            items = self.item_of(call, argument)
            if name.endswith(".from_iterable"):
                items = self.item_of(call, items)
            if name not in _KEEPING_ORDER:
                self._pass(items, self.slot(made, None))
            elif argument >= 0:
                self.watch(argument, lambda value, items=items: self._copy_of(value, made, items))  # type: ignore[misc]

    def _copy_of(self, value: int, made: int, items: int) -> None:
        if self.rows[value][0] == CONTAINER and not self.is_mapping(value):
            self.copy_elements(value, made)
        else:
            self.connect(items, self.slot(made, None))

    def _protocol(self, call: Calling, value: int, method: str) -> None:
        if self.rows[value][0] in (INSTANCE, SUPPOSED):
            self._call_member(Calling(call.scope, call.line, PROTOCOL, call.result), value, method)

    def _apply_to_each(self, call: Calling, name: str) -> None:
        if not call.arguments or call.arguments[0] < 0:
            return
        items = tuple(self.item_of(call, argument) for argument in call.arguments[1:])
        result = self.new_place() if call.result >= 0 else -1
        if name == "reduce":
            items = (*items[:1], *items[:1])
            result = call.result
            self._pass(call.arguments[2] if len(call.arguments) > 2 else -1, result)
        calls = Calling(call.scope, call.line, PROTOCOL, result, items)
        if name == "starmap":
            calls = calls._replace(arguments=(), spread=items[0] if items else -1)
        self._call_place(calls, call.arguments[0])
        if result >= 0 and name != "reduce":
            made = self._made(call, "list")
            self._pass(items[0] if name == "filter" and items else result, self.slot(made, None))

    def _dict(self, call: Calling, name: str) -> None:
        made = self._made(call, "dict")
        for key, argument in call.keywords:
            self.connect(argument, self.slot(made, key))
        arguments = call.arguments
        if name == _FROM_KEYS:
            self._pass(self.item_of(call, arguments[0] if arguments else -1), self.field(made, KEYS))
            self._pass(arguments[1] if len(arguments) > 1 else -1, self.slot(made, None))
            return
        if name.endswith(".defaultdict") and arguments and arguments[0] >= 0:
            default = Calling(call.scope, call.line, PROTOCOL, self.slot(made, None))
            self._call_place(default, arguments[0])
            arguments = arguments[1:]
        for argument in arguments:
            self.fill_mapping(call, argument, made)

    def _tuples(self, call: Calling, index: int) -> None:
        made = self._made(call, "list")
        pair = self.value(CONTAINER, self.field(made, "%pair"), "tuple")
        self.add(self.slot(made, None), pair)
        for key, argument in enumerate(call.arguments):
            self._pass(self.item_of(call, argument), self.slot(pair, str(1 if index == 0 else key)))

    def _partial(self, call: Calling, given: Calling) -> None:
        whole = call._replace(
            arguments=(*given.arguments[1:], *call.arguments),
            keywords=(*given.keywords, *call.keywords),
            spread=self._both(given.spread, call.spread),
            rest=self._both(given.rest, call.rest),
        )
        self._call_place(whole, given.arguments[0])

    def _both(self, first: int, second: int) -> int:
        """Return a place that has what two others have, either of which may be -1."""
        if first < 0 or second < 0:
            return max(first, second)
        merged = self.new_place()
        self.connect(first, merged)
        self.connect(second, merged)
        return merged
