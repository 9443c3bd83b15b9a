"""What names, paths and types of Rust denote.

A module in braces is a record of its items; a path is attributes from a first segment on, which is a name in
sight, `crate`, `super`, or another crate. `Option`, `Result` and pointers are what they hold.
"""

from collections.abc import Iterator

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.lowering import Frame, Lowering

_WRAPPERS = frozenset(
    {
        *("Box", "Rc", "Arc", "Option", "Result", "Cow", "RefCell", "Cell", "Mutex", "RwLock", "Pin", "Weak"),
        *("Poll", "Ref", "RefMut", "MutexGuard", "OnceCell", "OnceLock", "Lazy", "LazyLock", "Wrapping"),
    }
)
_POINTERS = frozenset({"reference_type", "pointer_type", "parenthesized_type"})
_BOUNDS = frozenset({"trait_bounds", "bounded_type", "abstract_type", "dynamic_type"})
_ITEMS = frozenset(
    {
        *("function_item", "struct_item", "union_item", "enum_item", "trait_item", "type_item", "const_item"),
        *("static_item", "mod_item"),
    }
)


class Module(Frame):
    """The items of a file or of a module in braces; `wild` holds what it has by `use a::*`."""

    __slots__ = ("parent", "sees_parent", "wild")

    def __init__(self, parent: "Module | None" = None) -> None:
        super().__init__(None if parent is None else Frame())
        self.parent = parent
        self.sees_parent = False
        self.wild: list[int] = []


class Names(Lowering):
    """`owner` is the type whose `impl` is around: its place, its name, and the class scope of a trait."""

    skipped = frozenset(
        {
            *("line_comment", "block_comment", "string_literal", "raw_string_literal", "char_literal"),
            *("integer_literal", "float_literal", "boolean_literal", "attribute_item", "lifetime"),
            *("inner_attribute_item", "type_arguments", "type_parameters", "visibility_modifier"),
            *("mutable_specifier", "primitive_type", "continue_expression", "label", "unit_expression"),
        }
    )

    def __init__(self, source: bytes, language: str) -> None:
        super().__init__(source, language)
        self.prefix = ""
        self.frame = self.module = Module()
        self.inside: list[str] = []
        self.crates: dict[str, int] = {}
        self.traits: set[str] = set()
        self.own: set[str] = set()
        self.owner: tuple[int, str, bool] | None = None

    def visit_source_file(self, node: Node) -> int:
        self.hoist(node)
        return self.children(node)

    def qualified(self, name: str) -> str:
        return f"{self.prefix}.{name}" if self.prefix else name

    # Modules and paths

    def hoist(self, block: Node) -> None:
        """Bind the items of a block, for they may be used above."""
        for child in block.named_children:
            if child.type in _ITEMS and (name := self.field_text(child, "name")):
                self.declare(name)
                self.own.add(name)
                if child.type == "trait_item":
                    self.traits.add(name)
            elif child.type == "macro_definition":
                self.declare(self.field_text(child, "name") + "!")

    def visit_mod_item(self, node: Node) -> int:
        name, body = self.field_text(node, "name"), node.child_by_field_name("body")
        place = self.declare(name)
        if body is None:
            self.facts.add_import(place, "::".join(("self", *self.inside, name)))
            return NOTHING
        made = self.facts.container("module")
        self.facts.flow(made, place)
        outer = self.frame, self.module, self.prefix
        self.frame = self.module = Module(self.module)
        self.prefix = self.qualified(name)
        self.inside.append(name)
        self.hoist(body)
        self.children(body)
        for item, held in self.module.names.items():
            self.facts.flow(held, self.attribute(made, item, node))
        self.inside.pop()
        self.frame, self.module, self.prefix = outer
        return NOTHING

    def crate(self, name: str) -> int:
        """Return the place of another file's module: `crate`, `super`, or the name of a crate."""
        place = self.crates.get(name)
        if place is None:
            place = self.crates[name] = self.facts.opaque()
            self.facts.add_import(place, name)
        return place

    def named(self, name: str) -> int:
        found = self.frame.find(name)
        return self._in_module(self.module, name) if found is None else found

    def _in_module(self, module: Module, name: str) -> int:
        found = module.names.get(name)
        if found is not None:
            return found
        places = [self.facts.attribute(self.scope, wild, name, line=0) for wild in module.wild]
        if module.parent is None:
            places.append(super().named(name))
        elif module.sees_parent:
            places.append(self._in_module(module.parent, name))
        return self.merged(places)

    def located(self, parts: list[str], node: Node) -> int:
        """Return the place that a path leads to."""
        module: Module | None = self.module
        place, index = NOTHING, 0
        if parts[0] == "crate":
            place, index = self.crate("crate"), 1
        elif parts[0] in ("self", "super") and len(parts) > 1:
            while index < len(parts) and parts[index] in ("self", "super"):
                if parts[index] == "super" and module is not None:
                    module = module.parent
                index += 1
            if module is None:
                ups = parts[:index].count("super") - len(self.inside)
                place = self.crate("::".join(["super"] * ups))
            elif index < len(parts):
                place, index = self._in_module(module, parts[index]), index + 1
        elif parts[0] == "super":
            return self.crate("super") if self.module.parent is None else NOTHING
        else:
            place, index = self._first_segment(parts[0], alone=len(parts) == 1), 1
        for part in parts[index:]:
            place = self._inside(place, part, node)
        return place

    def _inside(self, place: int, name: str, node: Node) -> int:
        """Return what is in a module or type; the methods of a type have names of their own."""
        found = self.attribute(place, name, node)
        return self.merged((found, self.attribute(place, f"{name}/", node))) if name[:1].islower() else found

    def _first_segment(self, name: str, *, alone: bool) -> int:
        if alone or name[:1].isupper() or self.frame.find(name) is not None or self.module.sees_parent:
            return self.named(name)
        return self.merged((self.crate(name), *(self.attribute_of(wild, name) for wild in self.module.wild)))

    def attribute_of(self, base: int, name: str) -> int:
        return self.facts.attribute(self.scope, base, name, line=0)

    def parts(self, node: Node | None) -> list[str]:
        """Return the segments of a path; empty where it does not begin with a name."""
        if node is None:
            return []
        if node.type in ("scoped_identifier", "scoped_type_identifier"):
            path = node.child_by_field_name("path")
            before = self.parts(path)
            name = self.field_text(node, "name")
            return [*before, name] if before or path is None else []
        if node.type in ("generic_type", "generic_type_with_turbofish"):
            return self.parts(node.child_by_field_name("type"))
        if node.type in ("identifier", "type_identifier", "crate", "self", "super"):
            return [self.text(node)]
        return []

    def path(self, node: Node | None) -> int:
        """Return the place of what a path names."""
        parts = self.parts(node)
        if parts:
            return self.located(parts, node) if node is not None else NOTHING
        if node is not None and node.type.startswith("scoped_"):
            base = self.class_place(node.child_by_field_name("path"))
            return self._inside(base, self.field_text(node, "name"), node)
        return NOTHING

    def visit_extern_crate_declaration(self, node: Node) -> int:
        name = self.field_text(node, "name")
        self.facts.flow(self.crate(name), self.declare(self.field_text(node, "alias") or name))
        return NOTHING

    def visit_use_declaration(self, node: Node) -> int:
        argument = node.child_by_field_name("argument")
        for parts, alias in self._uses(argument, []) if argument is not None else ():
            if not parts:
                continue
            if alias == "*":
                self._use_all(parts, node)
            elif alias != "_":
                self.facts.flow(self.located(parts, node), self.declare(alias or parts[-1]))
        return NOTHING

    def _uses(self, node: Node, before: list[str]) -> Iterator[tuple[list[str], str]]:
        if node.type == "use_as_clause":
            named = self.parts(node.child_by_field_name("path"))
            yield [*before, *_without_self(named, before)], self.field_text(node, "alias")
        elif node.type == "use_wildcard":
            path = self.parts(node.named_children[0]) if node.named_children else []
            yield [*before, *path], "*"
        elif node.type in ("scoped_use_list", "use_list"):
            inner = [*before, *self.parts(node.child_by_field_name("path"))]
            listed = node if node.type == "use_list" else node.child_by_field_name("list")
            for child in listed.named_children if listed is not None else ():
                yield from self._uses(child, inner)
        else:
            yield [*before, *_without_self(self.parts(node), before)], ""

    def _use_all(self, parts: list[str], node: Node) -> None:
        if parts == ["super"] and self.module.parent is not None:
            self.module.sees_parent = True
            return
        self.module.wild.append(self.located(parts, node))
        if self.frame is self.module and self.module.parent is None:
            first = self.frame.find(parts[0])
            path = "::".join(("self", *parts) if first is not None else parts)
            self.facts.add_import(NOTHING, path, "*")

    # Types

    def typed(self, node: Node | None) -> int:
        """Return a place that holds a value of a declared type."""
        if node is None:
            return NOTHING
        kind = node.type
        if kind in _POINTERS:
            return self.typed(node.named_children[-1]) if node.named_children else NOTHING
        if kind in _BOUNDS:
            return self.merged(map(self.typed, node.named_children))
        if kind in ("array_type", "slice_type"):
            return self.facts.container("array", [(ANY, self.typed(node.named_children[0]))])
        if kind == "tuple_type":
            parts = ((str(i), self.typed(child)) for i, child in enumerate(node.named_children))
            return self.facts.container("tuple", parts)
        if kind in ("generic_type", "generic_type_with_turbofish"):
            return self._generic(node)
        if kind == "type_identifier" and (known := self.frame.find(f"<{self.text(node)}>")) is not None:
            return known
        return self.facts.declared(self.class_place(node))

    def _generic(self, node: Node) -> int:
        parts = self.parts(node)
        given = node.child_by_field_name("type_arguments")
        arguments = [self.typed(child) for child in given.named_children] if given is not None else []
        if not parts:
            return NOTHING
        if parts[-1] in _WRAPPERS:
            return arguments[0] if arguments else NOTHING
        base = self.located(parts, node)
        self.give(base, arguments, node)
        held = [(ANY, place) for place in arguments if place >= 0]
        if not held or parts[-1] in self.own:
            return self.facts.declared(base)
        return self.merged((self.facts.container(parts[-1], held), self.facts.declared(base)))

    def class_place(self, node: Node | None) -> int:
        """Return the place of the type or trait that a node names."""
        if node is None:
            return NOTHING
        if (
            node.type in _POINTERS
            or node.type in _BOUNDS
            or node.type in ("bracketed_type", "qualified_type")
        ):
            inner = node.named_children
            chosen = inner[0] if node.type in ("qualified_type", "bracketed_type") else inner[-1]
            return self.class_place(chosen) if inner else NOTHING
        if node.type in ("generic_type", "generic_type_with_turbofish"):
            self._generic(node)
        return self.path(node)

    def type_parameters(self, node: Node, places: dict[str, int]) -> None:
        """Bind the type parameters of a definition to what their bounds say; `places` are known ones."""
        listed = node.child_by_field_name("type_parameters")
        for child in listed.named_children if listed is not None else ():
            name = child.child_by_field_name("name")
            if child.type != "type_parameter" or name is None:
                continue
            text = self.text(name)
            place = self.frame.names[f"<{text}>"] = places.get(text, self.facts.opaque())
            self._bound(text, place, child.child_by_field_name("bounds"))
        where = next((child for child in node.named_children if child.type == "where_clause"), None)
        for child in where.named_children if where is not None else ():
            left = self.field_text(child, "left")
            if (known := self.frame.find(f"<{left}>")) is not None:
                self._bound(left, known, child.child_by_field_name("bounds"))

    def _bound(self, name: str, place: int, bounds: Node | None) -> None:
        if bounds is not None:
            self.facts.flow(self.typed(bounds), place)
            self.frame.names[name] = self.merged(map(self.class_place, bounds.named_children))

    # Items


def _without_self(parts: list[str], before: list[str]) -> list[str]:
    """Return the segments of a path in a group, where `self` is what stands before the group."""
    return [] if before and parts == ["self"] else parts
