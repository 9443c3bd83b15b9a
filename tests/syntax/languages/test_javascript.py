import pytest

from aura.syntax.types import Parameter

SOURCE = """\
#!/usr/bin/env node
'use strict';
const fs = require('fs');
exports.a = function(x, {y}, [z], w=1, ...r) {};
const p = a => ({b() {}, c: function() {}, "d": () => 1});
/** Doc
 * of A */
@dec class A {
  static #x = 1;
  static async get foo() {}
  h = () => { return 1 };
  constructor(a) { this.z = function() {} }
}
export default class B {};
export const z = 1, y = 2;
export const one = (a, b) => a + b;
Foo.prototype.bar = function(a) { const g = 1; function nest() {} }
module.exports = { a, m() {}, 'c-d': function(x) {} };
const O = { k: 1, m(a) {}, n: (x) => 1 };
foo(function named() {}, 3);
const q = function other() {};
"""


def test_definitions_have_kinds_and_dotted_names(entities) -> None:
    assert list(entities("x.js", SOURCE)) == [
        "constant fs",
        "function a",
        "function p",
        "method p.b",
        "method p.c",
        "method p.d",
        "class A",
        "field A.#x",
        "method A.foo",
        "method A.h",
        "constructor A.constructor",
        "function A.constructor.z",
        "class B",
        "constant z",
        "constant y",
        "function one",
        "method Foo.bar",
        "function Foo.bar.nest",
        "object exports",
        "method exports.m",
        "method exports.c-d",
        "object O",
        "method O.m",
        "method O.n",
        "function named",
        "function q",
        "statements statements",
    ]


def test_parameters_keep_patterns_and_stars(entities) -> None:
    found = entities("x.js", SOURCE)
    assert found["function a"].parameters == (
        Parameter("x"),
        Parameter("{y}"),
        Parameter("[z]"),
        Parameter("w", "positional", None, "1"),
        Parameter("...r", "variadic"),
    )
    assert found["function p"].parameters == (Parameter("a"),)


def test_modifiers_decorators_and_docs_are_read(entities) -> None:
    found = entities("x.js", SOURCE)
    assert found["method A.foo"].modifiers == ("static", "async", "get")
    assert found["class A"].decorators == ("dec",)
    assert found["class A"].line == 6
    assert found["class B"].modifiers == ("export", "default")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("module.exports = function merge(a) {};", "merge"),
        ("module.exports = function* merge(a) {};", "merge"),
        ("exports = module.exports = function merge(a) {};", "merge"),
        ("module.exports = exports = function merge(a) {};", "merge"),
        ("module.exports = class merge {};", "merge"),
        ("module.exports = function (a) {};", "exports"),
        ("module.exports = async function* (a) {};", "exports"),
        ("module.exports = (a) => a;", "exports"),
        ("module.exports = a => a;", "exports"),
        ("module.exports = class {};", "exports"),
        ("module.exports.key = function merge(a) {};", "key"),
        ("exports.key = function merge(a) {};", "key"),
    ],
)
@pytest.mark.parametrize("path", ["x.js", "x.ts", "x.tsx"])
def test_what_a_module_exports_as_itself_has_its_own_name(entities, text: str, name: str, path: str) -> None:
    [said] = [each for each in entities(path, text) if each != "statements statements"]
    assert said in (f"function {name}", f"class {name}")
