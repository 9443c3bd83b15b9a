"""TypeScript with JSX: the grammar differs, all else is TypeScript's."""

from msgspec.structs import replace

from aura.syntax.languages import typescript


def _grammar() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_tsx()


LANGUAGE = replace(typescript.LANGUAGE, name="tsx", grammar=_grammar)
