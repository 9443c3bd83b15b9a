"""From the bytes of a file to its facts."""

from functools import cache

from tree_sitter import Tree
from xxhash import xxh3_64_intdigest

from aura.syntax.language import HEAD, grammar_of, language_for
from aura.syntax.parsing import parse
from aura.syntax.references.dialect import dialect_of
from aura.syntax.references.manifests import manifest_language, read_manifest
from aura.syntax.references.types import Facts

FACTS_VERSION = 3


def language_of(path: str) -> str | None:
    """Return the language that a file of this name has facts of, or None."""
    if described := manifest_language(path):
        return described
    language = language_for(path, b"")
    return language.name if language is not None and dialect_of(language.name) is not None else None


@cache
def fingerprint(language: str) -> int:
    """Return a number for all that facts depend on besides the source."""
    grammar = grammar_of(language)
    parts = language, FACTS_VERSION, grammar.semantic_version, grammar.abi_version, grammar.node_kind_count
    return xxh3_64_intdigest(repr(parts).encode()) >> 1


def read(source: bytes, path: str) -> Facts | None:
    """Return the facts of a file, or None where its language is not known or it is over the budget.

    Only the language depends on the path. A file that does not parse yields what can be had.
    """
    if manifest_language(path):
        return read_manifest(source, path)
    language = language_for(path, source[:HEAD])
    if language is None or dialect_of(language.name) is None or b"\0" in source[:8000]:
        return None
    tree = parse(source, language)
    return read_tree(tree, source, language.name) if tree is not None else None


def read_tree(tree: Tree, source: bytes, language: str) -> Facts | None:
    """Return the facts of a file that is parsed already."""
    dialect = dialect_of(language)
    return dialect.read(tree.root_node, source) if dialect is not None else None
