"""Lower the types and functions of Go."""

import re
from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.lowering import Frame, Lowering
from aura.syntax.references.types import ABSTRACT, MEMBER, ScopeKind

_VERSION = re.compile(r"/v\d+$")
_AFFIXES = re.compile(r"^go-|[.-]go$|\.v\d+$")
_LISTS = frozenset({"slice_type", "array_type", "implicit_length_array_type"})
_INNER = frozenset({"pointer_type", "parenthesized_type", "type_elem", "type_constraint", "negated_type"})
_PLAIN_TYPES = frozenset(
    {
        *("bool", "byte", "complex64", "complex128", "error", "float32", "float64", "int", "int8", "int16"),
        *("int32", "int64", "rune", "string", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr"),
        *("any", "comparable"),
    }
)


class Definitions(Lowering):
    skipped = frozenset(
        {
            *("comment", "interpreted_string_literal", "raw_string_literal", "int_literal", "float_literal"),
            *("rune_literal", "imaginary_literal", "nil", "true", "false", "iota", "break_statement"),
            *("continue_statement", "goto_statement", "label_name", "type_arguments"),
        }
    )

    def visit_package_clause(self, node: Node) -> int:
        self.facts.package = self.text(node.named_children[0]) if node.named_children else ""
        return NOTHING

    def visit_import_spec(self, node: Node) -> int:
        module = self.field_text(node, "path").strip('"`')
        name = self.field_text(node, "name")
        if name == ".":
            self.facts.add_import(NOTHING, module, "*")
        elif name != "_":
            # What the package calls itself is not said here.
            last = _VERSION.sub("", module).rsplit("/", 1)[-1]
            for guess in dict.fromkeys((name,) if name else (last, _AFFIXES.sub("", last))):
                self.facts.add_import(self.declare(guess), module)
        return NOTHING

    # Types

    def typed(self, node: Node | None) -> int:
        """Return a place that holds a value of a declared type."""
        if node is None:
            return NOTHING
        kind = node.type
        if kind in _INNER:
            return self.typed(node.named_children[-1]) if node.named_children else NOTHING
        if kind in _LISTS:
            return self.facts.container("slice", [(ANY, self.typed(node.child_by_field_name("element")))])
        if kind == "map_type":
            return self.facts.container("map", [(ANY, self.typed(node.child_by_field_name("value")))])
        if kind == "channel_type":
            return self.facts.container("chan", [(ANY, self.typed(node.child_by_field_name("value")))])
        if kind == "type_identifier" and (known := self.frame.find(f"<{self.text(node)}>")) is not None:
            return known
        return self.facts.declared(self.class_place(node))

    def class_place(self, node: Node | None) -> int:
        """Return the place of the type that a node names."""
        if node is None:
            return NOTHING
        if node.type in ("type_identifier", "identifier"):
            name = self.text(node)
            return NOTHING if name in _PLAIN_TYPES else self.named(name)
        if node.type == "qualified_type":
            base = self.named(self.field_text(node, "package"))
            return self.attribute(base, self.field_text(node, "name"), node)
        if node.type == "generic_type":
            base = self.class_place(node.child_by_field_name("type"))
            arguments = node.child_by_field_name("type_arguments")
            self.give(base, [self.typed(c) for c in arguments.named_children] if arguments else [], node)
            return base
        if node.type in _INNER and node.named_children:
            return self.class_place(node.named_children[-1])
        return NOTHING

    def visit_type_spec(self, node: Node) -> int:
        facts, name = self.facts, self.field_text(node, "name")
        outer = self.scope, self.frame
        target = self.declare(name)
        self.scope = facts.open_scope("class", name, self.scope, line=self.line(node))
        facts.flow(facts.definition(self.scope), target)
        self.frame = Frame(self.frame)
        self._type_parameters(node, facts.definition(self.scope))
        body = node.child_by_field_name("type")
        if body is not None:
            bases = list(self._members(body))
            facts.set_bases(self.scope, bases)
        self.scope, self.frame = outer
        return NOTHING

    def visit_type_alias(self, node: Node) -> int:
        place = self.class_place(node.child_by_field_name("type"))
        self.facts.flow(place, self.declare(self.field_text(node, "name")))
        return NOTHING

    def _type_parameters(self, node: Node, owner: int) -> None:
        listed = node.child_by_field_name("type_parameters")
        index = 0
        for child in listed.named_children if listed is not None else ():
            for name in child.children_by_field_name("name"):
                place = self.attribute(owner, f"<{index}>", child) if owner >= 0 else self.facts.opaque()
                self.facts.flow(self.typed(child.child_by_field_name("type")), place)
                self.frame.names[f"<{self.text(name)}>"] = place
                index += 1

    def _members(self, body: Node) -> Iterable[int]:
        """Bind the fields or methods of a type, and yield the places of what it embeds."""
        if body.type == "struct_type":
            fields = body.named_children[0].named_children if body.named_children else ()
            index = 0
            for child in fields:
                if child.type != "field_declaration":
                    continue
                declared = child.child_by_field_name("type")
                names = [self.text(name) for name in child.children_by_field_name("name")]
                if not names and declared is not None:
                    yield self.class_place(declared)
                    names = [self.text(declared).split("[")[0].lstrip("*").rsplit(".", 1)[-1]]
                place = self.typed(declared)
                for name in names:
                    member = self.facts.bind(self.scope, name)
                    self.facts.flow(place, member)
                    made = self.facts.instance(self.facts.definition(self.scope))
                    given = self.attribute(made, f"#{index}", child)
                    self.facts.flow(given, self.attribute(made, name, child))
                    index += 1
        elif body.type == "interface_type":
            for child in body.named_children:
                if child.type == "method_elem":
                    name = self.field_text(child, "name")
                    self.facts.flow(self.function(child, name, ABSTRACT), self.facts.bind(self.scope, name))
                elif child.type == "type_elem" and len(child.named_children) == 1:
                    yield self.class_place(child.named_children[0])

    # Functions

    def visit_function_declaration(self, node: Node) -> int:
        name = self.field_text(node, "name")
        place = self.function(node, name)
        if name not in ("init", "_"):
            self.facts.flow(place, self.declare(name))
        return NOTHING

    def visit_method_declaration(self, node: Node) -> int:
        receiver = node.child_by_field_name("receiver")
        parameter = receiver.named_children[0] if receiver is not None and receiver.named_children else None
        declared = parameter.child_by_field_name("type") if parameter is not None else None
        while declared is not None and declared.type in _INNER and declared.named_children:
            declared = declared.named_children[-1]
        if parameter is None or declared is None:
            return NOTHING
        generic = declared.type == "generic_type"
        type_name = self.field_text(declared, "type") if generic else self.text(declared)
        base, name = self.named(type_name), self.field_text(node, "name")
        outer = self.frame
        self.frame = Frame(outer)
        if generic and (arguments := declared.child_by_field_name("type_arguments")) is not None:
            for index, child in enumerate(arguments.named_children):
                self.frame.names[f"<{self.text(child)}>"] = self.attribute(base, f"<{index}>", child)
        this = self.facts.opaque()
        self.facts.flow(self.facts.declared(base), this)
        place = self.function(node, f"{type_name}.{name}", MEMBER, (self.field_text(parameter, "name"), this))
        self.frame = outer
        self.facts.flow(place, self.attribute(base, name, node))
        return NOTHING

    def visit_func_literal(self, node: Node) -> int:
        return self.function(node, "")

    def function(self, node: Node, name: str, flags: int = 0, receiver: tuple[str, int] | None = None) -> int:
        """Lower a function, and return the place that holds it."""
        facts, outer = self.facts, (self.scope, self.frame)
        kind: ScopeKind = "function" if name else "lambda"
        self.scope = facts.open_scope(kind, name, self.scope, line=self.line(node), flags=flags)
        place = facts.definition(self.scope)
        self.frame = Frame(self.frame)
        self._type_parameters(node, NOTHING)
        places, rest = [], NOTHING
        if flags & ABSTRACT:
            places.append(facts.opaque())
        if receiver is not None:
            places.append(receiver[1])
            self.frame.names[receiver[0]] = receiver[1]
        for names, declared, is_variadic in self._parameters(node.child_by_field_name("parameters")):
            for parameter in names or [""]:
                target = facts.opaque()
                if parameter:
                    self.frame.names[parameter] = target
                if is_variadic:
                    rest = facts.container("slice", [(ANY, self.typed(declared))])
                    facts.flow(rest, target)
                else:
                    facts.flow(self.typed(declared), target)
                    places.append(target)
        facts.set_parameters(self.scope, places, variadic=rest)
        self._results(node.child_by_field_name("result"))
        self.visit(node.child_by_field_name("body"))
        self.scope, self.frame = outer
        return place

    def _parameters(self, node: Node | None) -> Iterable[tuple[list[str], Node | None, bool]]:
        for child in node.named_children if node is not None else ():
            if child.type.endswith("parameter_declaration"):
                names = [self.text(name) for name in child.children_by_field_name("name")]
                yield names, child.child_by_field_name("type"), child.type.startswith("variadic")

    def _results(self, node: Node | None) -> None:
        if node is None:
            return
        returned = self.facts.returned(self.scope)
        if node.type != "parameter_list":
            self.facts.flow(self.typed(node), returned)
            return
        places = []
        for names, declared, _ in self._parameters(node):
            for name in names or [""]:
                place = self.facts.opaque()
                self.facts.flow(self.typed(declared), place)
                places.append(place)
                if name:
                    self.frame.names[name] = place
        self.facts.flow(self._together(places), returned)

    def _together(self, places: list[int]) -> int:
        """Return the place of what several results are at once."""
        if len(places) == 1:
            return places[0]
        return self.facts.container("tuple", ((str(i), place) for i, place in enumerate(places)))
