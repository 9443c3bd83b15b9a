from aura.syntax.types import Parameter

SOURCE = """\
// Package a.
package a

import "fmt"

// Refresh does.
func (s *Session[T]) Refresh(a, b int, c ...string) (x int, err error) { return 1, nil }

type A struct {
	X int // the x
	Y, Z string
	*pkg.T
}

type (
	B interface{ Foo(x int) error }
	// C too.
	C = int
)

var x, y = 1, 2

const (
	one = iota
	two
)

func G[T any](x T, int) int { return 1 }
func init()                 { fmt.Println("x") }
func init()                 { fmt.Println("y") }
"""


def test_definitions_have_kinds_and_dotted_names(entities) -> None:
    assert list(entities("x.go", SOURCE)) == [
        "method Session.Refresh",
        "struct A",
        "field A.X",
        "field A.Y",
        "field A.Z",
        "field A.T",
        "interface B",
        "method B.Foo",
        "type C",
        "constant x",
        "constant y",
        "constant one",
        "constant two",
        "function G",
        "function init",
        "function init#1",
        "statements statements",
    ]


def test_receivers_and_grouped_parameters_are_read(entities) -> None:
    method = entities("x.go", SOURCE)["method Session.Refresh"]
    assert method.parameters == (
        Parameter("s", "receiver", "*Session[T]"),
        Parameter("a", "positional", "int"),
        Parameter("b", "positional", "int"),
        Parameter("c", "variadic", "string"),
    )
    assert method.result == "(x int, err error)"
    assert method.line == 6
