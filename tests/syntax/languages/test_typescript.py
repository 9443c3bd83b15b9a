import pytest

from aura.syntax.types import Parameter

SOURCE = """\
namespace N { export function f<T>(a?: number, b = 2, ...c: string[]): void {} }
export abstract class A<T> extends B implements C {
  @Input() private readonly x: number = 1;
  constructor(private a: string) {}
  abstract m(this: A<T>, a: T): void;
  get p(): number { return 1 }
  h = (e: E) => {};
}
interface I { a: string; m(x: number): void }
enum E { A, B = 2 }
export type T = { a: string };
function over(a: string): void;
function over(a: any) {}
export const z = (a: X): number => 1;
"""


@pytest.mark.parametrize("path", ["x.ts", "x.tsx"])
def test_definitions_have_kinds_and_dotted_names(entities, path: str) -> None:
    assert list(entities(path, SOURCE)) == [
        "function N.f",
        "class A",
        "field A.x",
        "constructor A.constructor",
        "method A.m",
        "method A.p",
        "method A.h",
        "interface I",
        "field I.a",
        "method I.m",
        "enum E",
        "field E.A",
        "field E.B",
        "type T",
        "function over",
        "function over#1",
        "function z",
        "statements statements",
    ]


def test_types_are_read_without_their_colon(entities) -> None:
    found = entities("x.ts", SOURCE)
    assert found["function N.f"].parameters == (
        Parameter("a", "positional", "number", "undefined"),
        Parameter("b", "positional", None, "2"),
        Parameter("...c", "variadic", "string[]"),
    )
    assert found["function N.f"].result == "void"
    assert found["method A.m"].parameters[0] == Parameter("this", "receiver", "A<T>")
    assert found["function z"].result == "number"
    assert found["field A.x"].decorators == ("Input()",)
    assert found["field A.x"].modifiers == ("private", "readonly")


def test_jsx_is_read(entities) -> None:
    assert "function App" in entities("x.tsx", "export const App = () => <div className='a'>x</div>;\n")
