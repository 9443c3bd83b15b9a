"""Lower Java to facts: its statements and expressions.

A name that no block binds is looked up in the objects around it.
"""

import re

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.java_definitions import CONSTRUCTOR, Definitions
from aura.syntax.references.lowering import Frame
from aura.syntax.references.types import NEW

_QUALIFIED = re.compile(r"((?:[a-z_]\w*\.)+)([A-Z]\w*)((?:\.\w+)*)$")


class Java(Definitions):
    """All of Java."""

    def _block(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.children(node)
        self.frame = outer
        return NOTHING

    visit_block = visit_constructor_body = visit_for_statement = visit_switch_rule = _block
    visit_switch_block_statement_group = visit_try_with_resources_statement = visit_catch_clause = _block

    def visit_local_variable_declaration(self, node: Node) -> int:
        declared = self.typed(node.child_by_field_name("type"))
        for declarator in node.children_by_field_name("declarator"):
            value = self.field(declarator, "value")
            target = self.declare(self.field_text(declarator, "name"))
            self.facts.flow(declared, target)
            self.facts.flow(value, target)
        return NOTHING

    def visit_enhanced_for_statement(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        source = self.field(node, "value")
        target = self.declare(self.field_text(node, "name"))
        self.facts.flow(self.typed(node.child_by_field_name("type")), target)
        self.facts.flow(self.item(source, node), target)
        self.field(node, "body")
        self.frame = outer
        return NOTHING

    def visit_resource(self, node: Node) -> int:
        value = self.field(node, "value")
        if name := self.field_text(node, "name"):
            target = self.declare(name)
            self.facts.flow(self.typed(node.child_by_field_name("type")), target)
            self.facts.flow(value, target)
        return NOTHING

    def visit_catch_formal_parameter(self, node: Node) -> int:
        kind = next((child for child in node.named_children if child.type == "catch_type"), None)
        self.facts.flow(self.typed(kind), self.declare(self.field_text(node, "name")))
        return NOTHING

    def visit_instanceof_expression(self, node: Node) -> int:
        self.field(node, "left")
        if name := self.field_text(node, "name"):
            self._narrow(name, node.child_by_field_name("right"))
        pattern = node.child_by_field_name("pattern")
        self.visit(pattern)
        return NOTHING

    def visit_type_pattern(self, node: Node) -> int:
        if node.named_child_count > 1:
            self._narrow(self.text(node.named_children[-1]), node.named_children[-2])
        return NOTHING

    def _narrow(self, name: str, declared: Node | None) -> None:
        """Bind a name to a value that is of a type, wherever it comes from."""
        place = self.facts.opaque()
        self.facts.flow(self.typed(declared), place)
        self.frame.names[name] = place

    visit_record_pattern_component = visit_type_pattern

    # Expressions

    def visit_identifier(self, node: Node) -> int:
        return self.value_named(self.text(node), node)

    def value_named(self, name: str, node: Node) -> int:
        """Return the place of a variable, a field of an object around, or a class."""
        found = self.frame.find(name)
        if found is not None:
            return found
        for around in reversed(self.classes):
            if name in around.fields:
                return self.attribute(around.this, name, node)
        if name[:1].isupper() and not name.isupper():
            return self.class_named(name, node)
        owners = [around.this for around in reversed(self.classes)]
        owners += self.static_names.get(name, self.static_owners)
        return self.merged((self.named(name), *(self.attribute(owner, name, node) for owner in owners)))

    def visit_this(self, node: Node) -> int:
        return self.classes[-1].this if self.classes else NOTHING

    def visit_super(self, node: Node) -> int:
        if not self.classes:
            return NOTHING
        return self.facts.super_of(self.classes[-1].scope, self.classes[-1].this)

    def _first(self, node: Node) -> int:
        return self.visit(node.named_children[0]) if node.named_children else NOTHING

    visit_parenthesized_expression = _first

    def visit_cast_expression(self, node: Node) -> int:
        return self.merged((self.field(node, "value"), self.typed(node.child_by_field_name("type"))))

    def visit_ternary_expression(self, node: Node) -> int:
        self.field(node, "condition")
        return self.merged((self.field(node, "consequence"), self.field(node, "alternative")))

    def visit_array_access(self, node: Node) -> int:
        self.field(node, "index")
        return self.element(self.field(node, "array"), ANY, node)

    def visit_array_initializer(self, node: Node) -> int:
        return self.facts.container("array", [(ANY, self.visit(child)) for child in node.named_children])

    def visit_array_creation_expression(self, node: Node) -> int:
        value = self.field(node, "value")
        element = self.typed(node.child_by_field_name("type"))
        for child in node.named_children:
            if child.type == "dimensions_expr":
                self.children(child)
        return value if value >= 0 else self.facts.container("array", [(ANY, element)])

    def visit_field_access(self, node: Node) -> int:
        base, member = node.child_by_field_name("object"), node.child_by_field_name("field")
        if member is not None and member.type == "this":
            return self.supposed(self.class_named(self.text(base), node))
        text = self.text(node)
        if _QUALIFIED.match(text) and self.frame.find(text.split(".", 1)[0]) is None:
            return self.qualified(text, node)
        return self.attribute(self.visit(base), self.text(member), node)

    def visit_assignment_expression(self, node: Node) -> int:
        place = self.field(node, "right")
        self.facts.flow(place, self.field(node, "left"))
        return place

    def visit_method_reference(self, node: Node) -> int:
        target, *names = node.named_children
        if node.children[-1].type == "new":
            return self._maker(
                node, self.visit(target) if target.type == "identifier" else self.class_place(target)
            )
        base = self.class_place(target) if "type" in target.type else self.visit(target)
        name = self.text(names[-1]) if names else ""
        # How many arguments it will get is not said here.
        return self.merged(self.attribute(base, f"{name}/{number}", node) for number in range(4))

    def _maker(self, node: Node, owner: int) -> int:
        """Return the place of a function that makes an instance of a class."""
        scope = self.facts.open_scope("lambda", self.prefix(), self.scope, line=self.line(node))
        made = self.facts.call(scope, owner, line=self.line(node), kind=NEW)
        self.facts.flow(self.facts.result(made), self.facts.returned(scope))
        return self.facts.definition(scope)

    # Calls

    def called(self, node: Node, callee: int, arguments: list[int], kind: int = 0) -> int:
        call = self.facts.call(self.scope, callee, arguments, line=self.line(node), kind=kind)
        is_used = node.parent is not None and node.parent.type != "expression_statement"
        return self.facts.result(call) if is_used else NOTHING

    def visit_method_invocation(self, node: Node) -> int:
        base_node, name = node.child_by_field_name("object"), self.field_text(node, "name")
        base = NOTHING if base_node is None else self.visit(base_node)
        arguments = self.arguments(node.child_by_field_name("arguments"))
        member = f"{name}/{len(arguments)}"
        if base_node is None:
            if not arguments and name in self.components and self.classes:
                return self.attribute(self.classes[-1].this, name, node)
            return self.called(node, self._function_named(name, member, node), arguments)
        if base < 0:
            base = self.facts.opaque()
        result = self.called(node, self.attribute(base, member, node), arguments)
        if not arguments and name in self.components:
            return self.merged((result, self.attribute(base, name, node)))
        return result

    def _function_named(self, name: str, member: str, node: Node) -> int:
        for around in reversed(self.classes):
            if name in around.methods:
                return self.attribute(around.this, member, node)
        owners = [around.this for around in reversed(self.classes)]
        owners += self.static_names.get(name, self.static_owners)
        return self.merged(self.attribute(owner, member, node) for owner in owners)

    def visit_explicit_constructor_invocation(self, node: Node) -> int:
        base = self.visit(node.child_by_field_name("constructor"))
        arguments = self.arguments(node.child_by_field_name("arguments"))
        call = self.attribute(base, CONSTRUCTOR, node)
        self.facts.call(self.scope, call, arguments, line=self.line(node))
        return NOTHING

    def visit_object_creation_expression(self, node: Node) -> int:
        kind = node.child_by_field_name("type")
        arguments = self.arguments(node.child_by_field_name("arguments"))
        given = node.named_children[0]
        outer = self.visit(given) if given != kind and given.type == "identifier" else NOTHING
        base = self.attribute(outer, self.text(kind), node) if outer >= 0 else self.class_place(kind)
        body = next((child for child in node.named_children if child.type == "class_body"), None)
        if body is None:
            if kind is not None and kind.type == "generic_type":
                held = self.typed(kind)
                return self.merged((self.called(node, base, arguments, NEW), held))
            return self.called(node, base, arguments, NEW)
        if arguments:
            self.facts.call(self.scope, base, arguments, line=self.line(node), kind=NEW)
        return self.facts.instance(self.class_(node, self.prefix(), body, (), base))
