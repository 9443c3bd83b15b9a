"""What calls and lambdas of Python say."""

from abc import abstractmethod
from collections.abc import Callable

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.python_expressions import Expressions
from aura.syntax.references.types import DECORATION

_KEYED = frozenset({"get", "pop", "setdefault", "__getitem__", "__setitem__"})
_IMPORTERS = frozenset({"import_module", "importlib.import_module", "__import__"})


def _ignored(call: int) -> int:
    return NOTHING


class CallExpressions(Expressions):
    """Lowers expressions, calls among them.

    `class_scopes` are the classes of the methods, by scope, `class_names` the scopes of classes by name.
    """

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.class_scopes: dict[int, int] = {}
        self.class_names: dict[str, int] = {}

    # Calls

    def call(self, node: Node) -> int:
        return self._read_call(node, self.facts.result)

    def call_only(self, node: Node) -> None:
        """Add a call whose result nobody looks at."""
        self._read_call(node, _ignored)

    def _read_call(self, node: Node, result_of: Callable[[int], int]) -> int:
        function, arguments = (
            node.child_by_field_id(self.fields.function),
            node.child_by_field_id(self.fields.arguments),
        )
        if function is None or arguments is None:
            return self.other(node)
        if function.type == "list_splat" and function.named_children:
            function = function.named_children[0]
        name = self.text(function) if function.type == "identifier" else ""
        if (
            name in ("getattr", "setattr")
            and (found := self._named_attribute(name, function, arguments)) >= 0
        ):
            return found
        callee = self.value(function)
        attribute = function.child_by_field_id(self.fields.attribute) if not name else None
        is_keyed = attribute is not None and self.text(attribute) in _KEYED
        index = self._call(node, callee, arguments, is_keyed=is_keyed)
        if name == "super" and (place := self._super(arguments)) >= 0:
            return place
        result = result_of(index)
        if result >= 0 and (name or self.text(function)) in _IMPORTERS:
            self._imported(arguments, result)
        return result

    def _call(self, node: Node, callee: int, arguments: Node, *, is_keyed: bool) -> int:
        given: list[int] = []
        keywords: list[tuple[str, int]] = []
        spread: list[tuple[str | None, int]] = []
        rest: list[tuple[str | None, int]] = []
        line = node.start_point.row + 1
        children = [arguments] if arguments.type == "generator_expression" else arguments.named_children
        for child in children:
            kind = child.type
            if kind == "keyword_argument":
                name, value = (
                    child.child_by_field_id(self.fields.name),
                    child.child_by_field_id(self.fields.value),
                )
                if name is not None:
                    keywords.append((self.text(name), self.value(value)))
            elif kind in ("list_splat", "dictionary_splat"):
                inner = self.value(child.named_children[0] if child.named_children else None)
                (spread if kind == "list_splat" else rest).append((ANY, inner))
            elif not child.is_extra:
                place = self.value(child)
                key = self.key(child) if is_keyed and not given else ANY
                if key is not ANY:
                    place = self.facts.constant(key)
                if spread:
                    spread.append((ANY, self.facts.container("tuple", [(ANY, place)])))
                else:
                    given.append(place)
        while given and given[-1] < 0:
            given.pop()
        return self.facts.call(
            self.scope, callee, given, line=line, keywords=keywords,
            spread=self._merged(spread), keyword_spread=self._merged(rest),
        )  # fmt: skip

    def _merged(self, spreads: list[tuple[str | None, int]]) -> int:
        places = [place for _, place in spreads if place >= 0]
        if len(places) < 2:
            return places[0] if places else NOTHING
        merged = self.facts.opaque()
        for place in places:
            self.facts.flow(place, merged)
        return merged

    def _super(self, arguments: Node) -> int:
        """Return the place of `super()`: of the class around, for the first parameter of its method."""
        given = [child for child in arguments.named_children if not child.is_extra]
        said = self.class_names.get(self.text(given[0])) if len(given) == 2 else None
        if said is not None:
            receiver = self.value(given[1])
            return self.facts.super_of(said, receiver) if receiver >= 0 else NOTHING
        scope = self.scope
        while scope > 0 and scope not in self.class_scopes:
            scope = self.facts.scope(scope).parent
        parameters = self.facts.scope(scope).parameters
        if scope <= 0 or not parameters:
            return NOTHING
        return self.facts.super_of(self.class_scopes[scope], parameters[0])

    def _named_attribute(self, name: str, function: Node, arguments: Node) -> int:
        """Return the place of `getattr(object, "name")`, and let a value flow into it for `setattr`."""
        given = [child for child in arguments.named_children if not child.is_extra]
        attribute = self.literal_text(given[1]) if len(given) > 1 else None
        is_variable = len(given) > 1 and given[1].type in ("identifier", "attribute") and name == "getattr"
        if attribute is None and not is_variable:
            return NOTHING
        base = self.value(given[0])
        line = function.start_point.row + 1
        if attribute is None:
            place = self.facts.named(self.scope, base, self.value(given[1]), line=line)
        else:
            place = self.facts.attribute(self.scope, base, attribute, line=line)
        self.facts.call(self.scope, self.value(function), line=line)
        other = self.value(given[2]) if len(given) > 2 else NOTHING
        if name == "setattr":
            self.facts.flow(other, place)
            return place
        if other < 0:
            return place
        merged = self.facts.opaque()
        self.facts.flow(place, merged)
        self.facts.flow(other, merged)
        return merged

    def _imported(self, arguments: Node, result: int) -> None:
        """Take `importlib.import_module("a.b")` for an import."""
        given = [child for child in arguments.named_children if not child.is_extra]
        written = self.literal_text(given[0]) if given else None
        if not written:
            return
        module = written.lstrip(".")
        level = len(written) - len(module)
        package = given[1].named_children[-1] if len(given) > 1 and given[1].named_children else None
        if not level:
            self.facts.add_import(result, module)
        elif len(given) > 1 and self.text(given[1]).endswith(("__package__", "__name__")):
            self.facts.add_import(result, module, level=level)
        elif len(given) > 1 and level == 1:
            said = self.literal_text(given[1]) or (
                self.literal_text(package) if package is not None else None
            )
            if said:
                self.facts.add_import(result, f"{said}.{module}")

    # Functions

    def function_lambda(self, node: Node) -> int:
        scope = self.facts.open_scope("lambda", "", self.scope, line=node.start_point.row + 1)
        parameters = node.child_by_field_id(self.fields.parameters)
        outer = self._enter(scope, parameters)
        self.facts.flow(self.value(node.child_by_field_id(self.fields.body)), self.facts.returned(scope))
        self.scope = outer
        return self.facts.definition(scope)

    def _enter(self, scope: int, parameters: Node | None) -> int:
        """Go into the scope of a function; return the one around."""
        outer, self.scope = self.scope, scope
        self.parameters(scope, outer, parameters)
        return outer

    @abstractmethod
    def parameters(self, scope: int, outer: int, node: Node | None) -> None:
        """Bind parameters; their defaults are read in the scope around."""

    def decorate(self, decorator: Node, place: int) -> int:
        """Return the place of what a decorator makes of the value of `place`."""
        callee = self.only_child(decorator)
        line = decorator.start_point.row + 1
        made = self.facts.call(self.scope, callee, (place,), line=line, kind=DECORATION)
        return self.facts.result(made) if made >= 0 else place
