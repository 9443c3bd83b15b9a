"""Comments: what they say, and which are no documentation, for a compiler or checker reads them."""

import re

_TOOLS = (
    rb"!\s*/",
    rb"noqa\b", rb"type:\s*ignore", rb"(?:mypy|pyright|ruff|pylint|flake8|isort|yapf|bandit):", rb"nosec\b",
    rb"pragma\b", rb"fmt:\s*(?:on|off|skip)\b", rb"(?:-\*-\s*)?(?:en)?coding\s*[:=]",
    rb"(?:es|js|ts|cs)(?:lint|hint)\b", rb"prettier-ignore", rb"biome-ignore", rb"(?:istanbul|c8|v8) ignore",
    rb"@ts-(?:ignore|expect-error|nocheck|check)\b", rb"@(?:no)?flow\b", rb"@jsx\w*\b", rb"globals?\s+\w",
    rb"/\s*<(?:reference|amd)",
    rb"go:\w", rb"\+build\b", rb"nolint\b", rb"export \w+\s*$",
    rb"NOLINT", rb"clang-format\b", rb"IWYU pragma", rb"cppcheck-suppress",
    rb"CHECKSTYLE[:.]", rb"NOSONAR\b", rb"@formatter:", rb"noinspection\b", rb"ktlint-", rb"ReSharper ",
    rb"swiftlint:", rb"swift-tools-version", rb"scala(?:style|fmt|fix):",
    rb"rubocop:", rb"(?:frozen_string_literal|warn_indent|shareable_constant_value|typed):", rb":nocov:",
    rb"shellcheck\b", rb"phpcs:", rb"@?phpstan-ignore", rb"@codeCoverageIgnore", rb"@psalm-suppress",
)  # fmt: skip
_DIRECTIVE = re.compile(rb"(?:\#|//|/\*+)\s*(?:" + b"|".join(_TOOLS) + rb")", re.MULTILINE)


def is_directive(comment: bytes) -> bool:
    """Tell whether a comment speaks to a tool."""
    return _DIRECTIVE.match(comment) is not None


def words_of_comment(comment: bytes) -> bytes:
    """Return what a comment or docstring says: its words without the marks around them."""
    words = comment.strip(_MARKS).split()
    if _LINES.search(comment):
        words = [word for word in words if word.strip(b"*/#")]
    return b" ".join(words)


_LINES = re.compile(rb"[*/#]")
_MARKS = b"\"'#/*! \t\r\n"
