import pytest

from aura.syntax.diff import diff
from aura.syntax.extract import extract

from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

PATH = "a.kt"
SOURCE = """\
@file:JvmName("X")
package shop.core

import x.y

/** A point. */
@Serializable(with = A::class)
data class Point<T : Any>(@Id val x: Int = 1, private var y: Int, z: String?, vararg w: Int) :
    Base(x), IFoo by z {
    constructor(a: Int) : this(a, 2)
    init {
        println(x)
    }
    val twice: Int get() = x * 2
    var p by lazy { 3 }
        private set
    lateinit var q: String
    companion object {
        const val K = 3
        @JvmStatic fun make() = Point(1)
    }
    companion object Named { fun f() {} }
    inner class In
    override operator fun plus(o: Point): Point = this
}

sealed interface S { fun a(): Int; val b: Int }
fun interface F { fun run() }
enum class Color(val c: Int) : I {
    @X RED(1) {
        override fun z() {}
    },
    BLUE(2);

    abstract fun z()
    val rgb = c
}
object Single : Foo() { val a = 1 }
annotation class Ann(val x: Int)
@JvmInline value class V(val s: String)
typealias H<T> = (T) -> Unit

// Takes the second.
suspend inline fun <reified T> List<T>.second(crossinline f: (Int) -> T = { it }, @X vararg xs: Int): T
    where T : Any {
    fun local(a: Int) = a
    val z = 1
    return this[1]
}
val String.shout: String get() = uppercase()
fun Map.Entry<String, List<Int>>?.flat() = 1
internal const val TOP = 1
private val (left, right) = pair
val handler = object : Runnable {
    override fun run() {}
}
fun `with spaces`() {}
"""


def test_every_definition_is_an_entity() -> None:
    assert names(SOURCE, PATH) == [
        ("class", "Point"),
        ("constructor", "Point.constructor"),
        ("constructor", "Point.init"),
        ("field", "Point.twice"),
        ("field", "Point.p"),
        ("field", "Point.q"),
        ("object", "Point.Companion"),
        ("field", "Point.Companion.K"),
        ("method", "Point.Companion.make"),
        ("object", "Point.Named"),
        ("method", "Point.Named.f"),
        ("class", "Point.In"),
        ("method", "Point.plus"),
        ("interface", "S"),
        ("method", "S.a"),
        ("field", "S.b"),
        ("interface", "F"),
        ("method", "F.run"),
        ("enum", "Color"),
        ("field", "Color.RED"),
        ("method", "Color.RED.z"),
        ("field", "Color.BLUE"),
        ("method", "Color.z"),
        ("field", "Color.rgb"),
        ("object", "Single"),
        ("field", "Single.a"),
        ("class", "Ann"),
        ("class", "V"),
        ("type", "H"),
        ("method", "List.second"),
        ("function", "List.second.local"),
        ("field", "String.shout"),
        ("method", "Map.Entry.flat"),
        ("constant", "TOP"),
        ("constant", "left"),
        ("constant", "right"),
        ("object", "handler"),
        ("method", "handler.run"),
        ("function", "`with spaces`"),
        ("statements", "statements"),
    ]


def test_parameters_have_kinds_and_defaults() -> None:
    found = read(SOURCE, PATH)
    assert [(p.name, p.kind, p.annotation, p.default) for p in found["List.second"].parameters] == [
        ("this", "receiver", "List<T>", None),
        ("f", "positional", "(Int) -> T", "{ it }"),
        ("xs", "variadic", "Int", None),
    ]
    assert found["List.second"].result == "T"
    assert [(p.name, p.kind, p.annotation, p.default) for p in found["Point"].parameters] == [
        ("x", "positional", "Int", "1"),
        ("y", "positional", "Int", None),
        ("z", "positional", "String?", None),
        ("w", "variadic", "Int", None),
    ]


def test_annotations_and_modifiers_belong_to_their_definition() -> None:
    found = read(SOURCE, PATH)
    assert found["Point"].decorators == ("Serializable(with = A::class)",)
    assert found["Point"].modifiers == ("data",)
    assert found["Point.plus"].modifiers == ("override", "operator")
    assert found["Point.Companion"].modifiers == ("companion",)
    assert found["Point.Companion.make"].decorators == ("JvmStatic",)
    assert found["List.second"].modifiers == ("suspend", "inline")
    assert found["TOP"].modifiers == ("internal", "const")
    assert found["V"].decorators == ("JvmInline",)


def test_ranges_include_doc_comments_and_accessors() -> None:
    found = read(SOURCE, PATH)
    assert found["Point"].line == 6
    assert (found["Point.p"].line, found["Point.p"].end_line) == (15, 16)
    assert SOURCE.encode()[found["List.second"].start :].startswith(b"// Takes the second.")


@pytest.mark.parametrize(
    "source",
    [
        "interface A { val x: Int }\nfun after() {}\n",
        "class A { companion object { val a = 1 } }\nfun after() {}\n",
        "val h = object : R { override fun run() = f { it } }\nfun after() {}\n",
        "class A\ninternal actual constructor(\n  internal actual val data: Int,\n)\nfun after() {}\n",
    ],
)
def test_members_that_the_grammar_cannot_end_do_not_hide_what_follows(source: str) -> None:
    assert ("function", "after") in names(source, PATH)


@pytest.mark.parametrize("limited", ["private", "internal", "protected", "public"])
def test_a_class_of_two_annotations_may_limit_its_constructor(limited: str) -> None:
    """The grammar reads it as an expression, and says nothing of an error."""
    text = (
        f"@A\n@B(1)\nopen class Box<T> {limited} constructor(val x: Int) : Base() {{\n    fun f() {{}}\n}}\n"
    )
    assert names(text, PATH) == [("class", "Box"), ("method", "Box.f")]
    found = read(text, PATH)["Box"]
    assert found.decorators == ("A", "B(1)")
    assert [p.name for p in found.parameters] == ["x"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@A(X.Y)\nfun now(): String = f()\n\n@B\nfun g() {}\n", [("function", "now"), ("function", "g")]),
        (
            "@Target(X.Y)\nannotation class A\n\n/** B. */\n@T(X)\nannotation class B\n",
            [("class", "A"), ("class", "B")],
        ),
        ("@A\nexpect object Tools {\n    fun f(): Int\n}\n", [("object", "Tools"), ("method", "Tools.f")]),
    ],
)
def test_what_annotations_on_lines_of_their_own_are_of_is_an_entity(
    text: str, wanted: list[tuple[str, str]]
) -> None:
    assert names(text, PATH) == wanted
    found = {name: entity for name, entity in read(text, PATH).items() if "." not in name}
    assert all(entity.decorators for entity in found.values())
    kinds = {"A": ("annotation",), "B": ("annotation",), "Tools": ("expect",)}
    assert {name: entity.modifiers for name, entity in found.items() if entity.modifiers} == {
        name: kinds[name] for name in found if name in kinds
    }


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('@JvmName("j") fun f() {\n}\n\nfun g() {\n}\n', {"f": ('JvmName("j")',), "g": ()}),
        (
            '@Suppress("x") // Why.\ninfix fun f(a: Int) {\n}\n\n@A\nfun g() {\n}\n',
            {"f": ('Suppress("x")',), "g": ("A",)},
        ),
        (
            "@T(X, Y)\npublic annotation class f(val of: Array<Int> = [])\n\n@A\nfun g() {\n}\n",
            {"f": ("T(X, Y)",), "g": ("A",)},
        ),
        (
            "open class f\n// Why.\ninternal constructor(val a: Int) : Base() {\n  val b = 1\n}\n",
            {"f": (), "f.b": ()},
        ),
    ],
)
def test_what_the_grammar_misreads_costs_nothing_else(text: str, wanted: dict[str, tuple[str, ...]]) -> None:
    found = read(text, PATH)
    assert {name: found[name].decorators for name in wanted} == wanted
    assert not extract(text.encode(), PATH).degraded


def test_a_repair_that_mends_only_some_of_a_file_is_taken() -> None:
    misread = '@Deep((((("x")))))\nfun g() {\n}\n\nfun h() {\n}\n'
    assert read(misread, PATH)["g"].decorators == ()
    assert read("@A(X.Y)\nfun f(): String = h()\n\n" + misread, PATH)["f"].decorators == ("A(X.Y)",)


def test_an_annotation_within_a_comment_is_none() -> None:
    text = '@A // for @B\nenum class E { @B("x") ONE }\n\n@A\nclass C(val e: E)\n'
    assert read(text, PATH)["C"].decorators == ("A",)


def test_what_another_definition_makes_the_grammar_misread_keeps_its_modifiers() -> None:
    text = "actual class Files {\n    actual fun f() = 1\n}\n\n"
    more = '@Suppress("X")\nactual inline val Files.S: Files\n  get() = S\n'
    plain, beside = read(text, PATH), read(text + more, PATH)
    assert [beside[name] for name in ("Files", "Files.f")] == [plain[name] for name in ("Files", "Files.f")]
    assert beside["Files.S"].decorators == ('Suppress("X")',)


def test_a_limited_constructor_is_seen_to_change() -> None:
    before, after = (f"@A\n@B\nclass Box {limited} constructor()\n" for limited in ("private", "internal"))
    [edit] = diff({PATH: before.encode()}, {PATH: after.encode()})
    assert edit.changes == ("signature_changed",)


def test_an_annotation_at_the_very_end_does_not_hang() -> None:
    assert_ranges_nest("val k = 1\n@Jvm", PATH)


def test_own_text_parses_by_itself() -> None:
    assert unparsed(SOURCE, PATH) == []


def test_ranges_nest() -> None:
    assert_ranges_nest(SOURCE, PATH)


def test_damaged_text_never_raises() -> None:
    assert_damage_never_raises(SOURCE, PATH)
