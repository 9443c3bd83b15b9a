"""Lower the items of Rust: types, traits, `impl` blocks and functions."""

from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.references.builder import NOTHING
from aura.syntax.references.lowering import Frame
from aura.syntax.references.rust_names import Names
from aura.syntax.references.rust_patterns import bind
from aura.syntax.references.types import ABSTRACT, MEMBER, STATIC, ScopeKind


class Items(Names):
    """Items and functions."""

    def visit_struct_item(self, node: Node) -> int:
        facts, name = self.facts, self.field_text(node, "name")
        outer = self.scope, self.frame
        target = self.declare(name)
        self.scope = facts.open_scope("class", self.qualified(name), self.scope, line=self.line(node))
        place = facts.definition(self.scope)
        facts.flow(place, target)
        self.frame = Frame(self.frame)
        self.frame.names["Self"] = target
        self.type_parameters(node, self._own_parameters(node, place))
        body = node.child_by_field_name("body")
        for child in body.named_children if body is not None else ():
            if child.type == "enum_variant":
                self._variant(child)
        for member, declared in self._fields(body):
            facts.flow(declared, facts.bind(self.scope, member))
        self.scope, self.frame = outer
        return NOTHING

    visit_union_item = visit_enum_item = visit_struct_item

    def _own_parameters(self, node: Node, owner: int) -> dict[str, int]:
        listed = node.child_by_field_name("type_parameters")
        children = listed.named_children if listed is not None else []
        kept = [self.field_text(child, "name") for child in children if child.type == "type_parameter"]
        return {name: self.attribute(owner, f"<{i}>", node) for i, name in enumerate(kept)}

    def _fields(self, body: Node | None) -> Iterable[tuple[str, int]]:
        if body is None:
            return
        if body.type == "field_declaration_list":
            for child in body.named_children:
                if child.type == "field_declaration":
                    yield self.field_text(child, "name"), self.typed(child.child_by_field_name("type"))
        elif body.type == "ordered_field_declaration_list":
            for index, child in enumerate(body.children_by_field_name("type")):
                yield f"#{index}", self.typed(child)

    def _variant(self, node: Node) -> None:
        made = self.facts.container("variant")
        for member, declared in self._fields(node.child_by_field_name("body")):
            self.facts.flow(declared, self.attribute(made, member, node))
        self.facts.flow(made, self.facts.bind(self.scope, self.field_text(node, "name")))

    def visit_trait_item(self, node: Node) -> int:
        facts, name = self.facts, self.field_text(node, "name")
        outer = self.scope, self.frame, self.owner, self.prefix
        target = self.declare(name)
        self.scope = facts.open_scope("class", self.qualified(name), self.scope, line=self.line(node))
        place = facts.definition(self.scope)
        facts.flow(place, target)
        bounds = node.child_by_field_name("bounds")
        facts.set_bases(
            self.scope, map(self.class_place, bounds.named_children) if bounds is not None else ()
        )
        self.frame = Frame(self.frame)
        self.frame.names["Self"] = place
        self.type_parameters(node, self._own_parameters(node, place))
        self.owner, self.prefix = (place, "", True), ""
        self.field(node, "body")
        self.scope, self.frame, self.owner, self.prefix = outer
        return NOTHING

    def visit_impl_item(self, node: Node) -> int:
        kind, trait = node.child_by_field_name("type"), node.child_by_field_name("trait")
        base = self.class_place(kind)
        name = self.parts(kind)[-1] if self.parts(kind) else ""
        outer = self.frame, self.owner
        self.frame = Frame(self.frame)
        self.frame.names["Self"] = base
        given = kind.child_by_field_name("type_arguments") if kind is not None else None
        arguments = [self.text(child) for child in given.named_children] if given is not None else []
        known = (
            {text: self.attribute(base, f"<{i}>", node) for i, text in enumerate(arguments)}
            if base >= 0
            else {}
        )
        self.type_parameters(node, known)
        if self.frame.find(f"<{name}>") is not None:
            base = self.frame.names["Self"] = self.named(name)
        if trait is not None and self.frame.find(f"<{name}>") is None:
            self.facts.derive(base, self.class_place(trait))
        self.owner = (base, name, False)
        self.field(node, "body")
        self.frame, self.owner = outer
        return NOTHING

    def visit_type_item(self, node: Node) -> int:
        name, place = self.field_text(node, "name"), self.class_place(node.child_by_field_name("type"))
        self.facts.flow(place, self._item_place(name, node))
        return NOTHING

    def visit_const_item(self, node: Node) -> int:
        target = self._item_place(self.field_text(node, "name"), node)
        self.facts.flow(self.typed(node.child_by_field_name("type")), target)
        self.facts.flow(self.field(node, "value"), target)
        return NOTHING

    visit_static_item = visit_const_item

    def _item_place(self, name: str, node: Node) -> int:
        return self.declare(name) if self.owner is None else self.attribute(self.owner[0], name, node)

    def visit_macro_definition(self, node: Node) -> int:
        name = self.field_text(node, "name")
        scope = self.facts.open_scope("function", self.qualified(name), self.scope, line=self.line(node))
        self.facts.flow(self.facts.definition(scope), self.declare(name + "!"))
        return NOTHING

    # Functions

    def visit_function_item(self, node: Node) -> int:
        name, owner = self.field_text(node, "name"), self.owner
        listed = node.child_by_field_name("parameters")
        parameters = [c for c in listed.named_children if c.type.endswith("parameter")] if listed else []
        takes_self = bool(parameters) and (
            parameters[0].type == "self_parameter"
            or self.field_text(parameters[0], "pattern").endswith("self")
        )
        flags = 0 if takes_self or owner is None else STATIC
        flags |= ABSTRACT if node.type == "function_signature_item" else 0
        flags |= MEMBER if owner is not None else 0
        full = f"{owner[1]}.{name}" if owner is not None and owner[1] else name
        place = self.function(node, full, flags, parameters)
        if owner is None:
            self.facts.flow(place, self.declare(name))
        elif owner[2]:
            self.facts.flow(place, self.facts.bind(self.scope, f"{name}/"))
        else:
            self.facts.flow(place, self.attribute(owner[0], f"{name}/", node))
        return NOTHING

    visit_function_signature_item = visit_function_item

    def visit_closure_expression(self, node: Node) -> int:
        listed = node.child_by_field_name("parameters")
        return self.function(node, "", 0, listed.named_children if listed is not None else [])

    def function(self, node: Node, name: str, flags: int, parameters: list[Node]) -> int:
        """Lower a function or closure, and return the place that holds it."""
        facts, outer = self.facts, (self.scope, self.frame, self.owner, self.prefix)
        kind: ScopeKind = "function" if name else "lambda"
        self.scope = facts.open_scope(
            kind, self.qualified(name), self.scope, line=self.line(node), flags=flags
        )
        place = facts.definition(self.scope)
        owner, self.owner, self.prefix = self.owner, None, ""
        self.frame = Frame(self.frame)
        self.type_parameters(node, {})
        places = []
        for parameter in parameters:
            target = facts.opaque()
            places.append(target)
            pattern = parameter.child_by_field_name("pattern")
            if owner is not None and (parameter.type == "self_parameter" or self.text(pattern) == "self"):
                facts.flow(facts.declared(owner[0]), target)
                self.frame.names["self"] = target
                continue
            facts.flow(self.typed(parameter.child_by_field_name("type")), target)
            bind(self, pattern or parameter, target)
        facts.set_parameters(self.scope, places)
        facts.flow(self.typed(node.child_by_field_name("return_type")), facts.returned(self.scope))
        facts.flow(self.field(node, "body"), facts.returned(self.scope))
        self.scope, self.frame, self.owner, self.prefix = outer
        return place

    def visit_return_expression(self, node: Node) -> int:
        if node.named_children:
            self.facts.flow(self.visit(node.named_children[0]), self.facts.returned(self.scope))
        return NOTHING

    # Blocks
