"""What a path says by convention."""

import pytest

from aura.syntax.conventions import is_prose, is_test


@pytest.mark.parametrize(
    "path",
    [
        "tests/a.py", "pkg/test/A.java", "test_a.py", "a_test.go", "web/a.spec.ts", "a.test.tsx",
        "__tests__/a.js", "spec/a_spec.rb", "src/test/kotlin/PayTest.kt", "PayTests.swift", "conftest.py",
        "integration-tests/a.rs", "PayIT.java",
    ],
)  # fmt: skip
def test_tests_are_told_by_their_names(path: str) -> None:
    assert is_test(path)


@pytest.mark.parametrize("path", ["src/latest.py", "contest/a.py", "attest.go", "src/protest/x.rs", "GIT.md"])
def test_other_words_are_no_tests(path: str) -> None:
    assert not is_test(path)


@pytest.mark.parametrize("path", ["README.md", "docs/a.rst", "LICENSE", "LICENSE-MIT", "notes.TXT"])
def test_prose_is_told_by_its_name(path: str) -> None:
    assert is_prose(path)


@pytest.mark.parametrize("path", ["requirements.txt", "CMakeLists.txt", "a.py", "settings.toml", "news.py"])
def test_what_programs_read_is_no_prose(path: str) -> None:
    assert not is_prose(path)
