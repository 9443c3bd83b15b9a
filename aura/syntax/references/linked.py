"""The facts of one file made ready for propagation: what depends on each place."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from aura.syntax.references.types import (
    ALIAS,
    ATTRIBUTE,
    DECLARED,
    DEFINITION,
    ELEMENT,
    FREE,
    INSTANCE,
    ITEM,
    KEYED,
    NAMED,
    RETURN,
    SENT,
    SLICE,
    SUPER,
    VARIABLE,
    YIELD,
    Facts,
    Import,
)

_NONE: dict[str, int] = {}


class Linked:
    """The facts of one file by place; as they do, it depends on nothing but the text of the file.

    - `node`: the place that each place stands for, its aliases followed.
    - `flows`, `readers`, `writers`, `callers`: the places that the values of a place flow to; those that look
      up something in it, to be read or written; the calls of it.
    - `members`: for each module and class scope, the places of its variables by name.
    - `returned`, `yielded`: by scope.
    - `passed`: by place of what is returned, the parameters that are given back as they came. Their values
      flow from argument to result, call by call, and not to what all calls give back.
    """

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.node = node = list(range(len(facts.places)))
        for index, place in enumerate(facts.places):
            if place.op == ALIAS:
                node[index] = place.a
        for index, target in enumerate(node):
            while node[target] != target:
                target = node[target]
            node[index] = target
        self.flows: defaultdict[int, list[int]] = defaultdict(list)
        for source, target in self.pairs():
            self.flows[source].append(target)
        self.callers: defaultdict[int, list[int]] = defaultdict(list)
        for index, call in enumerate(facts.calls):
            self.callers[node[call.callee]].append(index)
        self.readers: defaultdict[int, list[int]] = defaultdict(list)
        self.writers: defaultdict[int, list[int]] = defaultdict(list)
        self.members: dict[int, dict[str, int]] = {}
        self.returned: dict[int, int] = {}
        self.yielded: dict[int, int] = {}
        self.sent: dict[int, int] = {}
        self.free: list[tuple[int, str]] = []
        self._sort()
        self.passed: dict[int, list[int]] = {}
        self._pass()

    def _pass(self) -> None:
        """Take the flows from parameters to what is returned out of the others; what is assigned stays."""
        flows, scopes = self.flows, self.facts.scopes
        for scope, returned in self.returned.items():
            for parameter in scopes[scope].parameters:
                if returned in flows.get(parameter, ()):
                    self.passed.setdefault(returned, []).append(parameter)
                    flows[parameter] = [target for target in flows[parameter] if target != returned]
        given = {parameter: returned for returned, passed in self.passed.items() for parameter in passed}
        if given:
            for source, target in self.pairs():
                if target in given and source != given[target]:
                    flows[source].append(given[target])

    def _sort(self) -> None:
        facts, node = self.facts, self.node
        written = set(facts.flows[1::2])
        read = set(facts.flows[::2])
        for call in facts.calls:
            read.add(call.callee)
            read.update(call.arguments)
            if call.keywords:
                read.update(call.keywords[1::2])
            read.update((call.spread, call.keyword_spread))
        kinds = [scope.kind for scope in facts.scopes]
        sent = facts.names.index(SENT) if SENT in facts.names else len(facts.names)
        for index, (op, a, b) in enumerate((place.op, place.a, place.b) for place in facts.places):
            if op == VARIABLE:
                if kinds[a] in ("module", "class"):
                    self.members.setdefault(a, {})[facts.names[b]] = index
                elif b == sent:
                    self.sent[a] = index
            elif op in (ATTRIBUTE, ELEMENT, KEYED):
                base = node[a]
                if index in written:
                    self.writers[base].append(index)
                if index not in written or index in read:
                    self.readers[base].append(index)
            elif op in (ITEM, SLICE, NAMED, DECLARED, INSTANCE):
                self.readers[node[a]].append(index)
            elif op == SUPER:
                self.readers[node[b]].append(index)
            elif op == FREE:
                self.free.append((index, facts.names[b]))
            elif op == RETURN:
                self.returned[a] = index
            elif op == YIELD:
                self.yielded[a] = index

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the flows, aliases followed."""
        node, flows = self.node, iter(self.facts.flows)
        return ((node[source], node[target]) for source, target in zip(flows, flows, strict=True))

    def defined_elsewhere(self) -> Iterator[int]:
        """Yield the attributes that functions are defined as: methods that are not inside of their class."""
        places = self.facts.places
        for source, target in self.pairs():
            if places[source].op == DEFINITION and places[target].op == ATTRIBUTE:
                yield target

    def members_of(self, scope: int) -> dict[str, int]:
        return self.members.get(scope, _NONE)

    @cached_property
    def sources(self) -> dict[int, list[int]]:
        """The places whose values flow to a place."""
        found: dict[int, list[int]] = {}
        for source, target in self.pairs():
            found.setdefault(target, []).append(source)
        return found

    @cached_property
    def imported(self) -> dict[int, list[Import]]:
        """The imports into a place."""
        found: dict[int, list[Import]] = {}
        for entry in self.facts.imports:
            if entry.place >= 0:
                found.setdefault(self.node[entry.place], []).append(entry)
        return found

    @cached_property
    def constants(self) -> dict[int, list[str]]:
        """The keys that are assigned to a variable."""
        found: dict[int, list[str]] = {}
        pairs = iter(self.facts.constants)
        for place, name in zip(pairs, pairs, strict=True):
            found.setdefault(self.node[place], []).append(self.facts.names[name])
        return found

    @cached_property
    def listed(self) -> frozenset[str]:
        """The names that the file lists as those that it has for others; none where it lists none."""
        return frozenset(self.facts.names[name] for name in self.facts.listed)

    @cached_property
    def stars(self) -> list[Import]:
        """The imports of all that a module has."""
        return [entry for entry in self.facts.imports if entry.name == "*"]
