from aura.syntax.types import Parameter

SOURCE = """\
package a.b;

/** Doc. */
@Foo("a")
public abstract class A<T> extends B {
  private static final int X = 1, Y = 2;
  private String name;

  @Override
  public <T> int m(final int a, String... b) throws E { class L {} return 1; }

  A(int x) {}
  static { foo(); }
  interface I { void q(); int Z = 3; }
  enum E { P, Q(1) { void r() {} }; int f; }
  record R(int a, String b) { R {} }
  @interface An { int v() default 1; }
}
"""


def test_definitions_have_kinds_and_dotted_names(entities) -> None:
    assert list(entities("X.java", SOURCE)) == [
        "class A",
        "field A.X",
        "field A.Y",
        "field A.name",
        "method A.m",
        "class A.m.L",
        "constructor A.A",
        "interface A.I",
        "method A.I.q",
        "field A.I.Z",
        "enum A.E",
        "field A.E.P",
        "field A.E.Q",
        "method A.E.Q.r",
        "field A.E.f",
        "class A.R",
        "constructor A.R.R",
        "interface A.An",
        "method A.An.v",
        "statements statements",
    ]


def test_annotations_modifiers_and_parameters_are_read(entities) -> None:
    found = entities("X.java", SOURCE)
    assert found["class A"].decorators == ('Foo("a")',)
    assert found["class A"].line == 3
    method = found["method A.m"]
    assert method.decorators == ("Override",)
    assert method.modifiers == ("public",)
    assert method.result == "int"
    assert method.parameters == (
        Parameter("a", "positional", "int"),
        Parameter("b", "variadic", "String"),
    )
