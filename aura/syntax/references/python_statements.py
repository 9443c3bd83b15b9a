"""What the statements of Python say: definitions, imports, assignments, and what else happens to values."""

from collections.abc import Callable
from functools import cache

from tree_sitter import Node

from aura.syntax.language import grammar_of
from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.python_expressions import MAX_DEPTH, OPERATORS
from aura.syntax.references.python_patterns import Patterns
from aura.syntax.references.types import (
    ABSTRACT,
    ANY_NAME,
    CLASS_METHOD,
    METACLASS,
    PROPERTY,
    PROTOCOL,
    STATIC,
    Facts,
)

_FLAGS = {
    "staticmethod": STATIC, "classmethod": CLASS_METHOD, "property": PROPERTY, "cached_property": PROPERTY,
    "functools.cached_property": PROPERTY,
}  # fmt: skip
_IMPLICIT = {"__new__": STATIC, "__init_subclass__": CLASS_METHOD, "__class_getitem__": CLASS_METHOD}


class Statements(Patterns):
    """Lowers a file, statement by statement."""

    def __init__(self, source: bytes) -> None:
        super().__init__(source)
        self.statements = _statements()

    def read(self, root: Node) -> Facts:
        self.block(root)
        return self.facts.facts()

    def block(self, node: Node | None) -> None:
        """Read the statements of a node, and what else is in it."""
        if node is None or self.depth > MAX_DEPTH:
            return
        self.depth += 1
        handlers = self.statements
        for child in node.named_children:
            handlers[child.kind_id](self, child)
        self.depth -= 1

    def expression(self, node: Node) -> None:
        self.value(node)

    # Assignments

    def expression_statement(self, node: Node) -> None:
        for child in node.named_children:
            if child.type == "assignment":
                self.assignment(child)
            elif child.type == "augmented_assignment":
                self.augmented(child)
            elif child.type == "call":
                self.call_only(child)
            else:
                self.value(child)

    def assignment(self, node: Node) -> int:
        left, right = node.child_by_field_id(self.fields.left), node.child_by_field_id(self.fields.right)
        if right is not None and right.type == "assignment":
            place = self.assignment(right)
        else:
            place = self.value(right)
        self.assign(left, place)
        if (
            left is not None
            and right is not None
            and left.type == "identifier"
            and right.type != "assignment"
        ):
            key = self.key(right)
            if key is not ANY or place < 0 or right.type == "string":
                self.facts.assign_constant(self.facts.bind(self.scope, self.text(left)), key)
        self._list_names(left, right)
        annotation = node.child_by_field_id(self.fields.type)
        if left is not None and annotation is not None:
            self.assign(left, self.annotated(annotation))
            if left.type == "identifier" and self.facts.scope(self.scope).kind == "class":
                fields = (
                    *self.facts.scope(self.scope).parameters,
                    self.facts.bind(self.scope, self.text(left)),
                )
                self.facts.set_parameters(self.scope, fields)
        return place

    def _note_key(self, node: Node, place: int, target: int) -> None:
        """Note the literal key that a place has from an expression, or that it has nothing to be followed."""
        key = self.key(node)
        if key is not ANY or place < 0 or node.type == "string":
            self.facts.assign_constant(target, key)

    def augmented(self, node: Node) -> None:
        left, right = node.child_by_field_id(self.fields.left), node.child_by_field_id(self.fields.right)
        operator = node.child_by_field_id(self.fields.operator)
        place = self.value(right)
        method = OPERATORS.get(operator.type[:-1]) if operator is not None else None
        if left is None:
            return
        target = self.value(left)
        self._list_names(left, right)
        if left.type == "identifier":
            self.facts.bind(self.scope, self.text(left))
        if method:
            self.protocol(target, method.replace("__", "__i", 1), node, (place,))
            self.facts.flow(self.facts.result(self.protocol(target, method, node, (place,))), target)

    def _list_names(self, left: Node | None, right: Node | None) -> None:
        """Take what a module says of itself by `__all__`."""
        if left is None or right is None or self.scope or self.text(left) != "__all__":
            return
        texts = [self.literal_text(child) for child in right.named_children if not child.is_extra]
        is_known = right.type in ("list", "tuple") and None not in texts
        for text in texts if is_known else (ANY_NAME,):
            self.facts.list_name(text or ANY_NAME)

    # Definitions

    def function(self, node: Node, decorators: tuple[Node, ...] = ()) -> None:
        name_node = node.child_by_field_id(self.fields.name)
        if name_node is None:
            return
        name = self.text(name_node)
        parent = self.scope
        in_class = self.facts.scope(parent).kind == "class"
        scope = self.facts.open_scope("function", name, parent, line=node.start_point.row + 1)
        flags = _IMPLICIT.get(name, 0) if in_class else 0
        place, bound = self.facts.definition(scope), name
        for decorator in reversed(decorators):
            text = self.text(decorator).lstrip("@").strip()
            flags |= _FLAGS.get(text, 0)
            if text.endswith("abstractmethod"):
                flags |= ABSTRACT
            if text == f"{name}.setter":
                bound = f"{name}="
            elif not text.endswith((".deleter", ".getter")) and (
                text not in _FLAGS or (text == "property" and place != self.facts.definition(scope))
            ):
                place = self.decorate(decorator, place)
        if bound != name:
            place = self.facts.definition(scope)
        self.facts.flow(place, self.facts.bind(parent, bound))
        body = node.child_by_field_id(self.fields.body)
        if body is not None and self._is_stub(body):
            flags |= ABSTRACT
        self.facts.add_flags(scope, flags)
        if in_class:
            self.class_scopes[scope] = parent
        outer_names, self.renamed = self.renamed, {}
        outer = self._enter(scope, node.child_by_field_id(self.fields.parameters))
        self.facts.flow(
            self.annotated(node.child_by_field_id(self.fields.return_type)), self.facts.returned(scope)
        )
        self.block(body)
        self.scope, self.renamed = outer, outer_names

    def _is_stub(self, body: Node) -> bool:
        """Tell whether a body only says that it is one: `...`, or that it is not implemented."""
        last = body.named_children[-1] if 0 < body.named_child_count <= 2 else None
        if last is None or last.type not in ("expression_statement", "raise_statement"):
            return False
        return self.text(last).startswith(("...", "raise NotImplementedError"))

    def parameters(self, scope: int, outer: int, node: Node | None) -> None:
        places: list[int] = []
        keyword_only: int | None = None
        variadic = rest = NOTHING
        for child in node.named_children if node is not None else ():
            kind = child.type
            if kind == "keyword_separator":
                keyword_only = len(places)
            if child.is_extra or kind.endswith("_separator"):
                continue
            target = child.child_by_field_id(self.fields.name) or child
            if kind == "typed_parameter":
                target = child.named_children[0]
            if target.type == "list_splat_pattern":
                variadic, keyword_only = self._collected("tuple", target), len(places)
                continue
            if target.type == "dictionary_splat_pattern":
                rest = self._collected("dict", target)
                continue
            place = self.facts.bind(scope, self.text(target))
            places.append(place)
            self.scope = outer
            self.facts.flow(self.value(child.child_by_field_id(self.fields.value)), place)
            self.facts.flow(self.annotated(child.child_by_field_id(self.fields.type)), place)
            self.scope = scope
        self.facts.set_parameters(
            scope, places, keyword_only=keyword_only, variadic=variadic, keyword_variadic=rest
        )

    def _collected(self, type_name: str, target: Node) -> int:
        container = self.facts.container(type_name)
        self.facts.flow(container, self.facts.bind(self.scope, self.text(target).lstrip("* ")))
        return container

    def class_definition(self, node: Node, decorators: tuple[Node, ...] = ()) -> None:
        name_node = node.child_by_field_id(self.fields.name)
        if name_node is None:
            return
        name = self.text(name_node)
        parent = self.scope
        superclasses = node.child_by_field_id(self.fields.superclasses)
        bases: list[int] = []
        metaclass = NOTHING
        for child in superclasses.named_children if superclasses is not None else ():
            if child.type == "keyword_argument":
                given = self.value(child.child_by_field_id(self.fields.value))
                if self.text(child).startswith("metaclass"):
                    metaclass = given
            elif child.type == "subscript":
                bases.append(self.value(child.child_by_field_id(self.fields.value)))
            else:
                bases.append(self.value(child))
        scope = self.facts.open_scope("class", name, parent, line=node.start_point.row + 1)
        self.class_names[name] = scope
        self.facts.set_bases(scope, bases)
        place = self.facts.definition(scope)
        if metaclass >= 0:
            self.facts.flow(metaclass, self.facts.attribute(parent, place, METACLASS, line=1))
        for decorator in reversed(decorators):
            place = self.decorate(decorator, place)
        self.facts.flow(place, self.facts.bind(parent, name))
        self.scope = scope
        self.block(node.child_by_field_id(self.fields.body))
        self.scope = parent

    def decorated(self, node: Node) -> None:
        definition = node.child_by_field_id(self.fields.definition)
        decorators = tuple(child for child in node.named_children if child.type == "decorator")
        if definition is None:
            return
        if definition.type == "class_definition":
            self.class_definition(definition, decorators)
        else:
            self.function(definition, decorators)

    # Imports

    def import_statement(self, node: Node) -> None:
        for child in node.children_by_field_name("name"):
            if child.type == "aliased_import":
                alias = child.child_by_field_id(self.fields.alias)
                if alias is not None:
                    module = self.text(child.named_children[0])
                    self.facts.add_import(self.facts.bind(self.scope, self.text(alias)), module)
                continue
            first = self.text(child).split(".")[0].strip()
            self.facts.add_import(self.facts.bind(self.scope, first), first)

    def import_from(self, node: Node) -> None:
        origin = node.child_by_field_id(self.fields.module_name)
        if origin is None:
            return
        written = self.text(origin).replace(" ", "")
        module = written.lstrip(".")
        level = len(written) - len(module)
        for child in node.children_by_field_name("name"):
            name = child.named_children[0] if child.type == "aliased_import" else child
            bound = child.child_by_field_id(self.fields.alias) or name
            place = self.facts.bind(self.scope, self.text(bound))
            self.facts.add_import(place, module, self.text(name), level=level)
        if any(child.type == "wildcard_import" for child in node.named_children):
            self.facts.add_import(NOTHING, module, "*", level=level)

    def global_statement(self, node: Node) -> None:
        for child in node.named_children:
            name = self.text(child)
            owner = 0 if node.type == "global_statement" else self._owner(name)
            if owner != self.scope:
                self.facts.bind_elsewhere(self.scope, name, owner)

    def _owner(self, name: str) -> int:
        """Return the function around this one that binds a name."""
        scope = self.facts.scope(self.scope).parent
        while scope > 0 and not self.facts.binds(scope, name):
            scope = self.facts.scope(scope).parent
        return max(scope, 0)

    # Control

    def match_statement(self, node: Node) -> None:
        place = self.subject(node.children_by_field_name("subject"))
        body = node.child_by_field_id(self.fields.body)
        for clause in body.named_children if body is not None else ():
            patterns = [child for child in clause.named_children if child.type == "case_pattern"]
            if len(patterns) == 1:
                self.pattern(patterns[0], place)
            else:
                self.sequence_pattern(patterns, place)
            self.block(clause)

    def for_statement(self, node: Node) -> None:
        place = self.value(node.child_by_field_id(self.fields.right))
        self.assign(node.child_by_field_id(self.fields.left), self.item(place, node))
        self.block(node.child_by_field_id(self.fields.body))
        self.block(node.child_by_field_id(self.fields.alternative))

    def with_item(self, node: Node) -> None:
        value = node.child_by_field_id(self.fields.value)
        if value is None:
            return
        alias = value.child_by_field_id(self.fields.alias) if value.type == "as_pattern" else None
        inner = value.named_children[0] if value.type == "as_pattern" else value
        place = self.value(inner)
        statement = node.parent.parent if node.parent is not None else None
        first = statement.children[0].type if statement is not None and statement.children else ""
        prefix = "__a" if first == "async" else "__"
        entered = self.protocol(place, f"{prefix}enter__", node)
        self.protocol(place, f"{prefix}exit__", node)
        if alias is not None:
            self.assign(alias, self.facts.result(entered))

    def except_clause(self, node: Node) -> None:
        for child in node.named_children:
            if child.type == "block":
                self.block(child)
            elif child.type == "as_pattern":
                types, alias = child.named_children[0], child.child_by_field_id(self.fields.alias)
                parts = types.named_children if types.type == "tuple" else [types]
                for part in parts:
                    self.assign(alias, self.facts.declared(self.value(part)))
            else:
                self.value(child)

    def return_statement(self, node: Node) -> None:
        for child in node.named_children:
            place = self.value(child)
            self.facts.flow(place, self.facts.returned(self.scope))
            self._note_key(child, place, self.facts.returned(self.scope))

    def raise_statement(self, node: Node) -> None:
        """A class that is raised is called."""
        for child in node.named_children:
            place = self.value(child)
            if child.type in ("identifier", "attribute"):
                self.facts.call(self.scope, place, line=child.start_point.row + 1, kind=PROTOCOL)

    def delete_statement(self, node: Node) -> None:
        for child in node.named_children:
            if child.type == "subscript":
                place = self.value(child.child_by_field_id(self.fields.value))
                self.protocol(place, "__delitem__", child)

    def ignored(self, node: Node) -> None:
        pass


_ERROR = 0xFFFF

_Handler = Callable[[Statements, Node], None]
_STATEMENTS: dict[str, _Handler] = {
    "expression_statement": Statements.expression_statement,
    "function_definition": Statements.function,
    "class_definition": Statements.class_definition,
    "decorated_definition": Statements.decorated,
    "import_statement": Statements.import_statement,
    "import_from_statement": Statements.import_from,
    "global_statement": Statements.global_statement,
    "nonlocal_statement": Statements.global_statement,
    "match_statement": Statements.match_statement,
    "for_statement": Statements.for_statement,
    "with_item": Statements.with_item,
    "except_clause": Statements.except_clause,
    "except_group_clause": Statements.except_clause,
    "return_statement": Statements.return_statement,
    "raise_statement": Statements.raise_statement,
    "delete_statement": Statements.delete_statement,
    **dict.fromkeys(
        (
            "block", "if_statement", "elif_clause", "else_clause", "while_statement", "try_statement",
            "finally_clause", "with_statement", "with_clause", "case_clause",
        ),
        Statements.block,
    ),
    **dict.fromkeys(
        (
            "comment", "pass_statement", "break_statement", "continue_statement", "future_import_statement",
            "type_alias_statement", "case_pattern",
        ),
        Statements.ignored,
    ),
}  # fmt: skip


@cache
def _statements() -> dict[int, _Handler]:
    grammar = grammar_of("python")
    kinds = range(grammar.node_kind_count)
    found = {i: _STATEMENTS.get(grammar.node_kind_for_id(i) or "", Statements.expression) for i in kinds}
    return found | {_ERROR: Statements.block}
