"""Lower JavaScript to facts; what TypeScript adds is in its own module."""

from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.references.builder import NOTHING
from aura.syntax.references.javascript_expressions import Expressions
from aura.syntax.references.types import (
    Facts,
)


class JavaScript(Expressions):
    """All of JavaScript, with what modules import and export."""

    def read(self, root: Node) -> Facts:
        self.hoist(root)
        self.children(root)
        if self.is_script:
            self.facts.flow(self.exports, self.attribute(self.own, "default", root))
        return self.facts.facts()

    # Blocks and names

    def visit_import_statement(self, node: Node) -> int:
        self.is_script = False
        module = self.field_text(node, "source")[1:-1]
        for clause in node.named_children:
            if clause.type == "import_require_clause":
                name = next((child for child in clause.named_children if child.type == "identifier"), None)
                self._import(self.text(name), self.field_text(clause, "source")[1:-1], "")
            if clause.type != "import_clause":
                continue
            for child in clause.named_children:
                if child.type == "identifier":
                    self._import(self.text(child), module, "default")
                elif child.type == "namespace_import":
                    self._import(self.text(child.named_children[0]), module, "")
                elif child.type == "named_imports":
                    for part in child.named_children:
                        name_text = self.field_text(part, "name")
                        self._import(
                            self.field_text(part, "alias") or name_text, module, name_text.strip("'\"")
                        )
        return NOTHING

    def _import(self, name: str, module: str, imported: str) -> None:
        if name and module:
            self.facts.add_import(self.declare(name), module, imported)

    def export(self, name: str, place: int, node: Node) -> None:
        self.facts.flow(place, self.attribute(self.own, name, node))

    def visit_export_statement(self, node: Node) -> int:
        self.is_script = False
        source = node.child_by_field_name("source")
        module = self.text(source)[1:-1] if source is not None else ""
        declared, value = node.child_by_field_name("declaration"), node.child_by_field_name("value")
        is_default = any(child.type == "default" for child in node.children)
        self.decorations(node)
        if declared is not None:
            self.visit(declared)
            for name in self._declared_names(declared):
                self.export("default" if is_default else name, self.named(name), node)
        elif value is not None:
            self.export("default", self.visit(value), node)
        for child in node.named_children:
            if child.type == "export_clause":
                for part in child.named_children:
                    self._export_part(part, module)
            elif child.type == "namespace_export" and module:
                place = self.facts.opaque()
                self.facts.add_import(place, module)
                self.export(self.text(child.named_children[0]), place, node)
        tokens = [child.type for child in node.children]
        if "*" in tokens and module:
            self.facts.add_import(self.exports, module)
        if "=" in tokens and value is None and declared is None:
            self.facts.flow(self._first(node), self.exports)
            self.is_script = True
        return NOTHING

    def _export_part(self, part: Node, module: str) -> None:
        name = self.field_text(part, "name").strip("'\"")
        alias = self.field_text(part, "alias").strip("'\"") or name
        if module:
            place = self.facts.opaque()
            self.facts.add_import(place, module, name)
        else:
            place = self.named(name)
        self.export(alias, place, part)

    def _declared_names(self, declared: Node) -> Iterable[str]:
        if declared.type not in ("lexical_declaration", "variable_declaration"):
            return [name] if (name := self.field_text(declared, "name")) else []
        return [
            self.text(leaf)
            for declarator in declared.named_children
            if (target := declarator.child_by_field_name("name")) is not None
            for leaf in _leaves(target)
        ]


def _leaves(target: Node) -> Iterable[Node]:
    if target.type in ("identifier", "shorthand_property_identifier_pattern"):
        return [target]
    field = {"pair_pattern": "value", "object_assignment_pattern": "left", "assignment_pattern": "left"}
    part = field.get(target.type)
    if part is not None:
        inner = target.child_by_field_name(part)
        return _leaves(inner) if inner is not None else []
    return [leaf for child in target.named_children for leaf in _leaves(child)]
