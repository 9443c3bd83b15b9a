"""What the analysis is compared with: tree-sitter alone, one file after the other."""

import time
from collections.abc import Sequence

import tree_sitter

from aura.syntax.language import HEAD, Language, language_for

Parse = tuple[tree_sitter.Parser, bytes]


def prepared(files: Sequence[tuple[str, bytes]]) -> list[Parse]:
    """Choose a parser for each file (path and content), made before the clock starts."""
    parsers: dict[str, tree_sitter.Parser] = {}
    return [
        (_parser(parsers, found), data) for path, data in files if (found := language_for(path, data[:HEAD]))
    ]


def seconds(parses: Sequence[Parse]) -> float:
    """Parse everything in this process and return the time it takes."""
    start = time.perf_counter()
    for parser, data in parses:
        parser.parse(data)
    return time.perf_counter() - start


def _parser(parsers: dict[str, tree_sitter.Parser], language: Language) -> tree_sitter.Parser:
    if language.name not in parsers:
        parsers[language.name] = tree_sitter.Parser(tree_sitter.Language(language.grammar()))
    return parsers[language.name]
