from aura.syntax.types import Parameter

SOURCE = """\
/// Doc of S.
#[derive(Debug)]
#[a]
pub struct S<T> { pub a: i32, b: T }
impl<T> S<T> {
    #[inline]
    fn m(&mut self, x: i32) -> i32 { let y = 1; x }
}
impl<T> Display for S<T> {
    const C: i32 = 1;
    fn m(&self) {}
}
trait Tr { fn n(&self); type X; }
enum E { A, C { x: i32 } }
mod inner { pub(crate) async fn t() {} }
const X: i32 = 1;
type A = B;
macro_rules! mac { () => {} }
"""


def test_definitions_have_kinds_and_dotted_names(entities) -> None:
    assert list(entities("x.rs", SOURCE)) == [
        "struct S",
        "field S.a",
        "field S.b",
        "method S.m",
        "field S.C",
        "method S.m#1",
        "trait Tr",
        "method Tr.n",
        "type Tr.X",
        "enum E",
        "field E.A",
        "field E.C",
        "field E.C.x",
        "function inner.t",
        "constant X",
        "type A",
        "function mac",
        "statements statements",
    ]


def test_attributes_docs_and_receivers_are_read(entities) -> None:
    found = entities("x.rs", SOURCE)
    assert found["struct S"].decorators == ("derive(Debug)", "a")
    assert found["struct S"].line == 1
    assert found["method S.m"].parameters == (
        Parameter("&mut self", "receiver"),
        Parameter("x", "positional", "i32"),
    )
    assert found["method S.m"].decorators == ("inline",)
    assert found["function inner.t"].modifiers == ("pub(crate)", "async")
