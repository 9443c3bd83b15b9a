"""What a path says by convention: whether a file holds tests or documentation."""

import re

from aura.syntax.types import Edit

_TEST_FOLDERS = frozenset({"test", "tests", "testing", "__tests__", "spec", "specs", "testdata"})
_TEST_FILE = re.compile(
    r"(?:test_.*|tests|conftest)\.\w+|.*(?:_test|_tests|_spec|\.test|\.spec|Test|Tests|Spec|[a-z]IT)\.\w+"
)
_TEST_ROOT = re.compile(r"\w*Tests?|\w+[-_]tests?")
_PROSE = re.compile(r".*\.(?:md|markdown|rst|adoc|asciidoc|org|tex|txt)", re.IGNORECASE)
_NOT_PROSE = re.compile(r"(?:requirements.*|CMakeLists|robots|constraints.*)\.txt", re.IGNORECASE)
_PAPERS = re.compile(
    r"(?:LICEN[CS]E|COPYING|NOTICE|AUTHORS|CHANGELOG|CHANGES|README|CONTRIBUTING|NEWS)(?:[-.][A-Z0-9-]+)?"
)


def is_test(path: str) -> bool:
    """Tell whether a file holds tests, by its folders or its name."""
    *folders, name = path.split("/")
    return (
        any(f.lower() in _TEST_FOLDERS or _TEST_ROOT.fullmatch(f) for f in folders)
        or _TEST_FILE.fullmatch(name) is not None
    )


def is_prose(path: str) -> bool:
    """Tell whether a file is documentation for people."""
    name = path.rsplit("/", 1)[-1]
    return bool((_PROSE.fullmatch(name) and not _NOT_PROSE.fullmatch(name)) or _PAPERS.fullmatch(name))


def is_of_tests(edit: Edit) -> bool:
    """Tell whether an edit concerns tests alone."""
    sides = (side for side in (edit.old, edit.new) if side)
    return all(holds_test(side.path, side.qualified_name) for side in sides)


def holds_test(path: str, qualified_name: str) -> bool:
    """Tell whether an entity belongs to tests; Rust keeps them beside the code, in a module `tests`."""
    return is_test(path) or (path.endswith(".rs") and qualified_name.split(".")[0] in ("test", "tests"))
