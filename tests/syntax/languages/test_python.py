from textwrap import dedent

from aura.syntax.types import Parameter

SOURCE = dedent('''\
    #!/usr/bin/env python
    """Doc of the module."""
    import os

    # above
    LIMIT: int = 3  # behind
    a, b = 1, 2


    # one
    # two
    @dec(1)
    @b.c
    class A(B):
        """Doc."""
        f: int
        g = 3

        # doc of m
        @property
        async def m(self, a, /, b: int = 2, *args: str, c=3, **kw) -> dict[str,
                int]:
            def inner(): pass
            local = 3
            return 1  # end

        def __init__(self): ...
        def m(self): pass


    if __name__ == "__main__":
        A()
    ''')


def test_definitions_have_kinds_and_dotted_names(entities) -> None:
    assert list(entities("x.py", SOURCE)) == [
        "constant LIMIT",
        "class A",
        "field A.f",
        "field A.g",
        "method A.m",
        "function A.m.inner",
        "constructor A.__init__",
        "method A.m#1",
        "statements statements",
    ]


def test_ranges_take_in_decorators_and_comments(entities) -> None:
    found = entities("x.py", SOURCE)
    lines = {key: (e.line, e.end_line) for key, e in found.items()}
    assert lines["constant LIMIT"] == (5, 6)
    assert lines["class A"] == (10, 28)
    assert lines["method A.m"] == (19, 25)
    assert lines["statements statements"] == (1, 32)


def test_parameters_have_kinds_types_and_defaults(entities) -> None:
    method = entities("x.py", SOURCE)["method A.m"]
    assert method.parameters == (
        Parameter("self", "receiver"),
        Parameter("a", "positional_only"),
        Parameter("b", "positional", "int", "2"),
        Parameter("*args", "variadic", "str"),
        Parameter("c", "keyword_only", None, "3"),
        Parameter("**kw", "keyword_variadic"),
    )
    assert method.result == "dict[str, int]"
    assert method.decorators == ("property",)
    assert method.modifiers == ("async",)


def test_a_bare_star_makes_what_follows_keyword_only(entities) -> None:
    function = entities("x.py", "def f(a, *, b): pass\n")["function f"]
    assert function.parameters == (Parameter("a"), Parameter("b", "keyword_only"))


def test_a_function_in_a_function_has_no_receiver(entities) -> None:
    function = entities("x.py", "def f(self): pass\n")["function f"]
    assert function.parameters == (Parameter("self"),)


def test_comments_that_belong_to_no_definition_are_statements(entities) -> None:
    assert list(entities("x.py", "# licence\n\n\ndef f(): pass\n")) == ["function f", "statements statements"]
    assert list(entities("x.py", "# of f\ndef f(): pass\n")) == ["function f"]
