"""Writing down the facts of one file: what the lowering of each language is made of.

A lowering walks the tree once, in any order. It opens a scope for each definition, says which names a scope
binds, and turns each expression into the place that holds its value. -1 stands for "nothing of interest"
wherever a place is asked for or given: flows from and to it, and attributes of it, are left out.

What the join makes of them, where languages differ:

- A function that is read as a member of a class (a `VARIABLE` of its scope) from an instance is bound: its
  first parameter is the receiver. `IMPLICIT_RECEIVER` says that the first parameter never takes an argument,
  bound or not; `STATIC` and `CLASS_METHOD` change what is bound, `PROPERTY` calls it.
- A member that is defined elsewhere (Go's methods, Rust's `impl`, `F.prototype.m = ...`) is a flow from its
  definition to the attribute of a place that holds the class. The attribute `prototype` of a function or
  class is itself; a function that is called by `NEW` is its own class.
- The receiver of a method holds an instance of its class, without calls of it, too.
- A declared type without a known instance stands for the class and, where its method is `ABSTRACT` or
  missing, for its subclasses.
- What the file does not bind is looked for in the files beside it, in what it imports by `*`, and among the
  built-in names of the dialect, in this order.

For `import os`, `def f(a): return a.run()` and `f(C())` that is:

    facts = Builder("python")
    facts.add_import(facts.bind(MODULE, "os"), "os")
    f = facts.open_scope("function", "f", MODULE, line=2)
    facts.flow(facts.definition(f), facts.bind(MODULE, "f"))
    a = facts.bind(f, "a")
    facts.set_parameters(f, (a,))
    run = facts.attribute(f, a, "run", line=2)
    facts.flow(facts.result(facts.call(f, run, line=2)), facts.returned(f))
    made = facts.call(MODULE, facts.name(MODULE, "C"), line=3)
    facts.call(MODULE, facts.name(MODULE, "f"), (facts.result(made),), line=3)
    return facts.facts()
"""

from collections.abc import Iterable

from msgspec.structs import replace

from aura.syntax.references.types import (
    ALIAS,
    ATTRIBUTE,
    CONTAINER,
    DECLARED,
    DEFINITION,
    ELEMENT,
    FREE,
    INSTANCE,
    ITEM,
    KEYED,
    LITERAL,
    NAMED,
    OPAQUE,
    PLAIN,
    RESULT,
    RETURN,
    SLICE,
    SUPER,
    VARIABLE,
    VARYING,
    YIELD,
    Call,
    Facts,
    Import,
    Place,
    Scope,
    ScopeKind,
)

MODULE = 0
NOTHING = -1
ANY = None


class Builder:
    """The facts of a file in the making."""

    def __init__(self, language: str, package: str = "") -> None:
        self.language, self.package = language, package
        self.exports = NOTHING
        self._names: dict[str, int] = {}
        self._places: list[Place] = []
        self._scopes: list[Scope] = [Scope("module", "", -1, 1)]
        self._known: dict[tuple[int, ...], int] = {}
        self._used: list[dict[str, int]] = [{}]
        self._bound: list[set[str]] = [set()]
        self._elsewhere: dict[tuple[int, str], int] = {}
        self._lambdas: dict[int, int] = {}
        self._flows: list[int] = []
        self._calls: list[Call] = []
        self._imports: list[Import] = []
        self._derived: list[int] = []
        self._constants: list[int] = []
        self._varying: dict[int, None] = {}
        self._keys: set[int] = set()
        self._listed: dict[int, None] = {}

    # Scopes

    def open_scope(self, kind: ScopeKind, name: str, parent: int, *, line: int, flags: int = 0) -> int:
        """Add a scope inside `parent`; `name` is its own, a lambda adds to it, or empty."""
        index = len(self._scopes)
        if kind == "lambda":
            number = self._lambdas[parent] = self._lambdas.get(parent, 0) + 1
            name = f"{name}.<lambda{number}>" if name else f"<lambda{number}>"
        outer = self._scopes[parent].name
        full = f"{outer}.{name}" if outer and name else outer or name
        self._scopes.append(Scope(kind, full, parent, line, flags=flags))
        self._used.append({})
        self._bound.append(set())
        return index

    def set_parameters(
        self,
        scope: int,
        parameters: Iterable[int],
        *,
        keyword_only: int | None = None,
        variadic: int = NOTHING,
        keyword_variadic: int = NOTHING,
    ) -> None:
        """Say which places take the arguments; `keyword_only` is how many may be given by position."""
        places = tuple(parameters)
        self._scopes[scope] = replace(
            self._scopes[scope],
            parameters=places,
            keyword_only=len(places) if keyword_only is None else keyword_only,
            variadic=variadic,
            keyword_variadic=keyword_variadic,
        )

    def set_bases(self, scope: int, bases: Iterable[int]) -> None:
        """Say which places hold the classes that a class derives from."""
        found = tuple(base for base in bases if base >= 0)
        self._scopes[scope] = replace(self._scopes[scope], bases=found)

    def derive(self, class_place: int, base: int) -> None:
        """Say that a class, perhaps of another file, derives from what is in `base`."""
        if class_place >= 0 and base >= 0:
            self._derived += (class_place, base)

    def add_flags(self, scope: int, flags: int) -> None:
        """Add to what a scope is besides its kind."""
        self._scopes[scope] = replace(self._scopes[scope], flags=self._scopes[scope].flags | flags)

    def scope(self, index: int) -> Scope:
        """Return what is known of a scope by now."""
        return self._scopes[index]

    # Places

    def bind(self, scope: int, name: str) -> int:
        """Return the place of a name that the scope binds: a variable, a parameter, a member of a class."""
        owner = self._elsewhere.get((scope, name), scope) if self._elsewhere else scope
        self._bound[owner].add(name)
        return self.name(owner, name)

    def name(self, scope: int, name: str) -> int:
        """Return the place that a name denotes where it is used in a scope.

        What binds it is found at the end: the scope itself, or the nearest around it that is no class.
        """
        used = self._used[scope]
        known = used.get(name)
        if known is None:
            known = used[name] = self._add(Place(VARIABLE, scope, self._name(name)))
        return known

    def bind_elsewhere(self, scope: int, name: str, owner: int) -> None:
        """Say that a name of a scope is a variable of a scope around it (`global`, `nonlocal`)."""
        self._bound[owner].add(name)
        self._elsewhere[scope, name] = owner

    def binds(self, scope: int, name: str) -> bool:
        """Tell whether a scope binds a name, as far as it was read."""
        return name in self._bound[scope]

    def definition(self, scope: int) -> int:
        """Return the place that holds the function or class itself."""
        return self._once(DEFINITION, scope)

    def returned(self, scope: int) -> int:
        """Return the place of what a function gives back."""
        return self._once(RETURN, scope)

    def yielded(self, scope: int) -> int:
        """Return the place of what a generator yields."""
        return self._once(YIELD, scope)

    def attribute(self, scope: int, base: int, name: str, *, line: int) -> int:
        """Return the place of an attribute, to be read, written (a flow to it) or called."""
        return self._looked_up(ATTRIBUTE, scope, base, self._name(name), line)

    def element(self, scope: int, base: int, key: str | None, *, line: int) -> int:
        """Return the place of the element under a literal key (`"0"` for 0), or under `ANY`."""
        return self._looked_up(ELEMENT, scope, base, NOTHING if key is None else self._name(key), line)

    def keyed(self, scope: int, base: int, key: int, *, line: int) -> int:
        """Return the place of the element under what another place holds, where that is a constant."""
        if key < 0:
            return self.element(scope, base, ANY, line=line)
        return self._looked_up(KEYED, scope, base, key, line)

    def named(self, scope: int, base: int, name: int, *, line: int) -> int:
        """Return the place of the attribute whose name another place holds, where that is a constant."""
        return self._looked_up(NAMED, scope, base, name, line) if name >= 0 else NOTHING

    def slice(self, scope: int, base: int, bounds: str, *, line: int) -> int:
        """Return the place of the elements between two literal indexes, `"1:-1"`, or `"?"`."""
        return self._looked_up(SLICE, scope, base, self._name(bounds), line)

    def item(self, scope: int, base: int, *, line: int) -> int:
        """Return the place of what an iteration yields."""
        return self._looked_up(ITEM, scope, base, NOTHING, line)

    def container(
        self, type_name: str, elements: Iterable[tuple[str | None, int]] = (), length: int = NOTHING
    ) -> int:
        """Return the place of a new container with these elements: pairs of key, or `ANY`, and place."""
        made = self._add(Place(CONTAINER, self._name(type_name), length))
        for key, place in elements:
            if place >= 0 and self._places[place].op != LITERAL:
                self.flow(place, self.element(MODULE, made, key, line=0))
        return made

    def literal(self, type_name: str) -> int:
        """Return a place that holds a value of a built-in type."""
        return self._once(LITERAL, self._name(type_name))

    def declared(self, type_place: int) -> int:
        """Return a place that holds an instance of the class in `type_place`.

        It counts only where no instance is known by its making.
        """
        return NOTHING if type_place < 0 else self._once(DECLARED, type_place)

    def instance(self, type_place: int) -> int:
        """Return a place that holds an instance of a class, made by no call: a literal of Go or Rust."""
        return NOTHING if type_place < 0 else self._once(INSTANCE, type_place)

    def void(self) -> int:
        """Return the place that holds nothing: what it flows to is written to."""
        return self._once(OPAQUE, NOTHING)

    def super_of(self, class_scope: int, receiver: int) -> int:
        """Return a place for the receiver, its attributes looked up behind a class."""
        return self._once(SUPER, class_scope, receiver)

    def opaque(self) -> int:
        """Return a place that holds what flows in: to merge the sides of a choice."""
        return self._add(Place(OPAQUE))

    # What happens

    def flow(self, source: int, target: int) -> None:
        """Say that what `source` holds is held by `target`, too; literals are not followed."""
        if source >= 0 and target >= 0 and source != target and self._places[source].op != LITERAL:
            self._flows += (source, target)

    def assign_constant(self, variable: int, key: str | None) -> None:
        """Say that a literal key is assigned to a variable, or, `ANY`, what cannot be followed."""
        if key is None:
            self._varying[variable] = None
        else:
            self._constants += (variable, self._name(key))

    def constant(self, key: str) -> int:
        """Return a place that has a literal key."""
        place = self._once(OPAQUE, NOTHING, self._name(key))
        if place not in self._keys:
            self._keys.add(place)
            self.assign_constant(place, key)
        return place

    def list_name(self, name: str) -> None:
        """Say that a name is among those that the file has for others; `ANY_NAME` for any."""
        self._listed[self._name(name)] = None

    def call(
        self,
        scope: int,
        callee: int,
        arguments: Iterable[int] = (),
        *,
        line: int,
        keywords: Iterable[tuple[str, int]] = (),
        spread: int = NOTHING,
        keyword_spread: int = NOTHING,
        kind: int = PLAIN,
    ) -> int:
        """Add a call, and return its index; `keywords` are pairs of name and place."""
        if callee < 0:
            return NOTHING
        pairs = tuple(x for name, place in keywords if place >= 0 for x in (self._name(name), place))
        index = len(self._calls)
        given = tuple(arguments)
        if given:
            given = self._followed(given)
        self._calls.append(Call(scope, line, callee, kind, NOTHING, given, pairs, spread, keyword_spread))
        return index

    def result(self, call: int) -> int:
        """Return the place of what a call gives back; not to be asked for where nobody looks at it."""
        if call < 0:
            return NOTHING
        known = self._calls[call].result
        if known < 0:
            known = self._add(Place(RESULT, call))
            self._calls[call] = replace(self._calls[call], result=known)
        return known

    def add_import(self, place: int, module: str, name: str = "", *, level: int = 0) -> None:
        """Add an import into a place; of `name` `*`, the place is `NOTHING`."""
        self._imports.append(Import(place, module, name, level))

    # The end

    def facts(self) -> Facts:
        """Return the facts, each name resolved to the scope that binds it."""
        for scope, used in enumerate(self._used):
            for name, place in tuple(used.items()):
                if name not in self._bound[scope]:
                    self._resolve(scope, name, place)
        known = set(self._constants[::2])
        for place in [place for place in self._varying if place in known]:
            self._constants += (place, self._name(VARYING))
        return Facts(
            self.language, tuple(self._names), tuple(self._scopes), tuple(self._places), tuple(self._flows),
            tuple(self._calls), tuple(self._imports), self.package, self.exports,
            tuple(self._derived), tuple(self._constants), tuple(self._listed),
        )  # fmt: skip

    def _resolve(self, scope: int, name: str, place: int) -> None:
        owner = self._elsewhere.get((scope, name))
        around = self._scopes[scope].parent
        while owner is None and around >= 0:
            if (around, name) in self._elsewhere:
                owner = self._elsewhere[around, name]
            elif name in self._bound[around] and self._scopes[around].kind != "class":
                owner = around
            around = self._scopes[around].parent
        if owner is not None:
            self._places[place] = Place(ALIAS, self.name(owner, name))
        elif (found := self._once(FREE, NOTHING, self._name(name))) != place:
            self._places[place] = Place(ALIAS, found)

    def _followed(self, given: tuple[int, ...]) -> tuple[int, ...]:
        """Return arguments without literals, and without those behind the last that is of interest."""
        places = self._places
        followed = [NOTHING if place < 0 or places[place].op == LITERAL else place for place in given]
        while followed and followed[-1] < 0:
            followed.pop()
        return tuple(followed)

    def _name(self, name: str) -> int:
        return self._names.setdefault(name, len(self._names))

    def _looked_up(self, op: int, scope: int, base: int, name: int, line: int) -> int:
        if base < 0:
            return NOTHING
        key = (op, base, name, scope)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._add(Place(op, base, name, scope, line))
        return known

    def _once(self, op: int, a: int, b: int = NOTHING) -> int:
        known = self._known.get((op, a, b))
        if known is None:
            known = self._known[op, a, b] = self._add(Place(op, a, b))
        return known

    def _add(self, place: Place) -> int:
        self._places.append(place)
        return len(self._places) - 1
