"""Lower the expressions of JavaScript: objects, calls, and elements of JSX."""

from tree_sitter import Node

from aura.syntax.languages.javascript import split_name
from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.javascript_definitions import Definitions
from aura.syntax.references.types import (
    MEMBER,
    NEW,
    PROPERTY,
)

_SAME = frozenset({"assign", "create", "freeze", "seal", "setPrototypeOf", "preventExtensions"})
_FUNCTIONS = frozenset({"function_expression", "arrow_function", "generator_function"})
_OBJECTS = frozenset({"object", "class"})
_CONTAINERS = frozenset({"Array", "Set", "WeakSet"})
_MAPS = frozenset({"Map", "WeakMap"})


class Expressions(Definitions):
    """Expressions and calls."""

    def _first(self, node: Node) -> int:
        inner = [child for child in node.named_children if child.type != "comment"]
        return self.visit(inner[0]) if inner else NOTHING

    visit_parenthesized_expression = visit_await_expression = visit_spread_element = _first

    def visit_sequence_expression(self, node: Node) -> int:
        place = NOTHING
        for child in node.named_children:
            place = self.visit(child)
        return place

    def visit_ternary_expression(self, node: Node) -> int:
        self.field(node, "condition")
        return self.merged((self.field(node, "consequence"), self.field(node, "alternative")))

    def visit_binary_expression(self, node: Node) -> int:
        left, places = node, []
        while left.type == "binary_expression":
            right = left.child_by_field_name("right")
            operator = self.field_text(left, "operator")
            place = self.visit(right)
            if operator in ("||", "&&", "??"):
                places.append(place)
            inner = left.child_by_field_name("left")
            if inner is None:
                return self.merged(places)
            left = inner
        last = self.visit(left)
        return self.merged((*places, last)) if places else NOTHING

    def visit_member_expression(self, node: Node) -> int:
        base, name = node.child_by_field_name("object"), self.field_text(node, "property")
        if base is None:
            return NOTHING
        if name == "exports" and base.type == "identifier" and self.text(base) == "module":
            return self.exports
        return self.attribute(self.visit(base), name, node)

    def visit_subscript_expression(self, node: Node) -> int:
        base, index = self.field(node, "object"), node.child_by_field_name("index")
        key = self.key(index)
        if not key:
            self.visit(index)
        return self.element(base, key or ANY, node)

    def visit_assignment_expression(self, node: Node) -> int:
        target, value = node.child_by_field_name("left"), node.child_by_field_name("right")
        if target is None or value is None:
            return NOTHING
        is_statement = node.parent is not None and node.parent.type == "expression_statement"
        is_named = is_statement and target.type in ("identifier", "member_expression")
        if is_named and value.type in _FUNCTIONS | _OBJECTS:
            place = self._defined(target, value)
        else:
            place = self.visit(value)
        self.assign(target, place, declares=False)
        return place

    def _defined(self, target: Node, value: Node) -> int:
        scope, name = split_name(self.text(target))
        name = f"{scope}.{name}" if scope else name
        if name == "exports":
            name = self.field_text(value, "name") or name
        if value.type not in _FUNCTIONS:
            is_top = self.frame is self.top or value.type == "class"
            return self.value(value, name) if is_top else self.visit(value)
        base = target.child_by_field_name("object")
        if base is None or value.type == "arrow_function":
            return self.value(value, name)
        receiver = self.visit(base)
        is_member = base.type == "member_expression" and self.field_text(base, "property") == "prototype"
        return self.function(value, name, MEMBER, self.facts.declared(receiver) if is_member else receiver)

    def visit_augmented_assignment_expression(self, node: Node) -> int:
        place, target = self.field(node, "right"), self.field(node, "left")
        self.facts.flow(place, target)
        return self.merged((place, target))

    def visit_object(self, node: Node) -> int:
        made = self.facts.container("object")
        outer, self.this = self.this, made
        for child in node.named_children:
            if child.type == "pair":
                key = child.child_by_field_name("key")
                name = self.key(key)
                if not name:
                    self.visit(key)
                value = child.child_by_field_name("value")
                place = self._method(value, name, made, outer)
                self.facts.flow(place, self._property(made, key, child))
            elif child.type == "method_definition":
                self._object_method(child, made)
            elif child.type == "spread_element":
                self.this = outer
                self.facts.flow(self.visit(child), made)
                self.this = made
            elif child.type == "shorthand_property_identifier":
                self.facts.flow(self.visit(child), self.attribute(made, self.text(child), child))
        self.this = outer
        return made

    def _method(self, value: Node | None, name: str, made: int, outer: int) -> int:
        if value is not None and name and value.type in _FUNCTIONS and value.type != "arrow_function":
            return self.function(value, name, MEMBER, made)
        self.this = outer
        place = (
            self.function(value, name)
            if value is not None and name and value.type in _FUNCTIONS
            else (self.visit(value))
        )
        self.this = made
        return place

    def _object_method(self, node: Node, made: int) -> None:
        key = node.child_by_field_name("name")
        name = self.key(key) or self.text(key).strip("[]'\"`")
        is_getter = any(child.type == "get" for child in node.children)
        place = self.function(node, name, MEMBER | (PROPERTY if is_getter else 0), made)
        self.facts.flow(place, self.attribute(made, name, node))

    def visit_array(self, node: Node) -> int:
        made = self.facts.container("array")
        for index, child in enumerate(node.named_children):
            place = self.visit(child)
            if child.type == "spread_element":
                self.facts.flow(self.item(place, child), self.element(made, ANY, child))
            else:
                self.facts.flow(place, self.element(made, str(index), child))
        return made

    # Calls

    def visit_call_expression(self, node: Node) -> int:
        callee = node.child_by_field_name("function")
        given = node.child_by_field_name("arguments")
        if callee is None:
            return NOTHING
        if module := self._required(callee, given):
            place = self.facts.opaque()
            self.facts.add_import(place, module)
            return place
        if callee.type == "super":
            base = self.visit(callee)
            arguments, spread = self.arguments(given)
            target = self.attribute(base, "constructor", node)
            self.facts.call(self.scope, target, arguments, line=self.line(node), spread=spread)
            return NOTHING
        if callee.type == "member_expression":
            return self._method_call(node, callee, given)
        return self.called(node, self.visit(callee), *self.arguments(given))

    def _method_call(self, node: Node, callee: Node, given: Node | None) -> int:
        base_node, name = callee.child_by_field_name("object"), self.field_text(callee, "property")
        base = self.visit(base_node)
        arguments, spread = self.arguments(given)
        if base < 0:
            base = self.facts.opaque()
        if name in _SAME and self.text(base_node) == "Object":
            return self.merged(arguments)
        if name in ("values", "entries") and self.text(base_node) == "Object" and arguments:
            held = self.element(arguments[0], ANY, node)
            if name == "entries":
                held = self.facts.container("array", [("1", held)])
            self.facts.call(self.scope, self.attribute(base, name, callee), line=self.line(node))
            return self.facts.container("array", [(ANY, held)])
        if name in ("call", "apply", "bind") and base_node is not None:
            self.visit(callee)
            if name == "bind":
                return base
            if name == "apply":
                return self.called(node, base, (), arguments[1] if len(arguments) > 1 else NOTHING)
            return self.called(node, base, arguments[1:], spread)
        return self.called(node, self.attribute(base, name, callee), arguments, spread)

    def called(self, node: Node, callee: int, arguments: tuple[int, ...], spread: int, kind: int = 0) -> int:
        call = self.facts.call(self.scope, callee, arguments, line=self.line(node), spread=spread, kind=kind)
        parent = node.parent
        if parent is not None and parent.type == "expression_statement":
            return NOTHING
        return self.facts.result(call)

    def arguments(self, node: Node | None) -> tuple[tuple[int, ...], int]:
        """Return the places of arguments, and that of what is spread."""
        places, spread = [], NOTHING
        if node is not None and node.type != "arguments":
            self.visit(node)
            return (), NOTHING
        for child in self._listed(node):
            place = self.visit(child)
            if child.type == "spread_element":
                spread = place
            else:
                places.append(place)
        return tuple(places), spread

    def _required(self, callee: Node, given: Node | None) -> str:
        """Return the module of `require('x')` or `import('x')`."""
        is_import = callee.type == "import" or (
            callee.type == "identifier" and self.text(callee) == "require"
        )
        if not is_import or given is None or len(given.named_children) != 1:
            return ""
        literal = given.named_children[0]
        return self.text(literal)[1:-1] if literal.type == "string" else ""

    def visit_new_expression(self, node: Node) -> int:
        callee, given = node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
        arguments, spread = self.arguments(given)
        name = self.text(callee) if callee is not None and callee.type == "identifier" else ""
        if name in _CONTAINERS | _MAPS and self.frame.find(name) is None:
            made = self.facts.container("object")
            source = self.item(arguments[0], node) if arguments else NOTHING
            value = self.element(source, "1", node) if name in _MAPS else source
            self.facts.flow(value, self.element(made, ANY, node))
            return made
        return self.called(node, self.visit(callee), arguments, spread, NEW)

    # JSX

    def visit_jsx_self_closing_element(self, node: Node) -> int:
        name = node.child_by_field_name("name")
        properties = self.facts.container("object")
        places = []
        for child in node.named_children:
            if child.type == "jsx_attribute":
                place = NOTHING
                for part in child.named_children[1:]:
                    place = self.visit(part)
                places.append(place)
                key = self.text(child.named_children[0])
                self.facts.flow(place, self.attribute(properties, key, child))
            elif child.type == "jsx_expression":
                self.facts.flow(self.visit(child), properties)
        if name is None:
            return NOTHING
        text = self.text(name)
        if name.type == "identifier" and text[:1].islower():
            self.facts.call(self.scope, self.facts.opaque(), places, line=self.line(node))
        else:
            self.facts.call(self.scope, self.visit(name), (properties,), line=self.line(node))
        return NOTHING

    visit_jsx_opening_element = visit_jsx_self_closing_element
    visit_jsx_expression = _first

    def visit_jsx_closing_element(self, node: Node) -> int:
        return NOTHING

    # Modules
