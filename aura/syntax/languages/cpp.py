"""C++.

Namespaces give no part of a qualified name, so that `void ns::Class::method() {}`, the same inside
`namespace ns {}` and an inline definition are all `Class.method`. Of the scopes before a name, those from the
first that begins with an upper-case letter count, else the last one. Template arguments are left out: a
specialisation has the name of its template. A concept is a `type`.
"""

import re

from aura.syntax.language import Language
from aura.syntax.languages import c


def _grammar() -> object:
    import tree_sitter_cpp

    return tree_sitter_cpp.language()


_OPERATOR = re.compile(r"(?:^|(?<=::)|(?<=\s))operator\b")
_CALL = re.compile(r"operator\s*\(\s*\)")


def _split_name(name: str) -> tuple[str, str]:
    found = _OPERATOR.search(name)
    scopes, last = (name[: found.start()], name[found.start() :]) if found else (name, "")
    parts = [part for part in "".join(_plain(scopes).split()).split("::") if part]
    if found is None and parts:
        last = parts.pop()
    elif _CALL.match(last):
        last = "operator()"
    else:
        last = " ".join(last.split("(")[0].split())
        last = last if last[8:].lstrip()[:1].isalpha() else last.replace(" ", "")
    if parts[:1] == ["std"]:
        parts.pop(0)
    first = next((i for i, part in enumerate(parts) if part[:1].isupper()), len(parts) - 1)
    return ".".join(parts[max(0, first) :]), last


def _plain(text: str) -> str:
    """Return text without template arguments."""
    kept, depth = [], 0
    for letter in text:
        depth += letter == "<"
        if depth == 0:
            kept.append(letter)
        depth = max(0, depth - (letter == ">"))
    return "".join(kept)


# A class with a macro before its name (`class API Foo : Bar {`) is read as a function of class type.
_EXPORTED = """
    (function_definition type: (TYPE !body) . [declarator: (identifier) @name (ERROR . (identifier) @name)]
      body: (compound_statement)) @KIND
"""

_QUERY = f"""
    {_EXPORTED.replace("TYPE", "class_specifier").replace("KIND", "class")}
    {_EXPORTED.replace("TYPE", "struct_specifier").replace("KIND", "struct")}
    (function_definition type: [(class_specifier !body) (struct_specifier !body)] body: (_
      (declaration declarator: (_ declarator: (identifier) @name
        parameters: (_) @parameters)) @function @result))
    (function_definition type: [(class_specifier !body) (struct_specifier !body)] body: (_ (labeled_statement
      (declaration declarator: (_ declarator: (identifier) @name
        parameters: (_) @parameters)) @function @result)))
    (labeled_statement label: (_) @section (#any-of? @section "public" "protected" "private"))
    (declaration declarator: (init_declarator declarator: (identifier) @name value: (lambda_expression
      declarator: (abstract_function_declarator parameters: (_) @parameters)))) @function
    (declaration declarator: (init_declarator declarator: (identifier) @name
      value: (lambda_expression !declarator))) @function
    (function_definition declarator: (operator_cast) @name) @method
    (declaration declarator: (operator_cast) @name) @method
    (field_declaration declarator: (operator_cast) @name) @method
    (function_definition declarator: (qualified_identifier name: (operator_cast)) @name) @method
    (function_definition declarator: (qualified_identifier
      name: (qualified_identifier name: (operator_cast))) @name) @method
    (alias_declaration name: (_) @name) @type
    (concept_definition name: (_) @name) @type
    (template_declaration) @wrap
    (friend_declaration [(declaration) (function_definition)]) @wrap
    (linkage_specification body: [(declaration) (function_definition)]) @wrap
    (field_declaration_list (access_specifier) @section)
"""

_MODIFIERS = frozenset(
    {
        "public", "private", "protected", "virtual", "explicit", "friend", "mutable", "consteval",
        "constinit",
    }
)  # fmt: skip

LANGUAGE = Language(
    name="cpp",
    version=2,
    grammar=_grammar,
    query=_QUERY + c.query(classes=True),
    comment=(b"//",),
    block_comment=(b"/*", b"*/"),
    parameters=c.read_parameters,
    result=c.read_result,
    modifiers=c.MODIFIERS | _MODIFIERS,
    constructors=frozenset({"<class>"}),
    signature_words=frozenset({b"const", b"noexcept", b"override", b"final", b"delete"}),
    split_name=_split_name,
    wrapper=c.wrapper,
    bodies=("field_initializer_list", "body", "value", "default_value", "preproc_arg"),
    strings=frozenset(),
)
