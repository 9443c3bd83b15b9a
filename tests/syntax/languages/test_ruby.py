"""Ruby."""

from aura.syntax.types import Parameter

from .reading import assert_damage_never_raises, assert_ranges_nest, names, read, unparsed

SOURCE = """# frozen_string_literal: true
require 'set'

# Everything of the shop.
module Shop
  VERSION = '1'.freeze

  # An order.
  class Order < Base
    include Comparable
    attr_accessor :id, :total
    attr_reader "note"
    A, B = 1, 2
    CACHE ||= {}
    Missing = Class.new(StandardError)
    # A line.
    Line = Struct.new(:item, :count) do
      def sum(price, tax = 1, *rest, unit:, at: 2, **more, &block); end
    end

    class << self
      def open; end
    end

    def initialize(id); end

    def self.find(id) = all[id]
    def Order.last; end
    def ==(other) = id == other.id
    def []=(key, value); end
    def total=(value); end
    alias amount total
    alias_method :to_s, :note unless method_defined?(:to_s)
    define_method(:dynamic) { |a, b = 2| a }
    memoize def slow(*) = 1
    delegate :name, to: :owner

    private

    def secret; end

    class Inner
      def open; end
    end
  end
end

class Shop::Error < StandardError; end
Shop::LIMIT = 1
Point = Data.define(:x)
Mixin = Module.new do
  def mixed; end
end
twice = ->(x) { x * 2 }
Thrice = ->(x, by = 3) { x * by }

=begin
Runs.
=end
def main((a, b), ...); end

helpers do
  def helper; end
end

text = <<~EOS
  def no; end
EOS
"""


def test_every_named_definition_is_an_entity() -> None:
    assert names(SOURCE, "a.rb") == [
        ("trait", "Shop"),
        ("field", "Shop.VERSION"),
        ("class", "Shop.Order"),
        ("field", "Shop.Order.id"),
        ("field", "Shop.Order.total"),
        ("field", "Shop.Order.note"),
        ("field", "Shop.Order.A"),
        ("field", "Shop.Order.B"),
        ("field", "Shop.Order.CACHE"),
        ("class", "Shop.Order.Missing"),
        ("struct", "Shop.Order.Line"),
        ("field", "Shop.Order.Line.item"),
        ("field", "Shop.Order.Line.count"),
        ("method", "Shop.Order.Line.sum"),
        ("method", "Shop.Order.open"),
        ("constructor", "Shop.Order.initialize"),
        ("method", "Shop.Order.find"),
        ("method", "Shop.Order.last"),
        ("method", "Shop.Order.=="),
        ("method", "Shop.Order.[]="),
        ("method", "Shop.Order.total="),
        ("method", "Shop.Order.amount"),
        ("method", "Shop.Order.to_s"),
        ("method", "Shop.Order.dynamic"),
        ("method", "Shop.Order.slow"),
        ("method", "Shop.Order.secret"),
        ("class", "Shop.Order.Inner"),
        ("method", "Shop.Order.Inner.open"),
        ("class", "Shop.Error"),
        ("field", "Shop.LIMIT"),
        ("struct", "Point"),
        ("field", "Point.x"),
        ("trait", "Mixin"),
        ("method", "Mixin.mixed"),
        ("function", "Thrice"),
        ("function", "main"),
        ("function", "helper"),
        ("statements", "statements"),
    ]


def test_parameters_have_kinds_and_defaults() -> None:
    found = read(SOURCE, "a.rb")
    assert found["Shop.Order.Line.sum"].parameters == (
        Parameter("price"),
        Parameter("tax", default="1"),
        Parameter("rest", "variadic"),
        Parameter("unit", "keyword_only"),
        Parameter("at", "keyword_only", default="2"),
        Parameter("more", "keyword_variadic"),
        Parameter("&block"),
    )
    assert found["Shop.Order.dynamic"].parameters == (Parameter("a"), Parameter("b", default="2"))
    assert found["Thrice"].parameters == (Parameter("x"), Parameter("by", default="3"))
    assert found["main"].parameters == (Parameter("(a, b)"), Parameter("...", "variadic"))


def test_visibility_is_that_of_the_section_and_class_methods_say_self() -> None:
    found = read(SOURCE, "a.rb")
    assert found["Shop.Order.find"].modifiers == ("self",)
    assert found["Shop.Order.open"].modifiers == ("self",)
    assert found["Shop.Order.secret"].modifiers == ("private",)
    assert found["Shop.Order.Inner.open"].modifiers == ()
    assert read("class A\n  private def b; end\nend\n", "a.rb")["A.b"].modifiers == ("private",)


def test_ranges_hold_the_documentation_and_what_a_definition_is_an_argument_of() -> None:
    found = read(SOURCE, "a.rb")
    assert (found["Shop"].line, found["Shop.Order"].line) == (4, 8)
    assert (found["main"].line, found["main"].end_line) == (57, 60)
    slow, to_s = found["Shop.Order.slow"], found["Shop.Order.to_s"]
    assert SOURCE[slow.start : slow.end] == "memoize def slow(*) = 1"
    assert SOURCE[to_s.start : to_s.end] == "alias_method :to_s, :note unless method_defined?(:to_s)"


def test_every_entity_parses_by_itself() -> None:
    assert unparsed(SOURCE, "a.rb") == []


def test_ranges_nest_and_damage_never_raises() -> None:
    assert_ranges_nest(SOURCE, "a.rb")
    assert_damage_never_raises(SOURCE, "a.rb")
