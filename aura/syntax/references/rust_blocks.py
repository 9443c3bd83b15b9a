"""Lower the blocks of Rust and what their expressions give back."""

from tree_sitter import Node

from aura.syntax.references.builder import NOTHING
from aura.syntax.references.lowering import Frame
from aura.syntax.references.rust_items import Items
from aura.syntax.references.rust_patterns import bind

_ITEMS = frozenset(
    {
        *("function_item", "struct_item", "union_item", "enum_item", "trait_item", "type_item", "const_item"),
        *("static_item", "mod_item"),
    }
)
_NO_VALUE = _ITEMS | {"let_declaration", "use_declaration", "impl_item", "macro_definition"}


class Blocks(Items):
    """Blocks, branches and bindings."""

    def visit_block(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.hoist(node)
        place = NOTHING
        for child in node.named_children:
            place = self.visit(child)
        children = node.named_children
        if children and children[-1].type == "expression_statement":
            last = children[-1]
            place = NOTHING if last.children[-1].type == ";" else place
        elif children and children[-1].type in _NO_VALUE:
            place = NOTHING
        self.frame = outer
        return place

    def visit_expression_statement(self, node: Node) -> int:
        return self.visit(node.named_children[0]) if node.named_children else NOTHING

    def _last(self, node: Node) -> int:
        return self.visit(node.named_children[-1]) if node.named_children else NOTHING

    visit_parenthesized_expression = visit_unsafe_block = visit_async_block = visit_try_expression = _last
    visit_await_expression = visit_const_block = _last

    def visit_if_expression(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.field(node, "condition")
        place = self.field(node, "consequence")
        self.frame = outer
        other = node.child_by_field_name("alternative")
        last = self.visit(other.named_children[-1]) if other is not None and other.named_children else NOTHING
        return self.merged((place, last))

    def _framed(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.children(node)
        self.frame = outer
        return NOTHING

    visit_while_expression = _framed

    def visit_for_expression(self, node: Node) -> int:
        outer = self.frame
        source = self.field(node, "value")
        self.frame = Frame(outer)
        bind(self, node.child_by_field_name("pattern"), self.item(source, node))
        self.field(node, "body")
        self.frame = outer
        return NOTHING

    def visit_match_expression(self, node: Node) -> int:
        source, places = self.field(node, "value"), []
        body = node.child_by_field_name("body")
        for arm in body.named_children if body is not None else ():
            if arm.type == "match_arm":
                outer = self.frame
                self.frame = Frame(outer)
                bind(self, arm.child_by_field_name("pattern"), source)
                places.append(self.field(arm, "value"))
                self.frame = outer
        return self.merged(places)

    def visit_let_declaration(self, node: Node) -> int:
        value = self.field(node, "value")
        declared = self.typed(node.child_by_field_name("type"))
        self.field(node, "alternative")
        bind(self, node.child_by_field_name("pattern"), self.merged((value, declared)))
        return NOTHING

    visit_let_condition = visit_let_declaration
