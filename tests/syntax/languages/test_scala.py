import pytest

from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

PATH = "a.scala"
SCALA_2 = """\
package shop.core

import x.y

/** A point. */
@deprecated("x") final case class Point[T](x: Int = 1, private var y: Int, z: String*)(implicit ec: EC)
    extends Base(x) with Foo {
  def this(a: Int) = this(a, 2)
  val twice: Int = x * 2
  lazy val (m, n) = (1, 2)
  var q: String = _
  type Alias = Int
  override def +(o: Point): Point = this
  def unary_! = 1
  def curried(a: Int)(b: String = "x", c: => Int)(using d: D): Int = {
    def local(q: Int) = q
    val z = 1
    a
  }
  private[this] def p = 3
  @inline def g: Unit = ()
  protected[core] def abs: Int
}
object Point { val K = 1; implicit class Rich(s: String) { def shout = s } }
sealed trait S { def a(): Int; val b: Int; type T }
package object pk { val z = 1 }
case object Nothing extends S
class `odd name`
object Anonymous {
  val run = new Runnable { def run(): Unit = () }
}
"""
SCALA_3 = """\
package shop

/** Colors. */
enum Color(val rgb: Int) extends Enum[Color] derives Eq:
  case Red extends Color(1)
  case Mix(a: Int, b: Int = 3)
  def z = 1
enum Side { case Left, Right }
given intOrd: Ord[Int] with
  def compare(a: Int, b: Int) = 1
given listOrd[T](using Ord[T]): Ord[List[T]] = foo
given Ord[String] with
  def c = 1
extension (s: String)
  def shout: String = s.toUpperCase
  def twice(n: Int): String = s
extension [T](xs: List[T]) def second: T = xs(1)

/** Runs. */
@main def run(args: String*): Unit =
  val x = 1
  def loc(a: Int) = a
  println(x)
  // own comment

/** An id. */
opaque type Id = Int
transparent inline def f[T](inline x: T)(using T): T = x
private val top = 1
open class Open(x: Int):
  val y = 1
  def m: Int =
    3
  end m

  // Of n.
  def n = 4
end Open

// Of Empty.
trait Empty:
  def only: Int
"""


def test_every_definition_of_scala_2_is_an_entity() -> None:
    assert names(SCALA_2, PATH) == [
        ("class", "Point"),
        ("constructor", "Point.this"),
        ("field", "Point.twice"),
        ("field", "Point.m"),
        ("field", "Point.n"),
        ("field", "Point.q"),
        ("type", "Point.Alias"),
        ("method", "Point.+"),
        ("method", "Point.unary_!"),
        ("method", "Point.curried"),
        ("function", "Point.curried.local"),
        ("method", "Point.p"),
        ("method", "Point.g"),
        ("method", "Point.abs"),
        ("object", "Point"),
        ("field", "Point.K"),
        ("class", "Point.Rich"),
        ("method", "Point.Rich.shout"),
        ("trait", "S"),
        ("method", "S.a"),
        ("field", "S.b"),
        ("type", "S.T"),
        ("object", "pk"),
        ("field", "pk.z"),
        ("object", "Nothing"),
        ("class", "`odd name`"),
        ("object", "Anonymous"),
        ("object", "Anonymous.run"),
        ("method", "Anonymous.run.run"),
        ("statements", "statements"),
    ]


def test_every_definition_of_scala_3_is_an_entity() -> None:
    assert names(SCALA_3, PATH) == [
        ("enum", "Color"),
        ("field", "Color.Red"),
        ("field", "Color.Mix"),
        ("method", "Color.z"),
        ("enum", "Side"),
        ("field", "Side.Left"),
        ("field", "Side.Right"),
        ("object", "intOrd"),
        ("method", "intOrd.compare"),
        ("constant", "listOrd"),
        ("object", "Ord[String]"),
        ("method", "Ord[String].c"),
        ("method", "String.shout"),
        ("method", "String.twice"),
        ("method", "List.second"),
        ("function", "run"),
        ("function", "run.loc"),
        ("type", "Id"),
        ("function", "f"),
        ("constant", "top"),
        ("class", "Open"),
        ("field", "Open.y"),
        ("method", "Open.m"),
        ("method", "Open.n"),
        ("trait", "Empty"),
        ("method", "Empty.only"),
        ("statements", "statements"),
    ]


def test_all_parameter_lists_are_read() -> None:
    found = read(SCALA_2, PATH)
    curried = found["Point.curried"]
    assert [(p.name, p.kind, p.annotation, p.default) for p in curried.parameters] == [
        ("a", "positional", "Int", None),
        ("b", "positional", "String", '"x"'),
        ("c", "positional", "=> Int", None),
        ("d", "positional", "D", None),
    ]
    assert curried.result == "Int"
    assert [(p.name, p.kind, p.default) for p in found["Point"].parameters] == [
        ("x", "positional", "1"),
        ("y", "positional", None),
        ("z", "variadic", None),
        ("ec", "positional", None),
    ]
    assert [(p.name, p.annotation) for p in read(SCALA_3, PATH)["f"].parameters] == [("x", "T"), ("_", "T")]
    assert [p.name for p in read(SCALA_3, PATH)["Color.Mix"].parameters] == ["a", "b"]


def test_annotations_and_modifiers_belong_to_their_definition() -> None:
    found = {**read(SCALA_3, PATH), **read(SCALA_2, PATH)}
    assert found["Point.curried"].modifiers == ()
    assert found["Point.p"].modifiers == ("private[this]",)
    assert found["Point.abs"].modifiers == ("protected",)
    assert found["Point.g"].decorators == ("inline",)
    assert found["Point.Rich"].modifiers == ("implicit",)
    assert found["f"].modifiers == ("transparent", "inline")
    assert found["run"].decorators == ("main",)
    assert found["top"].modifiers == ("private",)


def test_a_comment_belongs_to_what_follows_where_indentation_ends_a_block() -> None:
    found, content = read(SCALA_3, PATH), SCALA_3.encode()
    assert content[found["run"].start :].startswith(b"/** Runs. */")
    assert content[: found["run"].end].endswith(b"// own comment")
    assert content[found["Id"].start :].startswith(b"/** An id. */")
    assert content[found["Open.n"].start :].startswith(b"// Of n.")
    assert content[found["Empty"].start :].startswith(b"// Of Empty.")


@pytest.mark.parametrize("source", [SCALA_2, SCALA_3])
def test_own_text_parses_by_itself(source: str) -> None:
    assert unparsed(source, PATH) == []


@pytest.mark.parametrize("source", [SCALA_2, SCALA_3])
def test_ranges_nest(source: str) -> None:
    assert_ranges_nest(source, PATH)


@pytest.mark.parametrize("source", [SCALA_2, SCALA_3])
def test_damaged_text_never_raises(source: str) -> None:
    assert_damage_never_raises(source, PATH)
