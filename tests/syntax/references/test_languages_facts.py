"""Facts of the languages other than Python: of any text, named as its entities are, the same in any order."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aura.syntax.extract import extract
from aura.syntax.references.join import join
from aura.syntax.references.read import language_of, read
from aura.syntax.references.types import Facts

from .cases import cases

LANGUAGES = ("javascript", "typescript", "go", "java", "rust")
FILES = sorted(
    {
        (path, source)
        for language in LANGUAGES
        for case in cases(language)
        for path, source in case.files.items()
    }
)
NAMELESS = re.compile(r"\.?<\w+>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_scopes_have_the_names_of_entities(language: str) -> None:
    for case in cases(language):
        for path, source in case.files.items():
            facts = read(source.encode(), path)
            entities = {entity.qualified_name for entity in extract(source.encode(), path).entities}
            named = {s.name for s in facts.scopes[1:] if s.kind == "function"} if facts else set()
            if not path.endswith((".json", ".toml", ".mod")) and "mixin" not in case.title:
                assert {NAMELESS.sub("", name).lstrip(".") for name in named} <= entities, case.title


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_order_of_files_does_not_matter(language: str) -> None:
    facts: dict[str, Facts] = {}
    for number, case in enumerate(cases(language)):
        for path, source in case.files.items():
            if (known := read(source.encode(), path)) is not None and not path.endswith((".toml", ".mod")):
                facts[f"p{number}/{path}"] = known
    assert join(facts) == join(dict(reversed(facts.items())))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 3000), st.binary(max_size=6))
def test_damaged_text_is_read_as_far_as_it_goes(file: tuple[str, str], place: int, noise: bytes) -> None:
    path, text = file[0], file[1].encode()
    place = min(place, len(text))
    for damaged in (text[:place], text[:place] + noise + text[place:], text[place:]):
        facts = read(damaged, path)
        assert facts is None or join({path: facts}) is not None


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.ts", "type T = " + " | ".join(f"'{n}'" for n in range(5000))),
        ("a.ts", "type T = " + "Array<" * 3000 + "B" + ">" * 3000),
        ("a.js", "a" + ".b()" * 3000),
        ("a.js", "x = " + "(" * 3000 + "f()" + ")" * 3000),
        ("a.js", "f(" + " + ".join(["g()"] * 5000) + ")"),
        ("a.js", "export * from './a'; export { b as c } from './a'; import { c } from './a'; c();"),
        ("a.js", "class A extends A {} class B extends C {} class C extends B {} new A().f(); new B().f();"),
        ("a.go", "package a\nvar x = " + "[]" * 3000 + "int{}"),
        ("a.go", "package a\ntype A struct{ *A; B }\ntype B struct{ A }\nfunc f(a A) { a.g() }"),
        ("A.java", "class A { List<" * 1000),
        ("A.java", "class A { void f() { " + "g(() -> " * 1500 + "h()" + ")" * 1500 + "; } }"),
        ("a.rs", "mod a { " * 1000 + "}" * 1000),
        ("a.rs", "use a::{" * 1000 + "b" + "}" * 1000 + ";"),
        ("a.rs", "fn f() { m!(" + "a(" * 2000 + ")" * 2000 + ") }"),
        ("a.rs", "use self::a as b; use self::b as a; use self::*; fn f() { a(); b::c(); }"),
    ],
    ids=lambda value: value[:20],
)
def test_odd_text_is_read(path: str, source: str) -> None:
    facts = read(source.encode(), path)
    assert facts is None or join({path: facts}) is not None


def test_manifests_that_cannot_be_read_say_nothing() -> None:
    for path in ("package.json", "tsconfig.json", "Cargo.toml"):
        assert language_of(path)
        for source in (b"", b"{", b"[]", b'{"main": 1, "compilerOptions": []}', b"\xff", b"[" * 5000):
            facts = read(source, path)
            assert facts is None or facts.scopes == ()
