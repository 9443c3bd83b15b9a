"""Bash, and what other shells share with it.

The variables that a script sets at its top level, exported and read-only ones too, are constants.
"""

from aura.syntax.language import Language


def _grammar() -> object:
    import tree_sitter_bash

    return tree_sitter_bash.language()


LANGUAGE = Language(
    name="bash",
    version=1,
    grammar=_grammar,
    query="""
    (function_definition name: (_) @name) @function
    (program (variable_assignment name: (variable_name) @name "=") @constant)
    (program (variable_assignments (variable_assignment name: (variable_name) @name "=")) @constant)
    (program (declaration_command (variable_assignment name: (variable_name) @name)) @constant)
    (program (declaration_command ["declare" "typeset"] (variable_name) @name) @constant)
    """,
    comment=(b"#",),
    modifiers=frozenset({"export", "readonly"}),
    filler=b":",
    strings=frozenset({"string"}),
)
