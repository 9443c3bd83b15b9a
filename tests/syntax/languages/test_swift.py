from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

PATH = "a.swift"
SOURCE = """\
import Foundation

/// A box.
@available(iOS 13, *)
@objc public final class Box<T: Foo>: Base, IFoo where T: Bar {
    @Published private(set) var a: Int = 1, b = 2, c = 3
    static let name = "x"
    lazy var l: Int = { 3 }()
    var twice: Int { a * 2 }
    var obs: Int = 1 { didSet { } willSet { } }
    public init(a: Int, _ b: String = "x", with c: inout Int) throws { }
    convenience required init?(coder: NSCoder) { }
    deinit { }
    subscript(i: Int, k key: String) -> T { get { x } set { } }
    static func + (l: Box, r: Box) -> Box { l }

    /// Runs.
    @discardableResult
    override func run<U>(_ x: U, label y: Int? = nil, rest: Int..., f: @escaping (Int) -> Void)
        async throws -> [U] {
        func local(q: Int) -> Int { q }
        let z = 1
        return []
    }

    enum Kind: String, CaseIterable {
        case one = "1", two, more
        indirect case three(Int, label: String = "x")
        var text: String { "" }
    }
    typealias Handler = (Int) -> Void
    struct Nested { var v: Int }
}
protocol Shape: AnyObject {
    associatedtype Item: Foo
    var x: Int { get set }
    func f(a: Int) -> Int
    init(x: Int)
}
extension Box: Shape where T == Int {
    func extra() {}
    var ex: Int { 1 }
}
extension Array<Int> { func z() {} }
actor Bank { nonisolated func f() {} }
let top = 1
let (left, right) = (1, 2)
func free(a: Int) -> some View { a }
prefix func - (x: Box) -> Box { x }
#if DEBUG
func debug() {}
#endif
macro stringify(_ x: Int) = #externalMacro(module: "a", type: "b")
"""


def test_every_definition_is_an_entity() -> None:
    assert names(SOURCE, PATH) == [
        ("class", "Box"),
        ("field", "Box.a"),
        ("field", "Box.b"),
        ("field", "Box.c"),
        ("field", "Box.name"),
        ("field", "Box.l"),
        ("field", "Box.twice"),
        ("field", "Box.obs"),
        ("constructor", "Box.init"),
        ("constructor", "Box.init"),
        ("method", "Box.deinit"),
        ("method", "Box.subscript"),
        ("method", "Box.+"),
        ("method", "Box.run"),
        ("function", "Box.run.local"),
        ("enum", "Box.Kind"),
        ("field", "Box.Kind.one"),
        ("field", "Box.Kind.two"),
        ("field", "Box.Kind.more"),
        ("field", "Box.Kind.three"),
        ("field", "Box.Kind.text"),
        ("type", "Box.Handler"),
        ("struct", "Box.Nested"),
        ("field", "Box.Nested.v"),
        ("interface", "Shape"),
        ("type", "Shape.Item"),
        ("field", "Shape.x"),
        ("method", "Shape.f"),
        ("constructor", "Shape.init"),
        ("method", "Box.extra"),
        ("field", "Box.ex"),
        ("method", "Array.z"),
        ("class", "Bank"),
        ("method", "Bank.f"),
        ("constant", "top"),
        ("constant", "left"),
        ("constant", "right"),
        ("function", "free"),
        ("function", "-"),
        ("function", "debug"),
        ("function", "stringify"),
        ("statements", "statements"),
    ]


def test_parameters_are_named_as_callers_name_them() -> None:
    found = read(SOURCE, PATH)
    assert [(p.name, p.kind, p.annotation, p.default) for p in found["Box.run"].parameters] == [
        ("x", "positional_only", "U", None),
        ("label", "positional", "Int?", "nil"),
        ("rest", "variadic", "Int", None),
        ("f", "positional", "@escaping (Int) -> Void", None),
    ]
    assert found["Box.run"].result == "[U]"
    assert [(p.name, p.annotation, p.default) for p in found["Box.init"].parameters] == [
        ("a", "Int", None),
        ("b", "String", '"x"'),
        ("with", "inout Int", None),
    ]
    assert [(p.name, p.annotation, p.default) for p in found["Box.Kind.three"].parameters] == [
        ("_", "Int", None),
        ("label", "String", '"x"'),
    ]
    assert [p.name for p in found["Box.subscript"].parameters] == ["i", "k"]
    assert found["free"].result == "some View"


def test_attributes_and_modifiers_belong_to_their_definition() -> None:
    found = read(SOURCE, PATH)
    assert found["Box"].decorators == ("available(iOS 13, *)", "objc")
    assert found["Box"].modifiers == ("public", "final")
    assert found["Box.a"].decorators == ("Published",)
    assert found["Box.a"].modifiers == ("private(set)",)
    assert found["Box.run"].decorators == ("discardableResult",)
    assert found["Box.run"].modifiers == ("override",)
    assert found["Box.init#1"].modifiers == ("convenience", "required")
    assert found["Bank.f"].modifiers == ("nonisolated",)


def test_ranges_include_doc_comments_and_attributes() -> None:
    found = read(SOURCE, PATH)
    assert found["Box"].line == 3
    assert found["Box.run"].line == 17


def test_own_text_parses_by_itself() -> None:
    assert unparsed(SOURCE, PATH) == []


def test_ranges_nest() -> None:
    assert_ranges_nest(SOURCE, PATH)


def test_damaged_text_never_raises() -> None:
    assert_damage_never_raises(SOURCE, PATH)
