"""Where code names something and does not call it: a base, a type, a value that is handed on."""

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from aura.syntax.calling import CALLED, CALLS, Calling

_NAMES = frozenset(
    {"identifier", "type_identifier", "constant", "simple_identifier", "shorthand_property_identifier"}
)
_MEMBERS = frozenset({"attribute", "field", "name", "property"})
_HELD = frozenset(
    {
        "attribute", "field_access", "method_invocation", "scoped_identifier", "scoped_type_identifier",
        "selector_expression", "qualified_type", "field_expression", "keyword_argument", "member_expression",
    }
)  # fmt: skip
_BOUND = frozenset({"left", "pattern", "alias", "declarator", "parameter", "parameters"})
_DECLARED = ("variable_declarator", "let_declaration", "var_spec", "const_spec", "catch_clause")
_LISTS = frozenset({"expression_list", "pattern_list", "tuple_pattern", "identifier_list"})
_GIVEN = frozenset({"type", "value", "default", "right", "bounds", "trait"})


def mentions(calling: Calling, spans: Iterable[tuple[int, int]], name: str, holder: str | None) -> list[int]:
    """Return the lines of a text where a name is mentioned, other than to define, import or call it.

    With a `holder` it is what stands in it that counts: `holder.name`. Where the text binds the name itself,
    it means something else there.
    """
    root, source = calling.root, calling.source
    if root is None:
        return []
    found: list[int] = []
    word = re.compile(rb"(?<![\w$])" + re.escape(name.encode()) + rb"(?![\w$])")
    for start, end in spans:
        for match in word.finditer(source, start, end):
            node = root.named_descendant_for_byte_range(*match.span())
            if node is None or (node.start_byte, node.end_byte) != match.span() or _is_elsewhere(node):
                continue
            if _is_member(node):
                if holder is not None and _holder(node) == holder.encode():
                    found.append(node.start_point.row + 1)
            elif _is_bound(node):
                return []
            elif holder is None and not _is_name(node):
                found.append(node.start_point.row + 1)
    return list(dict.fromkeys(found))


def _is_elsewhere(node: Node) -> bool:
    """Tell whether it is no name at all, one in an import, or that of a call, of which others know more."""
    if node.type not in _NAMES and not (_is_member(node) and node.type.endswith("identifier")):
        return True
    called = node
    while called.parent is not None and called.parent.type in _HELD and _field(called) in _MEMBERS:
        called = called.parent
    if called.parent is not None and called.parent.type in CALLS and _field(called) in CALLED:
        return True
    return any(each.type.startswith(("import", "use_")) for each in _above(node))


def _is_member(node: Node) -> bool:
    parent = node.parent
    return (
        parent is not None
        and parent.type in _HELD
        and _field(node) in _MEMBERS
        and parent.named_child_count > 1
    )


def _holder(node: Node) -> bytes:
    """Return the last part of what stands before a member."""
    first = node.parent.named_child(0) if node.parent is not None else None
    text = first.text if first is not None else None
    return re.split(rb"\W+", text)[-1] if text else b""


def _is_bound(node: Node) -> bool:
    """Tell whether a name is given to something else here."""
    parent = node.parent
    while parent is not None and parent.type in _LISTS:
        node, parent = parent, parent.parent
    if parent is None:
        return False
    field = _field(node)
    if "parameter" in parent.type:
        return field not in _GIVEN and parent.type not in ("type_parameters", "parameterized_type")
    return (field in _BOUND and not parent.type.startswith("binary")) or (
        parent.type in _DECLARED and field in ("name", None)
    )


def _is_name(node: Node) -> bool:
    """Tell whether it is the name of what is defined here."""
    parent = node.parent
    return parent is not None and _field(node) == "name" and _DEFINITION.search(parent.type) is not None


_DEFINITION = re.compile(r"definition|declaration|_item\Z|_spec\Z|declarator")


def _field(node: Node) -> str | None:
    parent = node.parent
    for index, child in enumerate(parent.children if parent is not None else ()):
        if child == node and parent is not None:
            return parent.field_name_for_child(index)
    return None


def _above(node: Node) -> Iterator[Node]:
    above = node.parent
    while above is not None:
        yield above
        above = above.parent
