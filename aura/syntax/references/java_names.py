"""What names and types of Java denote: packages, imports, declared types."""

import re
from typing import NamedTuple

from tree_sitter import Node

from aura.syntax.references.builder import ANY, NOTHING
from aura.syntax.references.lowering import Lowering

_QUALIFIED = re.compile(r"((?:[a-z_]\w*\.)+)([A-Z]\w*)((?:\.\w+)*)$")
_CLASSES = frozenset(
    {
        *("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"),
        "annotation_type_declaration",
    }
)
# Generic types of the library: what they hold is what matters.
_CONTAINERS = frozenset(
    {
        *("List", "ArrayList", "LinkedList", "Set", "HashSet", "LinkedHashSet", "TreeSet", "SortedSet"),
        *("Collection", "Iterable", "Iterator", "ListIterator", "Queue", "Deque", "ArrayDeque", "Stack"),
        *("Vector", "PriorityQueue", "Optional", "Stream", "Map", "HashMap", "LinkedHashMap", "TreeMap"),
        *("SortedMap", "NavigableMap", "ConcurrentHashMap", "ConcurrentMap", "Entry", "Supplier", "Callable"),
        *("Function", "BiFunction", "UnaryOperator", "BinaryOperator", "Future", "CompletableFuture"),
        *("AtomicReference", "WeakReference", "SoftReference", "ThreadLocal", "Class", "Provider"),
    }
)


class Around(NamedTuple):
    """A class around a node: its scope, the object in it, and what it declares itself."""

    scope: int
    this: int
    methods: frozenset[str]
    fields: frozenset[str]


class Names(Lowering):
    skipped = frozenset(
        {
            *("line_comment", "block_comment", "string_literal", "character_literal", "true", "false"),
            *("decimal_integer_literal", "hex_integer_literal", "decimal_floating_point_literal"),
            *("null_literal", "modifiers", "type_arguments", "type_parameters", "break_statement"),
            *("continue_statement", "dimensions", "void_type", "integral_type", "boolean_type", "throws"),
            *("floating_point_type", "class_literal"),
        }
    )

    def __init__(self, source: bytes, language: str) -> None:
        super().__init__(source, language)
        self.classes: list[Around] = []
        self.static_names: dict[str, list[int]] = {}
        self.static_owners: list[int] = []
        self.components: set[str] = set()
        self.initialised = ""
        self.imported: dict[tuple[str, str], int] = {}

    # Modules

    def visit_program(self, node: Node) -> int:
        for child in node.named_children:
            if child.type in _CLASSES:
                self.declare(self.field_text(child, "name"))
        return self.children(node)

    def visit_package_declaration(self, node: Node) -> int:
        self.facts.package = self.text(node.named_children[-1]) if node.named_children else ""
        return NOTHING

    def visit_import_declaration(self, node: Node) -> int:
        if not node.named_children:
            return NOTHING
        name = self.text(node.named_children[0])
        is_static = any(child.type == "static" for child in node.children)
        is_wild = any(child.type == "asterisk" for child in node.children)
        if is_static:
            owner, _, member = (name, "", "") if is_wild else name.rpartition(".")
            place = self.qualified(owner, node)
            if is_wild:
                self.static_owners.append(place)
            else:
                self.static_names.setdefault(member, []).append(place)
        elif not is_wild:
            self.facts.flow(self.qualified(name, node), self.declare(name.rpartition(".")[2]))
        elif _QUALIFIED.match(name):
            self.static_owners.append(self.qualified(name, node))
        else:
            self.facts.add_import(NOTHING, name, "*")
        return NOTHING

    def qualified(self, name: str, node: Node) -> int:
        """Return the place of a class by its full name, `a.b.Outer.Inner`."""
        found = _QUALIFIED.match(name)
        package, first, rest = (found[1][:-1], found[2], found[3]) if found else (*_split(name), "")
        place = self.imported.get((package, first))
        if place is None:
            place = self.imported[package, first] = self.facts.opaque()
            self.facts.add_import(place, package, first)
        for part in rest.split(".")[1:]:
            place = self.attribute(place, part, node)
        return place

    # Types

    def typed(self, node: Node | None) -> int:
        """Return a place that holds a value of a declared type."""
        if node is None:
            return NOTHING
        if node.type == "array_type":
            return self.facts.container("array", [(ANY, self.typed(node.child_by_field_name("element")))])
        if node.type == "generic_type":
            name = self.text(node.named_children[0]).rsplit(".", 1)[-1]
            arguments = [self.typed(child) for child in node.named_children[-1].named_children]
            if name in _CONTAINERS:
                return self.facts.container(name, [(ANY, place) for place in arguments])
            base = self.class_place(node.named_children[0])
            self.give(base, arguments, node)
            return self.facts.declared(base)
        if node.type in ("wildcard", "annotated_type", "catch_type", "type_bound"):
            return self.merged(map(self.typed, node.named_children))
        if node.type == "type_identifier" and (known := self.frame.find(f"<{self.text(node)}>")) is not None:
            return known
        return self.facts.declared(self.class_place(node))

    def class_place(self, node: Node | None) -> int:
        """Return the place of the class that a type names."""
        if node is None:
            return NOTHING
        if node.type == "generic_type":
            self.typed(node)
            return self.class_place(node.named_children[0])
        if node.type == "type_identifier":
            name = self.text(node)
            return NOTHING if name == "var" else self.class_named(name, node)
        if node.type == "scoped_type_identifier":
            text = re.sub(r"\s|<.*?>", "", self.text(node))
            if _QUALIFIED.match(text):
                return self.qualified(text, node)
            return self.attribute(self.class_place(node.named_children[0]), text.rpartition(".")[2], node)
        return NOTHING

    def class_named(self, name: str, node: Node) -> int:
        """Return the place of a class by its simple name, which may be a member of one around."""
        found = self.frame.find(name)
        if found is not None:
            return found
        around = (self.attribute(self.facts.definition(c.scope), name, node) for c in reversed(self.classes))
        owners = (self.attribute(owner, name, node) for owner in self.static_owners)
        return self.merged((self.named(name), *around, *owners))

    def _type_parameters(self, node: Node, owner: int) -> None:
        listed = next((child for child in node.named_children if child.type == "type_parameters"), None)
        for index, child in enumerate(listed.named_children if listed is not None else ()):
            name = next((c for c in child.named_children if c.type == "type_identifier"), None)
            place = self.attribute(owner, f"<{index}>", child) if owner >= 0 else self.facts.opaque()
            for bound in child.named_children:
                if bound.type == "type_bound":
                    self.facts.flow(self.typed(bound), place)
            self.frame.names[f"<{self.text(name)}>"] = place

    # Classes


def _split(name: str) -> tuple[str, str]:
    package, _, last = name.rpartition(".")
    return package, last
