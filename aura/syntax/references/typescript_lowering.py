"""Lower what TypeScript adds to JavaScript: declared types, interfaces, namespaces, signatures."""

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.javascript_lowering import JavaScript
from aura.syntax.references.lowering import Frame
from aura.syntax.references.types import ABSTRACT

# Types that stand for what they are made of: a promise is the value to come.
_WRAPPERS = frozenset(
    {
        *("Promise", "PromiseLike", "Awaited", "Partial", "Readonly", "Required", "NonNullable", "Pick"),
        *("Omit", "Exclude", "Extract", "Mutable", "WeakRef"),
    }
)
_LISTS = frozenset(
    {
        *("Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable", "AsyncIterable", "Iterator"),
        *("IterableIterator", "Generator", "AsyncGenerator", "ArrayLike"),
    }
)
_MAPS = frozenset({"Map", "ReadonlyMap", "WeakMap", "Record"})
_MERGED = frozenset({"union_type", "intersection_type", "optional_type"})
MAX_ALTERNATIVES = 32

_HERITAGE = frozenset({"class_heritage", "extends_type_clause"})
_TYPE_CLAUSES = frozenset({"implements_clause", "extends_type_clause"})
_INNER = frozenset({"type_annotation", "parenthesized_type", "readonly_type", "constraint", "rest_type"})


class TypeScript(JavaScript):
    skipped = JavaScript.skipped | {"type_arguments", "type_parameters", "type_annotation"}

    # Types

    def typed(self, node: Node | None) -> int:
        """Return a place that holds a value of a declared type."""
        if node is None:
            return NOTHING
        kind = node.type
        if kind in _INNER:
            return self.typed(node.named_children[0]) if node.named_children else NOTHING
        if kind in _MERGED:
            return self.merged(map(self.typed, _alternatives(node)))
        if kind == "this_type":
            return self.this
        if kind == "array_type":
            return self.facts.container("array", [(ANY, self.typed(node.named_children[0]))])
        if kind == "tuple_type":
            parts = ((str(i), self.typed(child)) for i, child in enumerate(node.named_children))
            return self.facts.container("array", parts)
        if kind == "object_type":
            return self._shape(node)
        if kind == "generic_type":
            return self._generic(node)
        if kind == "type_identifier" and (known := self.frame.find(f"<{self.text(node)}>")) is not None:
            return known
        return self.facts.declared(self.class_place(node))

    def class_place(self, node: Node | None) -> int:
        """Return the place of the class or interface that a type names."""
        if node is None:
            return NOTHING
        if node.type in ("type_identifier", "identifier"):
            return self.named(self.text(node))
        if node.type in ("nested_type_identifier", "nested_identifier", "member_expression"):
            base = self.class_place(node.named_children[0])
            return self.attribute(base, self.text(node.named_children[-1]), node)
        if node.type == "generic_type":
            self._generic(node)
            return self.class_place(node.child_by_field_name("name"))
        if node.type in _MERGED:
            return self.merged(map(self.class_place, _alternatives(node)))
        return NOTHING

    def _generic(self, node: Node) -> int:
        name = self.field_text(node, "name")
        given = node.child_by_field_name("type_arguments")
        if given is None:
            return NOTHING
        arguments = [self.typed(child) for child in given.named_children]
        if name in _WRAPPERS:
            return arguments[0] if arguments else NOTHING
        if name in _LISTS:
            return self.facts.container("array", [(ANY, place) for place in arguments[:1]])
        if name in _MAPS:
            return self.facts.container("object", [(ANY, place) for place in arguments[-1:]])
        base = self.class_place(node.child_by_field_name("name"))
        self.give(base, arguments, node)
        return self.facts.declared(base)

    def _shape(self, node: Node) -> int:
        made = self.facts.container("object")
        for child in node.named_children:
            if child.type == "property_signature":
                place = self.typed(child.child_by_field_name("type"))
                if place >= 0:
                    self.facts.flow(place, self.attribute(made, self.field_text(child, "name"), child))
        return made

    def type_parameters(self, node: Node) -> None:
        listed = node.child_by_field_name("type_parameters")
        for index, child in enumerate(listed.named_children if listed is not None else ()):
            name = f"<{self.field_text(child, 'name')}>"
            is_class = self.facts.scope(self.scope).kind == "class"
            place = self.member(f"<{index}>") if is_class else self.facts.opaque()
            self.frame.names[name] = place
            self.facts.flow(self.typed(child.child_by_field_name("constraint")), place)

    # Functions

    def result(self, node: Node) -> None:
        place = self.typed(node.child_by_field_name("return_type"))
        self.facts.flow(place, self.facts.returned(self.scope))

    def parameter(self, node: Node, place: int) -> None:
        pattern = node.child_by_field_name("pattern")
        if pattern is None:
            super().parameter(node, place)
            return
        declared = self.typed(node.child_by_field_name("type"))
        self.facts.flow(declared, place)
        default = self.field(node, "value")
        self.facts.flow(default, place)
        self.assign(pattern, place, declares=True)
        if any(child.type in ("accessibility_modifier", "readonly") for child in node.children):
            name = self.text(pattern)
            self.facts.flow(place, self.attribute(self.this, name, node))
            if self.klass >= 0:
                self.facts.flow(declared, self.facts.bind(self.klass, name))

    def visit_function_signature(self, node: Node) -> int:
        name = self.field_text(node, "name")
        place = self.function(node, name)
        self.facts.flow(place, self.declare(name))
        return place

    def visit_variable_declarator(self, node: Node) -> int:
        super().visit_variable_declarator(node)
        target = node.child_by_field_name("name")
        if target is not None and (place := self.typed(node.child_by_field_name("type"))) >= 0:
            self.assign(target, place, declares=True)
        return NOTHING

    def _cast(self, node: Node) -> int:
        value = self.visit(node.named_children[0])
        return (
            self.merged((value, self.typed(node.named_children[1])))
            if len(node.named_children) > 1
            else value
        )

    visit_as_expression = visit_satisfies_expression = _cast

    def visit_type_assertion(self, node: Node) -> int:
        given = node.named_children[0].named_children
        return self.merged((self.visit(node.named_children[-1]), self.typed(given[0]) if given else NOTHING))

    def visit_non_null_expression(self, node: Node) -> int:
        return self._first(node)

    visit_instantiation_expression = visit_non_null_expression

    def visit_new_expression(self, node: Node) -> int:
        given = node.child_by_field_name("type_arguments")
        if given is not None:
            base = self.class_place(node.child_by_field_name("constructor"))
            self.give(base, [self.typed(child) for child in given.named_children], node)
        return super().visit_new_expression(node)

    # Classes and what is like one

    def bases(self, node: Node) -> list[int]:
        found: list[int] = []
        heritage = next((child for child in node.named_children if child.type in _HERITAGE), None)
        if heritage is None:
            return found
        clauses = heritage.named_children if heritage.type == "class_heritage" else [heritage]
        for clause in clauses:
            if clause.type == "extends_clause":
                found.append(self.field(clause, "value"))
                arguments = clause.child_by_field_name("type_arguments")
                given = arguments.named_children if arguments is not None else ()
                self.give(found[-1], [self.typed(child) for child in given], clause)
            elif clause.type in _TYPE_CLAUSES:
                found += [self.class_place(child) for child in clause.named_children]
            else:
                found.append(self.visit(clause))
        return found

    visit_abstract_class_declaration = JavaScript.visit_class_declaration

    def visit_public_field_definition(self, node: Node) -> int:
        name = self.key(node.child_by_field_name("name"))
        self.visit_field_definition(node)
        if name:
            self.facts.flow(self.typed(node.child_by_field_name("type")), self.member(name))
        return NOTHING

    def visit_method_signature(self, node: Node) -> int:
        name = self.key(node.child_by_field_name("name"))
        if name:
            self.facts.flow(self.function(node, name, ABSTRACT), self.member(name))
        return NOTHING

    visit_abstract_method_signature = visit_method_signature

    def visit_property_signature(self, node: Node) -> int:
        place = self.typed(node.child_by_field_name("type"))
        if name := self.key(node.child_by_field_name("name")):
            self.facts.flow(place, self.member(name))
        return NOTHING

    def visit_interface_declaration(self, node: Node) -> int:
        name = self.field_text(node, "name")
        place = self.class_(node, name)
        self.facts.flow(place, self.declare(name))
        return place

    def visit_type_alias_declaration(self, node: Node) -> int:
        name, value = self.field_text(node, "name"), node.child_by_field_name("value")
        self.facts.flow(self.class_place(value), self.declare(name))
        return NOTHING

    def visit_enum_declaration(self, node: Node) -> int:
        place = self.declare(self.field_text(node, "name"))
        self.facts.flow(self.facts.container("object"), place)
        return self.field(node, "body")

    def visit_internal_module(self, node: Node) -> int:
        name = self.field_text(node, "name").strip("'\"")
        made = self.facts.container("object")
        self.facts.flow(made, self.declare(name.split(".")[0]))
        outer = self.frame, self.prefix, self.own
        self.prefix, self.own = self.qualified(name), made
        self.frame = Frame(self.frame)
        body = node.child_by_field_name("body")
        if body is not None:
            self.hoist(body)
            self.children(body)
        self.frame, self.prefix, self.own = outer
        return NOTHING

    visit_module = visit_internal_module


def _alternatives(node: Node) -> list[Node]:
    """Return the parts of a union or intersection, which nests to the left."""
    found, rest = list[Node](), [node]
    while rest:
        part = rest.pop()
        if part.type in _MERGED:
            rest += part.named_children
        else:
            found.append(part)
    return found[:MAX_ALTERNATIVES]
