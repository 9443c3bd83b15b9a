"""C++."""

import pytest

from aura.syntax.extract import extract
from aura.syntax.types import Parameter

from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

SOURCE = """#include <vector>
namespace shop::core { inline namespace v1 {

/// An order.
template <typename T, int N = 3>
class Order : public Base<T> {
    int hidden;

public:
    Order() = default;
    explicit Order(int id) : id_(id) {}
    virtual ~Order();
    // Sums.
    virtual int sum(int unit = 1, const T& by = 2) const override = 0;
    [[nodiscard]] static constexpr int size() noexcept { return N; }
    Order& operator=(const Order&);
    operator int() const;
    bool operator()(int) const;
    friend std::ostream& operator<<(std::ostream& out, const Order& order);
    struct Line { int count; void clear(); };
    enum class Color : int { Red, Green = 2 };
    using Item = T;
    template <class U> void visit(U&& visitor);
    auto total() -> int { return 1; }

private:
    int id_ = 1, *next_{nullptr};
    static const int limit;
    void (*callback_)(int);
};
} }

shop::core::Order::Order(int id) : id_(id) {}
template <class T> int shop::core::Order<T>::sum(int unit, const T& by) const { return unit; }
Order::~Order() {}
void shop::Order::Line::clear() {}
Order& Order::operator=(const Order& other) { return *this; }
Order::operator int() const { return 1; }
int Order::limit = 3;
bool operator==(const A& a, const A& b);
extern "C" { int in_c(void); }
extern "C" int also_in_c(void);
auto twice = [](int x) { return x * 2; };
template <typename T> concept Addable = requires(T a) { a + a; };
template <> struct Spec<int> { int a; };
using Numbers = std::vector<int>;
std::vector<int> numbers{1, 2};
Order order(1, 2);
enum { SMALL, BIG };
template <class... Args> void all(Args&&... args, int);
int main() {
    std::lock_guard<std::mutex> guard(mutex);
    auto inner = [](int q) { return q; };
    return 1;
}
"""


def test_every_named_definition_is_an_entity() -> None:
    assert names(SOURCE, "a.cpp") == [
        ("class", "Order"),
        ("field", "Order.hidden"),
        ("constructor", "Order.Order"),
        ("constructor", "Order.Order"),
        ("method", "Order.~Order"),
        ("method", "Order.sum"),
        ("method", "Order.size"),
        ("method", "Order.operator="),
        ("method", "Order.operator int"),
        ("method", "Order.operator()"),
        ("method", "Order.operator<<"),
        ("struct", "Order.Line"),
        ("field", "Order.Line.count"),
        ("method", "Order.Line.clear"),
        ("enum", "Order.Color"),
        ("field", "Order.Color.Red"),
        ("field", "Order.Color.Green"),
        ("type", "Order.Item"),
        ("method", "Order.visit"),
        ("method", "Order.total"),
        ("field", "Order.id_"),
        ("field", "Order.next_"),
        ("field", "Order.limit"),
        ("field", "Order.callback_"),
        ("constructor", "Order.Order"),
        ("method", "Order.sum"),
        ("method", "Order.~Order"),
        ("method", "Order.Line.clear"),
        ("method", "Order.operator="),
        ("method", "Order.operator int"),
        ("field", "Order.limit"),
        ("function", "operator=="),
        ("function", "in_c"),
        ("function", "also_in_c"),
        ("function", "twice"),
        ("type", "Addable"),
        ("struct", "Spec"),
        ("field", "Spec.a"),
        ("type", "Numbers"),
        ("constant", "numbers"),
        ("constant", "order"),
        ("constant", "SMALL"),
        ("constant", "BIG"),
        ("function", "all"),
        ("function", "main"),
        ("function", "main.inner"),
        ("statements", "statements"),
    ]


def test_parameters_and_results_are_types_without_the_name() -> None:
    found = read(SOURCE, "a.cpp")
    assert found["Order.sum"].parameters == (
        Parameter("unit", annotation="int", default="1"),
        Parameter("by", annotation="const T&", default="2"),
    )
    assert found["Order.sum#1"].parameters[1] == Parameter("by", annotation="const T&")
    assert found["Order.operator="].result == "Order &"
    assert found["Order.total"].result == "int"
    assert found["Order.Order"].result is None
    assert found["twice"].parameters == (Parameter("x", annotation="int"),)
    assert found["all"].parameters == (
        Parameter("args", "variadic", "Args&&..."),
        Parameter("_", annotation="int"),
    )


def test_modifiers_are_those_of_the_section_and_of_the_declaration() -> None:
    found = read(SOURCE, "a.cpp")
    assert found["Order.hidden"].modifiers == ()
    assert found["Order.Order#1"].modifiers == ("public", "explicit")
    assert found["Order.sum"].modifiers == ("public", "virtual")
    assert found["Order.size"].modifiers == ("public", "static", "constexpr")
    assert found["Order.size"].decorators == ("nodiscard",)
    assert found["Order.operator<<"].modifiers == ("public", "friend")
    assert found["Order.Line.count"].modifiers == ()
    assert found["Order.limit"].modifiers == ("private", "static")


def test_ranges_hold_the_documentation_and_the_template() -> None:
    found = read(SOURCE, "a.cpp")
    assert SOURCE[found["Order"].start :].startswith("/// An order.\ntemplate")
    assert SOURCE[found["Order.sum"].start :].startswith("// Sums.\n")
    assert SOURCE[found["also_in_c"].start :].startswith('extern "C" int')


@pytest.mark.parametrize(
    ("definition", "qualified"),
    [
        ("void ns::Class::method() {}", "Class.method"),
        ("void a::b::Outer::Inner::method() {}", "Outer.Inner.method"),
        ("void ns::lower::method() {}", "lower.method"),
        ("void ::Class<int, A<B>>::method() {}", "Class.method"),
        ("bool ns::Class::operator<(const Class& o) const { return 1; }", "Class.operator<"),
        ("void Class::operator ()(int a) {}", "Class.operator()"),
        ("ns::Class::operator bool() const { return 1; }", "Class.operator bool"),
        ("template <> void generic<int>(int a) {}", "generic"),
    ],
)
def test_a_definition_outside_its_class_has_the_name_of_one_inside(definition: str, qualified: str) -> None:
    assert [e.qualified_name for e in extract(definition.encode(), "a.cc").entities] == [qualified]


def test_a_macro_before_the_name_does_not_hide_a_class() -> None:
    source = """class API Plain { int a; void m(); int n() { return 1; } };
class API Derived : public Base { public: int b; virtual void o(int x); };
"""
    found = [(e.kind, e.qualified_name) for e in extract(source.encode(), "a.hpp").entities]
    assert found[:7] == [
        ("class", "Plain"),
        ("field", "Plain.a"),
        ("method", "Plain.m"),
        ("method", "Plain.n"),
        ("class", "Derived"),
        ("field", "Derived.b"),
        ("method", "Derived.o"),
    ]


def test_every_entity_parses_by_itself() -> None:
    assert unparsed(SOURCE, "a.cpp") == []


def test_ranges_nest_and_damage_never_raises() -> None:
    assert_ranges_nest(SOURCE, "a.cpp")
    assert_damage_never_raises(SOURCE, "a.cpp")
