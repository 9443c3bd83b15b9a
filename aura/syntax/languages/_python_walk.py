"""The matches of Python's query by a walk that leaves out all that can hold no definition.

A search of the text for `def` and `class` tells which nodes are worth a look; that costs a third of the
query. Where there are errors or `type` aliases there is no answer.
"""

import re
from bisect import bisect_left
from functools import cache

from tree_sitter import Node

from aura.syntax.language import Match, Window, grammar_of

FUNCTION, CLASS, WRAP, DECORATOR, CONSTANT, FIELD = range(6)

# With one literal beginning a pattern is found in half the time that `bytes.find` needs.
_WORDS = re.compile(rb"def[ \t\f\\]"), re.compile(rb"class[ \t\f\\]")
_ALIAS = re.compile(rb"type[ \t\f]*(?:\\|(?<=[ \t\f])[\w\x80-\xff]+\s*[=\[\\])")


def find(root: Node, source: bytes, window: Window) -> list[Match] | None:
    """Return what the query would find below `root` within a range, or None when only the query can tell."""
    if root.has_error or _ALIAS.search(source, *window):
        return None
    walk = _Walk(sorted(word.start() for words in _WORDS for word in words.finditer(source, *window)))
    walk.block(root, CONSTANT, window)
    return walk.found


@cache
def _ids() -> tuple[int, ...]:
    grammar = grammar_of("python")
    kinds = (
        "function_definition", "class_definition", "decorated_definition", "decorator",
        "expression_statement", "assignment", "identifier",
    )  # fmt: skip
    return tuple(grammar.id_for_node_kind(kind, True) or 0 for kind in kinds)


@cache
def _fields() -> tuple[int, ...]:
    grammar = grammar_of("python")
    names = ("name", "parameters", "return_type", "body", "left")
    return tuple(grammar.field_id_for_name(name) or 0 for name in names)


class _Walk:
    def __init__(self, places: list[int]) -> None:
        self.places = places
        self.found: list[Match] = []
        self.function, self.klass, self.decorated, self.decorator, *rest = _ids()
        self.statement, self.assignment, self.identifier = rest
        self.name, self.parameters, self.result, self.body, self.left = _fields()

    def block(self, node: Node, assigned: int = -1, window: Window | None = None) -> None:
        """Look at the statements of `node`; `assigned` is the pattern of an assignment among them."""
        places, statement = self.places, self.statement
        children = node.named_children
        if window is not None:
            children = [child for child in children if window[0] <= child.start_byte < window[1]]
        for child in children:
            kind = child.kind_id
            if kind == statement:
                if assigned >= 0:
                    self._assignment(child, assigned)
                continue
            start, end = child.start_byte, child.end_byte
            at = bisect_left(places, start)
            if at == len(places) or places[at] >= end:
                continue
            if kind == self.function:
                self._function(child)
                # The first place is its own.
                if at + 1 < len(places) and places[at + 1] < end:
                    self._body(child)
            elif kind == self.klass:
                self._class(child)
            else:
                if kind == self.decorated:
                    self._decorated(child)
                self.block(child)

    def _assignment(self, statement: Node, pattern: int) -> None:
        first = statement.named_child(0)
        if first is None or first.kind_id != self.assignment:
            return
        left = first.child_by_field_id(self.left)
        if left is not None and left.kind_id == self.identifier:
            role = "constant" if pattern == CONSTANT else "field"
            self.found.append((pattern, {role: [statement], "name": [left]}))

    def _function(self, node: Node) -> None:
        field = node.child_by_field_id
        name, parameters = field(self.name), field(self.parameters)
        result = field(self.result)
        if name is None or parameters is None:
            return
        captures = {"function": [node], "name": [name], "parameters": [parameters]}
        if result is not None:
            captures["result"] = [result]
        self.found.append((FUNCTION, captures))

    def _body(self, function: Node) -> None:
        body = function.child_by_field_id(self.body)
        if body is not None:
            self.block(body)

    def _class(self, node: Node) -> None:
        name, body = node.child_by_field_id(self.name), node.child_by_field_id(self.body)
        if name is not None:
            self.found.append((CLASS, {"class": [node], "name": [name]}))
        if body is not None:
            self.block(body, FIELD)

    def _decorated(self, node: Node) -> None:
        self.found.append((WRAP, {"wrap": [node]}))
        for child in node.named_children:
            if child.kind_id == self.decorator:
                self.found.append((DECORATOR, {"decorator": [child]}))
