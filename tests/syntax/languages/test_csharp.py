from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

PATH = "a.cs"
SOURCE = """\
using System;
[assembly: Foo]
namespace Shop.Core;

/// <summary>A box.</summary>
[Serializable, Obsolete("x")]
public sealed partial class Box<T> : Base<T>, IBox where T : class
{
    [Attr] private readonly int a = 1, b, c = 3; // three
    public const string Name = "x";
    public event EventHandler Changed;
    public event EventHandler Other { add { } remove { } }
    public int Count { get; private set; } = 3;
    public int Twice => Count * 2;
    public T this[int i, string k = "a"] { get => x; set { x = value; } }
    static Box() { }
    public Box(int a, string b = "x") : base(a) { }
    ~Box() { }

    /* Runs. */
    [HttpGet("/x")]
    [Authorize]
    public async Task<int> RunAsync<U>(this ref int x, in string? s, out int y,
        [FromBody] int z = 4, params int[] rest)
    {
        int Local(int q) => q;
        const int K = 3;
        return Local(K);
    }

    public static Box<T> operator +(Box<T> a, Box<T> b) => a;
    public static implicit operator int(Box<T> b) => 1;
    void IBox.Bar() { }
    public enum Size : byte { Small = 1, [X] Large }
    public delegate void Handler(object s, int e = 3);
}
public record Person(string Name, int Age = 3) { public int X { get; } }
public readonly record struct Point(int X);
public ref struct Span { public int V; }
public interface IBox { void Bar(); int Prop { get; } }
file class Primary(int x) : Base(x) { int y = x; }
"""


def test_every_definition_is_an_entity() -> None:
    assert names(SOURCE, PATH) == [
        ("class", "Box"),
        ("field", "Box.a"),
        ("field", "Box.b"),
        ("field", "Box.c"),
        ("field", "Box.Name"),
        ("field", "Box.Changed"),
        ("field", "Box.Other"),
        ("field", "Box.Count"),
        ("field", "Box.Twice"),
        ("method", "Box.this"),
        ("constructor", "Box.Box"),
        ("constructor", "Box.Box"),
        ("method", "Box.~Box"),
        ("method", "Box.RunAsync"),
        ("function", "Box.RunAsync.Local"),
        ("method", "Box.operator +"),
        ("method", "Box.operator int"),
        ("method", "Box.Bar"),
        ("enum", "Box.Size"),
        ("field", "Box.Size.Small"),
        ("field", "Box.Size.Large"),
        ("type", "Box.Handler"),
        ("class", "Person"),
        ("field", "Person.X"),
        ("struct", "Point"),
        ("struct", "Span"),
        ("field", "Span.V"),
        ("interface", "IBox"),
        ("method", "IBox.Bar"),
        ("field", "IBox.Prop"),
        ("class", "Primary"),
        ("field", "Primary.y"),
        ("statements", "statements"),
    ]


def test_namespaces_give_no_scope() -> None:
    block = names("namespace A.B { namespace C { class X { void M() { } } } }", PATH)
    assert block[:2] == [("class", "X"), ("method", "X.M")]


def test_parameters_say_how_they_are_passed() -> None:
    run = read(SOURCE, PATH)["Box.RunAsync"]
    assert [(p.name, p.kind, p.annotation, p.default) for p in run.parameters] == [
        ("x", "receiver", "ref int", None),
        ("s", "positional", "in string?", None),
        ("y", "positional", "out int", None),
        ("z", "positional", "int", "4"),
        ("rest", "variadic", "int[]", None),
    ]
    assert run.result == "Task<int>"
    indexer = read(SOURCE, PATH)["Box.this"]
    assert [(p.name, p.default) for p in indexer.parameters] == [("i", None), ("k", '"a"')]


def test_primary_constructors_give_parameters() -> None:
    found = read(SOURCE, PATH)
    assert [(p.name, p.default) for p in found["Person"].parameters] == [("Name", None), ("Age", "3")]
    assert [p.name for p in found["Primary"].parameters] == ["x"]


def test_attributes_and_modifiers_belong_to_their_definition() -> None:
    found = read(SOURCE, PATH)
    assert found["Box"].decorators == ("Serializable", 'Obsolete("x")')
    assert found["Box"].modifiers == ("public", "sealed", "partial")
    assert found["Box.RunAsync"].decorators == ('HttpGet("/x")', "Authorize")
    assert found["Box.RunAsync"].modifiers == ("public", "async")
    assert found["Box.a"].decorators == ("Attr",)
    assert found["Box.Size.Large"].decorators == ("X",)
    assert found["Box.operator int"].modifiers == ("public", "static", "implicit")


def test_ranges_include_doc_comments_and_attributes() -> None:
    found = read(SOURCE, PATH)
    assert found["Box"].line == 5
    assert found["Box.RunAsync"].line == 20
    assert SOURCE.encode()[found["Box.c"].start : found["Box.c"].end] == b"c = 3; // three"


def test_own_text_parses_by_itself() -> None:
    assert unparsed(SOURCE, PATH) == []


def test_ranges_nest() -> None:
    assert_ranges_nest(SOURCE, PATH)


def test_damaged_text_never_raises() -> None:
    assert_damage_never_raises(SOURCE, PATH)
