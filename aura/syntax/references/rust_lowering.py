"""Lower Rust to facts: its expressions, and the calls among the tokens of macros."""

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.rust_blocks import Blocks

_HOLDERS = frozenset({"Box", "Rc", "Arc", "RefCell", "Cell", "Mutex", "RwLock", "Pin", "Cow", "Option"})
_MAKERS = frozenset({"new", "from", "pin", "clone", "Borrowed", "Owned"})
_TRANSPARENT = frozenset({"Some", "Ok", "Err"})

_COLLECTIONS = frozenset(
    {"Vec", "VecDeque", "LinkedList", "HashMap", "BTreeMap", "HashSet", "BTreeSet", "IndexMap", "SmallVec"}
)
_EMPTY = frozenset({"new", "with_capacity", "default"})
_ROOTS = frozenset({"self", "crate", "super"})


class Rust(Blocks):
    """All of Rust."""

    def visit_identifier(self, node: Node) -> int:
        name = self.text(node)
        place = self.named(name)
        return self.merged((self.facts.instance(place), place)) if _is_type(name) else place

    visit_self = visit_identifier

    def visit_scoped_identifier(self, node: Node) -> int:
        parts = self.parts(node)
        if len(parts) > 1 and _is_type(parts[-1]):
            return self._made(parts, node)
        return self.path(node)

    def _made(self, parts: list[str], node: Node) -> int:
        """Return a place with what the name of a struct or variant makes."""
        place = self.located(parts, node)
        if len(parts) > 1 and _is_type(parts[-2]):
            return self.facts.instance(self.located(parts[:-1], node))
        return self.facts.instance(place)

    def visit_field_expression(self, node: Node) -> int:
        name = self.field_text(node, "field")
        base = self.field(node, "value")
        if name.isdigit():
            return self.merged((self.element(base, name, node), self.attribute(base, f"#{name}", node)))
        return self.attribute(base, name, node)

    def visit_generic_function(self, node: Node) -> int:
        return self.field(node, "function")

    def visit_reference_expression(self, node: Node) -> int:
        return self.field(node, "value")

    def visit_unary_expression(self, node: Node) -> int:
        place = self.visit(node.named_children[-1])
        return place if node.children[0].type == "*" else NOTHING

    def visit_index_expression(self, node: Node) -> int:
        places = [self.visit(child) for child in node.named_children]
        return self.element(places[0], ANY, node)

    def visit_type_cast_expression(self, node: Node) -> int:
        return self.merged((self.field(node, "value"), self.typed(node.child_by_field_name("type"))))

    def visit_assignment_expression(self, node: Node) -> int:
        place = self.field(node, "right")
        self.facts.flow(place, self.field(node, "left"))
        return NOTHING

    def visit_tuple_expression(self, node: Node) -> int:
        parts = ((str(i), self.visit(child)) for i, child in enumerate(node.named_children))
        return self.facts.container("tuple", list(parts))

    def visit_array_expression(self, node: Node) -> int:
        return self.facts.container("array", [(ANY, self.visit(child)) for child in node.named_children])

    def visit_struct_expression(self, node: Node) -> int:
        name = node.child_by_field_name("name")
        parts = self.parts(name)
        made = self._made(parts, node) if parts else NOTHING
        body = node.child_by_field_name("body")
        for child in body.named_children if body is not None else ():
            if child.type == "field_initializer":
                place, key = self.field(child, "value"), self.field_text(child, "field")
                self.facts.flow(place, self.attribute(made, key, child))
            elif child.type == "shorthand_field_initializer":
                key = self.text(child.named_children[-1])
                self.facts.flow(self.named(key), self.attribute(made, key, child))
            else:
                self.visit(child)
        return made

    # Calls

    def called(self, node: Node, callee: int, arguments: list[int]) -> int:
        call = self.facts.call(self.scope, callee, arguments, line=self.line(node))
        return self.facts.result(call)

    def visit_call_expression(self, node: Node) -> int:
        callee, given = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        while callee is not None and callee.type == "generic_function":
            callee = callee.child_by_field_name("function")
        if callee is None:
            return NOTHING
        if callee.type == "field_expression":
            return self._method_call(node, callee, given)
        arguments = self._arguments(given)
        parts = self.parts(callee)
        if not parts:
            place = self.path(callee) if callee.type == "scoped_identifier" else self.visit(callee)
            return self.called(node, place, arguments)
        if _is_type(parts[-1]):
            return self._constructed(node, parts, arguments)
        if len(parts) > 1 and parts[-2] in _HOLDERS and parts[-1] in _MAKERS:
            return arguments[0] if arguments else NOTHING
        if len(parts) > 1 and parts[-2] in _COLLECTIONS and parts[-1] in _EMPTY:
            self.facts.call(self.scope, self.located(parts, callee), line=self.line(node))
            return self.facts.container("vec")
        if len(parts) == 2 and parts[0] in self.traits and arguments and arguments[0] >= 0:
            return self.called(node, self.attribute(arguments[0], f"{parts[1]}/", node), arguments[1:])
        result = self.called(node, self.located(parts, callee), arguments)
        if parts[-1] == "default" and len(parts) > 1:
            return self.merged((result, self.facts.instance(self.located(parts[:-1], callee))))
        return result

    def _constructed(self, node: Node, parts: list[str], arguments: list[int]) -> int:
        if parts[-1] in _TRANSPARENT:
            return arguments[0] if arguments and parts[-1] != "Err" else NOTHING
        made, place = self._made(parts, node), self.located(parts, node)
        for index, argument in enumerate(arguments):
            self.facts.flow(argument, self.attribute(place, f"#{index}", node))
        return made

    def _arguments(self, node: Node | None) -> list[int]:
        children = node.named_children if node is not None else ()
        return [self.visit(child) for child in children if not child.type.endswith("comment")]

    def _method_call(self, node: Node, callee: Node, given: Node | None) -> int:
        name = self.field_text(callee, "field")
        base = self.field(callee, "value")
        arguments = self._arguments(given)
        if base < 0:
            base = self.facts.opaque()
        return self.called(node, self.attribute(base, f"{name}/", callee), arguments)

    # Macros

    def visit_macro_invocation(self, node: Node) -> int:
        name = self.field_text(node, "macro").rsplit("::", 1)[-1]
        if (place := self.frame.find(name + "!")) is not None:
            self.facts.call(self.scope, place, line=self.line(node))
        tokens = next((child for child in node.named_children if child.type == "token_tree"), None)
        if tokens is None:
            return NOTHING
        places = self._tokens(tokens)
        return self.facts.container("vec", [(ANY, place) for place in places]) if name == "vec" else NOTHING

    def _tokens(self, tree: Node) -> list[int]:
        """Lower the calls among the tokens of a macro, `f(x)` and `a.f(x)`; return what they give back."""
        places: list[int] = []
        value, names, joint = NOTHING, list[str](), ""
        for child in tree.children:
            kind = child.type
            if kind in ("identifier", "self", "crate", "super"):
                if joint == "::":
                    names.append(self.text(child))
                elif joint == ".":
                    value = self._token_value(value, names, child)
                    names = [self.text(child)]
                else:
                    value, names = NOTHING, [self.text(child)]
                    places.append(NOTHING)
                joint = "." if joint == "." else "name"
                continue
            if kind == "token_tree":
                inner = self._tokens(child)
                is_call = bool(names) and joint in (".", "name") and child.children[0].type == "("
                if is_call:
                    value = self._token_call(child, value, names, inner, is_method=joint == ".")
                    places[-1:] = [value]
                names, joint = [], "value" if is_call else ""
                continue
            if kind == "." and (names or joint == "value"):
                if names:
                    value = self._token_value(value, names, child)
                    names = []
                joint = "."
            elif kind == "::" and names:
                joint = "::"
            elif kind not in ("&", "mut"):
                self._token_name(places, names, joint, child)
                value, names, joint = NOTHING, [], ""
        return places

    def _token_name(self, places: list[int], names: list[str], joint: str, node: Node) -> None:
        """Let a name that nothing follows stand for what it means."""
        if joint == "name" and names and names[0] not in _ROOTS and node.type in (",", ")", "]", "}"):
            places[-1] = self._token_value(NOTHING, names, node)

    def _token_value(self, value: int, names: list[str], node: Node) -> int:
        if not names:
            return value
        if value >= 0:
            return self.attribute(value, names[-1], node)
        place = self.located(names, node)
        return self.facts.instance(place) if _is_type(names[-1]) else place

    def _token_call(
        self, node: Node, value: int, names: list[str], inner: list[int], *, is_method: bool
    ) -> int:
        if is_method:
            base = value if value >= 0 else self.facts.opaque()
            return self.called(node, self.attribute(base, f"{names[-1]}/", node), inner)
        if _is_type(names[-1]):
            return self._constructed(node, names, inner)
        return self.called(node, self.located(names, node), inner)


def _is_type(name: str) -> bool:
    return name[:1].isupper() and (len(name) == 1 or not name.isupper())
