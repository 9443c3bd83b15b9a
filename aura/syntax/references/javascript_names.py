"""What the names of JavaScript denote: blocks, patterns, properties."""

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.lowering import Frame, Lowering


class Names(Lowering):
    """`exports` holds what importers get; `own` is the object of the module's own exports."""

    skipped = frozenset(
        {
            *("comment", "string", "number", "regex", "true", "false", "null", "undefined", "jsx_text"),
            *("hash_bang_line", "empty_statement", "break_statement", "continue_statement"),
            *("debugger_statement", "statement_identifier", "property_identifier", "html_comment"),
        }
    )

    def __init__(self, source: bytes, language: str) -> None:
        super().__init__(source, language)
        self.prefix = ""
        self.this = NOTHING
        self.klass = NOTHING
        self.body = self.top = self.frame
        self.own = self.facts.container("object")
        self.exports = self.facts.exports = self.facts.opaque()
        self.facts.flow(self.own, self.exports)
        self.is_script = True

    def hoist(self, block: Node) -> None:
        """Bind the names that the statements of a block declare, for they may be used above."""
        for child in block.named_children:
            kind = child.type
            if kind == "export_statement":
                declared = child.child_by_field_name("declaration")
                if declared is None:
                    continue
                child, kind = declared, declared.type
            if kind in ("lexical_declaration", "variable_declaration"):
                for declarator in child.named_children:
                    target = declarator.child_by_field_name("name")
                    if target is not None and target.type == "identifier":
                        self.declare(self.text(target))
            elif kind.endswith("_declaration") and (name := self.field_text(child, "name")):
                self.declare(name)

    def visit_statement_block(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.hoist(node)
        self.children(node)
        self.frame = outer
        return NOTHING

    def _loop(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        self.children(node)
        self.frame = outer
        return NOTHING

    visit_for_statement = visit_switch_body = _loop

    def visit_for_in_statement(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        source = self.field(node, "right")
        operator = self.field_text(node, "operator")
        target = node.child_by_field_name("left")
        if target is not None:
            item = self.item(source, node) if operator == "of" else NOTHING
            self.assign(target, item, declares=node.child_by_field_name("kind") is not None)
        self.field(node, "body")
        self.frame = outer
        return NOTHING

    def visit_catch_clause(self, node: Node) -> int:
        outer = self.frame
        self.frame = Frame(outer)
        target = node.child_by_field_name("parameter")
        if target is not None:
            self.assign(target, NOTHING, declares=True)
        self.field(node, "body")
        self.frame = outer
        return NOTHING

    def visit_identifier(self, node: Node) -> int:
        return self.named(self.text(node))

    visit_shorthand_property_identifier = visit_identifier

    def named(self, name: str) -> int:
        if name == "exports" and self.frame.find(name) is None:
            return self.exports
        return super().named(name)

    def visit_this(self, node: Node) -> int:
        return self.this

    def visit_super(self, node: Node) -> int:
        return self.facts.super_of(self.klass, self.this) if self.klass >= 0 <= self.this else NOTHING

    def qualified(self, name: str) -> str:
        return f"{self.prefix}.{name}" if self.prefix else name

    def assign(self, target: Node, place: int, *, declares: bool) -> None:
        """Give a value to a name, a property, or the parts of a pattern."""
        kind = target.type
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            name = self.text(target)
            self.facts.flow(place, self.declare(name) if declares else self.named(name))
        elif kind == "object_pattern":
            for child in target.named_children:
                self._assign_property(child, place, declares=declares)
        elif kind == "array_pattern":
            index = 0
            for child in target.children:
                index += child.type == ","
                if not child.is_named or child.is_extra:
                    continue
                if child.type == "rest_pattern":
                    self.assign(child, place, declares=declares)
                else:
                    self.assign(child, self.element(place, str(index), child), declares=declares)
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            default = self.field(target, "right")
            left = target.child_by_field_name("left")
            if left is not None:
                self.assign(left, self.merged((place, default)), declares=declares)
        elif kind == "rest_pattern" and target.named_children:
            self.assign(target.named_children[0], place, declares=declares)
        elif not declares:
            self.facts.flow(place, self.visit(target))

    def _assign_property(self, child: Node, place: int, *, declares: bool) -> None:
        if child.type == "pair_pattern":
            key, target = child.child_by_field_name("key"), child.child_by_field_name("value")
            if target is not None:
                self.assign(target, self._property(place, key, child), declares=declares)
        elif child.type == "rest_pattern":
            self.assign(child, place, declares=declares)
        else:
            left = child.child_by_field_name("left") or child
            self.assign(child, self.attribute(place, self.text(left), child), declares=declares)

    def _property(self, base: int, key: Node | None, node: Node) -> int:
        name = self.key(key)
        return self.attribute(base, name, node) if name else self.element(base, ANY, node)

    def key(self, node: Node | None) -> str:
        """Return the literal key that a node is, or nothing."""
        if node is None:
            return ""
        if node.type in ("property_identifier", "private_property_identifier", "number"):
            return self.text(node)
        if node.type == "string":
            return self.text(node)[1:-1]
        return ""

    # Functions
