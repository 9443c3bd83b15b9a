"""C."""

import pytest

from aura.syntax.extract import extract
from aura.syntax.language import language_for
from aura.syntax.types import Parameter

from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

SOURCE = """#ifndef SHOP_H
#define SHOP_H
#include <stdio.h>

// Doubles.
#define TWICE(x, ...) ((x) * 2)
#define LIMIT 1 /* one */
/* Where it stops. */
#define STOP

typedef struct order { int id, *lines; unsigned flag : 3; int (*run)(int); } order, *order_ref;
typedef struct line_s { int count; } line;
typedef struct {
    int x; // across
    union { int whole; float part; };
    struct { int z; } deep;
} Point;
typedef enum { RED, GREEN = 4 } Color;
typedef int (*handler)(int, char);
typedef int row[3], cell;
typedef unsigned char uint8_t;
enum State { ON, OFF = 2 };
enum {
    SMALL, /* s */
    BIG = 2,
};
union Any { int a; };
struct later;
static const struct { int key; } table[] = {{1}}, other;
static struct Named { int m; } instance, *ref = 0;
extern int shared;
int width = 3, *heights[4];
int (*callback)(int) = 0;

static inline const char *name_of(int id, const char *names[], int (*by)(int), ...);
[[nodiscard]] int checked(void);
int first(int), second(void);
void (*on_signal(int sig, void (*func)(int)))(int);
int (unmacroed)(int a);

#ifdef FAST
int speed(void) { return 2; }
#else
int speed(void) { return 1; }
int slow;
#endif

int old(a, b) int a; char *b; { return a; }

/**
 * Runs.
 */
__attribute__((unused)) static double
run(double start[static 3], struct order *restrict next) /* go */
{
    int local = 1, helper(int);
    struct Tmp { int t; };
    return start[0];
}
#endif
"""


def test_every_named_definition_is_an_entity() -> None:
    assert names(SOURCE, "a.h") == [
        ("constant", "SHOP_H"),
        ("function", "TWICE"),
        ("constant", "LIMIT"),
        ("constant", "STOP"),
        ("struct", "order"),
        ("field", "order.id"),
        ("field", "order.lines"),
        ("field", "order.flag"),
        ("field", "order.run"),
        ("type", "order_ref"),
        ("struct", "line_s"),
        ("field", "line_s.count"),
        ("type", "line"),
        ("struct", "Point"),
        ("field", "Point.x"),
        ("field", "Point.whole"),
        ("field", "Point.part"),
        ("field", "Point.deep"),
        ("field", "Point.deep.z"),
        ("enum", "Color"),
        ("field", "Color.RED"),
        ("field", "Color.GREEN"),
        ("type", "handler"),
        ("type", "row"),
        ("type", "cell"),
        ("type", "uint8_t"),
        ("enum", "State"),
        ("field", "State.ON"),
        ("field", "State.OFF"),
        ("constant", "SMALL"),
        ("constant", "BIG"),
        ("struct", "Any"),
        ("field", "Any.a"),
        ("constant", "table"),
        ("field", "table.key"),
        ("constant", "other"),
        ("struct", "Named"),
        ("field", "Named.m"),
        ("constant", "instance"),
        ("constant", "ref"),
        ("constant", "shared"),
        ("constant", "width"),
        ("constant", "heights"),
        ("constant", "callback"),
        ("function", "name_of"),
        ("function", "checked"),
        ("function", "first"),
        ("function", "second"),
        ("function", "on_signal"),
        ("function", "unmacroed"),
        ("function", "speed"),
        ("function", "speed"),
        ("constant", "slow"),
        ("function", "old"),
        ("function", "run"),
        ("struct", "run.Tmp"),
        ("field", "run.Tmp.t"),
        ("statements", "statements"),
    ]


def test_parameters_and_results_are_types_without_the_name() -> None:
    found = read(SOURCE, "a.h")
    assert found["name_of"].parameters == (
        Parameter("id", annotation="int"),
        Parameter("names", annotation="const char *[]"),
        Parameter("by", annotation="int (*)(int)"),
        Parameter("...", "variadic"),
    )
    assert found["name_of"].result == "const char *"
    assert found["checked"].parameters == ()
    assert found["on_signal"].result == "void (*)(int)"
    assert found["TWICE"].parameters == (Parameter("x"), Parameter("...", "variadic"))
    assert found["old"].parameters == (Parameter("a"), Parameter("b"))
    assert found["first"].parameters == (Parameter("_", annotation="int"),)
    assert [p.annotation for p in found["run"].parameters] == ["double [static 3]", "struct order *restrict"]


def test_modifiers_and_attributes() -> None:
    found = read(SOURCE, "a.h")
    assert found["name_of"].modifiers == ("static", "inline")
    assert found["shared"].modifiers == ("extern",)
    assert found["checked"].decorators == ("nodiscard",)
    assert found["run"].decorators == ("__attribute__((unused))",)
    assert found["run"].modifiers == ("static",)


def test_ranges_hold_the_documentation_and_end_with_the_line() -> None:
    found = read(SOURCE, "a.h")
    assert SOURCE[found["TWICE"].start : found["TWICE"].end] == (
        "// Doubles.\n#define TWICE(x, ...) ((x) * 2)"
    )
    assert SOURCE[found["LIMIT"].start : found["LIMIT"].end] == "#define LIMIT 1 /* one */"
    assert SOURCE[found["order"].start : found["order"].end].endswith("} order")
    assert SOURCE[found["run"].start : found["run"].end].startswith("/**\n * Runs.")
    assert found["speed#1"].ordinal == 1


def test_a_macro_behind_the_parameters_does_not_hide_the_function() -> None:
    source = b"extern int print (const char *format, ...) NO_THROW PURE;\nextern char *cut (int) MACRO (1);\n"
    found = [(e.kind, e.name, len(e.parameters)) for e in extract(source, "a.h").entities]
    assert found[:2] == [("function", "print", 2), ("function", "cut", 1)]


@pytest.mark.parametrize(
    ("head", "language"),
    [
        (b'#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n', "c"),
        (b"// In a class of its own.\nstruct a { int b; };\n", "c"),
        (b"/* " + b"long licence " * 100 + b"*/\nnamespace a {\n", "cpp"),
        (b"#pragma once\n#include <string>\n", "cpp"),
        (b"  template <class T>\nstruct A;\n", "cpp"),
    ],
)
def test_the_head_of_a_header_tells_the_language(head: bytes, language: str) -> None:
    found = language_for("a.h", head)
    assert found is not None
    assert found.name == language


def test_every_entity_parses_by_itself() -> None:
    assert unparsed(SOURCE, "a.h") == []


def test_ranges_nest_and_damage_never_raises() -> None:
    assert_ranges_nest(SOURCE, "a.h")
    assert_damage_never_raises(SOURCE, "a.h")
