"""Lower the functions and classes of JavaScript."""

from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.references.builder import NOTHING
from aura.syntax.references.javascript_names import Names
from aura.syntax.references.lowering import Frame
from aura.syntax.references.types import (
    CLASS_METHOD,
    GENERATOR,
    IMPLICIT_RECEIVER,
    MEMBER,
    PROPERTY,
    ScopeKind,
)

_FUNCTIONS = frozenset({"function_expression", "arrow_function", "generator_function"})


class Definitions(Names):
    """Functions, classes, and the values that are named by what they are given to."""

    def visit_variable_declarator(self, node: Node) -> int:
        target, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if target is None:
            return NOTHING
        name = self.text(target) if target.type == "identifier" else ""
        is_var = node.parent is not None and node.parent.type == "variable_declaration"
        inner = self.frame
        if is_var:
            self.frame = self.body
        if name:
            self.declare(name)
        self.frame = inner
        place = self.value(value, name)
        if is_var:
            self.frame = self.body
        self.assign(target, place, declares=True)
        self.frame = inner
        return NOTHING

    def value(self, node: Node | None, name: str) -> int:
        """Lower what is given to a name: a function or class is called by it."""
        if node is not None and name:
            if node.type in _FUNCTIONS:
                return self.function(node, name)
            if node.type == "class":
                return self.class_(node, name)
            if self.frame is self.top or self.is_class_body():
                return self.inside(node, name)
        return self.visit(node)

    def is_class_body(self) -> bool:
        return self.facts.scope(self.scope).kind == "class"

    def inside(self, node: Node, name: str) -> int:
        """Lower the value of an entity: what is named in it is named after it."""
        outer = self.prefix
        self.prefix = self.qualified(name)
        place = self.visit(node)
        self.prefix = outer
        return place

    def visit_function_declaration(self, node: Node) -> int:
        name = self.field_text(node, "name")
        place = self.function(node, name)
        self.facts.flow(place, self.declare(name))
        return place

    visit_generator_function_declaration = visit_function_declaration

    def visit_function_expression(self, node: Node) -> int:
        return self.function(node, self.field_text(node, "name"))

    visit_arrow_function = visit_generator_function = visit_function_expression

    def function(self, node: Node, name: str, flags: int = 0, this: int = NOTHING) -> int:
        """Lower a function, and return the place that holds it; without a name it is a lambda."""
        facts, outer = self.facts, (self.scope, self.frame, self.body, self.this, self.prefix, self.klass)
        flags |= IMPLICIT_RECEIVER | (MEMBER if self.prefix else 0)
        if node.type.startswith("generator") or any(child.type == "*" for child in node.children[:3]):
            flags |= GENERATOR
        kind: ScopeKind = "function" if name else "lambda"
        self.scope = facts.open_scope(
            kind, self.qualified(name) if name else self.prefix, self.scope, line=self.line(node), flags=flags
        )
        place = facts.definition(self.scope)
        self.prefix = ""
        self.frame = self.body = Frame(self.frame)
        own = self.field_text(node, "name")
        if node.type == "function_expression" and own:
            self.frame.names[own] = place
        receiver = facts.opaque()
        if node.type != "arrow_function":
            self.this = receiver
            facts.flow(this, receiver)
        self._parameters(node, receiver)
        self.result(node)
        body = node.child_by_field_name("body")
        if body is not None and body.type == "statement_block":
            self.hoist(body)
            self.children(body)
        else:
            facts.flow(self.visit(body), facts.returned(self.scope))
        self.scope, self.frame, self.body, self.this, self.prefix, self.klass = outer
        return place

    def result(self, node: Node) -> None:
        """Take note of the declared type of what a function returns."""

    def _parameters(self, node: Node, receiver: int) -> None:
        single = node.child_by_field_name("parameter")
        nodes = [single] if single is not None else self._listed(node.child_by_field_name("parameters"))
        places, rest = [receiver], NOTHING
        for child in nodes:
            is_rest = self.is_rest(child)
            place = self.facts.container("array") if is_rest else self.facts.opaque()
            self.parameter(child, place)
            if is_rest:
                rest = place
            else:
                places.append(place)
        self.facts.set_parameters(self.scope, places, variadic=rest)

    def _listed(self, node: Node | None) -> Iterable[Node]:
        return () if node is None else (child for child in node.named_children if child.type != "comment")

    def is_rest(self, node: Node) -> bool:
        pattern = node.child_by_field_name("pattern") or node
        return pattern.type == "rest_pattern"

    def parameter(self, node: Node, place: int) -> None:
        """Bind a parameter whose arguments are at a place."""
        self.assign(node, place, declares=True)

    def visit_return_statement(self, node: Node) -> int:
        value = node.named_children[0] if node.named_children else None
        self.facts.flow(self.visit(value), self.facts.returned(self.scope))
        return NOTHING

    def visit_yield_expression(self, node: Node) -> int:
        value = self.visit(node.named_children[0]) if node.named_children else NOTHING
        if any(child.type == "*" for child in node.children):
            value = self.item(value, node)
        self.facts.flow(value, self.facts.yielded(self.scope))
        return NOTHING

    # Classes

    def visit_class_declaration(self, node: Node) -> int:
        name = self.field_text(node, "name")
        place = self.class_(node, name)
        self.facts.flow(place, self.declare(name))
        return place

    def visit_class(self, node: Node) -> int:
        return self.class_(node, self.field_text(node, "name"))

    def class_(self, node: Node, name: str) -> int:
        """Lower a class, and return the place that holds it."""
        facts, outer = self.facts, (self.scope, self.frame, self.body, self.this, self.prefix, self.klass)
        bases = self.bases(node)
        self.decorations(node)
        self.scope = self.klass = facts.open_scope(
            "class", self.qualified(name or "<class>"), self.scope, line=self.line(node)
        )
        place = facts.definition(self.scope)
        facts.set_bases(self.scope, bases)
        self.prefix = ""
        self.frame = self.body = Frame(self.frame)
        if name:
            self.frame.names[name] = place
        self.type_parameters(node)
        self.this = self.supposed(place)
        self.field(node, "body")
        self.scope, self.frame, self.body, self.this, self.prefix, self.klass = outer
        return place

    def bases(self, node: Node) -> list[int]:
        """Return the places of what a class derives from."""
        heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
        return [] if heritage is None else [self.visit(child) for child in heritage.named_children]

    def decorations(self, node: Node) -> None:
        """Lower the decorators of a definition as calls."""
        for child in node.named_children:
            if child.type == "decorator":
                self.facts.call(
                    self.scope, self.visit(child.named_children[0]), (NOTHING,), line=self.line(child)
                )

    def visit_class_body(self, node: Node) -> int:
        self.decorations(node)
        for child in node.named_children:
            if child.type != "decorator":
                self.visit(child)
        return NOTHING

    def type_parameters(self, node: Node) -> None:
        """Bind the type parameters of a definition."""

    def member(self, name: str) -> int:
        return self.facts.bind(self.scope, name)

    def visit_method_definition(self, node: Node) -> int:
        self.decorations(node)
        key = node.child_by_field_name("name")
        name = self.key(key) or self.text(key).strip("[]'\"`")
        words = {child.type for child in node.children}
        flags = CLASS_METHOD if "static" in words else 0
        flags |= PROPERTY if "get" in words else 0
        owner = self.facts.definition(self.scope)
        this = owner if flags & CLASS_METHOD else self.facts.declared(owner)
        place = self.function(node, name, flags, this)
        self.facts.flow(place, self.member(name))
        if name in ("Symbol.iterator", "Symbol.asyncIterator"):
            self.facts.flow(place, self.member("__iter__"))
        return place

    def visit_field_definition(self, node: Node) -> int:
        self.decorations(node)
        key = node.child_by_field_name("property") or node.child_by_field_name("name")
        name = self.key(key)
        outer = self.this
        if any(child.type == "static" for child in node.children):
            self.this = self.facts.definition(self.scope)
        place = self.value(node.child_by_field_name("value"), name)
        self.this = outer
        if name:
            self.facts.flow(place, self.member(name))
        return NOTHING

    def visit_class_static_block(self, node: Node) -> int:
        outer = self.this
        self.this = self.facts.definition(self.scope)
        self.children(node)
        self.this = outer
        return NOTHING

    # Expressions
