"""Call graphs as text: a case has a title, files, and the edges that they must yield.

    === what the case promises
    == path/of/a.file
    its source
    -- edges
    caller -> callee [confidence]

A confidence of `missed` marks an edge that should be found and is not.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aura.syntax.references.join import join
from aura.syntax.references.read import read

HERE = Path(__file__).parent
_NAMELESS = re.compile(r"\.<lambda\d+>")


class Case(NamedTuple):
    title: str
    files: dict[str, str]
    edges: dict[tuple[str, str], str]
    """Caller and callee, with the confidence where the case is about it."""


def cases(language: str) -> list[Case]:
    """Return the cases of a language."""
    return [case for path in sorted((HERE / language).glob("*.txt")) for case in _read(path)]


def _read(path: Path) -> Iterator[Case]:
    for text in re.split(r"^=== ", path.read_text(), flags=re.MULTILINE)[1:]:
        title, _, rest = text.partition("\n")
        sources, _, listed = rest.partition("-- edges\n")
        parts = re.split(r"^== (.*)\n", sources, flags=re.MULTILINE)[1:]
        lines = (line.split() for line in listed.splitlines() if line.strip())
        edges = {(words[0], words[2]): " ".join(words[3:]) for words in lines}
        yield Case(f"{path.stem}: {title}", dict(zip(parts[::2], parts[1::2], strict=True)), edges)


def found(case: Case) -> dict[tuple[str, str], str]:
    """Return the edges to named entities of the files, with their confidence.

    What an anonymous function does is done by the function around it.
    """
    facts = {path: read(source.encode(), path) for path, source in case.files.items()}
    edges = join({path: known for path, known in facts.items() if known is not None})
    named: dict[tuple[str, str], str] = {}
    for edge in edges:
        caller, callee = (_NAMELESS.sub("", end) for end in (edge.caller.name, edge.callee.name))
        if edge.callee.path and not edge.callee.name.endswith(">"):
            named.setdefault((caller, callee), edge.confidence)
    return named
