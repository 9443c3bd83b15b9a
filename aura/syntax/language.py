"""What aura must know about a programming language, and which language a file is in.

To add a language, write `aura/syntax/languages/NAME.py` with a `LANGUAGE = Language(...)` and add a row to
`_ROWS`.

The heart of a spec is its tree-sitter query. It runs once over each file, in C, so it is the only thing
that looks at every node. Each pattern has one *leading* capture:

- `@function @class @field ...` (any `Kind`): the node is a definition and its range is the entity's range;
  captured on several nodes, the range is from the first to the last.
  The pattern also captures `@name` (from the first to the last node so named), and `@parameters`,
  `@result` and `@receiver` where there are such nodes. A `function` directly in a class-like entity becomes
  a `method`, a `constant` there a `field`, and a `constant` in a function is local and left out. Where
  several patterns match one name, the widest node wins, then the earlier pattern: write
  `(declaration . (declarator name: ...) .) @constant` before a plain `(declarator name: ...) @constant`,
  and a function value before any value.
- `@wrap`: the first definition that begins inside is widened to this node (decorated definition, `export`,
  template).
- `@decorator`: an annotation or attribute. One inside a definition, before its name, belongs to that
  definition; one directly above it does too and widens it.
- `@section`: a marker (`private:`) whose modifiers those behind it in the same definition or scope have.
- `@scope` with `@name`: adds a part to the qualified names inside without being an entity (a namespace).
- `@extension` with `@name`: the same, but what is inside are members of the type so named (Rust `impl`).

`#eq?` and `#match?` predicates work. Optional captures (`(_)? @result`) are cheap.

A comment directly above, and one that trails on the last line, belong to the definition; that is done for
all.
"""

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

import tree_sitter
from msgspec import Struct
from tree_sitter import Node

from aura.syntax.parameters import type_text
from aura.syntax.types import Kind, Parameter

SCRIPTS = frozenset({"javascript", "typescript", "tsx"})
"""The languages of one family, which have most of their syntax in common."""

Match = tuple[int, dict[str, list[Node]]]
Window = tuple[int, int]
ReadParameters = Callable[[Node, bytes], tuple[Parameter, ...]]


def _whole_name(text: str) -> tuple[str, str]:
    return "", text


def _no_wrapper(kind: Kind, container: Kind | None, text: bytes) -> tuple[bytes, bytes]:
    return b"", b""


class Language(Struct, frozen=True, eq=False):
    """The spec of one language.

    - `grammar`: imports the wheel and returns its language pointer; called when the first file is parsed.
    - `comment`: what a comment line begins with; `block_comment`: the delimiters of the other form, if any.
    - `parameters`: reads the `@parameters` node; usually `parameters.reader({...})`.
    - `result`: reads the `@result` node.
    - `receivers`: names of a first parameter that stands for the object (`self`).
    - `modifiers`: words before the name that are kept as modifiers.
    - `signature_words`: tokens that are modifiers, too, but are not kept: behind the name, or on almost all.
    - `constructors`: method names that make it a constructor; `"<class>"` means the name of its class.
    - `split_name`: text of `@name` -> (dotted scope, name), for `Foo::bar` or `Foo.prototype.bar`.
    - `split_receiver`: text of `@receiver` -> dotted scope.
    - `wrapper`: (kind, kind of container, own text) -> what to put around the text so that it parses.
    - `filler`: stands for a removed inner definition where a block must not be empty (`pass`).
    - `bodies`: field names (or node types) under which a definition holds its body or value; `=` stands for
      what comes after that token.
    - `strings`: node types of plain strings, whose quote style does not matter.
    - `literal_quotes`: whether escapes and variables in single quotes are taken literally.
    - `parentheses`: node types that only group; `same`: node types to be read as
      another, where brackets do not matter either.
    - `loose`: node types of text whose line breaks do not matter (JSX).
    - `docstrings`: whether a string that opens a body is documentation.
    - `dedents`: whether its blocks end by indentation and hold the comments behind them.
    - `find`: a quicker way to the very matches of the query that begin in a range of bytes, or None where it
      does not know one.
    - `final_newline`: whether the text must end with a line break (the grammar loops forever without).
    - `repair`: same-length text to parse instead where the grammar fails on valid code.
    - `misread`: nodes at the top of a file that the grammar takes definitions for, without an error.
    """

    name: str
    version: int
    grammar: Callable[[], object]
    query: str
    comment: tuple[bytes, ...]
    block_comment: tuple[bytes, bytes] | None = None
    parameters: ReadParameters | None = None
    result: Callable[[Node, bytes], str | None] = type_text
    receivers: frozenset[str] = frozenset()
    modifiers: frozenset[str] = frozenset()
    signature_words: frozenset[bytes] = frozenset()
    constructors: frozenset[str] = frozenset()
    split_name: Callable[[str], tuple[str, str]] = _whole_name
    split_receiver: Callable[[str], str] = str
    wrapper: Callable[[Kind, Kind | None, bytes], tuple[bytes, bytes]] = _no_wrapper
    filler: bytes = b""
    bodies: tuple[str, ...] = ("body", "value")
    strings: frozenset[str] = frozenset({"string", "string_literal"})
    literal_quotes: bool = False
    parentheses: frozenset[str] = frozenset({"parenthesized_expression"})
    same: dict[str, str] = {}
    loose: frozenset[str] = frozenset()
    docstrings: bool = False
    dedents: bool = False
    find: Callable[[Node, bytes, Window], list[Match] | None] | None = None
    final_newline: bool = False
    repair: Callable[[bytes], bytes] | None = None
    misread: frozenset[str] = frozenset()


_ROWS: dict[str, tuple[str, str, str]] = {
    # module: extensions, file names, interpreters
    "python": (".py .pyi .pyw", "SConstruct SConscript wscript", "python python2 python3 pypy pypy3 uv"),
    "javascript": (".js .jsx .mjs .cjs", "Jakefile", "node nodejs deno bun"),
    "typescript": (".ts .mts .cts", "", ""),
    "tsx": (".tsx", "", ""),
    "go": (".go", "", ""),
    "rust": (".rs", "", ""),
    "java": (".java", "", ""),
    "csharp": (".cs .csx", "", ""),
    "kotlin": (".kt .kts", "", "kotlin"),
    "scala": (".scala .sc .sbt", "", "scala scala-cli"),
    "swift": (".swift", "", "swift"),
    "php": (".php .phtml .php5", "", "php"),
    "c": (".c .h", "", ""),
    "cpp": (".cc .cpp .cxx .c++ .hpp .hh .hxx .h++ .ipp .inl .tpp", "", ""),
    "ruby": (
        ".rb .rake .gemspec .ru .podspec .jbuilder",
        "Gemfile Rakefile Guardfile Vagrantfile Capfile Podfile Brewfile Thorfile Fastfile",
        "ruby jruby rake",
    ),
    "bash": (
        ".sh .bash .zsh .ksh .bats",
        ".bashrc .bash_profile .bash_aliases .bash_logout .profile .zshrc .zshenv .zprofile",
        "sh bash zsh dash ksh ash",
    ),
}

HEAD = 16 * 1024

# What no line of a C header begins with.
_CPP_HEADER = re.compile(
    rb"^[ \t]*(?:(?:class|namespace|template|using)\b|(?:public|private|protected)[ \t]*:"
    rb"|#[ \t]*include[ \t]*<\w+>)",
    re.MULTILINE,
)

_BY_EXTENSION = {ext: module for module, row in _ROWS.items() for ext in row[0].split()}
_BY_NAME = {name: module for module, row in _ROWS.items() for name in row[1].split()}
_BY_INTERPRETER = {name: module for module, row in _ROWS.items() for name in row[2].split()}


@cache
def load(module: str) -> Language:
    """Return the spec of one language by the name of its module."""
    language: Language = import_module(f"aura.syntax.languages.{module}").LANGUAGE
    return language


@cache
def grammar_of(module: str) -> tree_sitter.Language:
    """Return the grammar of one language; imports it on first use."""
    return tree_sitter.Language(load(module).grammar())


@cache
def parser_of(module: str) -> tree_sitter.Parser:
    return tree_sitter.Parser(grammar_of(module))


@cache
def query_of(module: str) -> tree_sitter.Query:
    """Return the compiled query of one language; some cost more than the parsing of a hundred files."""
    return tree_sitter.Query(grammar_of(module), load(module).query)


def language_for(path: str, head: bytes = b"") -> Language | None:
    """Return the language of a file by its extension, name or `#!` line, or None when it is not known.

    `head` is its first `HEAD` bytes; in a `.h` file they tell C++ from C.
    """
    name = path.rpartition("/")[2]
    suffix = name[max(1, name.rfind(".")) :].lower()
    module = _BY_EXTENSION.get(suffix) or _BY_NAME.get(name) or _interpreter(head)
    if module == "c" and suffix == ".h" and _CPP_HEADER.search(head):
        module = "cpp"
    return load(module) if module else None


def _interpreter(head: bytes) -> str | None:
    if not head.startswith(b"#!"):
        return None
    words = head[2:200].split(b"\n", 1)[0].decode("latin-1").replace("/", " ").split()
    for word in words:
        found = _BY_INTERPRETER.get(word) or _BY_INTERPRETER.get(word.rstrip("0123456789."))
        if found:
            return found
    return None
