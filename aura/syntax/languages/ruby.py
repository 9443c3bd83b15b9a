"""Ruby.

A module is a `trait`: its methods are for what includes it. A method of the class itself has the modifier
`self`. Constants, accessors and the members of a struct are fields of their class; other calls in a class
body, as those of a DSL, are its own text.
"""

import re
from collections.abc import Iterable

from tree_sitter import Node

from aura.syntax.language import Language
from aura.syntax.parameters import Rule, reader
from aura.syntax.types import Kind, Parameter


def _grammar() -> object:
    import tree_sitter_ruby

    return tree_sitter_ruby.language()


def _split_name(name: str) -> tuple[str, str]:
    if name == "self":
        return "", ""
    *scopes, last = name.removeprefix("::").split("::") if name[:1] not in ":'\"" else [name.strip(":'\"")]
    return ".".join(scopes), last


def _split_receiver(receiver: str) -> str:
    return "" if receiver == "self" else receiver.replace("::", ".")


_read = reader(
    {
        "optional_parameter": Rule(name="name", default="value"),
        "splat_parameter": Rule("variadic", name="name"),
        "keyword_parameter": Rule("keyword_only", name="name", default="value"),
        "hash_splat_parameter": Rule("keyword_variadic", name="name"),
        "hash_splat_nil": Rule("keyword_variadic"),
        "block_parameter": Rule(name="name", prefix="&"),
        "forward_parameter": Rule("variadic"),
        "block_local": Rule(skip=True),
    }
)


def _parameters(node: Node, source: bytes) -> tuple[Parameter, ...]:
    return _read(node, source) if node.type.endswith("_parameters") else ()


_COMMENTS = re.compile(rb"^\s*#[^\n]*|^=begin\b.*?^=end[^\n]*", re.DOTALL | re.MULTILINE)


def _wrapper(kind: Kind, container: Kind | None, content: bytes) -> tuple[bytes, bytes]:
    code = _COMMENTS.sub(b"", content).strip()
    comma = code.endswith(b",")
    if kind == "field" and code.startswith((b":", b'"', b"'")):
        if container == "struct":
            return b"X = Struct.new(\n", b"\n)"
        return b"attr_reader ", b" :_" if comma else b""
    if kind in ("field", "constant") and comma:
        return b"", b" _ = 1" if code[:1].isupper() else b" :_"
    return b"", b""


_MAKERS = (
    ("Struct", "new", "struct"),
    ("Data", "define", "struct"),
    ("Class", "new", "class"),
    ("Module", "new", "trait"),
)
_ATTRIBUTES = [
    *(
        f"{prefix}attr{suffix}"
        for prefix in ("", "m", "c", "thread_m")
        for suffix in ("", "_accessor", "_reader", "_writer", "ibute")
    ),
    "class_attribute",
]


def _words(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"' for word in words)


def _query() -> str:
    """Return the patterns; `NAME = Struct.new(...)` and its kin stand in an assignment.

    A pattern costs time when it is compiled, for each node with children in it that is no wildcard.
    """
    lines = [
        "(module name: (_) @name) @trait",
        "(class name: (_) @name) @class",
        "(singleton_class value: (_) @name) @scope",
        "(singleton_class value: (self) @section)",
        """(body_statement (identifier) @section
          (#any-of? @section "private" "protected" "public" "module_function"))""",
        "(method name: (_) @name parameters: (_)? @parameters) @function",
        "(singleton_method object: (_) @receiver name: (_) @name parameters: (_)? @parameters) @function",
        "(alias name: (_) @name) @function",
        """(call method: (identifier) @_call arguments: (argument_list . (simple_symbol) @name)
          (#eq? @_call "alias_method")) @function""",
        """(call method: (identifier) @_call arguments: (argument_list . [(simple_symbol) (string)] @name)
          block: (_ parameters: (_)? @parameters)
          (#any-of? @_call "define_method" "define_singleton_method")) @function""",
        f"""(call method: (identifier) @_call arguments: (argument_list [(simple_symbol) (string)] @name)
          (#any-of? @_call {_words(_ATTRIBUTES)})) @field""",
        "(call arguments: (argument_list [(method) (singleton_method)])) @wrap",
        "([(if_modifier body: BODY) (unless_modifier body: BODY)]) @wrap".replace(
            "BODY", "[(call !block) (assignment) (operator_assignment) (alias) (method) (singleton_method)]"
        ),
    ]
    name = "[(constant) (scope_resolution)] @name"
    for maker, call, kind in _MAKERS:
        made = f"""right: (_ receiver: (constant) @_maker method: (identifier) @_call
          (#eq? @_maker "{maker}") (#eq? @_call "{call}"))"""
        lines.append(f"(assignment left: {name} {made}) @{kind}")
    for value in ("(lambda parameters: (_)? @parameters)", "(lambda)"):
        lines.append(f"(assignment left: {name} right: {value}) @function")
    lines.append(f"(assignment left: {name}) @constant")
    lines.append(f"(operator_assignment left: {name}) @constant")
    lines.append(f"(assignment left: (left_assignment_list {name})) @constant")
    lines.append(
        """(assignment left: (_) right: (_ receiver: (constant) @_maker
          arguments: (_ (simple_symbol) @name @field)
          (#any-of? @_maker "Struct" "Data")))"""
    )
    return "\n".join(lines)


LANGUAGE = Language(
    name="ruby",
    version=2,
    grammar=_grammar,
    query=_query(),
    comment=(b"#",),
    block_comment=(b"=begin", b"=end"),
    parameters=_parameters,
    modifiers=frozenset(
        {"private", "protected", "public", "module_function", "private_class_method", "self"}
    ),
    constructors=frozenset({"initialize"}),
    split_name=_split_name,
    split_receiver=_split_receiver,
    wrapper=_wrapper,
    bodies=("body", "right"),
    strings=frozenset({"string"}),
    literal_quotes=True,
    same={"method_parameters": "method_parameters", "argument_list": "argument_list"},
    parentheses=frozenset({"parenthesized_statements"}),
)
