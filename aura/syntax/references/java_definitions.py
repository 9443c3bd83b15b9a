"""Lower the classes and methods of Java.

A method is a member under its name and number of parameters (`put/2`), which tells most overloads apart; the
constructors of a class are one member.
"""

from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.java_names import Around, Names
from aura.syntax.references.lowering import Frame
from aura.syntax.references.types import ABSTRACT, IMPLICIT_RECEIVER, NEW, STATIC, ScopeKind

CONSTRUCTOR = "<init>"
MOST_VARIADIC = 6
"""Up to how many arguments a method of any number of them is found by."""

_CLASSES = frozenset(
    {
        *("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"),
        "annotation_type_declaration",
    }
)


class Definitions(Names):
    """Classes, their members, and functions."""

    def visit_class_declaration(self, node: Node) -> int:
        name = self.field_text(node, "name")
        body = node.child_by_field_name("body")
        place = self.class_(node, name, body, self._bases(node))
        is_member = node.parent is not None and node.parent.type.endswith(("_body", "_body_declarations"))
        if not is_member or not self.classes:
            self.facts.flow(place, self.declare(name))
        return place

    visit_interface_declaration = visit_enum_declaration = visit_class_declaration
    visit_record_declaration = visit_annotation_type_declaration = visit_class_declaration

    def _bases(self, node: Node) -> list[Node]:
        clauses = ("superclass", "super_interfaces", "extends_interfaces")
        found = [child for child in node.named_children if child.type in clauses]
        listed = [part for clause in found for part in clause.named_children]
        return [t for part in listed for t in (part.named_children if part.type == "type_list" else [part])]

    def class_(
        self, node: Node, name: str, body: Node | None, bases: Iterable[Node] = (), parent: int = NOTHING
    ) -> int:
        """Lower a class, and return the place that holds it; without a name it has that of what is around."""
        facts, outer = self.facts, (self.scope, self.frame)
        self.scope = facts.open_scope("class", name, self.scope, line=self.line(node))
        place = facts.definition(self.scope)
        self.frame = Frame(self.frame)
        self._type_parameters(node, place)
        facts.set_bases(self.scope, [*(self.class_place(base) for base in bases), parent])
        members = _members(body)
        methods = frozenset(self.field_text(m, "name") for m in members if m.type == "method_declaration")
        fields = frozenset(
            self.field_text(declarator, "name")
            for member in members
            if member.type in ("field_declaration", "constant_declaration")
            for declarator in member.children_by_field_name("declarator")
        )
        components = self._components(node) if node.type == "record_declaration" else frozenset()
        constants = {self.field_text(m, "name") for m in members if m.type == "enum_constant"}
        this = self.supposed(place)
        self.classes.append(Around(self.scope, this, methods, fields | constants | components))
        for member in members:
            if member.type in _CLASSES:
                inner = self.field_text(member, "name")
                self.frame.names[inner] = facts.bind(self.scope, inner)
        for member in members:
            value = self.visit(member)
            if member.type in _CLASSES:
                facts.flow(value, facts.bind(self.scope, self.field_text(member, "name")))
        self.classes.pop()
        self.scope, self.frame = outer
        return place

    def _components(self, node: Node) -> frozenset[str]:
        listed = node.child_by_field_name("parameters")
        names = set()
        for child in listed.named_children if listed is not None else ():
            name = self.field_text(child, "name")
            names.add(name)
            place = self.typed(child.child_by_field_name("type"))
            self.facts.flow(place, self.facts.bind(self.scope, name))
        self.components |= names
        return frozenset(names)

    def visit_field_declaration(self, node: Node) -> int:
        declared = self.typed(node.child_by_field_name("type"))
        for declarator in node.children_by_field_name("declarator"):
            member = self.facts.bind(self.scope, self.field_text(declarator, "name"))
            self.facts.flow(declared, member)
            outer, self.initialised = self.initialised, self.field_text(declarator, "name")
            self.facts.flow(self.field(declarator, "value"), member)
            self.initialised = outer
        return NOTHING

    def prefix(self) -> str:
        """Return the name of the field whose value is being read, if any."""
        return self.initialised if self.facts.scope(self.scope).kind == "class" else ""

    visit_constant_declaration = visit_field_declaration

    def visit_enum_constant(self, node: Node) -> int:
        name, owner = self.field_text(node, "name"), self.facts.definition(self.scope)
        arguments = self.arguments(node.child_by_field_name("arguments"))
        if arguments:
            self.facts.call(self.scope, owner, arguments, line=self.line(node), kind=NEW)
        body = node.child_by_field_name("body")
        made = owner if body is None else self.class_(node, name, body, (), owner)
        self.facts.flow(self.facts.instance(made), self.facts.bind(self.scope, name))
        return NOTHING

    def arguments(self, node: Node | None) -> list[int]:
        """Return the places of the arguments of a call."""
        children = node.named_children if node is not None else ()
        return [self.visit(child) for child in children if not child.type.endswith("comment")]

    # Functions

    def visit_method_declaration(self, node: Node) -> int:
        words = self.text(node.named_children[0]).split() if node.named_children else []
        has_modifiers = bool(node.named_children) and node.named_children[0].type == "modifiers"
        flags = STATIC if has_modifiers and "static" in words else IMPLICIT_RECEIVER
        body = node.child_by_field_name("body")
        flags |= ABSTRACT if body is None else 0
        name = self.field_text(node, "name")
        place, fewest, is_variadic = self._function(node, name, flags, body)
        most = MOST_VARIADIC if is_variadic else fewest
        for number in range(fewest, max(fewest, most) + 1):
            self.facts.flow(place, self.facts.bind(self.scope, f"{name}/{number}"))
        return NOTHING

    def visit_constructor_declaration(self, node: Node) -> int:
        body = node.child_by_field_name("body")
        place, _, _ = self._function(node, self.field_text(node, "name"), IMPLICIT_RECEIVER, body)
        self.facts.flow(place, self.facts.bind(self.scope, CONSTRUCTOR))
        return NOTHING

    visit_compact_constructor_declaration = visit_constructor_declaration

    def _function(self, node: Node, name: str, flags: int, body: Node | None) -> tuple[int, int, bool]:
        """Lower a method or lambda; return its place, its number of parameters, and whether it takes more."""
        facts, outer = self.facts, (self.scope, self.frame, list(self.classes))
        kind: ScopeKind = "function" if name else "lambda"
        self.scope = facts.open_scope(
            kind, name or self.prefix(), self.scope, line=self.line(node), flags=flags
        )
        place = facts.definition(self.scope)
        self.frame = Frame(self.frame)
        self._type_parameters(node, NOTHING)
        places, rest = [], NOTHING
        if flags & IMPLICIT_RECEIVER:
            this = facts.opaque()
            places.append(this)
            if self.classes:
                facts.flow(facts.declared(facts.definition(self.classes[-1].scope)), this)
                self.classes[-1] = self.classes[-1]._replace(this=this)
        for parameter in self._parameters(node.child_by_field_name("parameters")):
            target = facts.opaque()
            if parameter.type == "spread_parameter":
                declarator = parameter.named_children[-1]
                self.frame.names[self.field_text(declarator, "name")] = target
                element = self.typed(parameter.named_children[-2])
                rest = facts.container("array", [(ANY, element)])
                facts.flow(rest, target)
                continue
            is_plain = parameter.type == "identifier"
            self.frame.names[self.text(parameter) if is_plain else self.field_text(parameter, "name")] = (
                target
            )
            facts.flow(self.typed(parameter.child_by_field_name("type")), target)
            places.append(target)
        facts.set_parameters(self.scope, places, variadic=rest)
        facts.flow(self.typed(node.child_by_field_name("type")), facts.returned(self.scope))
        value = self.visit(body)
        if body is not None and not body.type.endswith(("block", "body")):
            facts.flow(value, facts.returned(self.scope))
        self.scope, self.frame, self.classes = outer
        return place, len(places) - bool(flags & IMPLICIT_RECEIVER), rest >= 0

    def _parameters(self, node: Node | None) -> list[Node]:
        if node is None or node.type == "identifier":
            return [] if node is None else [node]
        kinds = ("formal_parameter", "spread_parameter", "identifier")
        return [child for child in node.named_children if child.type in kinds]

    def visit_lambda_expression(self, node: Node) -> int:
        return self._function(node, "", 0, node.child_by_field_name("body"))[0]

    def visit_return_statement(self, node: Node) -> int:
        if node.named_children:
            self.facts.flow(self.visit(node.named_children[0]), self.facts.returned(self.scope))
        return NOTHING

    visit_yield_statement = visit_return_statement

    # Statements


def _members(body: Node | None) -> list[Node]:
    if body is None:
        return []
    found = []
    for child in body.named_children:
        found += child.named_children if child.type == "enum_body_declarations" else [child]
    return found
