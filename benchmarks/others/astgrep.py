"""ast-grep on both sides: a definition whose text is there on one side only came, went or changed."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .sides import Told, one_sided, place

_DEFINITIONS = {
    "python": ("function_definition", "class_definition"),
    "javascript": ("function_declaration", "method_definition", "class_declaration"),
    "typescript": ("function_declaration", "method_definition", "class_declaration", "interface_declaration"),
    "go": ("function_declaration", "method_declaration", "type_spec"),
    "rust": ("function_item", "struct_item", "enum_item", "trait_item"),
    "java": ("method_declaration", "constructor_declaration", "class_declaration", "interface_declaration"),
    "ruby": ("method", "singleton_method", "class", "module"),
}


def found() -> bool:
    """Tell whether ast-grep is installed."""
    return shutil.which("ast-grep") is not None


def tell(folder: Path, git_dir: str, shas: list[str]) -> Iterator[Told]:
    """Look for all definitions in one run and compare the sets of their texts."""
    rules = "\n---\n".join(
        _rule(language, kind) for language in _DEFINITIONS for kind in _DEFINITIONS[language]
    )
    line = ["ast-grep", "scan", "--inline-rules", rules, "--json=stream", "--no-ignore=hidden", str(folder)]
    run = subprocess.run(line, capture_output=True, check=True)
    matches = [json.loads(text) for text in run.stdout.splitlines()]
    return one_sided(
        ((told.path, match["text"]), told)
        for match in matches
        for told in (
            Told(
                *place(match["file"], folder),
                match["range"]["start"]["line"] + 1,
                match["range"]["end"]["line"] + 1,
                match["metaVariables"]["single"]["NAME"]["text"],
                match["ruleId"],
            ),
        )
    )


def _rule(language: str, kind: str) -> str:
    rule = f"{{kind: {kind}, has: {{field: name, pattern: $NAME}}}}"
    return f"id: {language}-{kind}\nlanguage: {language}\nrule: {rule}"
