"""Bash."""

from aura.syntax.extract import extract
from aura.syntax.language import language_for

from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

SOURCE = """#!/bin/bash
set -euo pipefail

# Where it all goes.
TARGET=/opt/demo
readonly LIMIT=3
export FIRST=1 SECOND="$FIRST"
declare -A TABLE
declare -r LIST=(a b)
one=1 two=2

# Prints the usage.
usage() {
  local text=$1
  cat <<EOF
fake() { :; }
EOF
  helper() { echo "$text"; }
}

function install {
  cp "$1" "$TARGET" # here
}

function in_subshell() ( cd / && pwd )

my-check() { true; } > /dev/null

TARGET+=/more
list[0]=1
FOO=bar env
if true; then HIDDEN=1; fi
usage "$@"
"""


def test_functions_and_top_level_variables_are_entities() -> None:
    assert names(SOURCE, "a.sh") == [
        ("constant", "TARGET"),
        ("constant", "LIMIT"),
        ("constant", "FIRST"),
        ("constant", "SECOND"),
        ("constant", "TABLE"),
        ("constant", "LIST"),
        ("constant", "one"),
        ("constant", "two"),
        ("function", "usage"),
        ("function", "usage.helper"),
        ("function", "install"),
        ("function", "in_subshell"),
        ("function", "my-check"),
        ("statements", "statements"),
    ]


def test_the_comment_above_belongs_to_the_function_and_the_hash_bang_does_not() -> None:
    found = read(SOURCE, "a.sh")
    assert (found["usage"].line, found["usage"].end_line) == (12, 19)
    assert (found["TARGET"].line, found["TARGET"].end_line) == (4, 5)
    first = extract(b"#!/bin/sh\n# Runs.\nrun() { :; }\n", "run").entities[0]
    assert (first.name, first.line) == ("run", 2)


def test_read_only_and_exported_variables_say_so() -> None:
    found = read(SOURCE, "a.sh")
    assert found["LIMIT"].modifiers == ("readonly",)
    assert found["FIRST"].modifiers == ("export",)


def test_shells_are_known_by_extension_name_and_hash_bang() -> None:
    for path, head in (("a.bash", b""), (".bashrc", b""), ("run", b"#!/usr/bin/env -S bash -e\n")):
        language = language_for(path, head)
        assert language is not None
        assert language.name == "bash"


def test_every_entity_parses_by_itself() -> None:
    assert unparsed(SOURCE, "a.sh") == []


def test_ranges_nest_and_damage_never_raises() -> None:
    assert_ranges_nest(SOURCE, "a.sh")
    assert_damage_never_raises(SOURCE, "a.sh")
