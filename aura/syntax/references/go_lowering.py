"""Lower Go to facts: its statements and expressions."""

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.go_definitions import Definitions
from aura.syntax.references.lowering import Frame

_LISTS = frozenset({"slice_type", "array_type", "implicit_length_array_type"})


class Go(Definitions):
    """All of Go."""

    def visit_return_statement(self, node: Node) -> int:
        if node.named_children:
            values = self._values(node.named_children[0])
            if any(place >= 0 for place in values):
                self.facts.flow(self._together(values), self.facts.returned(self.scope))
        return NOTHING

    # Statements

    def _block(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.children(node)
        self.frame = outer
        return NOTHING

    visit_block = visit_if_statement = visit_for_statement = visit_select_statement = _block
    visit_expression_switch_statement = visit_expression_case = visit_default_case = _block
    visit_communication_case = _block

    def _values(self, node: Node | None) -> list[int]:
        if node is None:
            return []
        if node.type != "expression_list":
            return [self.visit(node)]
        return [self.visit(child) for child in node.named_children]

    def _parts(self, values: Node, count: int) -> list[int]:
        """Return the places of `count` values, which one call may give at once."""
        places = self._values(values)
        if count == 1 or len(places) != 1:
            return places
        only = values.named_children[0] if values.type == "expression_list" else values
        if only.type == "call_expression":
            return [self.element(places[0], str(index), only) for index in range(count)]
        return places

    def visit_short_var_declaration(self, node: Node) -> int:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return NOTHING
        places = self._parts(right, left.named_child_count)
        for index, child in enumerate(left.named_children):
            target = self.declare(self.text(child))
            if index < len(places):
                self.facts.flow(places[index], target)
        return NOTHING

    visit_receive_statement = visit_short_var_declaration

    def visit_assignment_statement(self, node: Node) -> int:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or right is None:
            return NOTHING
        places = self._parts(right, left.named_child_count)
        for child, place in zip(left.named_children, places, strict=False):
            self.facts.flow(place, self.visit(child))
        return NOTHING

    def visit_var_spec(self, node: Node) -> int:
        names = node.children_by_field_name("name")
        declared, value = node.child_by_field_name("type"), node.child_by_field_name("value")
        places = self._parts(value, len(names)) if value is not None else []
        for index, name in enumerate(names):
            target = self.declare(self.text(name))
            self.facts.flow(self.typed(declared), target)
            if index < len(places):
                self.facts.flow(places[index], target)
        return NOTHING

    visit_const_spec = visit_var_spec

    def visit_range_clause(self, node: Node) -> int:
        left, source = node.child_by_field_name("left"), self.field(node, "right")
        names = left.named_children if left is not None else []
        is_declared = any(child.type == ":=" for child in node.children)
        for index, child in enumerate(names):
            target = self.declare(self.text(child)) if is_declared else self.visit(child)
            if index == len(names) - 1:
                self.facts.flow(self.item(source, node), target)
        return NOTHING

    def visit_send_statement(self, node: Node) -> int:
        channel, value = self.field(node, "channel"), self.field(node, "value")
        self.facts.flow(value, self.element(channel, ANY, node))
        return NOTHING

    def visit_type_switch_statement(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.field(node, "initializer")
        value = self.field(node, "value")
        alias = node.child_by_field_name("alias")
        name = self.text(alias) if alias is not None else ""
        for child in node.named_children:
            if child.type in ("type_case", "default_case"):
                types = child.children_by_field_name("type")
                self.frame = Frame(self.frame)
                if name:
                    self.frame.names[name] = self._held(types) if types else value
                for part in child.named_children:
                    if part.type == "statement_list":
                        self.children(part)
                self.frame = self.frame.outer or outer
        self.frame = outer
        return NOTHING

    def _held(self, types: list[Node]) -> int:
        place = self.facts.opaque()
        for declared in types:
            self.facts.flow(self.typed(declared), place)
        return place

    # Expressions

    def visit_identifier(self, node: Node) -> int:
        return self.named(self.text(node))

    visit_type_identifier = visit_identifier

    def visit_selector_expression(self, node: Node) -> int:
        return self.attribute(self.field(node, "operand"), self.field_text(node, "field"), node)

    def _first(self, node: Node) -> int:
        return self.visit(node.named_children[0]) if node.named_children else NOTHING

    visit_parenthesized_expression = visit_literal_element = visit_variadic_argument = _first
    visit_type_instantiation_expression = _first

    def visit_unary_expression(self, node: Node) -> int:
        place = self.field(node, "operand")
        operator = node.children[0].type if node.children else ""
        if operator == "<-":
            return self.element(place, ANY, node)
        return place if operator in ("&", "*") else NOTHING

    def visit_index_expression(self, node: Node) -> int:
        base, index = self.field(node, "operand"), node.child_by_field_name("index")
        self.visit(index)
        is_literal = index is not None and index.type in ("int_literal", "interpreted_string_literal")
        key = self.text(index).strip('"') if is_literal else ANY
        return self.element(base, key, node)

    def visit_slice_expression(self, node: Node) -> int:
        place = self.field(node, "operand")
        for child in node.named_children[1:]:
            self.visit(child)
        return place

    def visit_type_assertion_expression(self, node: Node) -> int:
        self.field(node, "operand")
        declared = node.child_by_field_name("type")
        return self._held([declared] if declared is not None else [])

    def visit_composite_literal(self, node: Node) -> int:
        return self._literal(node.child_by_field_name("type"), node.child_by_field_name("body"))

    def _literal(self, declared: Node | None, body: Node | None) -> int:
        inner, made = None, NOTHING
        while declared is not None and declared.type == "pointer_type" and declared.named_children:
            declared = declared.named_children[0]
        is_container = declared is not None and (declared.type in _LISTS or declared.type == "map_type")
        if declared is not None and is_container:
            inner = declared.child_by_field_name("element") or declared.child_by_field_name("value")
            made = self.facts.container(declared.type.removesuffix("_type"))
        elif declared is not None and declared.type == "struct_type":
            made = self.facts.container("struct")
        elif declared is not None:
            made = self.facts.instance(self.class_place(declared))
        for index, child in enumerate(body.named_children if body is not None else ()):
            if child.type == "comment":
                continue
            key = child.child_by_field_name("key") if child.type == "keyed_element" else None
            value = child.child_by_field_name("value") if child.type == "keyed_element" else child
            place = self._literal_value(value, inner)
            self._put(made, key, index, place, child, is_container=is_container)
        return made

    def _literal_value(self, node: Node | None, declared: Node | None) -> int:
        while node is not None and node.type == "literal_element" and node.named_children:
            node = node.named_children[0]
        if node is not None and node.type == "literal_value":
            return self._literal(declared, node)
        return self.visit(node)

    def _put(
        self, made: int, key: Node | None, index: int, place: int, node: Node, *, is_container: bool
    ) -> None:
        text = self.text(key)
        is_name = key is not None and text.isidentifier()
        if is_container:
            if key is not None:
                self.visit(key)
            known = text.strip('"') if key is not None and text[:1] in '"0123456789' else None
            known = str(index) if key is None else known
            self.facts.flow(place, self.element(made, known, node))
        elif is_name or key is None:
            self.facts.flow(place, self.attribute(made, text if is_name else f"#{index}", node))

    def visit_type_conversion_expression(self, node: Node) -> int:
        kind = node.child_by_field_name("type")
        base = self.class_place(kind)
        if kind is not None and kind.type == "generic_type":
            # `table[key](x)` reads like `List[int](x)`.
            base = self.merged((base, self.element(base, ANY, node)))
        call = self.facts.call(
            self.scope,
            base,
            (self.field(node, "operand"),),
            line=self.line(node),
        )
        return self.facts.result(call)

    def visit_call_expression(self, node: Node) -> int:
        callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        if callee is None or given is None:
            return NOTHING
        name = self.text(callee) if callee.type == "identifier" else ""
        nodes = [child for child in given.named_children if child.type != "comment"]
        if name in ("append", "new", "make") and nodes and self.frame.find(name) is None:
            return self._built_in(node, name, nodes)
        if callee.type == "index_expression":
            base = self.field(callee, "operand")
            place = self.merged((base, self.visit(callee)))
        else:
            place = self.visit(callee)
        spread = NOTHING
        arguments = [self.visit(child) for child in nodes]
        if nodes and nodes[-1].type == "variadic_argument":
            spread = arguments.pop()
        call = self.facts.call(self.scope, place, arguments, line=self.line(node), spread=spread)
        is_used = node.parent is not None and node.parent.type != "expression_statement"
        return self.facts.result(call) if is_used else NOTHING

    def _built_in(self, node: Node, name: str, nodes: list[Node]) -> int:
        if name == "new":
            return self.facts.instance(self.class_place(nodes[0]))
        if name == "make":
            return self.typed(nodes[0])
        places = [self.visit(child) for child in nodes]
        made = self.facts.container("slice")
        for child, place in zip(nodes[1:], places[1:], strict=True):
            value = self.item(place, child) if child.type == "variadic_argument" else place
            self.facts.flow(value, self.element(made, ANY, child))
            self.facts.flow(value, self.element(places[0], ANY, child))
        return self.merged((places[0], made))
